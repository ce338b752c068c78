#pragma once

#include <omp.h>

#include <functional>
#include <memory>
#include <vector>

#include "inputs.h"
#include "protocol.h"
#include "vectors.h"

// Several ways of doing the same work, of which the fastest on this machine counts.
namespace roofline {

inline const int threads = omp_get_max_threads();

template <class Part>
void on_threads(Part part) {
#pragma omp parallel num_threads(threads)
  part(omp_get_thread_num());
}

template <class T>
struct arrays {
  buffer<T> a;
  buffer<T> b;
  buffer<T> c;
  std::int64_t size;
};

template <class T>
auto allocate_for(const peers::work& of, bool second, std::int64_t results) {
  auto here = std::make_shared<arrays<T>>();
  here->size = of.size();
  here->a = allocate<T>(here->size);
  peers::fill(here->a.get(), here->size, peers::operand::a);
  if (second) {
    here->b = allocate<T>(here->size);
    peers::fill(here->b.get(), here->size, peers::operand::b);
  }
  here->c = allocate<T>(results);
  return here;
}

struct candidate {
  const char* name;
  std::function<void()> run;
};

/// The fastest of the variants; `results` are the first elements of c.
template <class T>
peers::task fastest(const std::vector<candidate>& candidates, std::shared_ptr<arrays<T>> here, std::int64_t results) {
  const candidate* best = nullptr;
  double best_seconds = 0;
  for (const candidate& each : candidates) {
    // The smallest time: other work on the machine must not make the choice.
    const double seconds = candidates.size() == 1 ? 0 : peers::measure(each.run, 0.02).minimum_seconds;
    if (best == nullptr || seconds < best_seconds) {
      best = &each;
      best_seconds = seconds;
    }
  }
  const auto run = best->run;
  return {.run = run,
          .result =
              [run, here, results] {
                run();
                return std::vector<double>(here->c.get(), here->c.get() + results);
              },
          .variant = best->name};
}

/// Variants of a loop over [0, count): `ordinary(range)` and `streaming(range)`.
template <class T, class Ordinary, class Streaming>
std::vector<candidate> loop_candidates(std::int64_t count, Ordinary ordinary, Streaming streaming) {
  // Bounds beyond which a variant cannot win, generously.
  constexpr std::int64_t not_for_threads = 500;
  constexpr std::int64_t not_for_streams = 10'000;
  constexpr std::int64_t not_for_one = 20'000'000;
  std::vector<candidate> all;
  const auto add_variants = [&](const char* one, const char* many, auto loop) {
    if (count <= not_for_one || threads == 1) all.push_back({one, [=] { loop(range{0, count}); }});
    if (count < not_for_threads || threads == 1) return;
    all.push_back({many, [=] { on_threads([&](int thread) { loop(share<T>(count, thread, threads)); }); }});
  };
  add_variants("one-thread", "threads", ordinary);
  if (count >= not_for_streams) add_variants("one-thread-streaming", "threads-streaming", streaming);
  return all;
}

}  // namespace roofline
