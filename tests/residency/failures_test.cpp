#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <tandem/simulation.h>
#include <tandem/tandem.h>

#include "support/elements.h"

// Every allocation and every copy of each kind of work fails in turn; operands and targets are as they were.
namespace tandem::testing {
namespace {

constexpr const char* name = "sim:h200:30";
const device sim = device::named(name);

using work = std::function<ndarray(const ndarray&, const ndarray&)>;

std::vector<std::pair<std::string, work>> kinds_of_work() {
  const policy there{.device = sim};
  return {
      {"one operation", [=](auto& a, auto&) { return eval(expr(a) + 1, there); }},
      {"a chain", [=](auto& a, auto& b) { return eval(sin(a) * b + expr(a) - 2, there); }},
      {"a reduction", [=](auto& a, auto&) { return eval(sum(a, {.axis = 0}), there); }},
      {"work on a reduction",
       [=](auto& a, auto&) { return eval(expr(a) - mean(a, {.axis = 1, .keepdims = true}), there); }},
      {"a search", [=](auto& a, auto&) { return eval(argmax(a, {.axis = 1}), there); }},
      {"a scan", [=](auto& a, auto&) { return eval(cumulative_sum(a, {.axis = 0}), there); }},
      {"a product", [=](auto& a, auto& b) { return eval(matmul(a, matrix_transpose(b)) + 1, there); }},
      {"a join", [=](auto& a, auto& b) { return eval(concat({a, b}, 0), there); }},
      {"a selection", [=](auto& a, auto& b) { return eval(where(expr(a) > b, a, b), there); }},
      {"an assignment to a part",
       [=](auto& a, auto& b) {
         a(slice(1, none)).assign(expr(b)(slice(none, -1)) * 2, there);
         return a;
       }},
      {"an overlapping assignment",
       [=](auto& a, auto&) {
         a(slice(1, none)).assign(a(slice(none, -1)), there);
         return a;
       }},
      {"an assignment to all",
       [=](auto& a, auto& b) {
         a.assign(expr(a) * b, there);
         return a;
       }},
  };
}

struct operands {
  ndarray a = reshape(arange(12.0), {4, 3});
  ndarray b = reshape(arange(12.0), {4, 3}) * 0.5 - 1;
};

// Does the work with the n-th allocation or copy failing, n = 1, 2, ..., until nothing fails any more.
template <class Error, class Fault>
void fail_in_turn(Fault&& fault, std::int64_t least) {
  for (const auto& [title, each] : kinds_of_work()) {
    const operands untouched;
    const operands reference;
    const std::vector<double> expected = elements_of<double>(astype(each(reference.a, reference.b), float64));
    std::int64_t failures = 0;
    for (std::int64_t n = 1;; ++n) {
      ASSERT_LT(n, 100) << title;
      const operands fresh;
      set_simulated_faults(name, fault(n));
      bool failed = false;
      ndarray result;
      try {
        result = each(fresh.a, fresh.b);
      } catch (const Error&) {
        failed = true;
      }
      set_simulated_faults(name, {});
      if (!failed) {
        EXPECT_EQ(elements_of<double>(astype(result, float64)), expected) << title;
        break;
      }
      ++failures;
      EXPECT_EQ(elements_of<double>(fresh.a), elements_of<double>(untouched.a)) << title << ", failure " << n;
      EXPECT_EQ(elements_of<double>(fresh.b), elements_of<double>(untouched.b)) << title << ", failure " << n;
      // And it works afterwards.
      EXPECT_EQ(elements_of<double>(astype(each(fresh.a, fresh.b), float64)), expected) << title << ", after " << n;
    }
    EXPECT_GE(failures, least) << title;
  }
}

TEST(Failures, OfEveryAllocation) {
  // The first failure is met by making room, where there is something to spare.
  fail_in_turn<out_of_memory>([](std::int64_t n) { return simulated_faults{.fail_allocation = n}; }, 1);
}

TEST(Failures, OfEveryCopy) {
  fail_in_turn<device_error>([](std::int64_t n) { return simulated_faults{.fail_copy = n}; }, 1);
}

TEST(Failures, OfACopyToTheHostLeavesTheElementsThere) {
  const ndarray a = eval(expr(arange(100.0)) * 2, {.device = sim});
  set_simulated_faults(name, {.fail_copy = 1});
  EXPECT_THROW(static_cast<void>(a.to_vector<double>()), device_error);
  EXPECT_TRUE(a.is_on(sim));
  EXPECT_FALSE(a.is_on(device::cpu));
  EXPECT_EQ(a.at<const double>({99}), 198) << "the next try finds them";
}

}  // namespace
}  // namespace tandem::testing
