#include "cuda/runtime/background.h"

#include <pthread.h>

#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "cuda/runtime/process.h"

namespace tandem::cuda {

namespace {

struct worker {
  std::mutex guard;
  std::condition_variable has_news;
  std::deque<std::function<void()>> jobs;
  bool is_busy = false;
  bool must_stop = false;
  std::thread thread;

  void run() {
    std::unique_lock lock(guard);
    for (;;) {
      has_news.wait(lock, [&] { return must_stop || !jobs.empty(); });
      if (must_stop) return;
      const std::function<void()> job = std::move(jobs.front());
      jobs.pop_front();
      is_busy = true;
      lock.unlock();
      job();
      lock.lock();
      is_busy = false;
      has_news.notify_all();
    }
  }
};

worker& the_worker() {
  // Never destroyed: the thread may use it until the process is gone.
  static worker& made = *new worker;
  return made;
}

void stop() noexcept {
  worker& it = the_worker();
  {
    const std::lock_guard lock(it.guard);
    it.must_stop = true;
    it.jobs.clear();
  }
  it.has_news.notify_all();
  if (it.thread.joinable()) it.thread.join();
}

void start(worker& it) {
  // Signals are for the application's threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    it.thread = std::thread([&it] { it.run(); });
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  at_exit(stop);
}

}  // namespace

void do_in_background(std::function<void()> job) {
  worker& it = the_worker();
  {
    const std::lock_guard lock(it.guard);
    if (it.must_stop) return;
    if (!it.thread.joinable()) start(it);
    it.jobs.push_back(std::move(job));
  }
  it.has_news.notify_all();
}

void finish_background() {
  worker& it = the_worker();
  std::unique_lock lock(it.guard);
  it.has_news.wait(lock, [&] { return it.must_stop || (it.jobs.empty() && !it.is_busy); });
}

}  // namespace tandem::cuda
