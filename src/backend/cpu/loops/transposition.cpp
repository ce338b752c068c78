#include "backend/cpu/loops/isa.h"
#include "backend/cpu/loops/loops.h"

TANDEM_LOOPS_BEGIN

// Blocks of 8 x 8 elements, transposed in registers by three rounds of shuffles.
namespace tandem::backend::kernels::TANDEM_ISA {

namespace {

constexpr int side = 8;

template <class T>
void transpose_loop(const std::byte* from, std::int64_t stride, std::int64_t rows, std::int64_t columns,
                    std::byte* to) {
  typedef T line __attribute__((vector_size(side * sizeof(T))));
  constexpr std::int64_t item_bytes = sizeof(T);
  for (std::int64_t column = 0; column < columns; column += side) {
    for (std::int64_t row = 0; row < rows; row += side) {
      line r[side];
      line s[side];
      for (int i = 0; i < side; ++i) {
        __builtin_memcpy(&r[i], from + ((column + i) * stride + row) * item_bytes, sizeof(line));
      }
      for (int i = 0; i < side; i += 2) {
        s[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
        s[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
      }
      for (int i = 0; i < side; i += 4) {
        for (int j = i; j < i + 2; ++j) {
          r[j] = __builtin_shufflevector(s[j], s[j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
          r[j + 2] = __builtin_shufflevector(s[j], s[j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
      }
      for (int j = 0; j < side / 2; ++j) {
        s[j] = __builtin_shufflevector(r[j], r[j + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        s[j + 4] = __builtin_shufflevector(r[j], r[j + 4], 4, 5, 6, 7, 12, 13, 14, 15);
      }
      for (int i = 0; i < side; ++i) {
        __builtin_memcpy(to + ((row + i) * columns + column) * item_bytes, &s[i], sizeof(line));
      }
    }
  }
}

}  // namespace

transpose_kernel transpose(std::int64_t item_bytes) {
  switch (item_bytes) {
    case 1: return &transpose_loop<std::uint8_t>;
    case 2: return &transpose_loop<std::uint16_t>;
    case 4: return &transpose_loop<std::uint32_t>;
    case 8: return &transpose_loop<std::uint64_t>;
    default: return nullptr;
  }
}

}  // namespace tandem::backend::kernels::TANDEM_ISA

TANDEM_LOOPS_END
