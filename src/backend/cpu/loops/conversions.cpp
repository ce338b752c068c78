#include "backend/cpu/loops/isa.h"
#include "backend/cpu/loops/loops.h"

TANDEM_LOOPS_BEGIN

#include "ops/formulas/convert.h"

namespace tandem::backend::kernels::TANDEM_ISA {

namespace {

template <class From, class To>
void convert_loop(const std::byte* const* in, std::byte* out, std::int64_t count) {
  const From* x = reinterpret_cast<const From*>(in[0]);
  To* to = reinterpret_cast<To*>(out);
  for (std::int64_t i = 0; i < count; ++i) to[i] = formulas::convert<To>(x[i]);
}

}  // namespace

map_kernel convert(dtype from, dtype to) {
  return core::visit_dtype(from, [&]<class From>() {
    return core::visit_dtype(to, []<class To>() -> map_kernel {
      if constexpr (is_complex(dtype_of<From>) && !is_complex(dtype_of<To>) && dtype_of<To> != dtype::bool_) {
        return nullptr;
      } else {
        return &convert_loop<From, To>;
      }
    });
  });
}

}  // namespace tandem::backend::kernels::TANDEM_ISA

TANDEM_LOOPS_END
