#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include <tandem/tandem.h>

#include "policy/default_guard.h"
#include "support/elements.h"

// Policies from any number of threads at once.
namespace tandem::testing {
namespace {

// The two policies that threads set for the process in turn. All fields of one are different from those of the other,
// so that a mixture of both shows.
policy process_policy(int which) {
  return {.workers = which == 0 ? 1 : 2,
          .determinism = which == 0 ? determinism::relaxed : determinism::repeatable,
          .host_memory_bytes = which == 0 ? 1 << 20 : 2 << 20,
          .fast_math = which != 0};
}

TEST(Threads, SeeWholePoliciesWhileOthersSetThem) {
  const default_guard guard;
  set_default_policy(process_policy(0));
  constexpr int rounds = 3000;
  std::atomic<int> mixtures{0};
  std::atomic<int> wrong_layers{0};
  std::atomic<int> wrong_results{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      for (int round = 0; round < rounds; ++round) set_default_policy(process_policy(round % 2));
    });
  }
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      const ndarray a = full({50}, t);
      for (int round = 0; round < rounds; ++round) {
        const resolved_policy seen = policy_of_this_thread();
        const bool second = seen.fast_math.value;
        if (seen.workers.value != (second ? 2 : 1) || seen.host_memory_bytes.value != (second ? 2 << 20 : 1 << 20) ||
            seen.determinism.value != (second ? determinism::repeatable : determinism::relaxed)) {
          ++mixtures;
        }
        if (seen.workers.layer != policy_layer::process) ++wrong_layers;
        const policy set = default_policy();
        if ((set.workers == 2) != set.fast_math) ++mixtures;
        if (round % 3 != t % 3) continue;
        const scoped_policy mine({.workers = 3 + t});
        const resolved_policy scoped = policy_of_this_thread({.transfers = transfers::forbidden});
        if (scoped.workers.value != 3 + t || scoped.workers.layer != policy_layer::scope) ++wrong_layers;
        if (scoped.transfers.layer != policy_layer::call || scoped.fast_math.layer != policy_layer::process) {
          ++wrong_layers;
        }
        if (eval(sum(expr(a) + 1)).item<std::int64_t>() != 50 * (t + 1)) ++wrong_results;
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(mixtures, 0);
  EXPECT_EQ(wrong_layers, 0);
  EXPECT_EQ(wrong_results, 0);
}

TEST(Threads, SeeWhatOthersSetBefore) {
  const default_guard guard;
  // The number of the last policy that was set, announced after it was: whoever has seen the announcement sees the
  // policy or a later one.
  std::atomic<std::int64_t> announced{0};
  std::atomic<bool> finished{false};
  std::atomic<int> old_ones{0};
  set_default_policy({.device_memory_bytes = 0});
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t) {
    readers.emplace_back([&] {
      while (!finished) {
        const std::int64_t at_least = announced.load();
        if (policy_of_this_thread().device_memory_bytes.value < at_least) ++old_ones;
      }
    });
  }
  for (std::int64_t number = 1; number <= 20000; ++number) {
    set_default_policy({.device_memory_bytes = number});
    announced = number;
  }
  finished = true;
  for (std::thread& each : readers) each.join();
  EXPECT_EQ(old_ones, 0);
}

}  // namespace
}  // namespace tandem::testing
