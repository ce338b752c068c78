#include <tandem/tandem.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string_view>

#include "regret/applications.h"

// Runs one of the applications, so that what tandem offers any application can be used with it:
//
//   TANDEM_WHATIF=sim:h200 bench_applications monte-carlo
//   TANDEM_DECISIONS=decisions.log bench_applications conjugate-gradients --scale 0.1
//
// Prints what it found and the time that it took.
namespace {

void print_usage(std::FILE* to) {
  std::fputs("usage: bench_applications NAME [--scale S]\n\n  --scale   above 0, at most 1: less work; default 1\n\n",
             to);
  for (const tandem::applications::application& each : tandem::applications::known_applications()) {
    std::fprintf(to, "  %-20s  %s\n", each.name.data(), each.about.data());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const tandem::applications::application* chosen = nullptr;
  double scale = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--help" || word == "-h") {
      print_usage(stdout);
      return 0;
    }
    if (word == "--scale" && i + 1 < argc) {
      const char* const text = argv[++i];
      const char* const end = text + std::strlen(text);
      const auto [read_to, problem] = std::from_chars(text, end, scale);
      if (problem == std::errc() && read_to == end && scale > 0 && scale <= 1) continue;
      std::fprintf(stderr, "bench_applications: --scale takes a number above 0, at most 1; given '%s'\n", text);
      return 2;
    }
    if (chosen == nullptr && (chosen = tandem::applications::find_application(word)) != nullptr) continue;
    std::fprintf(stderr, "bench_applications: '%s' is no application, nor an option\n", argv[i]);
    print_usage(stderr);
    return 2;
  }
  if (chosen == nullptr) {
    print_usage(stderr);
    return 2;
  }
  try {
    const auto begin = std::chrono::steady_clock::now();
    const double found = chosen->run(scale);
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
    std::printf("%s: %.12g, %.3f s\n", chosen->name.data(), found, passed.count());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_applications: %s\n", error.what());
    return 1;
  }
}
