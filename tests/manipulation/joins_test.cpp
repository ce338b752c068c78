#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/errors.h>
#include <tandem/manipulation.h>
#include <tandem/policy.h>
#include <tandem/products.h>
#include <tandem/statistics.h>

#include "manipulation/joins_reference.h"
#include "support/exact_array.h"
#include "support/operands.h"

// What makes larger arrays of arrays: concat, stack, roll, repeat, tile.
namespace tandem::testing {
namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();

TEST(Concat, JoinsAlongEveryAxisAndPromotes) {
  random_numbers random(421);
  for (const dims& shape : {dims{3}, dims{0}, dims{2, 3}, dims{1, 4}, dims{3, 0}, dims{2, 3, 4}, dims{2, 1, 2, 3}}) {
    for (int round = 0; round < 40; ++round) {
      const bool flat = random.chance(20);
      const std::int64_t axis = random.between(-shape.size(), shape.size() - 1);
      const int along = static_cast<int>(axis < 0 ? axis + shape.size() : axis);
      std::vector<expr> arrays;
      std::vector<exact_array> parts;
      std::vector<dtype> types;
      for (std::int64_t count = random.between(1, 5); count > 0; --count) {
        dims extents = shape;
        extents[along] = random.between(0, 4);
        const operand x = random_operand(round % 3 == 0 ? float32 : random.one_of(all_dtypes), extents,
                                         random.one_of(all_forms), numbers::small, random);
        arrays.push_back(random.chance(70) ? expr(x.view) : where(true, x.view, x.view));
        parts.push_back(flat ? flattened(x.values) : x.values);
        types.push_back(x.values.type);
      }
      const exact_array wanted = joined(parts, flat ? 0 : along, result_type(types));
      const expr built = flat ? concat(arrays, std::nullopt) : concat(arrays, axis);
      ASSERT_EQ(built.shape(), wanted.shape);
      ASSERT_EQ(built.dtype(), wanted.type);
      ASSERT_TRUE(equals(eval(built), wanted)) << to_string(shape) << " axis " << axis;
      const ndarray base = zeros({product(wanted.shape, 0, wanted.shape.size()) * 2 + 1}, wanted.type);
      const ndarray target = ndarray(reshape(base(slice(1, none, 2)), wanted.shape));
      if (target.storage() == base.storage()) {
        target.assign(built);
        ASSERT_TRUE(equals(target, wanted)) << "into every second place";
      }
    }
  }
}

TEST(Concat, OfNumbers) {
  EXPECT_TRUE(equals(eval(concat({array<float>({1, 2}), 3, 4.5}, std::nullopt)), {float32, {4}, {1, 2, 3, 4.5L}}));
  EXPECT_TRUE(equals(eval(concat({array<std::int8_t>({1, 2}), 3}, std::nullopt)), {int8, {3}, {1, 2, 3}}));
  EXPECT_TRUE(equals(eval(concat({array<std::int8_t>({1, 2}), 2.5}, std::nullopt)), {float64, {3}, {1, 2, 2.5L}}));
  EXPECT_TRUE(equals(eval(concat({array<float>({1}), std::complex<double>(0, 1)}, std::nullopt)),
                     {complex64, {2}, {1, exact(0, 1)}}));
  EXPECT_TRUE(equals(eval(concat({array<std::int16_t>({-1}), array<std::uint16_t>({2}), array<float>({3})})),
                     {float32, {3}, {-1, 2, 3}}));
  EXPECT_TRUE(equals(eval(concat({1, true}, std::nullopt)), {int64, {2}, {1, 1}}));
  EXPECT_TRUE(equals(eval(concat({expr(1) + 2, array<std::int16_t>({7})}, std::nullopt)), {int16, {2}, {3, 7}}));
  EXPECT_TRUE(equals(eval(stack({1, 2.5})), {float64, {2}, {1, 2.5L}}));
  EXPECT_TRUE(equals(eval(stack({full({}, 1.5, float32), 2})), {float32, {2}, {1.5L, 2}}));
  EXPECT_FALSE(stack({1, 2}).is_weak());
  const exact_array sevens{int64, {4}, {7, 7, 7, 7}};
  const expr pair = broadcast_to(7, {2});
  EXPECT_TRUE(equals(eval(concat({pair, pair})), sevens));
  EXPECT_TRUE(equals(eval(repeat(7, 4)), sevens));
  EXPECT_TRUE(equals(eval(repeat(pair, array<int>({1, 3}))), sevens));
  EXPECT_TRUE(equals(eval(tile(pair, {2})), sevens));
  EXPECT_TRUE(equals(eval(roll(broadcast_to(7, {4}), {1})), sevens));
  // An integer that does not fit is refused beside an array, as everywhere.
  EXPECT_TRUE(mentions(text_of<dtype_error>([] { concat({array<std::uint8_t>({1}), 300}, std::nullopt); }),
                       {"concat", "300", "uint8"}));
  EXPECT_TRUE(mentions(text_of<dtype_error>([] { stack({full({}, 1, uint8), -1}); }), {"stack", "-1", "uint8"}));
  EXPECT_TRUE(mentions(text_of<dtype_error>([] { tensordot(array<std::uint8_t>({1}), 256, 0); }),
                       {"tensordot", "256", "uint8"}));
}

TEST(Concat, RefusesWhatDoesNotFit) {
  EXPECT_TRUE(mentions(text_of<argument_error>([] { concat({}); }), {"concat", "one array"}));
  const auto text = text_of<shape_error>([] { concat({zeros({2, 3}), zeros({2, 3}), zeros({3, 3})}, 1); });
  EXPECT_TRUE(mentions(text, {"concat", "axis 1", "(2, 3)", "array 2", "(3, 3)"}));
  EXPECT_THROW(concat({zeros({2, 3}), zeros({2})}), shape_error);
  EXPECT_THROW(concat({zeros({2}), 3}), shape_error);
  EXPECT_TRUE(mentions(text_of<index_error>([] { concat({zeros({2}), zeros({2})}, 1); }), {"concat", "axis 1"}));
  EXPECT_THROW(concat({zeros({2})}, -2), index_error);
  EXPECT_THROW(concat({zeros({}), zeros({})}), index_error);
  const ndarray huge = broadcast_to(zeros({1}, int8), {most});
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { concat({huge, huge}); }), {"concat"}));
}

TEST(Stack, AddsAnAxisAnywhere) {
  random_numbers random(422);
  for (const dims& shape : {dims{}, dims{3}, dims{2, 3}, dims{0, 2}, dims{2, 1, 3}}) {
    for (std::int64_t axis = -shape.size() - 1; axis <= shape.size(); ++axis) {
      const int place = static_cast<int>(axis < 0 ? axis + shape.size() + 1 : axis);
      std::vector<expr> arrays;
      std::vector<exact_array> parts;
      std::vector<dtype> types;
      for (int i = 0; i < 3; ++i) {
        const operand x =
            random_operand(random.one_of(all_dtypes), shape, random.one_of(all_forms), numbers::small, random);
        arrays.emplace_back(x.view);
        parts.push_back(x.values);
        parts.back().shape.insert(place, 1);
        types.push_back(x.values.type);
      }
      EXPECT_TRUE(equals(eval(stack(arrays, axis)), joined(parts, place, result_type(types))))
          << to_string(shape) << " axis " << axis;
    }
  }
  EXPECT_TRUE(
      mentions(text_of<shape_error>([] { stack({zeros({2}), zeros({3})}); }), {"stack", "(2,)", "array 1", "(3,)"}));
  EXPECT_THROW(stack({zeros({2}), 1}), shape_error);
  EXPECT_TRUE(mentions(text_of<index_error>([] { stack({zeros({2})}, 2); }), {"stack", "axis 2"}));
  EXPECT_THROW(stack({zeros({2})}, -3), index_error);
  EXPECT_THROW(stack({}), argument_error);
}

TEST(Roll, ShiftsAroundTheEnds) {
  random_numbers random(423);
  for (const dims& shape :
       {dims{}, dims{1}, dims{7}, dims{0}, dims{3, 4}, dims{1, 5}, dims{3, 0}, dims{2, 3, 4}, dims{40, 30}}) {
    for (int round = 0; round < 30; ++round) {
      const operand x =
          random_operand(random.one_of(all_dtypes), shape, random.one_of(all_forms), numbers::special, random);
      const auto any_shift = [&] {
        return random.chance(20) ? random.one_of(std::array{most, least, most - 1, least + 1, std::int64_t{1} << 40})
                                 : random.between(-12, 12);
      };
      const std::int64_t shift = any_shift();
      SCOPED_TRACE(std::string(name(x.values.type)) + " " + to_string(shape));
      exact_array flat = rolled(flattened(x.values), 0, x.values.at.empty() ? 0 : shift);
      flat.shape = shape;
      ASSERT_TRUE(equals(eval(roll(x.view, {shift})), flat)) << "all by " << shift;
      dims list;
      dims shifts;
      const bool one_shift = random.chance(30);
      exact_array wanted = x.values;
      for (std::int64_t axis = 0; axis < shape.size(); ++axis) {
        if (random.chance(30)) continue;
        list.push_back(random.chance(50) ? axis : axis - shape.size());
        if (!one_shift || shifts.empty()) shifts.push_back(any_shift());
        if (!wanted.at.empty()) wanted = rolled(wanted, static_cast<int>(axis), shifts.back());
      }
      if (list.empty()) continue;
      const expr from = random.chance(50) ? expr(x.view) : where(true, x.view, x.view);
      ASSERT_TRUE(equals(eval(roll(from, shifts, list)), wanted)) << to_string(list) << " by " << to_string(shifts);
    }
  }
}

TEST(Roll, RefusesOtherNumbersOfShifts) {
  const ndarray x = zeros({2, 3});
  EXPECT_TRUE(mentions(text_of<argument_error>([&] { roll(x, {1, 2, 3}, {0, 1}); }), {"roll", "3 shifts", "2 axes"}));
  EXPECT_THROW(roll(x, {1, 2}), argument_error);
  EXPECT_THROW(roll(x, {}, {0, 1}), argument_error);
  EXPECT_TRUE(mentions(text_of<index_error>([&] { roll(x, {1}, 2); }), {"roll", "axis 2"}));
  EXPECT_TRUE(mentions(text_of<index_error>([&] { roll(x, {1, 2}, {1, -1}); }), {"roll", "twice"}));
  EXPECT_THROW(roll(zeros({2, 0}), {1}, 2), index_error);
  // Nothing is computed, but no shift may overflow on the way.
  const ndarray huge = broadcast_to(ones({1}, int8), {most});
  EXPECT_EQ(roll(huge, {-1}).shape(), dims{most});
  EXPECT_EQ(roll(huge, {least}, 0).shape(), dims{most});
}

TEST(Repeat, ByOneCountOrACountForEach) {
  random_numbers random(424);
  for (const dims& shape : {dims{}, dims{1}, dims{7}, dims{0}, dims{3, 4}, dims{4, 1}, dims{1, 4}, dims{3, 0},
                            dims{0, 3}, dims{2, 3, 4}, dims{2, 600, 3}, dims{3, 1030}}) {
    for (int round = 0; round < 20; ++round) {
      const operand x =
          random_operand(random.one_of(all_dtypes), shape, random.one_of(all_forms), numbers::special, random);
      const expr from = random.chance(50) ? expr(x.view) : where(true, x.view, x.view);
      const bool flat = shape.empty() || random.chance(25);
      const std::int64_t axis = flat ? 0 : random.between(-shape.size(), shape.size() - 1);
      const std::optional<std::int64_t> given = flat ? std::nullopt : std::optional(axis);
      const exact_array source = flat ? flattened(x.values) : x.values;
      const int along = static_cast<int>(axis < 0 ? axis + shape.size() : axis);
      const auto extent = static_cast<std::size_t>(source.shape[along]);
      SCOPED_TRACE(std::string(name(x.values.type)) + " " + to_string(shape) + " axis " +
                   (flat ? "none" : std::to_string(axis)));

      const std::int64_t count = random.between(0, 3);
      ASSERT_TRUE(
          equals(eval(repeat(from, count, given)), repeated(source, along, std::vector<std::int64_t>(extent, count))))
          << count;

      // Zeros among them, and once nothing else.
      std::vector<std::int64_t> counts(extent);
      for (std::int64_t& each : counts) each = round == 0 ? 0 : random.between(0, 3);
      const dtype count_type = random.one_of(integer_dtypes);
      const ndarray as_array =
          astype(array(std::span<const std::int64_t>(counts), {static_cast<std::int64_t>(extent)}), count_type);
      const exact_array wanted = repeated(source, along, counts);
      const expr built = repeat(from, as_array, given);
      ASSERT_EQ(built.shape(), wanted.shape);
      ASSERT_TRUE(equals(eval(built), wanted)) << "counts of " << name(count_type);
      ASSERT_TRUE(equals(eval(repeat(from, flip(eval(flip(as_array))), given), {.workers = 3}), wanted))
          << "counts of a reversed array";
      const ndarray one_count = full({1}, count, count_type);
      ASSERT_TRUE(equals(eval(repeat(from, one_count, given)),
                         repeated(source, along, std::vector<std::int64_t>(extent, count))));
    }
  }
}

TEST(Repeat, RefusesCountsThatCannotBe) {
  const ndarray x = zeros({2, 3});
  EXPECT_TRUE(mentions(text_of<argument_error>([&] { repeat(x, -1); }), {"repeat", "-1"}));
  EXPECT_TRUE(mentions(text_of<argument_error>([&] { repeat(x, array<int>({1, -2, 3}), 1); }), {"repeat", "-2"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { repeat(x, array<int>({1, 2}), 1); }),
                       {"repeat", "2 counts", "axis 1", "(2, 3)"}));
  EXPECT_TRUE(mentions(text_of<dtype_error>([&] { repeat(x, array<float>({1, 2, 3}), 1); }),
                       {"repeat", "integers", "float32"}));
  EXPECT_TRUE(
      mentions(text_of<shape_error>([&] { repeat(x, ones({1, 3}, int64), 1); }), {"repeat", "one axis", "(1, 3)"}));
  EXPECT_TRUE(mentions(text_of<index_error>([&] { repeat(x, 2, 2); }), {"repeat", "axis 2"}));
  EXPECT_THROW(repeat(x, array<int>({1, 2}), -3), index_error);
  EXPECT_THROW(repeat(x, most), shape_error);
  EXPECT_THROW(repeat(x, most / 4, 1), shape_error);
  EXPECT_THROW(repeat(x, array<std::int64_t>({most, 1}), 0), shape_error);
  EXPECT_THROW(repeat(x, array<std::uint64_t>({~std::uint64_t{0}, 1}), 0), argument_error);
}

TEST(Tile, LaysCopiesSideBySide) {
  random_numbers random(425);
  for (const dims& shape :
       {dims{}, dims{1}, dims{5}, dims{0}, dims{3, 4}, dims{1, 4}, dims{4, 1}, dims{3, 0}, dims{2, 1, 3}}) {
    for (int round = 0; round < 25; ++round) {
      const operand x =
          random_operand(random.one_of(all_dtypes), shape, random.one_of(all_forms), numbers::special, random);
      dims repetitions;
      for (std::int64_t count = random.between(0, shape.size() + 2); count > 0; --count)
        repetitions.push_back(random.between(random.chance(10) ? 0 : 1, 3));
      const expr from = random.chance(50) ? expr(x.view) : where(true, x.view, x.view);
      const exact_array wanted = tiled(x.values, repetitions);
      const expr built = tile(from, repetitions);
      ASSERT_EQ(built.shape(), wanted.shape);
      ASSERT_TRUE(equals(eval(built), wanted)) << to_string(shape) << " by " << to_string(repetitions);
    }
  }
  EXPECT_TRUE(equals(eval(tile(7, {2})), {int64, {2}, {7, 7}}));
  EXPECT_TRUE(mentions(text_of<argument_error>([] { tile(zeros({2}), {2, -1}); }), {"tile", "-1"}));
  EXPECT_THROW(tile(zeros({2}), {most}), shape_error);
  EXPECT_THROW(tile(zeros({2}), {most, 1}), shape_error);
}

// An array of 32 axes, all of extent 1 but three.
TEST(ManyAxes, AreNoHindrance) {
  random_numbers random(426);
  dims shape = dims::filled(32, 1);
  shape[3] = 2, shape[17] = 3, shape[31] = 2;
  const operand x = random_operand(int16, shape, form::transposed, numbers::wide, random);
  for (const std::int64_t axis :
       {std::int64_t{0}, std::int64_t{3}, std::int64_t{17}, std::int64_t{30}, std::int64_t{-1}}) {
    const int along = static_cast<int>(axis < 0 ? axis + 32 : axis);
    SCOPED_TRACE(axis);
    EXPECT_TRUE(equals(eval(concat({x.view, x.view}, axis)), joined({x.values, x.values}, along, int16)));
    EXPECT_TRUE(equals(eval(roll(x.view, {1}, axis)), rolled(x.values, along, 1)));
    const std::vector<std::int64_t> twice(static_cast<std::size_t>(shape[along]), 2);
    EXPECT_TRUE(equals(eval(repeat(x.view, 2, axis)), repeated(x.values, along, twice)));
    EXPECT_TRUE(equals(eval(repeat(x.view, array(std::span<const std::int64_t>(twice), {shape[along]}), axis)),
                       repeated(x.values, along, twice)));
    dims repetitions = dims::filled(32, 1);
    repetitions[along] = 3;
    EXPECT_TRUE(equals(eval(tile(x.view, repetitions)), tiled(x.values, repetitions)));
    repetitions[3] = 2, repetitions[17] = 2, repetitions[9] = 2;
    EXPECT_TRUE(equals(eval(tile(x.view, repetitions)), tiled(x.values, repetitions)));
    repetitions[20] = 0;
    EXPECT_TRUE(equals(eval(tile(x.view, repetitions)), tiled(x.values, repetitions)));
    EXPECT_EQ(unstack(x.view, axis)[0].rank(), 31);
    EXPECT_EQ(moveaxis(x.view, {axis}, {5}).shape()[5], shape[along]);
    EXPECT_EQ(eval(sum(x.view, {.axis = axis, .keepdims = true})).rank(), 32);
    EXPECT_EQ(eval(cumulative_sum(x.view, {.axis = axis})).shape(), shape);
    EXPECT_EQ(eval(flip(x.view, axis)).shape(), shape);
  }
  EXPECT_TRUE(equals(eval(reshape(x.view, {12})), flattened(x.values)));
  EXPECT_EQ(eval(triu(x.view)).shape(), shape);
  EXPECT_EQ(eval(matmul(x.view, matrix_transpose(x.view))).rank(), 32);
  EXPECT_EQ(tile(x.view, {2}).shape()[31], 4);
  // A 33rd axis has no place.
  EXPECT_THROW(expand_dims(x.view), shape_error);
  EXPECT_THROW(stack({x.view}), shape_error);
  EXPECT_THROW(x.view(newaxis), shape_error);
  EXPECT_EQ(repeat(zeros(dims::filled(32, 0)), 2, 4).shape(), dims::filled(32, 0));
}

}  // namespace
}  // namespace tandem::testing
