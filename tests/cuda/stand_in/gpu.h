#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <span>
#include <string>

#include "cuda/codegen/lowered.h"

// What takes the place of CUDA, cuBLAS and NVRTC in a test program: their functions as far as the module calls them, on
// the host, so that the module's own code runs without a GPU. Kernels are compiled for the host and run by the emulator
// of tests/codegen.
//
// Work that is given to a stream is done as late as CUDA allows: when something waits for it. Streams then overtake one
// another wherever nothing orders them, pinned memory is read when the copy is done and not when it is given, and a
// block that is freed serves its own stream at once. What only works because a GPU is usually fast enough fails here.
namespace tandem::testing::stand_in {

inline constexpr std::int64_t memory_bytes = std::int64_t{256} << 20;
inline constexpr int multiprocessors = 3;

/// The next call of the function (its name: "cudaMemcpyAsync") after `skipped` others fails. A sticky error stays, as
/// with CUDA, until `repair`.
void fail_call(const std::string& function, cudaError_t status, int skipped = 0);
/// No failures any more.
void repair();

/// How often a function was called since the last `forget_calls`.
int calls_of(const std::string& function);
void forget_calls();

/// Pieces of work that were given and not done.
std::int64_t pending();
/// A stream as an application has it.
cudaStream_t make_stream();
/// The application's stream goes away: using it is a failure of the test from now on.
void destroy_stream(cudaStream_t stream);

/// The application captures the stream for a graph.
void capture(cudaStream_t stream, bool is_captured);
/// Whether the device can access all of the host's memory, as one asks it when it is first used.
void set_reads_host_pages(bool reads);

/// Compiles kernels of programs for the host, many at once.
void make_ready(std::span<const cuda::lowered_program* const> programs);
/// Whether the kernels of single operations are there as if they had been compiled with the library.
void set_ready_images(bool are_there);

}  // namespace tandem::testing::stand_in
