#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

#include <tandem/dims.h>
#include <tandem/export.h>
#include <tandem/ndarray.h>
#include <tandem/parallel_items.h>
#include <tandem/policy.h>

// Results one after the other, while later ones are still being computed.
namespace tandem {

/// How `parallel_imap` calls functions.
struct imap_options {
  /// Items that a worker takes at a time; 0 for 1.
  std::int64_t chunk = 0;
  policy rules = {};
  std::stop_token stop = {};
  /// Whether results come in the order of their items, or in that in which they are ready.
  bool ordered = true;
  /// How many results may be held or in the making; workers wait where the reader does not keep up. At least `chunk`;
  /// 0 for four chunks a worker.
  std::int64_t window = 0;
};

/// A result of `parallel_imap` and which item it is of, counted from 0.
template <class Result>
struct imap_item {
  std::int64_t index;
  Result value;
};

namespace detail {

/// Calls a function with items in turn, each result to a place of its own, while another thread takes results.
class TANDEM_API imap_engine {
 public:
  /// `compute(i, place)` keeps the result of item i at `place`, 0 to window - 1.
  imap_engine(std::int64_t items, const imap_options& options,
              std::function<void(std::int64_t item, std::int64_t place)> compute);
  /// Begins no call any more and waits for those that run.
  ~imap_engine();
  imap_engine(const imap_engine&) = delete;
  imap_engine& operator=(const imap_engine&) = delete;

  /// Once.
  void start();

  struct ready {
    std::int64_t item;
    std::int64_t place;
  };
  /// The next result, or nothing when there is none any more. The place of the one before is free again then.
  std::optional<ready> next();
  std::int64_t window() const noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace detail

/// The results of a function as an input range, computed by workers while they are read.
///
/// Nothing is computed before `begin`, and never more than the window's results are held. Reading one waits until it is
/// ready. An exception of the function is thrown where its result would be read, and no call begins after it.
/// Destroying the range stops the work and waits for the calls that run.
///
/// Thread safety: one thread reads. Movable before `begin` only; the process may fork, but the child cannot read on.
template <class Source, class Function>
class imap_range {
 public:
  using result = detail::result_of<Source, Function>;
  static_assert(!std::is_void_v<result>,
                "parallel_imap gives results; for a function without one there is parallel_for");

  imap_range(Source source, Function function, const imap_options& options)
      : source_(std::move(source)), function_(std::move(function)), options_(options) {}
  imap_range(imap_range&&) = default;
  imap_range& operator=(imap_range&&) = delete;

  class iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = imap_item<result>;
    using difference_type = std::ptrdiff_t;

    /// Valid until the iterator moves on.
    value_type& operator*() const { return *range_->current_; }
    value_type* operator->() const { return &*range_->current_; }
    /// Waits for the next result. Throws: what the function threw; `stopped`; `policy_error` in a forked child.
    iterator& operator++() {
      range_->advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& at, std::default_sentinel_t) { return at.is_at_end(); }

   private:
    explicit iterator(imap_range* range) : range_(range) {}
    // Friends of a nested class have no access to the class around it.
    bool is_at_end() const noexcept { return !range_->current_; }
    imap_range* range_;
    friend class imap_range;
  };

  /// Starts the work, and waits for the first result. May be called once.
  /// Throws: as `iterator::operator++`; `argument_error` for a negative chunk or a window below the chunk.
  iterator begin() {
    engine_ =
        std::make_unique<detail::imap_engine>(source_.count, options_, [this](std::int64_t item, std::int64_t place) {
          places_[static_cast<std::size_t>(place)].emplace(source_.call(function_, item));
        });
    places_.resize(static_cast<std::size_t>(engine_->window()));
    engine_->start();
    advance();
    return iterator(this);
  }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  void advance() {
    current_.reset();
    if (const auto ready = engine_->next()) {
      std::optional<result>& place = places_[static_cast<std::size_t>(ready->place)];
      current_.emplace(imap_item<result>{ready->item, std::move(*place)});
      place.reset();
    }
  }

  Source source_;
  Function function_;
  imap_options options_;
  std::vector<std::optional<result>> places_;
  std::optional<imap_item<result>> current_;
  // Last, because its end waits for calls that use the others.
  std::unique_ptr<detail::imap_engine> engine_;
};

/// Results of `function(i)` for the integers of a range, as a lazy range that is read while workers compute:
///
///     for (auto& [index, value] : td::parallel_imap(1000, f)) use(value);
///
/// Otherwise as `parallel_map`. The policy and the share of the thread that calls `begin` govern the work.
template <class Function>
auto parallel_imap(const index_range& range, Function function, const imap_options& options = {}) {
  return imap_range<detail::range_source, Function>(detail::range_source(range, "parallel_imap"), std::move(function),
                                                    options);
}
/// The same for the items of a list with random access. A list that is given as an lvalue must outlive the range.
template <detail::list_of_items List, class Function>
auto parallel_imap(List&& list, Function function, const imap_options& options = {}) {
  using source = detail::list_source<std::views::all_t<List>>;
  return imap_range<source, Function>(source(std::views::all(std::forward<List>(list)), "parallel_imap"),
                                      std::move(function), options);
}
/// The same for the elements, in row-major order, or slices of arrays; see `parallel_map`.
template <class Function>
auto parallel_imap(std::initializer_list<ndarray> arrays, Function function, const imap_options& options = {}) {
  auto source = detail::source_of(std::span(arrays.begin(), arrays.size()), function, "parallel_imap");
  return imap_range<decltype(source), Function>(std::move(source), std::move(function), options);
}
template <class Function>
auto parallel_imap(const ndarray& array, Function function, const imap_options& options = {}) {
  return parallel_imap({array}, std::move(function), options);
}

}  // namespace tandem
