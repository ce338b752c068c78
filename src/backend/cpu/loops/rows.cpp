#include "backend/cpu/loops/isa.h"
#include "backend/cpu/loops/loops.h"

TANDEM_LOOPS_BEGIN

#include "ops/formulas/rows.h"

// Loops that carry something along: scans, sums of products.
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
