#include "backend/cpu/loops/isa.h"
#include "backend/cpu/loops/loops.h"

TANDEM_LOOPS_BEGIN

#include "backend/cpu/loops/map_loops.h"

namespace tandem::backend::kernels::TANDEM_ISA {

map_kernel map_floats(ops::op which, dtype type) {
  if (const map_kernel vector = vector_math(which, type)) return vector;
  const auto row = static_cast<std::size_t>(which);
  return type == dtype::float32 ? map_column<float>[row] : map_column<double>[row];
}

}  // namespace tandem::backend::kernels::TANDEM_ISA

TANDEM_LOOPS_END
