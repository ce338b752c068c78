#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

#include <tandem/creation.h>
#include <tandem/dims.h>
#include <tandem/dtype.h>
#include <tandem/export.h>
#include <tandem/ndarray.h>
#include <tandem/parallel_items.h>
#include <tandem/policy.h>

// Functions of the user, run by several workers.
//
// They run on the threads that evaluations run on, under the same policy: `workers` of them at most, the calling thread
// among them. What a function evaluates has its share of the workers: all of them divided by how many call functions
// at the same time. The policy of the calling thread is that of the functions.
//
// Functions are called at the same time and in no particular order: what they share they must protect. The first
// exception stops the work: no call begins after it, and it is passed on when the calls that run have ended; of several
// the one nearest the beginning.
//
// A process forked by such a function is without the threads of its work: there, evaluations and further parallel work
// are a `policy_error`, and a function that returns ends the child by std::terminate. It may call exec or _exit.
namespace tandem {

/// How functions are called.
struct parallel_options {
  /// Items that a worker takes at a time; 0 for many at first and fewer towards the end. 1 is right where items take
  /// very different times and each is long.
  std::int64_t chunk = 0;
  /// What the call says; what it leaves unset is decided as for evaluations.
  policy rules = {};
  /// Once a stop is requested no call begins any more; when those that run have ended, `stopped` is thrown.
  std::stop_token stop = {};
};

namespace detail {

class stop_flag {
 public:
  bool is_set() const noexcept { return set_.load(std::memory_order_relaxed); }
  void set() noexcept { set_.store(true, std::memory_order_relaxed); }

 private:
  std::atomic<bool> set_{false};
};

/// Gives how many items were done.
using chunk_call = std::int64_t (*)(void* context, std::int64_t begin, std::int64_t end, const stop_flag& stop);
TANDEM_API void run_chunks(std::int64_t items, const parallel_options& options, void* context, chunk_call call,
                           const char* what);

/// Calls `body(i)` for all items.
template <class Body>
void for_items(std::int64_t items, const parallel_options& options, const Body& body, const char* what) {
  run_chunks(
      items, options, const_cast<Body*>(std::addressof(body)),
      [](void* context, std::int64_t begin, std::int64_t end, const stop_flag& stop) {
        const Body& each = *static_cast<const Body*>(context);
        std::int64_t i = begin;
        for (; i < end && !stop.is_set(); ++i) each(i);
        return i - begin;
      },
      what);
}

/// The results of calls, in the order of their items. Numbers become an array.
template <class Result>
class result_list {
 public:
  result_list(const dims&, std::int64_t size) : values_(static_cast<std::size_t>(size)) {}
  void put(std::int64_t i, Result&& value) { values_[static_cast<std::size_t>(i)].emplace(std::move(value)); }
  std::vector<Result> take() {
    std::vector<Result> results;
    results.reserve(values_.size());
    for (std::optional<Result>& each : values_) results.push_back(std::move(*each));
    return results;
  }

 private:
  std::vector<std::optional<Result>> values_;
};
template <element Result>
class result_list<Result> {
 public:
  result_list(const dims& shape, std::int64_t) : values_(empty(shape, dtype_of<Result>)), to_(values_.data<Result>()) {}
  void put(std::int64_t i, Result value) { to_[i] = value; }
  ndarray take() { return std::move(values_); }

 private:
  ndarray values_;
  Result* to_;
};

template <class Source, class Function>
auto map_items(Source&& source, Function& function, const dims& shape, const parallel_options& options) {
  using result = result_of<std::remove_cvref_t<Source>, Function>;
  static_assert(!std::is_void_v<result>,
                "parallel_map keeps results; for a function without one there is parallel_for");
  result_list<result> results(shape, source.count);
  const auto body = [&](std::int64_t i) { results.put(i, source.call(function, i)); };
  for_items(source.count, options, body, "parallel_map");
  return results.take();
}

template <class Function>
auto map_arrays(std::span<const ndarray> arrays, Function& function, const parallel_options& options) {
  auto source = source_of(arrays, function, "parallel_map");
  if constexpr (requires { source.shape; }) {
    return map_items(source, function, source.shape, options);
  } else {
    return map_items(source, function, dims{source.count}, options);
  }
}

}  // namespace detail

/// Calls `function(i)` for each integer of a range: `parallel_for(1000, f)`, `parallel_for({10, 20}, f)`.
/// Waits until all calls have ended. A loop without calls costs a few ns an item.
/// Thread safety: any thread; see above for what the function may do.
/// Throws: what the function throws; `stopped` if a stop was requested before the last call had begun; `policy_error`
/// for an impossible policy, or in a child forked by such a function; `argument_error` for a negative chunk or a step
/// of 0.
template <class Function>
void parallel_for(const index_range& range, Function&& function, const parallel_options& options = {}) {
  const detail::range_source source(range, "parallel_for");
  const auto body = [&](std::int64_t i) { source.call(function, i); };
  detail::for_items(source.count, options, body, "parallel_for");
}
/// Calls `function(item)` for each item of a list with random access, such as std::vector.
template <detail::list_of_items List, class Function>
void parallel_for(List&& list, Function&& function, const parallel_options& options = {}) {
  detail::list_source source(std::views::all(std::forward<List>(list)), "parallel_for");
  const auto body = [&](std::int64_t i) { source.call(function, i); };
  detail::for_items(source.count, options, body, "parallel_for");
}

/// The results of `function(i)` for each integer of a range, in their order.
///
/// Results that are numbers (of a dtype's C++ type) become an array of shape (n); others a std::vector. Otherwise as
/// `parallel_for`; after an exception there are no results.
/// Throws: as `parallel_for`; `out_of_memory`.
template <class Function>
auto parallel_map(const index_range& range, Function&& function, const parallel_options& options = {}) {
  const detail::range_source source(range, "parallel_map");
  return detail::map_items(source, function, dims{source.count}, options);
}
/// The results of `function(item)` for each item of a list with random access.
template <detail::list_of_items List, class Function>
auto parallel_map(List&& list, Function&& function, const parallel_options& options = {}) {
  detail::list_source source(std::views::all(std::forward<List>(list)), "parallel_map");
  return detail::map_items(source, function, dims{source.count}, options);
}
/// The results of a function of arrays' elements or slices; what it is called with is what its parameters are.
///
/// `[](double x, float y)`: once for each element of the arrays, which are converted to the parameters' dtypes within
/// a kind or to a higher one, and broadcast to one shape. Shapes: (...), (...) -> the broadcast shape. Only a
/// conversion copies an operand.
/// `[](const ndarray& row)`: once for each slice along the first axis, a view. Shapes: (n, ...), (n, ...) -> (n).
/// An expression in place of an array is evaluated first.
/// Throws: as for ranges; `shape_error` if shapes do not broadcast, or first axes differ or are missing; `dtype_error`
/// if an array cannot become what the function takes; `argument_error` if the function takes another number of arrays.
template <class Function>
auto parallel_map(const ndarray& array, Function&& function, const parallel_options& options = {}) {
  return detail::map_arrays(std::span(&array, 1), function, options);
}
template <class Function>
auto parallel_map(std::initializer_list<ndarray> arrays, Function&& function, const parallel_options& options = {}) {
  return detail::map_arrays(std::span(arrays.begin(), arrays.size()), function, options);
}

}  // namespace tandem
