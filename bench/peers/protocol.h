#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A worker is one peer in a process of its own, so that thread pools and allocators do not meet. It obeys lines on
// standard input and answers each with one line (worker.py is the same for Python):
//
//   prepare WORK DTYPE SHAPE   makes the inputs             ok [VARIANT] | unsupported
//   check PATH STEP            evaluates once, writes every STEP-th element of the result to PATH as float64
//                                                           ok COUNT SUM SUM_OF_MAGNITUDES
//   time SECONDS               evaluates for that long      ok EVALUATIONS MEDIAN MINIMUM   (seconds of one evaluation)
//   release                    frees inputs and results     ok
//
// Before the first it says "ready VERSION". Any error is "failed REASON". The end of input ends it.
namespace peers {

struct work {
  std::string name;
  std::vector<std::int64_t> shape;

  std::int64_t size() const {
    std::int64_t count = 1;
    for (const std::int64_t extent : shape) count *= extent;
    return count;
  }
  bool is(std::string_view other) const { return name == other; }
};

/// Work with its inputs in place.
struct task {
  /// One evaluation; the result is dropped.
  std::function<void()> run;
  /// One evaluation; the result in row-major order.
  std::function<std::vector<double>()> result;
  /// Which of several ways of doing it was chosen, if there are several; no blanks.
  std::string variant = {};
};

/// Makes the compiler believe that somebody reads `value`.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "r"(&value) : "memory");
}

/// A task from a function that evaluates and returns a result, and one that makes numbers of a result.
template <class Evaluate, class Numbers>
task make_task(Evaluate evaluate, Numbers numbers) {
  // Shared, because the function holds the inputs.
  const auto shared = std::make_shared<Evaluate>(std::move(evaluate));
  return {.run =
              [shared] {
                const auto result = (*shared)();
                keep(result);
              },
          .result = [shared, numbers] { return numbers((*shared)()); }};
}

/// A task from a function that writes to a target that is there already, and one that makes numbers of the target.
template <class Assign, class Numbers>
task make_task_into(Assign assign, Numbers numbers) {
  const auto shared = std::make_shared<Assign>(std::move(assign));
  return {.run = [shared] { (*shared)(); },
          .result =
              [shared, numbers] {
                (*shared)();
                return numbers();
              }};
}

struct timing {
  std::int64_t evaluations = 0;
  double median_seconds = 0;
  double minimum_seconds = 0;
};

/// Runs for about that long, after a tenth of it to warm up; at least once after that.
timing measure(const std::function<void()>& run, double seconds);

/// No value if the peer does not have the work.
using prepare_function = std::optional<task> (*)(const work&);

/// Obeys lines until the input ends; the program's exit status.
int serve(std::string_view version, prepare_function float32, prepare_function float64);

}  // namespace peers
