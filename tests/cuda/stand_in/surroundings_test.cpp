#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

#include <cuda_runtime_api.h>

#include <tandem/tandem.h>

#include "contract/running.h"
#include "cuda/codegen/single.h"
#include "cuda/runtime/kernel_store.h"
#include "cuda/runtime/queue.h"
#include "cuda/runtime/transfers.h"
#include "cuda/stand_in/device.h"
#include "cuda/stand_in/gpu.h"
#include "memory/storage.h"
#include "support/elements.h"

// What a process does beside tandem, and what hardware does that most machines have not: nothing of it may be in the
// way.
namespace tandem::testing {
namespace {

using tandem::detail::access;
using tandem::detail::device_use;
using tandem::detail::storage;

memory::device_memory& memory_there() { return stand_in::device().memory(); }

void use(storage& of, access how) {
  device_use used(of, memory_there(), how);
  used.given(memory_there().make_mark());
}

class captured_stream {
 public:
  captured_stream() { stand_in::capture(stream_, true); }
  captured_stream(const captured_stream&) = delete;
  captured_stream& operator=(const captured_stream&) = delete;
  ~captured_stream() { stand_in::capture(stream_, false); }
  std::uintptr_t number() const { return reinterpret_cast<std::uintptr_t>(stream_); }

 private:
  cudaStream_t stream_ = stand_in::make_stream();
};

// An application that captures a stream forbids calls of CUDA's to all threads that have not said that they mind their
// own business.
TEST(Surroundings, CapturesOfTheApplicationAreNotMet) {
  const captured_stream captured;
  constexpr std::int64_t large = std::int64_t{5} << 20;
  const auto source = storage::allocate(large);
  std::fill_n(source->data(), large, std::byte{3});
  use(*source, access::update);
  EXPECT_FALSE(source->is_on_host());
  const memory::mark_ptr end = memory_there().make_mark();
  while (!end->is_reached()) std::this_thread::yield();
  EXPECT_NO_THROW(end->wait());
  EXPECT_EQ(std::count(source->data(), source->data() + large, std::byte{3}), large);
  const ndarray x = ones({7, 5});
  EXPECT_TRUE(same(run_on(stand_in::device(), matmul(x, x.transposed()), {}).result,
                   run_on(backend::cpu(), matmul(x, x.transposed()), {}).result));
  EXPECT_NO_THROW(memory_there().synchronize());
  EXPECT_GE(memory_there().trim(), 0);
  cudaStreamCaptureMode mode = cudaStreamCaptureModeThreadLocal;
  ASSERT_EQ(cudaThreadExchangeStreamCaptureMode(&mode), cudaSuccess);
  EXPECT_EQ(mode, cudaStreamCaptureModeGlobal) << "the application's mode is what it was";
  ASSERT_EQ(cudaThreadExchangeStreamCaptureMode(&mode), cudaSuccess);
}

TEST(Surroundings, StreamsThatAreCapturedAreRefused) {
  const captured_stream captured;
  EXPECT_THROW(memory_there().use_stream(captured.number()), device_error);
  EXPECT_NO_THROW(memory_there().use_stream(0));
}

// An error of the question is not an answer.
TEST(Surroundings, MarksAreNotReachedBecauseAskingFails) {
  const auto source = storage::allocate(1000);
  use(*source, access::read);
  const memory::mark_ptr end = memory_there().make_mark();
  stand_in::fail_call("cudaEventQuery", cudaErrorInvalidValue);
  EXPECT_FALSE(end->is_reached());
  stand_in::repair();
  EXPECT_NO_THROW(end->wait());
  EXPECT_TRUE(end->is_reached());
}

// Of the many readers that one thread gives, the last one counts.
TEST(Surroundings, ReadingAgainAsksTheDeviceNothing) {
  const auto source = storage::allocate(1000);
  use(*source, access::read);
  device_block other(memory_there(), 8);
  stand_in::forget_calls();
  for (int i = 0; i < 50; ++i) {
    other.put(std::vector<std::byte>(8));
    use(*source, access::read);
  }
  EXPECT_EQ(stand_in::calls_of("cudaEventQuery"), 0);
  memory_there().synchronize();
}

struct held_until_the_end {
  std::shared_ptr<storage> array;
};
thread_local held_until_the_end of_this_thread;

// Objects of a thread, as static ones of the process, may be destroyed after the module's own for that thread.
TEST(Surroundings, ArraysMayOutliveWhatTheModuleHasForAThread) {
  memory_there().synchronize();
  const std::int64_t before = memory_there().information().in_use_bytes;
  for (int i = 0; i < 4; ++i) {
    std::thread([] {
      of_this_thread.array = nullptr;  // made before anything of the module's, so destroyed after it
      of_this_thread.array = storage::allocate(3000);
      std::fill_n(of_this_thread.array->data(), 3000, std::byte{1});
      use(*of_this_thread.array, access::update);
    }).join();
    memory_there().synchronize();
    EXPECT_EQ(memory_there().information().in_use_bytes, before);
    if (i == 1) stand_in::forget_calls();
  }
  EXPECT_EQ(stand_in::calls_of("cudaStreamCreateWithFlags"), 0) << "threads that end have one stream together";
}

// Some GPUs read memory of the host where it is, and when they come to it.
TEST(Surroundings, SmallCopiesHaveReadTheirSourceWhereTheGpuReadsIt) {
  stand_in::set_reads_host_pages(true);
  cuda::gpu where(0);
  EXPECT_TRUE(where.reads_host_pages());
  const auto queue = std::make_shared<cuda::queue>(where);
  cuda::transfers copies(where);
  void* block = nullptr;
  constexpr std::int64_t size = 1000;
  ASSERT_EQ(cudaMalloc(&block, size), cudaSuccess);
  std::vector<std::byte> bytes(size, std::byte{4});
  copies.copy_in(bytes.data(), static_cast<std::byte*>(block), size, *queue);
  std::ranges::fill(bytes, std::byte{0});
  copies.copy_out(static_cast<std::byte*>(block), bytes.data(), size, *queue);
  EXPECT_EQ(std::ranges::count(bytes, std::byte{4}), size);
  ASSERT_EQ(cudaFree(block), cudaSuccess);
  stand_in::set_reads_host_pages(false);
}

TEST(Surroundings, MemoryThatIsPinnedInPartIsCopied) {
  constexpr std::int64_t size = 300'000;
  const auto array = storage::allocate(size);
  std::fill_n(array->data(), size, std::byte{6});
  ASSERT_EQ(cudaHostRegister(array->data(), size / 2, cudaHostRegisterPortable), cudaSuccess);
  use(*array, access::update);
  EXPECT_FALSE(array->is_on_host());
  EXPECT_EQ(std::count(array->data(), array->data() + size, std::byte{6}), size);
  ASSERT_EQ(cudaHostUnregister(array->data()), cudaSuccess);
}

// cuBLAS and kernels need memory beside the pool, which keeps what arrays no longer use.
TEST(Surroundings, ThePoolMakesRoomForWhatIsLoaded) {
  std::thread([] {  // a queue that has no cuBLAS yet
    memory_there().use_stream(reinterpret_cast<std::uintptr_t>(stand_in::make_stream()));
    memory_there().release(memory_there().allocate(1 << 20), 1 << 20, {});
    const ndarray x = ones({4, 4});
    stand_in::fail_call("cudaMalloc", cudaErrorMemoryAllocation);
    EXPECT_TRUE(
        same(run_on(stand_in::device(), matmul(x, x), {}).result, run_on(backend::cpu(), matmul(x, x), {}).result));
    stand_in::repair();
    memory_there().use_stream(0);
  })
      .join();
}

// Which call it is that finds out depends on the driver.
TEST(Surroundings, KernelsOfOtherArchitecturesAreNoneAtAll) {
  ops::instruction code{};
  code.which = ops::op::add;
  code.arity = 2;
  code.operand_type = code.result_type = dtype::float32;
  const auto what = cuda::single_kernel(code);
  cuda::lowered_program program;
  program.steps.emplace_back(cuda::launch{what, {}});
  const cuda::lowered_program* const list[] = {&program};
  stand_in::make_ready(list);
  cuda::gpu where(0);
  for (const char* const function :
       {"cudaLibraryLoadData", "cudaLibraryGetKernel", "cudaOccupancyMaxActiveBlocksPerMultiprocessor"}) {
    SCOPED_TRACE(function);
    stand_in::fail_call(function, cudaErrorNoKernelImageForDevice);
    cuda::kernel_store store(where, "");
    EXPECT_FALSE(store.find(what).is_ready());
    stand_in::repair();
  }
}

}  // namespace
}  // namespace tandem::testing
