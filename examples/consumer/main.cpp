#include <cstdio>
#include <iostream>

#include <tandem/tandem.h>

namespace td = tandem;

int main() {
  try {
    const td::ndarray a = td::reshape(td::arange(6.0), {2, 3});
    const td::ndarray above_mean = td::where(a > td::mean(a), a - td::mean(a), 0.0);
    std::cout << above_mean << "\n" << td::sum(a * 2.0, {.axis = 0}) << "\n";
    const td::ndarray triple = td::arange(3.0) * 3.0;
    std::cout << triple << "\n";
    return 0;
  } catch (const td::error& problem) {
    std::fprintf(stderr, "consumer: %s\n", problem.what());
    return 1;
  }
}
