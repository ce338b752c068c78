#include "backend/cpu/loops/isa.h"
#include "backend/cpu/loops/loops.h"

TANDEM_LOOPS_BEGIN

#include "ops/formulas/rows.h"

// Loops that carry something along: scans, searches, sums of products.
namespace tandem::backend::kernels::TANDEM_ISA {

namespace {

template <class Combine, class T>
void scan_loop(const std::byte* in, std::byte* carry, std::byte* out, std::int64_t count) {
  const T* x = reinterpret_cast<const T*>(in);
  T* to = reinterpret_cast<T*>(out);
  T sum = *reinterpret_cast<T*>(carry);
  for (std::int64_t i = 0; i < count; ++i) {
    sum = Combine::apply(sum, x[i]);
    to[i] = sum;
  }
  *reinterpret_cast<T*>(carry) = sum;
}

template <class T>
bool is_nan(T x) {
  if constexpr (std::is_floating_point_v<T>) {
    return x != x;
  } else {
    return false;
  }
}

template <bool Largest, class T>
void arg_loop(const std::byte* rows, std::int64_t row_count, std::int64_t width, std::int64_t first,
              const std::int64_t* positions, std::byte* best, std::int64_t* best_at) {
  const T* candidates = reinterpret_cast<const T*>(rows);
  T* best_value = reinterpret_cast<T*>(best);
  for (std::int64_t r = 0; r < row_count; ++r) {
    for (std::int64_t j = 0; j < width; ++j) {
      const T candidate = candidates[r * width + j];
      const bool beats = Largest ? candidate > best_value[j] : candidate < best_value[j];
      if (beats || (is_nan(candidate) && !is_nan(best_value[j]))) {
        best_value[j] = candidate;
        best_at[j] = positions == nullptr ? first + r : positions[r * width + j];
      }
    }
  }
}

template <class T>
void multiply_add_loop(const std::byte* x, const std::byte* y, std::int64_t stride, std::byte* acc,
                       std::int64_t count) {
  const T factor = *reinterpret_cast<const T*>(x);
  const T* from = reinterpret_cast<const T*>(y);
  T* to = reinterpret_cast<T*>(acc);
  if (stride == 1) {
    for (std::int64_t j = 0; j < count; ++j) to[j] = formulas::td_add(to[j], formulas::td_multiply(factor, from[j]));
  } else {
    for (std::int64_t j = 0; j < count; ++j)
      to[j] = formulas::td_add(to[j], formulas::td_multiply(factor, from[j * stride]));
  }
}

}  // namespace

scan_kernel scan(ops::reduction which, dtype type) {
  return core::visit_dtype(type, [&]<class T>() -> scan_kernel {
    return which == ops::reduction::sum ? &scan_loop<formulas::add_row, T> : &scan_loop<formulas::multiply_row, T>;
  });
}

arg_kernel arg(bool largest, dtype type) {
  return core::visit_dtype(type, [&]<class T>() -> arg_kernel {
    if constexpr (ops::kinds::contains(ops::kinds::real_or_bool, dtype_of<T>)) {
      return largest ? &arg_loop<true, T> : &arg_loop<false, T>;
    } else {
      return nullptr;
    }
  });
}

multiply_add_kernel multiply_add(dtype type) {
  return core::visit_dtype(type, [&]<class T>() -> multiply_add_kernel {
    if constexpr (ops::kinds::contains(ops::kinds::integer_or_bool, dtype_of<T>)) {
      return &multiply_add_loop<T>;
    } else {
      return nullptr;
    }
  });
}

}  // namespace tandem::backend::kernels::TANDEM_ISA

TANDEM_LOOPS_END
