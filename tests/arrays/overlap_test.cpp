#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include <tandem/tandem.h>

#include "arrays/model.h"
#include "support/elements.h"

// Writing to memory that the value reads, in every kind of overlap: the result is as if the value had been computed
// first.
namespace tandem::testing {
namespace {

// A few elements, some tiles, and enough for several workers.
const std::vector<std::int64_t> lengths = {2, 5, 511, 512, 513, 1300, 40001};

// Does the same to an array as `work`, but with a value that shares nothing with it.
using operation = std::function<void(const ndarray& target, const expr& value)>;

const std::vector<std::pair<std::string, operation>>& operations() {
  static const std::vector<std::pair<std::string, operation>> all_of_them = {
      {"assign", [](const ndarray& target, const expr& value) { target.assign(value); }},
      {"unnamed", [](const ndarray& target, const expr& value) { target(ellipsis) = value; }},
      {"add", [](const ndarray& target, const expr& value) { target += value; }},
      {"subtract", [](const ndarray& target, const expr& value) { target -= value; }},
      {"work", [](const ndarray& target, const expr& value) { target.assign(value * 2 + target); }},
      {"both", [](const ndarray& target, const expr& value) { target.assign(value * target - value); }},
  };
  return all_of_them;
}

ndarray copy_of(const ndarray& a) {
  const ndarray copy = empty(a.shape(), a.dtype());
  const std::vector<std::byte> bytes = bytes_of(a);
  if (!bytes.empty()) {
    with_dtype(a.dtype(),
               [&]<class T>() { std::memcpy(static_cast<void*>(copy.data<T>()), bytes.data(), bytes.size()); });
  }
  return copy;
}

// Applies every operation to views of one array, and to the same views of a copy with the value copied beforehand.
void check(const ndarray& start, const std::function<ndarray(const ndarray&)>& target_of,
           const std::function<expr(const ndarray&)>& value_of, const std::string& what) {
  for (const auto& [title, apply] : operations()) {
    const ndarray given = copy_of(start);
    const ndarray expected = copy_of(start);
    apply(target_of(given), value_of(given));
    apply(target_of(expected), copy_of(value_of(copy_of(start))));
    ASSERT_TRUE(same(given, expected)) << what << ", " << title << ", shape " << to_string(start.shape());
  }
}

TEST(Overlap, OfShiftedParts) {
  random_numbers random(341);
  for (const std::int64_t n : lengths) {
    for (const dtype type : {float32, int16, complex128}) {
      const ndarray a = random_array(type, {n}, random);
      for (const std::int64_t by : {std::int64_t{1}, std::int64_t{2}, n / 2, n - 1}) {
        const auto later = [by](const ndarray& x) { return x(slice(by, none)); };
        const auto earlier = [by](const ndarray& x) { return x(slice(none, -by)); };
        check(a, later, earlier, "forward by " + std::to_string(by));
        check(a, earlier, later, "backward by " + std::to_string(by));
      }
    }
  }
}

TEST(Overlap, OfReversedParts) {
  random_numbers random(342);
  const auto whole_array = [](const ndarray& x) { return x; };
  for (const std::int64_t n : lengths) {
    const ndarray a = random_array(int32, {n}, random);
    const auto reversed = [](const ndarray& x) { return x(slice(none, none, -1)); };
    check(a, whole_array, reversed, "reversed");
    check(a, reversed, whole_array, "into reversed");
    const auto shifted = [](const ndarray& x) { return x(slice(-2, none, -1)); };
    check(a, [](const ndarray& x) { return x(slice(1, none)); }, shifted, "reversed and shifted");
    const std::int64_t half = (n + 1) / 2;
    check(
        a, [half](const ndarray& x) { return x(slice(none, half)); },
        [](const ndarray& x) { return x(slice(none, none, 2)); }, "every second to the first half");
    check(
        a, [](const ndarray& x) { return x(slice(none, none, 2)); },
        [half](const ndarray& x) { return x(slice(none, half)); }, "the first half to every second");
  }
}

TEST(Overlap, OfTransposedMatrices) {
  random_numbers random(343);
  for (const std::int64_t n : {2, 3, 23, 64, 181}) {
    for (const dtype type : {float64, uint8, complex64}) {
      const ndarray a = random_array(type, {n, n}, random);
      const auto itself = [](const ndarray& x) { return x; };
      const auto turned = [](const ndarray& x) { return x.transposed(); };
      check(a, itself, turned, "transposed");
      check(a, turned, itself, "into transposed");
      check(a, itself, [](const ndarray& x) { return x.transposed()(slice(none, none, -1)); }, "turned by a quarter");
      check(
          a, [](const ndarray& x) { return x(slice(1, none), slice(1, none)); },
          [](const ndarray& x) { return x(slice(none, -1), slice(none, -1)); }, "diagonally shifted");
      check(
          a, [](const ndarray& x) { return x(slice(1, none)); },
          [](const ndarray& x) { return x.transposed()(slice(none, -1)); }, "shifted and transposed");
    }
  }
}

TEST(Overlap, WithABroadcastOfItself) {
  random_numbers random(344);
  for (const dims& shape : {dims{3, 4}, dims{40, 60}, dims{150, 301}, dims{20001, 2}, dims{2, 20001}, dims{1, 5}}) {
    const ndarray a = random_array(int64, shape, random);
    const auto itself = [](const ndarray& x) { return x; };
    check(a, itself, [](const ndarray& x) { return x(0); }, "the first row");
    check(a, itself, [](const ndarray& x) { return x(-1); }, "the last row");
    check(a, itself, [](const ndarray& x) { return x(all, slice(0, 1)); }, "the first column");
    check(a, itself, [](const ndarray& x) { return x(all, slice(-1, none)); }, "the last column");
    check(a, itself, [](const ndarray& x) { return x(0, 0); }, "the first element");
    check(a, itself, [](const ndarray& x) { return x(-1, -1); }, "the last element");
    check(a, itself, [](const ndarray& x) { return x(x.extent(0) / 2, slice(none, none, -1)); }, "a reversed row");
  }
}

TEST(Overlap, WithWorkOnItself) {
  random_numbers random(345);
  for (const dims& shape : {dims{5, 7}, dims{200, 201}}) {
    const ndarray a = random_array(int64, shape, random);
    const auto itself = [](const ndarray& x) { return x; };
    check(a, itself, [](const ndarray& x) { return sum(x, {.axis = 0}); }, "its sums");
    check(a, itself, [](const ndarray& x) { return max(x, {.axis = 1, .keepdims = true}); }, "its largest elements");
    check(a, itself, [](const ndarray& x) { return sum(x); }, "its sum");
    check(a, itself, [](const ndarray& x) { return roll(x, {1}, 0); }, "itself rolled");
    check(a, itself, [](const ndarray& x) { return flip(x); }, "itself flipped");
    check(a, itself, [](const ndarray& x) { return cumulative_sum(x, {.axis = 0}); }, "its running sums");
    check(a, itself, [](const ndarray& x) { return cumulative_sum(x, {.axis = 1}); }, "its running sums along rows");
    check(
        a, itself, [](const ndarray& x) { return concat({expr(x(slice(1, none))), x(slice(0, 1))}); },
        "rows exchanged");
    check(
        a, itself, [](const ndarray& x) { return matmul(x(all, slice(0, 3)), x(slice(0, 3))); }, "a product of itself");
    check(a, itself, [](const ndarray& x) { return repeat(x(slice(0, 1)), x.extent(0), 0); }, "a row repeated");
    check(
        a, itself, [](const ndarray& x) { return reshape(reshape(x.transposed(), {-1}), x.shape()); },
        "itself reshaped");
    check(a, itself, [](const ndarray& x) { return tril(x); }, "its lower triangle");
    check(a, itself, [](const ndarray& x) { return where(expr(x) > 0, x(slice(none, none, -1)), x); }, "where");
  }
}

TEST(Overlap, WithAKeptResult) {
  // The value is a view of what the target shows: the kept result of an expression.
  const ndarray a = positions({2000});
  const expr doubled = expr(a) * 2;
  const ndarray kept = eval(doubled);
  kept(slice(1, none)) = doubled(slice(none, -1));
  std::vector<std::int64_t> expected = {0};
  for (std::int64_t i = 0; i < 1999; ++i) expected.push_back(i * 2);
  EXPECT_EQ(elements_of<std::int64_t>(kept), expected);
}

TEST(Overlap, OfDifferentDtypesInOneMemory) {
  // float32 over the int32 elements of the same memory, element by element and shifted.
  for (const std::int64_t n : lengths) {
    std::vector<std::int32_t> memory(static_cast<std::size_t>(n));
    for (std::int64_t i = 0; i < n; ++i) memory[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(i * 3 - n);
    const std::vector<std::int32_t> before = memory;
    const ndarray whole_numbers = wrap(memory.data(), {n});
    const ndarray reals = wrap(reinterpret_cast<float*>(memory.data()), {n});
    const auto real_at = [&](std::int64_t i) {
      float value;
      std::memcpy(&value, &memory[static_cast<std::size_t>(i)], sizeof(float));
      return value;
    };
    reals.assign(whole_numbers);
    for (std::int64_t i = 0; i < n; ++i)
      ASSERT_EQ(real_at(i), static_cast<float>(before[static_cast<std::size_t>(i)])) << n;
    whole_numbers.assign(reals);
    ASSERT_EQ(memory, before) << n;
    reals(slice(1, none)) = whole_numbers(slice(none, -1));
    for (std::int64_t i = 1; i < n; ++i)
      ASSERT_EQ(real_at(i), static_cast<float>(before[static_cast<std::size_t>(i - 1)])) << n;
  }
}

// One integer in memory, as numbers wide enough for all integer dtypes.
int128 read_integer(const std::byte* from, dtype type) {
  return with_dtype(type, [&]<class T>() -> int128 {
    if constexpr (std::is_integral_v<T>) {
      T value;
      std::memcpy(&value, from, sizeof(T));
      return value;
    } else {
      return 0;
    }
  });
}

void write_integer(std::byte* to, dtype type, int128 wide) {
  with_dtype(type, [&]<class T>() {
    if constexpr (std::is_integral_v<T>) {
      const T value = static_cast<T>(static_cast<uint128>(wide));
      std::memcpy(to, &value, sizeof(T));
    }
  });
}

// A view of some memory: where its elements lie, in bytes.
struct placed {
  ndarray view;
  std::vector<std::int64_t> at;
};

class arena {
 public:
  arena(std::int64_t size_bytes, random_numbers& random)
      : words_(static_cast<std::size_t>(size_bytes / 8)), random_(random) {
    for (std::uint64_t& word : words_) word = random.bits();
  }

  std::byte* data() { return reinterpret_cast<std::byte*>(words_.data()); }
  std::int64_t size_bytes() const { return static_cast<std::int64_t>(words_.size()) * 8; }
  std::vector<std::byte> bytes() { return {data(), data() + size_bytes()}; }

  // A view of that shape at random strides; without repeated elements if it is to be written.
  placed view(dtype type, const dims& shape, bool for_writing) {
    const std::int64_t item = item_size(type);
    const std::int64_t room = size_bytes() / item;
    dims order;
    while (order.size() < shape.size()) {
      const std::int64_t axis = random_.between(0, shape.size() - 1);
      if (!order.contains(axis)) order.push_back(axis);
    }
    // From the fastest axis to the slowest, each steps over what the faster ones cover.
    dims strides = dims::filled(shape.size(), 0);
    std::int64_t lowest = 0;
    std::int64_t highest = 0;
    std::int64_t covered = 1;
    for (const std::int64_t axis : order) {
      std::int64_t stride = covered;
      if (random_.chance(25)) stride *= random_.between(1, 3);
      if (!for_writing && random_.chance(20)) stride = random_.between(0, 2);
      const std::int64_t reach = (shape[axis] - 1) * stride;
      if (highest - lowest + reach >= room) stride = 0;
      covered = std::max(covered, stride * shape[axis]);
      if (random_.chance(30)) stride = -stride;
      strides[axis] = stride;
      (stride < 0 ? lowest : highest) += (shape[axis] - 1) * stride;
    }
    const std::int64_t first = random_.between(-lowest, room - 1 - highest);
    placed result;
    with_dtype(type, [&]<class T>() { result.view = wrap(reinterpret_cast<T*>(data()) + first, shape, strides); });
    for (const std::int64_t distance : distances_of(shape, strides)) result.at.push_back((first + distance) * item);
    return result;
  }

 private:
  std::vector<std::uint64_t> words_;
  random_numbers& random_;
};

bool repeats(std::vector<std::int64_t> at) {
  std::sort(at.begin(), at.end());
  return std::adjacent_find(at.begin(), at.end()) != at.end();
}

// Two views of one memory, of any integer dtypes and strides, one written by work on the other. The reference reads all
// elements from a copy of the memory.
TEST(Overlap, OfRandomViewsOfOneMemory) {
  random_numbers random(346);
  int overlapping = 0;
  for (int round = 0; round < 3000; ++round) {
    const bool large = round % 30 == 0;
    dims shape;
    for (std::int64_t rank = random.between(1, 4); rank > 0; --rank) shape.push_back(random.between(1, large ? 17 : 6));
    if (large) shape.push_back(random.between(1, 60));
    const dtype to = random.one_of(integer_dtypes);
    const dtype from = random.chance(50) ? to : random.one_of(integer_dtypes);
    arena memory(8 * (count_of(shape) * random.between(1, 3) + random.between(1, 40)), random);
    const placed target = memory.view(to, shape, true);
    if (repeats(target.at)) continue;
    dims smaller = shape;
    for (std::int64_t& extent : smaller) extent = random.chance(15) ? 1 : extent;
    const placed source = memory.view(from, smaller, false);
    std::vector<std::byte> expected = memory.bytes();
    const std::vector<std::byte> before = expected;

    const std::int64_t kind = random.between(0, 2);
    const bool in_place =
        kind == 1 && can_cast_same_kind(result_type(to, from), to) && is_integer(result_type(to, from));
    const model numbers = spread(whole(smaller), shape);
    for (std::size_t i = 0; i < target.at.size(); ++i) {
      const std::int64_t source_at = source.at[static_cast<std::size_t>(numbers.positions[i])];
      int128 value = read_integer(before.data() + source_at, from);
      if (kind == 2) {  // computed in the source's dtype, which wraps first
        std::byte wrapped[8];
        write_integer(wrapped, from, 3 * value + 1);
        value = read_integer(wrapped, from);
      }
      if (in_place) value += read_integer(before.data() + target.at[i], to);
      write_integer(expected.data() + target.at[i], to, value);
    }
    if (kind == 2) {
      target.view.assign(expr(source.view) * 3 + 1);
    } else if (in_place) {
      target.view += source.view;
    } else {
      target.view.assign(source.view);
    }
    ASSERT_EQ(memory.bytes(), expected) << "round " << round << ": " << name(to) << " " << to_string(shape)
                                        << " strides " << to_string(target.view.strides()) << " from " << name(from)
                                        << " " << to_string(smaller) << " strides " << to_string(source.view.strides());
    const auto [low, high] = std::minmax_element(target.at.begin(), target.at.end());
    overlapping +=
        std::any_of(source.at.begin(), source.at.end(), [&](std::int64_t at) { return at >= *low && at <= *high; });
  }
  EXPECT_GT(overlapping, 500);
}

}  // namespace
}  // namespace tandem::testing
