#include "backend/cpu/loops/loops.h"

namespace tandem::backend::kernels::TANDEM_ISA {

namespace {

map_kernel map(ops::op which, dtype type) {
  switch (kind_of(type)) {
    case dtype_kind::real_floating: return map_floats(which, type);
    case dtype_kind::complex_floating: return map_complex(which, type);
    default: return map_integers(which, type);
  }
}

}  // namespace

const loop_set& loops() noexcept {
  static constexpr loop_set set{
      &map,           &convert,        &fused,          &contracted, &stream_copy, &finish_streaming, &transpose,
      &combine_eight, &combine_blocks, &combine_groups, &scan,       &arg,         &multiply_add,     &products};
  return set;
}

}  // namespace tandem::backend::kernels::TANDEM_ISA
