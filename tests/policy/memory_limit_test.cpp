#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <tandem/tandem.h>

#include "policy/default_guard.h"
#include "support/elements.h"

// The limit of host memory counts what an evaluation allocates for its result and its temporaries, to the byte, and one
// that is refused allocates and writes nothing.
namespace tandem::testing {
namespace {

// Of one worker: packed panels of a product's operands.
constexpr std::int64_t largest_scratch = 1 << 20;

bool is_refused(const std::function<void()>& work) {
  try {
    work();
    return false;
  } catch (const out_of_memory&) {
    return true;
  }
}

// What an expression needs, by hand. `make` gives a new one each time, so that nothing kept answers.
struct need {
  const char* title;
  std::function<expr()> make;
  std::int64_t result_bytes;
  std::int64_t temporary_bytes;
};

std::vector<need> needs() {
  const ndarray a = ones({300, 200});
  const ndarray b = ones({200, 100});
  const ndarray c = ones({100, 50});
  const ndarray d = ones({50, 25});
  const ndarray z = astype(a, complex64);
  return {
      {"a chain", [=] { return expr(a) * 2 + a; }, 300 * 200 * 8, 0},
      {"a chain to a small dtype", [=] { return expr(a) > 2; }, 300 * 200, 0},
      {"a chain of a strided view", [=] { return expr(a(all, slice(none, none, 2))) + 1; }, 300 * 100 * 8, 0},
      {"a sum", [=] { return sum(a); }, 8, 0},
      {"a sum of a chain", [=] { return sum(expr(a) * a + 1, {.axis = 1}); }, 300 * 8, 0},
      {"a product", [=] { return matmul(a, b); }, 300 * 100 * 8, 0},
      {"a complex product", [=] { return matmul(z, astype(b, complex64)); }, 300 * 100 * 8, 200 * 100 * 8},
      // The first product is there while the second one is made.
      {"two products", [=] { return matmul(matmul(a, b), c); }, 300 * 50 * 8, 300 * 100 * 8},
      // The first product is done with when the third one is made: the most at a time are the first two.
      {"three products", [=] { return matmul(matmul(matmul(a, b), c), d); }, 300 * 25 * 8,
       300 * 100 * 8 + 300 * 50 * 8},
      {"a product of two products", [=] { return matmul(matmul(a, b), matmul(c, d)); }, 300 * 25 * 8,
       300 * 100 * 8 + 100 * 25 * 8},
      {"nothing", [=] { return expr(zeros({0, 5})) + 1; }, 0, 0},
  };
}

TEST(HostMemoryLimit, CountsTheResultAndTheTemporariesExactly) {
  for (const need& each : needs()) {
    SCOPED_TRACE(each.title);
    const std::int64_t needed = each.result_bytes + each.temporary_bytes;
    const expr value = each.make();
    const std::int64_t before = host_memory().in_use_bytes;
    if (needed > 0) {
      reset_peak_host_memory();
      const std::string said = text_of<out_of_memory>(
          [&] { static_cast<void>(eval(value, {.workers = 1, .host_memory_bytes = needed - 1})); });
      EXPECT_TRUE(
          mentions(said, {std::to_string(each.result_bytes).c_str(), std::to_string(each.temporary_bytes).c_str(),
                          std::to_string(needed - 1).c_str(), "call"}));
      EXPECT_EQ(host_memory().peak_bytes, before) << "nothing is allocated";
    }
    reset_peak_host_memory();
    {
      const ndarray result = eval(value, {.workers = 1, .host_memory_bytes = needed});
      EXPECT_EQ(result.size_bytes(), each.result_bytes);
    }
    const std::int64_t grown = host_memory().peak_bytes - before;
    EXPECT_GE(grown, needed) << "what is counted is used";
    EXPECT_LE(grown, needed + largest_scratch) << "what is not counted is scratch";
  }
}

// The same figures from what the pool has handed out, for work whose temporaries are not told by its operands' shapes.
TEST(HostMemoryLimit, IsNoLessThanWhatIsAllocated) {
  random_numbers random(811);
  const ndarray a = random_array(float64, {420, 500}, random);
  const std::vector<std::pair<const char*, std::function<expr()>>> cases = {
      {"roots of sums", [=] { return sqrt(sum(expr(a) * a, {.axis = 1})); }},
      {"a deviation", [=] { return std(a, {.axis = 0}); }},
      {"centred", [=] { return expr(a) - mean(a, {.axis = 1, .keepdims = true}); }},
      {"a softmax", [=] { return exp(a) / sum(exp(a), {.axis = 1, .keepdims = true}); }},
      {"running sums", [=] { return cumulative_sum(expr(a) * 2, {.axis = 0}) + 1; }},
      {"a search", [=] { return argmax(expr(a) * a, {.axis = 1}); }},
      {"a join", [=] { return concat({expr(a) + 1, matmul(a, matrix_transpose(a))}, 1); }},
      {"a roll", [=] { return roll(expr(a) * 3, {5, 7}, {0, 1}); }},
      {"a reshaped transpose", [=] { return reshape(expr(a.transposed()), {-1}) + 1; }},
      {"a contraction", [=] { return tensordot(reshape(a, {70, 6, 500}), reshape(a, {70, 6, 500}), {0, 1}, {0, 1}); }},
  };
  for (const auto& [title, make] : cases) {
    SCOPED_TRACE(title);
    std::int64_t refused = -1;
    std::int64_t enough = std::int64_t{1} << 25;
    const expr value = make();
    while (enough - refused > 1) {
      const std::int64_t middle = refused + (enough - refused) / 2;
      const expr again = make();
      (is_refused([&] { static_cast<void>(eval(again, {.workers = 1, .host_memory_bytes = middle})); }) ? refused
                                                                                                        : enough) =
          middle;
    }
    const std::int64_t before = host_memory().in_use_bytes;
    reset_peak_host_memory();
    const ndarray result = eval(value, {.workers = 1, .host_memory_bytes = enough});
    const std::int64_t grown = host_memory().peak_bytes - before;
    EXPECT_GE(enough, result.size_bytes());
    EXPECT_GE(grown, enough) << "what is counted is used";
    EXPECT_LE(grown, enough + largest_scratch) << "what is not counted is scratch";
  }
}

TEST(HostMemoryLimit, DoesNotDependOnTheWorkers) {
  const ndarray a = ones({300, 200});
  for (const int workers : {1, 2, 4, -1}) {
    const expr sums = sqrt(sum(expr(a) * 2, {.axis = 0})) + matmul(ones({300}), a);
    bool refused = true;
    std::int64_t limit = 0;
    for (; refused && limit < 100000; limit += 8) {
      refused = is_refused([&] { static_cast<void>(eval(sums, {.workers = workers, .host_memory_bytes = limit})); });
    }
    static std::int64_t first = limit;
    EXPECT_EQ(limit, first) << workers;
  }
}

TEST(HostMemoryLimit, OfAnAssignmentIsForWhatItCopies) {
  const ndarray a = ones({1000});
  // In place: nothing is allocated.
  a.assign(expr(a) * 2, {.host_memory_bytes = 0});
  EXPECT_EQ(a.at<double>({999}), 2);
  a(slice(0, 10)).assign(7, {.host_memory_bytes = 0});
  EXPECT_EQ(a.at<double>({9}), 7);
  // Of a shifted view the right-hand side is made first: 999 elements.
  const std::vector<double> before = elements_of<double>(a);
  const std::int64_t in_use = host_memory().in_use_bytes;
  reset_peak_host_memory();
  const auto shift = [&](std::int64_t limit) {
    a(slice(1, none)).assign(expr(a(slice(none, -1))) + 1, {.host_memory_bytes = limit});
  };
  EXPECT_TRUE(mentions(text_of<out_of_memory>([&] { shift(999 * 8 - 1); }), {"7992", "7991", "call"}));
  EXPECT_EQ(host_memory().peak_bytes, in_use);
  EXPECT_EQ(elements_of<double>(a), before);
  shift(999 * 8);
  EXPECT_EQ(a.at<double>({0}), 7);
  EXPECT_EQ(a.at<double>({1}), 8);
  EXPECT_EQ(a.at<double>({999}), 3);
}

TEST(HostMemoryLimit, OfEvaluationsIntoAnArray) {
  const ndarray a = ones({30, 20});
  const ndarray b = ones({20, 10});
  const ndarray c = ones({10, 40});
  const ndarray out = zeros({30, 40});
  eval(matmul(a, matmul(b, c)), out, {.host_memory_bytes = 20 * 40 * 8});
  EXPECT_EQ(out.at<double>({29, 39}), 200);
  out.assign(5);
  const std::int64_t in_use = host_memory().in_use_bytes;
  reset_peak_host_memory();
  EXPECT_TRUE(is_refused([&] { eval(matmul(a, matmul(b, c)), out, {.host_memory_bytes = 20 * 40 * 8 - 1}); }));
  EXPECT_EQ(host_memory().peak_bytes, in_use);
  for (const double each : elements_of<double>(out)) EXPECT_EQ(each, 5);
  // The target is an operand: result and temporary are made beside it.
  const ndarray square = ones({30, 30});
  const auto twice = [&](std::int64_t limit) {
    eval(matmul(matmul(square, square), square), square, {.host_memory_bytes = limit});
  };
  EXPECT_TRUE(is_refused([&] { twice(2 * 900 * 8 - 1); }));
  for (const double each : elements_of<double>(square)) EXPECT_EQ(each, 1);
  twice(2 * 900 * 8);
  for (const double each : elements_of<double>(square)) EXPECT_EQ(each, 900);
}

TEST(HostMemoryLimit, OfAScopeHoldsForWhateverEvaluates) {
  const default_guard guard;
  const ndarray a = ones({100});
  const scoped_policy scope({.host_memory_bytes = 799});
  EXPECT_TRUE(mentions(text_of<out_of_memory>([&] { ndarray b = expr(a) + 1; }), {"800", "799", "scoped_policy"}));
  EXPECT_TRUE(is_refused([&] { static_cast<void>(eval(astype(a, complex64))); }));
  EXPECT_FALSE(is_refused([&] { static_cast<void>(eval(astype(a, float32))); }));
  EXPECT_FALSE(is_refused([&] { static_cast<void>(eval(sum(a))); }));
  // What is there already needs nothing: an array, a view, a kept result.
  EXPECT_FALSE(is_refused([&] { static_cast<void>(eval(a)); }));
  EXPECT_FALSE(is_refused([&] { static_cast<void>(eval(reshape(a, {10, 10}))); }));
  const expr kept = expr(a) + 1;
  static_cast<void>(eval(kept, {.host_memory_bytes = 800}));
  EXPECT_FALSE(is_refused([&] { static_cast<void>(eval(kept)); }));
}

TEST(HostMemoryLimit, OfTheGpuDoesNotBindTheCpu) {
  const ndarray a = ones({100});
  EXPECT_EQ(eval(sum(expr(a) + 1), {.device = device::cpu, .device_memory_bytes = 0}).item<double>(), 200);
}

TEST(HostMemoryLimit, AnEvaluationThatWasRefusedCanBeDoneLater) {
  const ndarray a = ones({100});
  const expr value = matmul(reshape(a, {10, 10}), reshape(a, {10, 10})) + 1;
  EXPECT_TRUE(is_refused([&] { static_cast<void>(eval(value, {.host_memory_bytes = 1})); }));
  EXPECT_EQ(eval(value).at<double>({3, 4}), 11);
}

}  // namespace
}  // namespace tandem::testing
