#include <gtest/gtest.h>

#include <optional>
#include <thread>
#include <vector>

#include <tandem/errors.h>

#include "cuda/stand_in/own_gpu.h"

namespace tandem::testing::stand_in {
namespace {

std::vector<std::byte> bytes(std::size_t size, unsigned value) {
  return std::vector<std::byte>(size, static_cast<std::byte>(value));
}

constexpr std::int64_t size = 1000;

std::vector<std::byte> contents(own_gpu& gpu, const std::byte* block) {
  std::vector<std::byte> back(size);
  gpu.memory.copy_out(block, back.data(), size);
  return back;
}

void put(own_gpu& gpu, std::byte* block, unsigned value) { gpu.memory.copy_in(bytes(size, value).data(), block, size); }

TEST(Queues, AreKeptForLaterThreads) {
  own_gpu& gpu = own_gpu::make();
  forget_calls();
  for (int i = 0; i < 20; ++i) {
    std::thread([&] { gpu.memory.release(gpu.memory.allocate(size), size, {}); }).join();
  }
  EXPECT_EQ(calls_of("cudaStreamCreateWithFlags"), 1);
}

TEST(Queues, ForCopiesAreKeptForLaterThreadsToo) {
  own_gpu& gpu = own_gpu::make();
  forget_calls();
  for (int i = 0; i < 20; ++i) {
    std::thread([&] {
      std::byte* block = nullptr;
      memory::mark_ptr copied;
      {
        const memory::copies_beside_work beside(gpu.memory, true);
        EXPECT_TRUE(beside.is_beside());
        block = gpu.memory.allocate(size);
        put(gpu, block, 4);
        copied = gpu.memory.make_mark();
      }
      gpu.memory.await(*copied);
      EXPECT_EQ(contents(gpu, block), bytes(size, 4));
      gpu.memory.release(block, size, {&copied, 1});
    }).join();
  }
  EXPECT_EQ(calls_of("cudaStreamCreateWithFlags"), 2);
  EXPECT_GT(calls_of("cudaStreamWaitEvent"), 0);
}

TEST(Queues, RecordNoEventsForWorkOfOneThread) {
  own_gpu& gpu = own_gpu::make();
  std::byte* const block = gpu.memory.allocate(size);
  put(gpu, block, 1);
  forget_calls();
  for (int i = 0; i < 50; ++i) {
    put(gpu, block, 2);
    const memory::mark_ptr end = gpu.memory.make_mark();
    gpu.memory.await(*end);
  }
  EXPECT_EQ(calls_of("cudaEventRecord"), 0);
  EXPECT_EQ(calls_of("cudaStreamWaitEvent"), 0);
  gpu.memory.release(block, size, {});
}

TEST(Queues, AskOfAMarkWithoutDoingTheWork) {
  own_gpu& gpu = own_gpu::make();
  gpu.memory.synchronize();
  std::byte* const block = gpu.memory.allocate(size);
  std::vector<memory::mark_ptr> marks;
  for (unsigned i = 0; i < 30; ++i) {
    put(gpu, block, i);
    marks.push_back(gpu.memory.make_mark());
  }
  // The stand-in does a piece of work when it is asked: not all at once, and all in the end.
  EXPECT_FALSE(marks.back()->is_reached());
  int asked = 0;
  while (!marks.back()->is_reached() && asked < 1000) ++asked;
  EXPECT_LT(asked, 1000);
  for (const memory::mark_ptr& each : marks) EXPECT_TRUE(each->is_reached());
  gpu.memory.release(block, size, {});
}

// A queue that always gets new work is seen to get on.
TEST(Queues, ReachMarksWhileWorkGoesOn) {
  own_gpu& gpu = own_gpu::make();
  std::byte* const block = gpu.memory.allocate(size);
  std::vector<memory::mark_ptr> waiting;
  std::size_t most = 0;
  for (unsigned i = 0; i < 500; ++i) {
    put(gpu, block, i);
    std::erase_if(waiting, [](const memory::mark_ptr& each) { return each->is_reached(); });
    waiting.push_back(gpu.memory.make_mark());
    most = std::max(most, waiting.size());
  }
  EXPECT_LT(most, 50U);
  gpu.memory.release(block, size, {});
}

TEST(Queues, LendTheApplicationsStreamToAThread) {
  own_gpu& gpu = own_gpu::make();
  std::byte* const block = gpu.memory.allocate(size);
  put(gpu, block, 1);
  const memory::mark_ptr before = gpu.memory.make_mark();
  const cudaStream_t stream = make_stream();
  gpu.memory.use_stream(reinterpret_cast<std::uintptr_t>(stream));
  gpu.memory.await(*before);
  put(gpu, block, 2);
  const memory::mark_ptr lent = gpu.memory.make_mark();
  gpu.memory.use_stream(0);
  // The application is free to do away with it; its work goes on.
  destroy_stream(stream);
  EXPECT_FALSE(lent->is_reached());
  gpu.memory.await(*lent);
  put(gpu, block, 3);
  EXPECT_EQ(contents(gpu, block), bytes(size, 3));
  EXPECT_TRUE(lent->is_reached());
  lent->wait();
  gpu.memory.synchronize();
  gpu.memory.release(block, size, {&lent, 1});
}

TEST(Queues, KnowTheDefaultStreamsByTheirNumbers) {
  own_gpu& gpu = own_gpu::make();
  std::byte* const block = gpu.memory.allocate(size);
  put(gpu, block, 1);
  memory::mark_ptr last = gpu.memory.make_mark();
  for (const std::uintptr_t stream : {1, 2, 1, 0, 2}) {
    gpu.memory.use_stream(stream);
    gpu.memory.await(*last);
    put(gpu, block, static_cast<unsigned>(10 + stream));
    EXPECT_EQ(contents(gpu, block), bytes(size, static_cast<unsigned>(10 + stream)));
    last = gpu.memory.make_mark();
  }
  gpu.memory.use_stream(0);
  gpu.memory.release(block, size, {&last, 1});
}

TEST(Queues, KeepABlockUntilAllStreamsAreDoneWithIt) {
  own_gpu& gpu = own_gpu::make();
  gpu.memory.trim();  // no other block of that size is left
  std::byte* const block = gpu.memory.allocate(size);
  put(gpu, block, 1);
  const memory::mark_ptr filled = gpu.memory.make_mark();
  filled->wait();  // otherwise it would be filled after all when the reader comes to it
  std::vector<std::byte> seen;
  memory::mark_ptr read;
  std::thread reader([&] {
    gpu.memory.await(*filled);
    // Given, and done when somebody waits: into pinned memory, so that giving does not wait.
    void* pinned = nullptr;
    cudaHostAlloc(&pinned, size, cudaHostAllocDefault);
    const cuda::gpu_scope scope(gpu.where, "test");
    cuda::queue& mine = gpu.memory.current_queue();
    cudaMemcpyAsync(pinned, block, size, cudaMemcpyDeviceToHost, mine.stream());
    mine.gave();
    read = gpu.memory.make_mark();
    // Released here by another thread, and taken by a third, before this is done.
    std::thread([&] {
      gpu.memory.release(block, size, {&read, 1});
      std::byte* const next = gpu.memory.allocate(size);
      EXPECT_EQ(next, block) << "otherwise this shows nothing";
      put(gpu, next, 9);
      EXPECT_EQ(contents(gpu, next), bytes(size, 9));
      gpu.memory.release(next, size, {});
    }).join();
    read->wait();
    const auto* const result = static_cast<const std::byte*>(pinned);
    seen.assign(result, result + size);
  });
  reader.join();
  EXPECT_EQ(seen, bytes(size, 1));
}

// The stand-in's streams take 0.25 ms for each piece of work.
TEST(Queues, NoteTheTimeAtMarksThatAreForThat) {
  own_gpu& gpu = own_gpu::make();
  std::byte* const block = gpu.memory.allocate(size);
  put(gpu, block, 1);
  gpu.memory.synchronize();
  const memory::mark_ptr begin = gpu.memory.make_timed_mark();
  forget_calls();
  for (unsigned i = 0; i < 5; ++i) put(gpu, block, i);
  ASSERT_EQ(calls_of("cudaMemcpyAsync"), 5);
  const memory::mark_ptr end = gpu.memory.make_timed_mark();
  EXPECT_FALSE(gpu.memory.passed_us(*begin, *end));
  EXPECT_FALSE(end->is_reached());
  end->wait();
  EXPECT_EQ(contents(gpu, block), bytes(size, 4));
  const std::optional<double> passed = gpu.memory.passed_us(*begin, *end);
  ASSERT_TRUE(passed);
  EXPECT_DOUBLE_EQ(*passed, 5 * 250);
  EXPECT_EQ(gpu.memory.passed_us(*end, *end), 0);
  // They are marks as others are, to others.
  std::thread([&] {
    gpu.memory.await(*end);
    put(gpu, block, 7);
    const memory::mark_ptr of_another = gpu.memory.make_timed_mark();
    of_another->wait();
    EXPECT_FALSE(gpu.memory.passed_us(*begin, *of_another));
  }).join();
  const memory::mark_ptr untimed = gpu.memory.make_mark();
  untimed->wait();
  EXPECT_FALSE(gpu.memory.passed_us(*begin, *untimed));
  EXPECT_FALSE(gpu.memory.passed_us(*untimed, *end));
  gpu.memory.release(block, size, {&end, 1});
}

TEST(Queues, KeepEventsOfTimedMarks) {
  own_gpu& gpu = own_gpu::make();
  gpu.memory.synchronize();
  const auto mark_twice = [&] {
    const memory::mark_ptr begin = gpu.memory.make_timed_mark();
    const memory::mark_ptr end = gpu.memory.make_timed_mark();
    end->wait();
    EXPECT_EQ(gpu.memory.passed_us(*begin, *end), 0);
  };
  mark_twice();
  forget_calls();
  for (int i = 0; i < 20; ++i) mark_twice();
  EXPECT_EQ(calls_of("cudaEventCreateWithFlags"), 0);
}

TEST(Queues, TellNoTimeOfADeviceThatFailed) {
  own_gpu& gpu = own_gpu::make();
  const memory::mark_ptr begin = gpu.memory.make_timed_mark();
  const memory::mark_ptr end = gpu.memory.make_timed_mark();
  end->wait();
  fail_call("cudaEventElapsedTime", cudaErrorInvalidResourceHandle);
  EXPECT_FALSE(gpu.memory.passed_us(*begin, *end));
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_TRUE(gpu.memory.passed_us(*begin, *end));
  fail_call("cudaEventQuery", cudaErrorIllegalAddress);
  EXPECT_FALSE(gpu.memory.passed_us(*begin, *end));
  repair();
  EXPECT_FALSE(gpu.memory.passed_us(*begin, *end));
  EXPECT_THROW(gpu.memory.make_timed_mark(), device_error);
}

TEST(Queues, GiveBackWhatIsCached) {
  own_gpu& gpu = own_gpu::make();
  gpu.memory.trim();
  const std::int64_t before = gpu.memory.information().free_bytes;
  std::byte* const block = gpu.memory.allocate(1 << 20);
  EXPECT_EQ(gpu.memory.information().in_use_bytes, 1 << 20);
  gpu.memory.release(block, 1 << 20, {});
  EXPECT_EQ(gpu.memory.information().in_use_bytes, 0);
  EXPECT_GE(gpu.memory.information().cached_bytes, 1 << 20);
  EXPECT_GE(gpu.memory.trim(), 1 << 20);
  EXPECT_EQ(gpu.memory.information().free_bytes, before);
  // What is cached is no reason to refuse a block of another size.
  constexpr std::int64_t most = memory_bytes / 4 * 3;
  gpu.memory.release(gpu.memory.allocate(most), most, {});
  gpu.memory.release(gpu.memory.allocate(most - 1), most - 1, {});
  gpu.memory.trim();
}

}  // namespace
}  // namespace tandem::testing::stand_in
