#include "codegen/emulator/launch.h"

#include <setjmp.h>
#include <ucontext.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace tandem::testing {

namespace {

constexpr std::size_t stack_bytes = 64 * 1024;

std::vector<int> ordered(std::int64_t count, emulated_order order, std::mt19937& random) {
  std::vector<int> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  if (order == emulated_order::backward) std::reverse(numbers.begin(), numbers.end());
  if (order == emulated_order::shuffled) std::shuffle(numbers.begin(), numbers.end(), random);
  return numbers;
}

// Stacks that threads run on. A switch by _setjmp and _longjmp is no call of the system, as swapcontext is; that one
// only enters a stack for the first time.
class fiber {
 public:
  /// Calls `work`, again and again, each time that it is resumed after having ended.
  explicit fiber(void (*work)(fiber&)) : work_(work) {}

  /// Runs it until it pauses or ends.
  void resume() {
    if (_setjmp(resumer_) != 0) return;
    if (is_entered_) _longjmp(here_, 1);
    is_entered_ = true;
    entering_ = this;
    getcontext(&context_);
    context_.uc_stack.ss_sp = stack_.get();
    context_.uc_stack.ss_size = stack_bytes;
    context_.uc_link = nullptr;
    makecontext(&context_, &fiber::enter, 0);
    setcontext(&context_);
  }

  /// Goes back to who resumed it.
  void pause() {
    if (_setjmp(here_) == 0) _longjmp(resumer_, 1);
  }

  int thread = 0;
  int line = 0;

 private:
  static void enter() {
    fiber& me = *entering_;
    while (true) {
      me.work_(me);
      me.pause();
    }
  }

  static inline fiber* entering_ = nullptr;

  void (*work_)(fiber&);
  std::unique_ptr<char[]> stack_{new char[stack_bytes]};
  bool is_entered_ = false;
  ucontext_t context_;
  jmp_buf here_;
  jmp_buf resumer_;
};

// A kernel's blocks, one at a time. A fiber runs thread after thread until one waits at a barrier and takes the fiber
// with it; the next fiber goes on with the next thread. Kernels without barriers need one fiber.
class block_run {
 public:
  block_run(const host_kernel& kernel, const void* words, int threads)
      : kernel_(kernel), words_(words), threads_(threads) {
    current_ = this;
  }
  block_run(const block_run&) = delete;
  block_run& operator=(const block_run&) = delete;
  ~block_run() {
    // Stacks with a thread that still waits are of no more use.
    if (!waiting_.empty() || finished_ != threads_) fibers_.clear();
    current_ = nullptr;
  }

  void run(const std::vector<int>& order) {
    order_ = &order;
    next_ = 0;
    finished_ = 0;
    waiting_.clear();
    for (std::size_t used = 0; next_ < order.size(); ++used) {
      if (used == fibers_.size()) fibers_.push_back(std::make_unique<fiber>(&block_run::work));
      resume(*fibers_[used]);
    }
    while (!waiting_.empty()) {
      const std::vector<fiber*> released = std::move(waiting_);
      waiting_.clear();
      check_barrier(released);
      for (fiber* const each : released) {
        kernel_.gpu->thread = {static_cast<unsigned>(each->thread), 0, 0};
        resume(*each);
      }
    }
  }

  static void wait_at(int line) {
    fiber& me = *current_->running_;
    me.line = line;
    current_->waiting_.push_back(&me);
    me.pause();
  }

 private:
  void resume(fiber& next) {
    running_ = &next;
    next.resume();
  }

  static void work(fiber& me) {
    block_run& run = *current_;
    while (run.next_ < run.order_->size()) {
      me.thread = (*run.order_)[run.next_++];
      run.kernel_.gpu->thread = {static_cast<unsigned>(me.thread), 0, 0};
      run.kernel_.call(run.words_);
      ++run.finished_;
    }
  }

  void check_barrier(const std::vector<fiber*>& all) const {
    const std::string line = std::to_string(all.front()->line);
    if (finished_ != 0) {
      throw std::runtime_error(std::to_string(finished_) + " of " + std::to_string(threads_) +
                               " threads of a block ended where others wait at line " + line);
    }
    for (const fiber* const each : all) {
      if (each->line == all.front()->line) continue;
      throw std::runtime_error("threads of a block wait at lines " + line + " and " + std::to_string(each->line));
    }
  }

  static inline block_run* current_ = nullptr;

  const host_kernel& kernel_;
  const void* words_;
  int threads_;
  const std::vector<int>* order_ = nullptr;
  std::size_t next_ = 0;
  int finished_ = 0;
  fiber* running_ = nullptr;
  std::vector<fiber*> waiting_;
  // Kept from launch to launch: making them takes longer than most kernels.
  static inline std::vector<std::unique_ptr<fiber>> fibers_;
};

}  // namespace

void launch_on_host(const host_kernel& kernel, const void* words, int threads, std::int64_t blocks,
                    emulated_order order) {
  std::mt19937 random(17);
  *kernel.gpu = {
      {}, {}, {static_cast<unsigned>(threads), 1, 1}, {static_cast<unsigned>(blocks), 1, 1}, &block_run::wait_at};
  block_run block(kernel, words, threads);
  for (const int number : ordered(blocks, order, random)) {
    kernel.gpu->block = {static_cast<unsigned>(number), 0, 0};
    std::fill(kernel.shared_begin, kernel.shared_end, std::byte{0xa5});
    block.run(ordered(threads, order, random));
  }
}

}  // namespace tandem::testing
