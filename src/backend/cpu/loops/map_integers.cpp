#include "backend/cpu/loops/isa.h"
#include "backend/cpu/loops/loops.h"

TANDEM_LOOPS_BEGIN

#include "backend/cpu/loops/map_loops.h"

namespace tandem::backend::kernels::TANDEM_ISA {

map_kernel map_integers(ops::op which, dtype type) {
  const auto row = static_cast<std::size_t>(which);
  switch (type) {
    case dtype::bool_: return map_column<bool>[row];
    case dtype::int8: return map_column<std::int8_t>[row];
    case dtype::int16: return map_column<std::int16_t>[row];
    case dtype::int32: return map_column<std::int32_t>[row];
    case dtype::int64: return map_column<std::int64_t>[row];
    case dtype::uint8: return map_column<std::uint8_t>[row];
    case dtype::uint16: return map_column<std::uint16_t>[row];
    case dtype::uint32: return map_column<std::uint32_t>[row];
    default: return map_column<std::uint64_t>[row];
  }
}

}  // namespace tandem::backend::kernels::TANDEM_ISA

TANDEM_LOOPS_END
