#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "backend/cpu/instruction_set.h"
#include "backend/cpu/kernels.h"

// The loops over sums, differences and products, all of them, of every instruction set that this processor has.
namespace tandem::backend {
namespace {

using kernels::arithmetic;
using kernels::fused_work;

constexpr std::int64_t most = 70;
constexpr int most_operands = 5;

template <class T>
T apply(arithmetic which, T x, T y) {
  // volatile, so that the compiler neither fuses nor reorders.
  volatile T result = 0;
  switch (which) {
    case arithmetic::add: result = x + y; break;
    case arithmetic::subtract: result = x - y; break;
    case arithmetic::multiply: result = x * y; break;
    case arithmetic::subtract_from: result = y - x; break;
  }
  return result;
}

template <class T>
T expected(const fused_work& what, const T (&v)[most_operands]) {
  const auto& f = what.operations;
  const T first = apply(f[0], v[0], v[1]);
  switch (what.shape) {
    case fused_work::form::single: return first;
    case fused_work::form::pair: return apply(f[1], first, v[2]);
    case fused_work::form::line: return apply(f[2], apply(f[1], first, v[2]), v[3]);
    case fused_work::form::fork: return apply(f[2], first, apply(f[1], v[2], v[3]));
    case fused_work::form::fork_line: return apply(f[3], apply(f[2], first, apply(f[1], v[2], v[3])), v[4]);
  }
  return first;
}

std::vector<fused_work> all_work() {
  constexpr arithmetic plain[] = {arithmetic::add, arithmetic::subtract, arithmetic::multiply};
  constexpr arithmetic later[] = {arithmetic::add, arithmetic::subtract, arithmetic::multiply,
                                  arithmetic::subtract_from};
  using form = fused_work::form;
  std::vector<fused_work> all;
  for (const arithmetic f : plain) {
    all.push_back({form::single, {f}});
    for (const arithmetic g : later) {
      all.push_back({form::pair, {f, g}});
      for (const arithmetic h : later) all.push_back({form::line, {f, g, h}});
    }
    for (const arithmetic g : plain) {
      for (const arithmetic h : plain) {
        all.push_back({form::fork, {f, g, h}});
        for (const arithmetic k : later) all.push_back({form::fork_line, {f, g, h, k}});
      }
    }
  }
  return all;
}

// Bytes with the alignment of blocks.
template <class T>
struct line {
  alignas(64) T values[most];
};

template <class T>
std::vector<line<T>> operands_of(std::int64_t shift) {
  std::vector<line<T>> operands(most_operands);
  for (int k = 0; k < most_operands; ++k) {
    for (std::int64_t i = 0; i < most; ++i) {
      // Sums that round, signed zeros, infinities and nan among them.
      T value = static_cast<T>(1) / static_cast<T>(3 + (i * 7 + k * 11 + shift) % 29) - static_cast<T>(k % 2) / 4;
      if ((i + k) % 13 == 5) value = std::numeric_limits<T>::infinity();
      if ((i + 3 * k) % 17 == 6) value = std::numeric_limits<T>::quiet_NaN();
      if ((i + 2 * k) % 11 == 3) value = k % 2 == 0 ? T(0) : -T(0);
      operands[static_cast<std::size_t>(k)].values[i] = value;
    }
  }
  return operands;
}

template <class T>
bool same_bits(T x, T y) {
  return (x != x && y != y) || std::memcmp(&x, &y, sizeof(T)) == 0;
}

template <class T>
void check_all(const instruction_set& set, dtype type) {
  const auto operands = operands_of<T>(0);
  for (const fused_work& what : all_work()) {
    for (const bool streams : {false, true}) {
      const kernels::map_kernel loop = set.loops->fused(what, type, streams);
      ASSERT_NE(loop, nullptr);
      for (const std::int64_t count : {0, 1, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 47, 64, 70}) {
        const std::byte* in[most_operands];
        for (std::size_t k = 0; k < most_operands; ++k) {
          in[k] = reinterpret_cast<const std::byte*>(operands[k].values);
        }
        line<T> out;
        for (T& value : out.values) value = 99;
        loop(in, reinterpret_cast<std::byte*>(out.values), count);
        set.loops->finish_streaming();
        for (std::int64_t i = 0; i < most; ++i) {
          T v[most_operands];
          for (std::size_t k = 0; k < most_operands; ++k) v[k] = operands[k].values[i];
          const T wanted = i < count ? expected(what, v) : T(99);
          ASSERT_TRUE(same_bits(out.values[i], wanted))
              << set.name << " form " << static_cast<int>(what.shape) << " operations "
              << static_cast<int>(what.operations[0]) << static_cast<int>(what.operations[1])
              << static_cast<int>(what.operations[2]) << static_cast<int>(what.operations[3]) << " streams " << streams
              << " count " << count << " element " << i << ": " << out.values[i] << ", expected " << wanted;
        }
      }
    }
  }
}

TEST(FusedLoops, ComputeWhatOneOperationAfterTheOtherDoes) {
  int sets = 0;
  for (const instruction_set& set : instruction_sets()) {
    if (!set.runs_here()) continue;
    check_all<double>(set, dtype::float64);
    check_all<float>(set, dtype::float32);
    ++sets;
  }
  EXPECT_GT(sets, 0);
}

TEST(FusedLoops, MayWriteWhereTheyRead) {
  for (const instruction_set& set : instruction_sets()) {
    if (!set.runs_here()) continue;
    for (const fused_work& what : all_work()) {
      for (std::size_t where = 0; where < 2; ++where) {
        auto operands = operands_of<double>(5);
        const auto before = operands;
        const std::byte* in[most_operands];
        for (std::size_t k = 0; k < most_operands; ++k) in[k] = reinterpret_cast<std::byte*>(operands[k].values);
        set.loops->fused(what, dtype::float64, false)(in, reinterpret_cast<std::byte*>(operands[where].values), most);
        for (std::int64_t i = 0; i < most; ++i) {
          double v[most_operands];
          for (std::size_t k = 0; k < most_operands; ++k) v[k] = before[k].values[i];
          ASSERT_TRUE(same_bits(operands[where].values[i], expected(what, v))) << set.name << " element " << i;
        }
      }
    }
  }
}

TEST(FusedLoops, AreForFloatsOnly) {
  for (const instruction_set& set : instruction_sets()) {
    for (const dtype type : {dtype::int32, dtype::bool_, dtype::complex64, dtype::complex128}) {
      EXPECT_EQ(set.loops->fused({fused_work::form::single, {arithmetic::add}}, type, false), nullptr);
    }
  }
}

TEST(StreamCopy, CopiesAnyNumberOfBytes) {
  for (const instruction_set& set : instruction_sets()) {
    if (!set.runs_here()) continue;
    for (std::int64_t size_bytes = 0; size_bytes <= 300; ++size_bytes) {
      alignas(64) std::byte to[320];
      std::byte from[320];
      for (int i = 0; i < 320; ++i) {
        from[i] = static_cast<std::byte>(i * 37 % 251);
        to[i] = std::byte{0xee};
      }
      set.loops->stream_copy(from, to, size_bytes);
      set.loops->finish_streaming();
      for (std::int64_t i = 0; i < 320; ++i) {
        ASSERT_EQ(to[i], i < size_bytes ? from[i] : std::byte{0xee}) << set.name << " " << size_bytes << " " << i;
      }
    }
  }
}

}  // namespace
}  // namespace tandem::backend
