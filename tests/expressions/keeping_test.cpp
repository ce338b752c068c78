#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tandem/tandem.h>

#include "support/elements.h"

// What an expression holds: its operands, their state when they were captured, and its result.
namespace tandem::testing {
namespace {

using doubles = std::vector<double>;

TEST(Expressions, HoldTheirOperands) {
  std::optional<expr> work;
  {
    const ndarray a = array<double>({1, 2, 3});
    const auto b = std::make_unique<ndarray>(array<double>({10, 20, 30}));
    expr inner = expr(a) * 2;
    work = inner + *b + 0.5;
    inner = expr(0);
  }
  EXPECT_EQ(elements_of<double>(*work), (doubles{12.5, 24.5, 36.5}));
  const expr copy = *work;
  work.reset();
  EXPECT_EQ(elements_of<double>(copy), (doubles{12.5, 24.5, 36.5}));
}

TEST(Expressions, SurviveTheRebindingOfNames) {
  ndarray a = array<double>({1, 2});
  const expr work = expr(a) + 1;
  a = array<double>({100, 200});
  EXPECT_EQ(elements_of<double>(work), (doubles{2, 3})) << "the name was rebound, the captured elements are the same";
}

TEST(KeptResults, AreTheSameStorageEachTime) {
  const ndarray a = array<double>({1, 2, 3});
  const expr work = expr(a) * 2;
  const ndarray first = eval(work);
  const ndarray second = eval(work);
  EXPECT_EQ(address_of(first), address_of(second));
  const expr copy = work;
  EXPECT_EQ(address_of(eval(copy)), address_of(first)) << "copies of an expr are one expr";
  EXPECT_NE(address_of(eval(expr(a) * 2)), address_of(first)) << "an equal expr is another one";
  EXPECT_TRUE(first.is_writable());
}

TEST(KeptResults, ServeLargerExpressions) {
  const ndarray a = array<double>({1, 2, 3});
  const expr inner = expr(a) * 2;
  const expr outer = inner + 1;
  static_cast<void>(eval(inner));
  a(0) = 100;
  // The inner result was kept while it was right, so the outer expression needs no operand any more.
  EXPECT_EQ(elements_of<double>(outer), (doubles{3, 5, 7}));
  EXPECT_EQ(elements_of<double>(inner(slice(none, none, -1))), (doubles{6, 4, 2}));
  EXPECT_EQ(elements_of<double>(sum(inner)), (doubles{12}));
}

TEST(KeptResults, ThatWereWrittenToAreNotUsedAgain) {
  const ndarray a = array<double>({1, 2, 3});
  const expr work = expr(a) * 2;
  const ndarray first = eval(work);
  first(0) = -5;
  EXPECT_EQ(elements_of<double>(work), (doubles{2, 4, 6})) << "computed again";
  EXPECT_EQ(elements_of<double>(work + 1), (doubles{3, 5, 7}));
  EXPECT_EQ(elements_of<double>(first), (doubles{-5, 4, 6})) << "what the user wrote stays";
  // With the operand changed as well there is nothing to compute from.
  const ndarray second = eval(work);
  second(1) = 0;
  a(1) = 0;
  EXPECT_THROW(eval(work), stale_expression);
  EXPECT_THROW(eval(work + 1), stale_expression);
}

TEST(KeptResults, OfViewsFollowTheirArrays) {
  const ndarray a = array<double>({1, 2, 3});
  const expr view = flip(a);
  EXPECT_EQ(elements_of<double>(view), (doubles{3, 2, 1}));
  a(0) = 10;
  // A view shows what its array holds: nothing of it was computed.
  EXPECT_EQ(address_of(eval(view)), address_of(a(2)));
  EXPECT_EQ(elements_of<double>(eval(view)), (doubles{3, 2, 10}));
}

// All ways to write, each after an expression captured the array.
const std::vector<std::pair<std::string, std::function<void(const ndarray&)>>>& writes() {
  static const std::vector<std::pair<std::string, std::function<void(const ndarray&)>>> list = {
      {"assign", [](const ndarray& a) { a.assign(7); }},
      {"a view without a name", [](const ndarray& a) { a(slice(0, 1)) = 7; }},
      {"an element", [](const ndarray& a) { a(0, 0) = 7; }},
      {"in place", [](const ndarray& a) { a += 1; }},
      {"through a transposed view", [](const ndarray& a) { a.transposed()(0) *= 2; }},
      {"through a reshaped view", [](const ndarray& a) { eval(reshape(a, {-1}))(0) = 1; }},
      {"data", [](const ndarray& a) { a.data<double>()[0] = 7; }},
      {"data without a write", [](const ndarray& a) { static_cast<void>(a.data<double>()); }},
      {"span", [](const ndarray& a) { a.span<double>()[0] = 7; }},
      {"at", [](const ndarray& a) { a.at<double>({0, 0}) = 7; }},
      {"another handle",
       [](const ndarray& a) {
         const ndarray copy = a;
         copy -= 1;
       }},
      {"an element that the expression does not read", [](const ndarray& a) { a(1) = 7; }},
  };
  return list;
}

const std::vector<std::pair<std::string, std::function<expr(const ndarray&)>>>& captures() {
  static const std::vector<std::pair<std::string, std::function<expr(const ndarray&)>>> list = {
      {"work", [](const ndarray& a) { return expr(a) + 1; }},
      {"work on a view", [](const ndarray& a) { return -a(0); }},
      {"work on a transposed view", [](const ndarray& a) { return expr(a.transposed()) * a.transposed(); }},
      {"a reduction", [](const ndarray& a) { return sum(a); }},
      {"a view of a reduction", [](const ndarray& a) { return sum(a, {.axis = 0})(slice(0, 1)); }},
      {"a search", [](const ndarray& a) { return argmax(a); }},
      {"a scan", [](const ndarray& a) { return cumulative_sum(a, {.axis = 0}); }},
      {"a product", [](const ndarray& a) { return matmul(a, a); }},
      {"a join", [](const ndarray& a) { return concat({a, a}); }},
      {"a roll", [](const ndarray& a) { return roll(a, {1}); }},
      {"a repetition", [](const ndarray& a) { return repeat(a, 2, 0); }},
      {"repetitions by counts", [](const ndarray& a) { return repeat(a, array<int>({1, 2}), 0); }},
      {"tiles", [](const ndarray& a) { return tile(a, {2, 2}); }},
      {"a reshaped copy", [](const ndarray& a) { return reshape(a.transposed(), {4}); }},
      {"a conversion", [](const ndarray& a) { return astype(a, int8); }},
      {"a triangle", [](const ndarray& a) { return tril(a); }},
      {"one of many operands",
       [](const ndarray& a) { return expr(ones({2, 2})) + expr(ones({2})) * ones({2, 1}) - a; }},
      {"deep inside",
       [](const ndarray& a) { return sum(sqrt(mean(expr(a) * 2, {.axis = 0, .keepdims = true}) + ones({2, 2}))) / 3; }},
  };
  return list;
}

TEST(Stale, IsAnExpressionWhoseOperandWasWrittenTo) {
  for (const auto& [how, capture] : captures()) {
    for (const auto& [what, write] : writes()) {
      const ndarray a = array<double>({{1, 2}, {3, 4}});
      const expr work = capture(a);
      write(a);
      const std::string text = text_of<stale_expression>([&] { eval(work); });
      EXPECT_TRUE(mentions(text, {"float64", "written to"})) << how << ", " << what;
      EXPECT_THROW(ndarray result(work), stale_expression) << how << ", " << what;
      EXPECT_THROW(to_string(ndarray(work)), stale_expression);
      const ndarray target = zeros({}, bool_);
      EXPECT_THROW(target.assign(any(work)), stale_expression) << how << ", " << what;
      EXPECT_FALSE(target.item<bool>());
      // Captured again it is fresh.
      EXPECT_NO_THROW(eval(capture(a))) << how << ", " << what;
    }
  }
}

TEST(Stale, IsNotWhatWasEvaluatedBefore) {
  for (const auto& [how, capture] : captures()) {
    const ndarray a = array<double>({{1, 2}, {3, 4}});
    const expr work = capture(a);
    const ndarray before = eval(work);
    const std::vector<std::byte> bytes = bytes_of(before);
    a += 1;
    EXPECT_EQ(bytes_of(eval(work)), bytes) << how;
  }
}

TEST(Stale, IsNotWhatWasOnlyRead) {
  for (const auto& [how, capture] : captures()) {
    const ndarray a = array<double>({{1, 2}, {3, 4}});
    const expr work = capture(a);
    static_cast<void>(a.data<const double>());
    static_cast<void>(a.at<const double>({0, 0}));
    static_cast<void>(a.span<const double>());
    static_cast<void>(a.to_vector<double>());
    static_cast<void>(a(0, 0).item<float>());
    static_cast<void>(to_string(a));
    static_cast<void>(eval(expr(a) + a));
    static_cast<void>(ndarray(a)(0));
    EXPECT_THROW(a.assign(ones({3})), shape_error);
    EXPECT_NO_THROW(eval(work)) << how;
  }
}

TEST(Stale, IsNotWorkOnAnotherArray) {
  const ndarray a = ones({3});
  const ndarray b = ones({3});
  const expr work = expr(a) + 1;
  b += 1;
  EXPECT_EQ(elements_of<double>(work), (doubles{2, 2, 2}));
  // Writing the result of work to its own operand is the work's evaluation.
  const expr again = expr(a) + 1;
  a.assign(again);
  EXPECT_EQ(elements_of<double>(a), (doubles{2, 2, 2}));
  EXPECT_THROW(a.assign(again), stale_expression) << "a second time it would be another result";
}

TEST(Stale, IsFoundInMemoryThatArraysShare) {
  std::vector<double> memory = {1, 2, 3, 4};
  const ndarray a = wrap(memory.data(), {4});
  const ndarray part = a(slice(2, 4));
  const expr work = expr(part) * 2;
  a(0) = 9;
  // The block is what is watched, not each element.
  EXPECT_THROW(eval(work), stale_expression);
}

TEST(Stale, IsFoundInEmptyArraysToo) {
  const ndarray a = zeros({0, 3});
  const expr work = expr(a) + 1;
  a += 1;
  EXPECT_THROW(eval(work), stale_expression) << "the rule does not depend on the number of elements";
}

TEST(Stale, IsFoundQuicklyInSharedWork) {
  // 2^60 paths lead to the array.
  for (const dims& shape : {dims{0}, dims{2}}) {
    const ndarray a = zeros(shape);
    expr work = a;
    for (int i = 0; i < 60; ++i) work = work + work;
    EXPECT_EQ(eval(work).shape(), shape);
    expr other = a;
    for (int i = 0; i < 60; ++i) other = other + other;
    static_cast<void>(a.data<double>());
    EXPECT_THROW(eval(other), stale_expression);
  }
}

}  // namespace
}  // namespace tandem::testing
