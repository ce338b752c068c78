#include "core/strided.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <utility>
#include <vector>

#include <tandem/dims.h>

#include "core/layout.h"

namespace tandem::core {
namespace {

// Element offsets in row-major order, by counting indices up one at a time.
std::vector<std::int64_t> offsets_of(const layout& at) {
  std::vector<std::int64_t> offsets;
  const std::int64_t size = size_of(at.shape);
  dims position = dims::filled(at.shape.size(), 0);
  for (std::int64_t n = 0; n < size; ++n) {
    std::int64_t offset = at.offset;
    for (int i = 0; i < at.shape.size(); ++i) offset += position[i] * at.strides[i];
    offsets.push_back(offset);
    for (int i = at.shape.size() - 1; i >= 0 && ++position[i] == at.shape[i]; --i) position[i] = 0;
  }
  return offsets;
}

struct named_layout {
  const char* name;
  layout at;
};

// Each touches offsets in [0, 5000).
std::vector<named_layout> layouts() {
  return {
      {"0-d", {{}, {}, 7}},
      {"one axis", {{100}, {1}, 3}},
      {"one element", {{1, 1, 1}, {5, -3, 0}, 4}},
      {"every second", {{50}, {2}, 0}},
      {"reversed", {{100}, {-1}, 99}},
      {"every third, reversed", {{33}, {-3}, 98}},
      {"scalar broadcast", {{4, 5}, {0, 0}, 11}},
      {"row broadcast", {{6, 41}, {0, 1}, 2}},
      {"column broadcast", {{41, 6}, {1, 0}, 2}},
      {"contiguous, four axes", contiguous({3, 4, 5, 6})},
      {"chained with extents of 1", {{3, 1, 4, 1, 5}, {20, 999, 5, -7, 1}, 0}},
      {"columns cut off", {{10, 7}, {12, 1}, 5}},
      {"narrow rows", {{300, 3}, {5, 1}, 0}},
      {"narrow rows reversed", {{300, 2}, {2, -1}, 1}},
      {"single columns", {{300, 1}, {5, 1}, 4}},
      {"transposed", {{9, 13}, {1, 9}, 0}},
      {"permuted", permute(contiguous({3, 4, 5, 6}), {2, 0, 3, 1})},
      {"all reversed", {{4, 5, 6}, {-30, -6, -1}, 119}},
      {"middle broadcast", {{4, 3, 5}, {5, 0, 1}, 0}},
      {"gap in the middle", {{3, 4, 5}, {40, 10, 1}, 1}},
      {"overlapping windows", {{20, 8}, {1, 1}, 0}},
      {"empty", {{4, 0, 3}, {0, 3, 1}, 9}},
      {"32 axes", {dims::filled(32, 1), dims::filled(32, 1), 1}},
  };
}

layout random_layout(std::mt19937& random) {
  const auto draw = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  const int rank = draw(0, 6);
  layout at;
  dims shape;
  for (int i = 0; i < rank; ++i) shape.push_back(draw(1, 4));
  at = contiguous(shape);
  for (int i = 0; i < rank; ++i) {
    switch (draw(0, 4)) {
      case 0:  // every second
        at.shape[i] = (at.shape[i] + 1) / 2;
        at.strides[i] *= 2;
        break;
      case 1:  // reversed
        at.offset += (at.shape[i] - 1) * at.strides[i];
        at.strides[i] = -at.strides[i];
        break;
      case 2:  // broadcast
        at.strides[i] = 0;
        break;
      default: break;
    }
  }
  dims order;
  for (int i = 0; i < rank; ++i) order.insert(draw(0, i), i);
  return permute(at, order);
}

constexpr std::int64_t item_sizes[] = {1, 2, 4, 8, 16};
constexpr std::int64_t base_items = 5000;
// An odd address: data from outside need not be aligned.
constexpr std::int64_t misalignment = 1;

std::vector<std::byte> random_bytes(std::int64_t size, std::mt19937& random) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  for (std::byte& value : bytes) value = static_cast<std::byte>(random());
  return bytes;
}

const std::vector<std::byte>& background() {
  static const std::vector<std::byte> bytes = [] {
    std::mt19937 random(0);
    return random_bytes(base_items * 16 + misalignment, random);
  }();
  return bytes;
}

void check_gather(const layout& at, std::int64_t first, std::int64_t count, std::int64_t item) {
  const std::byte* base = background().data() + misalignment;
  const std::vector<std::int64_t> offsets = offsets_of(at);
  std::vector<std::byte> expected(static_cast<std::size_t>(count * item));
  for (std::int64_t i = 0; i < count; ++i) {
    std::memcpy(expected.data() + i * item, base + offsets[static_cast<std::size_t>(first + i)] * item,
                static_cast<std::size_t>(item));
  }
  // Guards on both sides.
  std::vector<std::byte> given(static_cast<std::size_t>(count * item + 2), std::byte{0xa5});
  gather(base, at, item, first, count, given.data() + 1);
  EXPECT_EQ(given.front(), std::byte{0xa5});
  EXPECT_EQ(given.back(), std::byte{0xa5});
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), given.begin() + 1));
}

// Only for layouts whose elements are distinct places.
void check_scatter(const layout& at, std::int64_t first, std::int64_t count, std::int64_t item, std::mt19937& random) {
  std::vector<std::byte> memory(background().begin(), background().begin() + base_items * item + misalignment);
  std::vector<std::byte> expected = memory;
  const std::vector<std::byte> values = random_bytes(count * item, random);
  const std::vector<std::int64_t> offsets = offsets_of(at);
  for (std::int64_t i = 0; i < count; ++i) {
    std::memcpy(expected.data() + misalignment + offsets[static_cast<std::size_t>(first + i)] * item,
                values.data() + i * item, static_cast<std::size_t>(item));
  }
  scatter(values.data(), memory.data() + misalignment, at, item, first, count);
  EXPECT_EQ(memory, expected);
}

bool places_are_distinct(const layout& at) {
  std::vector<std::int64_t> offsets = offsets_of(at);
  std::sort(offsets.begin(), offsets.end());
  return std::adjacent_find(offsets.begin(), offsets.end()) == offsets.end();
}

void check_layout(const layout& at, std::mt19937& random) {
  const std::int64_t size = size_of(at.shape);
  const bool distinct = places_are_distinct(at);
  for (const std::int64_t item : item_sizes) {
    SCOPED_TRACE(item);
    std::vector<std::pair<std::int64_t, std::int64_t>> runs = {{0, size}, {0, 0}};
    for (int i = 0; i < 12 && size > 0; ++i) {
      const std::int64_t first = std::uniform_int_distribution<std::int64_t>(0, size - 1)(random);
      runs.emplace_back(first, std::uniform_int_distribution<std::int64_t>(0, size - first)(random));
    }
    for (const auto& [first, count] : runs) {
      SCOPED_TRACE(testing::Message() << "first " << first << ", count " << count);
      check_gather(at, first, count, item);
      if (distinct) check_scatter(at, first, count, item, random);
    }
  }
}

TEST(Strided, CopiesNamedLayouts) {
  std::mt19937 random(1);
  for (const auto& [name, at] : layouts()) {
    SCOPED_TRACE(name);
    check_layout(at, random);
  }
}

TEST(Strided, CopiesRandomLayouts) {
  std::mt19937 random(2);
  for (int i = 0; i < 100; ++i) {
    const layout at = random_layout(random);
    SCOPED_TRACE(testing::Message() << "shape " << to_string(at.shape) << ", strides " << to_string(at.strides)
                                    << ", offset " << at.offset);
    check_layout(at, random);
  }
}

TEST(Strided, EveryFirstAndCountOfASmallLayout) {
  std::mt19937 random(3);
  const layout at{{2, 3, 4}, {-20, 5, 1}, 30};
  for (std::int64_t first = 0; first < 24; ++first) {
    for (std::int64_t count = 0; first + count <= 24; ++count) {
      check_gather(at, first, count, 4);
      check_scatter(at, first, count, 4, random);
    }
  }
}

TEST(Strided, ScatterOfOverlappingPlacesKeepsTheLast) {
  const std::uint16_t values[] = {1, 2, 3, 4, 5, 6};
  std::uint16_t memory[2] = {0, 9};
  scatter(reinterpret_cast<const std::byte*>(values), reinterpret_cast<std::byte*>(memory), {{2, 3}, {0, 0}, 0}, 2, 0,
          6);
  EXPECT_EQ(memory[0], 6);
  EXPECT_EQ(memory[1], 9);
}

TEST(ContiguousRun, IsOnlyGivenWhereElementsFollowEachOther) {
  std::mt19937 random(4);
  std::vector<named_layout> cases = layouts();
  for (int i = 0; i < 100; ++i) cases.push_back({"random", random_layout(random)});
  const std::vector<std::byte> memory(base_items * 4);
  int found = 0;
  for (const auto& [name, at] : cases) {
    SCOPED_TRACE(name);
    const std::vector<std::int64_t> offsets = offsets_of(at);
    const auto size = static_cast<std::int64_t>(offsets.size());
    for (std::int64_t first = 0; first < size; first += 1 + size / 16) {
      for (std::int64_t count = 1; first + count <= size; count += 1 + size / 16) {
        const std::byte* run = contiguous_run(memory.data(), at, 4, first, count);
        if (count == 1) {
          ASSERT_NE(run, nullptr);
        }
        if (run == nullptr) continue;
        ++found;
        for (std::int64_t i = 0; i < count; ++i) {
          ASSERT_EQ(run + i * 4, memory.data() + offsets[static_cast<std::size_t>(first + i)] * 4);
        }
      }
    }
  }
  EXPECT_GT(found, 500);
}

TEST(ContiguousRun, FindsRuns) {
  const std::byte memory[1000] = {};
  EXPECT_EQ(contiguous_run(memory, contiguous({3, 4, 5}), 8, 0, 60), memory);
  EXPECT_EQ(contiguous_run(memory, contiguous({3, 4, 5}), 8, 7, 53), memory + 56);
  const layout cut{{10, 7}, {12, 1}, 5};
  EXPECT_EQ(contiguous_run(memory, cut, 4, 14, 7), memory + (5 + 24) * 4);
  EXPECT_EQ(contiguous_run(memory, cut, 4, 15, 6), memory + (5 + 25) * 4);
  EXPECT_EQ(contiguous_run(memory, cut, 4, 15, 7), nullptr);
  EXPECT_EQ(contiguous_run(memory, {{10}, {2}, 0}, 4, 0, 2), nullptr);
  EXPECT_EQ(contiguous_run(memory, {{10}, {0}, 0}, 4, 0, 2), nullptr);
  EXPECT_EQ(contiguous_run(memory, {{10}, {-1}, 9}, 4, 0, 2), nullptr);
  EXPECT_EQ(contiguous_run(memory, {{2, 10}, {-10, 1}, 10}, 4, 10, 10), memory);
}

}  // namespace
}  // namespace tandem::core
