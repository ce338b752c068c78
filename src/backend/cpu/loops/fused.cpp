#include "backend/cpu/loops/isa.h"
#include "backend/cpu/loops/loops.h"

TANDEM_LOOPS_BEGIN

#include "backend/cpu/loops/fused_loops.h"

namespace tandem::backend::kernels::TANDEM_ISA {

map_kernel fused(const fused_work& what, dtype type, bool streams) { return fused_loop_of(what, type, streams); }

void stream_copy(const std::byte* from, std::byte* to, std::int64_t size_bytes) {
  std::int64_t at = 0;
  for (; at + vector_bytes <= size_bytes; at += vector_bytes) {
    vector<double> value;
    load(value, from + at);
    store<true>(to + at, value);
  }
  __builtin_memcpy(to + at, from + at, static_cast<std::size_t>(size_bytes - at));
}

void finish_streaming() {
#if defined(__x86_64__)
  __builtin_ia32_sfence();
#else
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

}  // namespace tandem::backend::kernels::TANDEM_ISA

TANDEM_LOOPS_END
