#include "backend/cpu/loops/isa.h"
#include "backend/cpu/loops/loops.h"

// The loops of fused.cpp, compiled with a flag that lets a multiplication and an addition round once.
TANDEM_LOOPS_BEGIN

#include "backend/cpu/loops/fused_loops.h"

namespace tandem::backend::kernels::TANDEM_ISA {

map_kernel contracted(const fused_work& what, dtype type, bool streams) { return fused_loop_of(what, type, streams); }

}  // namespace tandem::backend::kernels::TANDEM_ISA

TANDEM_LOOPS_END
