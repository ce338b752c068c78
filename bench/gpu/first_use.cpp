#include "gpu/first_use.h"

#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "gpu/device_time.h"
#include "gpu/operands.h"

namespace bench {

namespace td = tandem;

namespace {

// A folder of its own that goes when it is not needed any more.
class temporary_folder {
 public:
  temporary_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "tandem-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
    path_ = name;
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

// Runs the program and reads the number that it prints.
double child_us(const std::string& program, const td::device& where, const temporary_folder& cache, const char* mode) {
  // The driver's own cache of translated kernels would hide what is measured.
  const std::string command = "TANDEM_CACHE=" + quoted(cache.path()) + " CUDA_CACHE_PATH=" + quoted(cache.path()) +
                              " TANDEM_CUDA_COMPILE=" + mode + " " + quoted(program) + " --device " +
                              quoted(td::to_string(where)) + " --first-use";
  std::FILE* const output = ::popen(command.c_str(), "r");
  if (output == nullptr) throw std::system_error(errno, std::generic_category(), "starting a process");
  double us = -1;
  const int numbers = std::fscanf(output, "first use %lf us", &us);
  while (std::fgetc(output) != EOF) {
  }
  const int status = ::pclose(output);
  if (status != 0 || numbers != 1) {
    throw std::runtime_error("the process for the first use ended with status " +
                             std::to_string(WIFEXITED(status) ? WEXITSTATUS(status) : -1));
  }
  return us;
}

timing timing_of(std::vector<double> figures) {
  std::sort(figures.begin(), figures.end());
  return {figures[figures.size() / 2], figures.front(), figures.back()};
}

int children(const setting& in) { return in.is_quick ? 2 : 5; }

}  // namespace

std::vector<work> first_use_works(const std::string& program) {
  const auto with_empty_cache = [program](const setting& in, row& into, const char* mode) {
    std::vector<double> figures;
    for (int i = 0; i < children(in); ++i) {
      const temporary_folder cache;
      figures.push_back(child_us(program, in.where, cache, mode));
    }
    into.time = timing_of(std::move(figures));
  };
  return {{"first use, compiled",
           [=](const setting& in, row& into) {
             into.target_us = target::compile_us;
             with_empty_cache(in, into, "wait");
           }},
          {"first use, from the disk cache",
           [=](const setting& in, row& into) {
             into.target_us = target::cached_us;
             const temporary_folder cache;
             child_us(program, in.where, cache, "wait");
             std::vector<double> figures;
             for (int i = 0; i < children(in); ++i) figures.push_back(child_us(program, in.where, cache, "wait"));
             into.time = timing_of(std::move(figures));
           }},
          {"first use, compiled in the background",
           [=](const setting& in, row& into) { with_empty_cache(in, into, "background"); }}};
}

void use_for_the_first_time(const td::device& where) {
  constexpr std::int64_t size = 1'000'000;
  const td::ndarray a = operand(size, td::dtype::float32);
  const td::ndarray b = td::eval(a + a);
  const td::ndarray out = td::eval(a + b);
  td::synchronize(where);
  const double begin = time_us(where);
  td::eval(td::tanh(a * b + 0.25) - td::exp(-b) * a, out);
  td::synchronize(where);
  const double end = time_us(where);
  require_only_on(out, where);
  std::printf("first use %.3f us\n", end - begin);
}

}  // namespace bench
