#include "runtime/fork.h"

#include <pthread.h>

#include <atomic>
#include <new>

#include "runtime/cores.h"
#include "runtime/workers.h"

namespace tandem::runtime {

namespace {

constinit std::atomic<unsigned> generation{0};
constinit std::atomic<fork_safe_mutex*> first_mutex{nullptr};

// A fork that waits comes before calls that have not begun: threads that multiply all the time would hold it up for
// ever.
pthread_rwlock_t barrier = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;

// The first of the mutexes that the fork under way has locked. Other threads may add some meanwhile, before it.
constinit fork_safe_mutex* first_locked = nullptr;

}  // namespace

struct fork_handlers {
  static void before() {
    pthread_rwlock_wrlock(&barrier);
    first_locked = first_mutex.load();
    for (fork_safe_mutex* each = first_locked; each != nullptr; each = each->next_) each->mutex_.lock();
  }

  static void after_in_parent() {
    for (fork_safe_mutex* each = first_locked; each != nullptr; each = each->next_) each->mutex_.unlock();
    pthread_rwlock_unlock(&barrier);
  }

  static void after_in_child() {
    // The lock remembers its holder by a number that the thread no longer has.
    barrier = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
    // Those that were added meanwhile may be held by threads that are not here.
    for (fork_safe_mutex* each = first_mutex.load(); each != first_locked; each = each->next_) {
      new (&each->mutex_) std::mutex;
    }
    for (fork_safe_mutex* each = first_locked; each != nullptr; each = each->next_) each->mutex_.unlock();
    generation.fetch_add(1, std::memory_order_relaxed);
    forget_other_threads();
    forget_core_limits();  // a child may be moved to another cgroup
  }

  static void add(fork_safe_mutex& what) noexcept {
    what.next_ = first_mutex.load();
    while (!first_mutex.compare_exchange_weak(what.next_, &what)) {
    }
  }
};

namespace {

[[maybe_unused]] const int registered =
    pthread_atfork(&fork_handlers::before, &fork_handlers::after_in_parent, &fork_handlers::after_in_child);

}  // namespace

fork_safe_mutex::fork_safe_mutex() noexcept { fork_handlers::add(*this); }

fork_barrier::fork_barrier() noexcept { pthread_rwlock_rdlock(&barrier); }
fork_barrier::~fork_barrier() { pthread_rwlock_unlock(&barrier); }

unsigned fork_generation() noexcept { return generation.load(std::memory_order_relaxed); }

}  // namespace tandem::runtime
