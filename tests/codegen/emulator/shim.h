#pragma once

// CUDA's language for a compiler of the host: comes before kernel texts that the emulator compiles. A block's threads
// run one after the other, from barrier to barrier; td_gpu says which one runs.

#include "gpu.h"

#define TANDEM_EMULATED_GPU 1

extern "C" {
td_emulated_gpu td_gpu;
// Made by the linker from the name of the section of shared memory; null where no kernel has any.
extern unsigned char __start_td_shared[] __attribute__((weak, visibility("hidden")));
extern unsigned char __stop_td_shared[] __attribute__((weak, visibility("hidden")));
unsigned char* td_shared_begin() { return __start_td_shared; }
unsigned char* td_shared_end() { return __stop_td_shared; }
}

#define threadIdx td_gpu.thread
#define blockIdx td_gpu.block
#define blockDim td_gpu.threads
#define gridDim td_gpu.blocks
#define __syncthreads() td_gpu.barrier(__LINE__)

#define __global__ __attribute__((used))
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __grid_constant__
#define __align__(n) alignas(n)
// All shared memory is one section, which the emulator spoils before each block.
#define __shared__ static __attribute__((section("td_shared")))

// How the emulator calls a kernel without knowing the type of its parameter.
template <class Words>
inline void td_call(void (*kernel)(Words), const void* words) {
  kernel(*static_cast<const Words*>(words));
}
