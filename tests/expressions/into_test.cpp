#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

#include <tandem/tandem.h>

// Results that go to memory which is there already: eval(expr, out), and assigning to a name that alone holds its
// array.
namespace tandem::testing {
namespace {

using doubles = std::vector<double>;

TEST(EvalInto, WritesAnArrayOfTheShape) {
  const ndarray a = array({1.0, 2.0, 3.0});
  const ndarray out = zeros({3});
  const double* const memory = out.data<const double>();
  const ndarray& same = eval(a + 1, out);
  EXPECT_EQ(&same, &out);
  EXPECT_EQ(out.to_vector<double>(), (doubles{2, 3, 4}));
  EXPECT_EQ(out.data<const double>(), memory);
}

TEST(EvalInto, WritesAViewAndLeavesWhatIsBeside) {
  const ndarray whole = zeros({2, 4});
  eval(arange(2.0) + 1, whole(all, 2));
  EXPECT_EQ(whole.to_vector<double>(), (doubles{0, 0, 1, 0, 0, 0, 2, 0}));
}

TEST(EvalInto, MayReadWhatItWrites) {
  const ndarray a = arange(5.0);
  eval(a(slice(none, none, -1)) + a, a);
  EXPECT_EQ(a.to_vector<double>(), (doubles{4, 4, 4, 4, 4}));
}

TEST(EvalInto, ConvertsWithinAKindOrToAHigherOne) {
  const ndarray single = zeros({2}, dtype::float32);
  eval(array({1.5, 2.5}), single);
  EXPECT_EQ(single.to_vector<float>(), (std::vector<float>{1.5F, 2.5F}));
  const ndarray real = zeros({2});
  eval(array<std::int64_t>({1, 2}), real);
  EXPECT_EQ(real.to_vector<double>(), (doubles{1, 2}));
  const ndarray whole = full({2}, 7, dtype::int32);
  EXPECT_THROW(eval(array({1.5, 2.5}), whole), dtype_error);
  EXPECT_EQ(whole.to_vector<std::int32_t>(), (std::vector<std::int32_t>{7, 7}));
}

TEST(EvalInto, RefusesOtherShapesAndReadOnlyArrays) {
  const ndarray out = ones({3});
  EXPECT_THROW(eval(arange(2.0), out), shape_error);
  EXPECT_THROW(eval(arange(1.0), out), shape_error) << "nothing is broadcast";
  EXPECT_THROW(eval(ones({1, 3}), out), shape_error);
  const ndarray constant = broadcast_to(ones({1}), {3});
  EXPECT_THROW(eval(arange(3.0), constant), dtype_error);
  EXPECT_EQ(out.to_vector<double>(), (doubles{1, 1, 1}));
}

TEST(EvalInto, TakesAPolicyAndMakesCapturedUsesStale) {
  const ndarray out = zeros({3});
  const expr before = out + 1;
  eval(arange(3.0), out, {.workers = 1});
  EXPECT_THROW(eval(before), stale_expression);
  EXPECT_THROW(eval(arange(3.0), out, {.workers = -5}), policy_error);
  EXPECT_EQ(eval(out * 2, {}).to_vector<double>(), (doubles{0, 2, 4})) << "{} is a policy";
}

TEST(AssigningToAName, ReusesMemoryThatNobodyElseHolds) {
  const ndarray a = arange(100.0);
  ndarray c = a + 1;
  const double* const memory = c.data<const double>();
  c = a * 2;
  EXPECT_EQ(c.data<const double>(), memory);
  const expr named = a * 3;
  c = named;
  EXPECT_EQ(c.data<const double>(), memory);
  EXPECT_EQ(c.to_vector<double>()[99], 297);
}

TEST(AssigningToAName, ChangesShapeAndDtype) {
  const ndarray a = arange(6.0);
  ndarray c = a + 1;
  const void* const memory = c.data<const double>();
  c = reshape(a, {2, 3}) * 2;
  EXPECT_EQ(c.shape(), (dims{2, 3}));
  c = astype(a, dtype::int64);
  EXPECT_EQ(c.dtype(), dtype::int64);
  EXPECT_EQ(c.data<const std::int64_t>(), memory);
  c = a(slice(0, 3)) + 1;
  EXPECT_EQ(c.to_vector<double>(), (doubles{1, 2, 3}));
  c = sum(a);
  EXPECT_EQ(c.rank(), 0);
}

TEST(AssigningToAName, LeavesOtherHoldersTheirElements) {
  const ndarray a = arange(3.0);
  ndarray c = a + 1;
  const ndarray handle = c;
  c = a * 2;
  EXPECT_EQ(handle.to_vector<double>(), (doubles{1, 2, 3}));

  c = a + 1;
  const ndarray view = c(slice(1, 3));
  c = a * 2;
  EXPECT_EQ(view.to_vector<double>(), (doubles{2, 3}));

  c = a + 1;
  const expr reader = c * 10;
  c = a * 2;
  EXPECT_EQ(eval(reader).to_vector<double>(), (doubles{10, 20, 30}));

  const expr kept = a + 5;
  c = kept;
  c = a * 2;
  EXPECT_EQ(eval(kept).to_vector<double>(), (doubles{5, 6, 7})) << "the expression kept its result";
}

TEST(AssigningToAName, MayReadTheNameItself) {
  ndarray c = arange(4.0);
  for (int i = 0; i < 3; ++i) c = c + c(slice(none, none, -1));
  EXPECT_EQ(c.to_vector<double>(), (doubles{12, 12, 12, 12}));
  c = c + 1;
  EXPECT_EQ(c.to_vector<double>(), (doubles{13, 13, 13, 13}));
}

TEST(AssigningToAName, DoesNotWriteToMemoryOfOthers) {
  double theirs[] = {1, 2, 3};
  ndarray c = wrap(theirs, {3});
  c = arange(3.0) + 10;
  EXPECT_EQ(theirs[0], 1);
  EXPECT_EQ(c.to_vector<double>(), (doubles{10, 11, 12}));
}

TEST(AssigningToAName, LeavesTheNameAsItWasIfItThrows) {
  const ndarray a = arange(3.0);
  ndarray c = a + 1;
  const expr stale = a * 2;
  a(0) = 7.0;
  EXPECT_THROW(c = stale, stale_expression);
  EXPECT_EQ(c.to_vector<double>(), (doubles{1, 2, 3}));
}

TEST(AssigningToAName, JoinsAreWrittenElsewhereFirst) {
  const ndarray a = arange(3.0);
  ndarray c = concat({a, a + 1});
  c = concat({a * 2, a});
  EXPECT_EQ(c.to_vector<double>(), (doubles{0, 2, 4, 0, 1, 2}));
}

TEST(AssigningToAName, TakesAnEmptyResult) {
  ndarray c;
  c = zeros({0, 3}) + 1;
  EXPECT_EQ(c.shape(), (dims{0, 3}));
}

}  // namespace
}  // namespace tandem::testing
