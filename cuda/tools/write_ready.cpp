#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cuda/codegen/ready.h"

// write_ready FOLDER PARTS: the kernels that are compiled with the library, as FOLDER/ready_0.cu ... of so many files.
// A file is written only if its text changed, so that it is compiled again only then.
namespace {

void write(const std::string& path, const std::string& text) {
  std::ifstream before(path, std::ios::binary);
  if (before && std::string(std::istreambuf_iterator<char>(before), {}) == text) return;
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path);
}

}  // namespace

int main(int count, char** arguments) {
  try {
    const int parts = count == 3 ? std::atoi(arguments[2]) : 0;
    if (parts < 1) throw std::runtime_error("usage: write_ready FOLDER PARTS");
    const std::vector<std::string> texts = tandem::cuda::in_parts(tandem::cuda::ready_kernels(), parts);
    for (std::size_t i = 0; i < texts.size(); ++i) write(fmt::format("{}/ready_{}.cu", arguments[1], i), texts[i]);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "write_ready: %s\n", failure.what());
    return 1;
  }
}
