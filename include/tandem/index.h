#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <variant>

#include <tandem/dtype.h>
#include <tandem/export.h>

namespace tandem {

class expr;
struct reduce_options;

struct none_t {};
/// Type of `all`: as an index a whole axis, called as a function the logical reduction (see statistics.h).
struct all_t {
  TANDEM_API expr operator()(const expr& x) const;
  TANDEM_API expr operator()(const expr& x, const reduce_options& options) const;
};
struct ellipsis_t {};
struct newaxis_t {};

/// An absent bound of a slice: `slice(none, 5)`.
inline constexpr none_t none{};
/// As an index, a whole axis (Python's `:`). As a function, whether all elements are true.
inline constexpr all_t all{};
/// As many whole axes as are left, Python's `...`.
inline constexpr ellipsis_t ellipsis{};
/// A new axis of extent 1, Python's `None`.
inline constexpr newaxis_t newaxis{};

/// Elements start, start + step, ... before stop. Negative bounds count from the end; bounds out of range are clipped;
/// the step may be negative and must not be zero.
class slice {
 public:
  using bound = std::optional<std::int64_t>;

  slice() = default;
  slice(bound start, bound stop, bound step = std::nullopt) : start_(start), stop_(stop), step_(step) {}
  template <class Start, class Stop>
    requires(std::same_as<Start, none_t> || std::same_as<Stop, none_t>)
  slice(Start start, Stop stop, bound step = std::nullopt)
      : start_(to_bound(start)), stop_(to_bound(stop)), step_(step) {}

  bound start() const noexcept { return start_; }
  bound stop() const noexcept { return stop_; }
  bound step() const noexcept { return step_; }

 private:
  static bound to_bound(none_t) { return std::nullopt; }
  static bound to_bound(std::int64_t value) { return value; }

  bound start_;
  bound stop_;
  bound step_;
};

/// One entry of a basic index: an integer (drops its axis), a slice, `all`, `ellipsis` or `newaxis`.
class index {
 public:
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  index(T position) : value_(static_cast<std::int64_t>(position)) {}
  index(slice range) : value_(range) {}
  index(all_t) : value_(slice()) {}
  index(ellipsis_t) : value_(ellipsis) {}
  index(newaxis_t) : value_(newaxis) {}

  const std::variant<std::int64_t, slice, ellipsis_t, newaxis_t>& value() const noexcept { return value_; }

 private:
  std::variant<std::int64_t, slice, ellipsis_t, newaxis_t> value_;
};

}  // namespace tandem
