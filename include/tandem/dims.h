#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include <tandem/errors.h>
#include <tandem/export.h>

namespace tandem {

/// The largest number of axes an array can have.
inline constexpr int max_rank = 32;

/// A short list of 64-bit integers held in place: a shape, strides (in elements) or axes.
///
/// Holds at most `max_rank` entries and never allocates. Growing it beyond that throws `shape_error`.
class dims {
 public:
  using value_type = std::int64_t;

  dims() noexcept : size_(0) {}
  dims(std::initializer_list<std::int64_t> values) : dims(std::span(values.begin(), values.size())) {}
  explicit dims(std::span<const std::int64_t> values) : size_(0) {
    check(values.size());
    size_ = static_cast<int>(values.size());
    std::copy(values.begin(), values.end(), values_);
  }
  dims(const dims& other) noexcept { copy(other); }
  dims& operator=(const dims& other) noexcept {
    copy(other);
    return *this;
  }

  /// `size` entries of `value`.
  static dims filled(std::int64_t size, std::int64_t value) {
    dims result;
    check(static_cast<std::size_t>(size));
    result.size_ = static_cast<int>(size);
    std::fill_n(result.values_, result.size_, value);
    return result;
  }

  int size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::int64_t& operator[](std::int64_t i) noexcept { return values_[i]; }
  std::int64_t operator[](std::int64_t i) const noexcept { return values_[i]; }
  std::int64_t* begin() noexcept { return values_; }
  std::int64_t* end() noexcept { return values_ + size_; }
  const std::int64_t* begin() const noexcept { return values_; }
  const std::int64_t* end() const noexcept { return values_ + size_; }
  std::int64_t back() const noexcept { return values_[size_ - 1]; }

  void push_back(std::int64_t value) {
    check(static_cast<std::size_t>(size_) + 1);
    values_[size_++] = value;
  }
  void insert(int position, std::int64_t value) {
    push_back(value);
    std::rotate(values_ + position, values_ + size_ - 1, values_ + size_);
  }
  void erase(int position) noexcept {
    std::copy(values_ + position + 1, values_ + size_, values_ + position);
    --size_;
  }

  bool contains(std::int64_t value) const noexcept { return std::find(begin(), end(), value) != end(); }
  operator std::span<const std::int64_t>() const noexcept { return {values_, static_cast<std::size_t>(size_)}; }
  friend bool operator==(const dims& a, const dims& b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  // Few entries without a call: shapes are copied many times for a small operation.
  void copy(const dims& other) noexcept {
    size_ = other.size_;
    switch (size_) {
      default: std::copy_n(other.values_, size_, values_); return;
      case 4: values_[3] = other.values_[3]; [[fallthrough]];
      case 3: values_[2] = other.values_[2]; [[fallthrough]];
      case 2: values_[1] = other.values_[1]; [[fallthrough]];
      case 1: values_[0] = other.values_[0]; [[fallthrough]];
      case 0: return;
    }
  }

  static void check(std::size_t size) {
    if (size > static_cast<std::size_t>(max_rank)) {
      throw shape_error("an array has at most " + std::to_string(max_rank) + " axes, given " + std::to_string(size));
    }
  }

  int size_;
  std::int64_t values_[max_rank];
};

/// As Python writes a tuple: "()", "(3,)", "(2, 3)".
TANDEM_API std::string to_string(const dims& values);

}  // namespace tandem
