#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/errors.h>

#include "cuda/runtime/background.h"
#include "cuda/stand_in/own_gpu.h"

// What a child of the process sees, and the end of it.
namespace tandem::testing::stand_in {
namespace {

/// What a forked child ends with.
template <class Work>
int status_of_child(const Work& work) {
  const pid_t child = ::fork();
  if (child == 0) std::_Exit(work());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Process, RefusesAForkedChild) {
  own_gpu& gpu = own_gpu::make();
  std::byte* const block = gpu.memory.allocate(100);
  const memory::mark_ptr mark = gpu.memory.make_mark();
  const int status = status_of_child([&] {
    forget_calls();
    gpu.memory.release(block, 100, {&mark, 1});
    if (!mark->is_reached() || gpu.memory.trim() != 0) return 2;
    try {
      gpu.memory.allocate(1);
      return 3;
    } catch (const device_error& error) {
      if (std::string(error.what()).find("forked") == std::string::npos) return 4;
    }
    return calls_of("cudaFreeAsync") + calls_of("cudaMallocFromPoolAsync") == 0 ? 0 : 5;
  });
  EXPECT_EQ(status, 0);
  gpu.memory.release(block, 100, {});
}

/// Gives a block back when static objects are destroyed, as an array would that is one.
struct late_release {
  own_gpu& gpu;
  std::byte* block;
  ~late_release() { gpu.memory.release(block, 100, {}); }
};

[[noreturn]] void end_with_something_left() {
  own_gpu& gpu = own_gpu::make();
  static late_release late{gpu, gpu.memory.allocate(100)};
  const ndarray x = ones({100}, float32);
  const placed_program program(gpu, x * x + x, cuda::compile_mode::background);
  for (int i = 0; i < 100; ++i) cuda::do_in_background([] { ::usleep(20000); });
  std::exit(7);
}

TEST(ProcessDeathTest, EndsWithBlocksAndJobsLeft) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(end_with_something_left(), ::testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace tandem::testing::stand_in
