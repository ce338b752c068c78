#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <tandem/tandem.h>

#include "codegen/emulator/compare.h"
#include "support/elements.h"

// Random programs of several stages of every kind. Integers wrap exactly, so that the order in which elements are
// combined does not matter.
namespace tandem::testing {
namespace {

constexpr std::int64_t most_elements = 3000;

// One more operation on operands made before.
expr grown(const std::vector<expr>& made, random_numbers& random) {
  const expr x = made[made.size() - 1 -
                      static_cast<std::size_t>(
                          random.between(0, std::min<std::int64_t>(1, static_cast<std::int64_t>(made.size()) - 1)))];
  const int rank = x.rank();
  const std::int64_t axis = rank > 0 ? random.between(0, rank - 1) : 0;
  const bool has_elements = x.size() > 0;
  switch (random.between(0, 13)) {
    case 0: return x * 3 + 1;
    case 1: return where(x > 2, x, x * x);
    case 2: return astype(x, random.one_of(integer_dtypes));
    case 3: return rank > 0 ? sum(x, {.axis = axis, .keepdims = random.chance(50)}) : x - 7;
    case 4: return has_elements ? max(x, {.axis = {}, .keepdims = true}) + x : x;
    case 5: return rank > 0 ? cumulative_sum(x, {.axis = axis}) : -x;
    case 6: return rank > 0 && has_elements ? argmax(x, {.axis = axis}) : x + x;
    case 7: return rank > 0 ? repeat(x, 2, axis) : abs(x);
    case 8: return flip(x);
    case 9: return rank > 1 ? matmul(x, matrix_transpose(x)) : x * x;
    case 10: return rank > 0 ? concat({x, flip(x), x + 1}, axis) : x;
    case 11: return rank > 1 ? matrix_transpose(x) : x;
    case 12: return x - sum(x, {.axis = {}});
    default: {
      if (rank == 0) return x;
      std::vector<std::int64_t> counts;
      for (std::int64_t i = 0; i < x.shape()[static_cast<int>(axis)]; ++i) counts.push_back(random.between(0, 2));
      return repeat(x, array(std::span<const std::int64_t>(counts), {static_cast<std::int64_t>(counts.size())}), axis);
    }
  }
}

TEST(LoweredPrograms, GiveWhatTheCpuGives) {
  random_numbers random(561);
  lowered_cases cases;
  for (int round = 0; round < 60; ++round) {
    const dims shape = random.one_of(std::vector<dims>{{}, {7}, {5, 6}, {3, 1, 4}, {2, 3, 4}, {300}, {4, 0}});
    std::vector<expr> made{expr(random_array(random.one_of(integer_dtypes), shape, random))};
    for (std::int64_t left = random.between(2, 7); left > 0; --left) {
      const expr next = grown(made, random);
      if (next.size() <= most_elements && next.rank() <= 5) made.push_back(next);
    }
    cases.add("round " + std::to_string(round), made.back());
  }
  cases.check();
}

}  // namespace
}  // namespace tandem::testing
