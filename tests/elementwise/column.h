#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <vector>

#include <tandem/dtype.h>

namespace tandem::testing {

// Calls `function` with a value-initialized element of the dtype.
template <class Function>
decltype(auto) with_element(dtype type, Function&& function) {
  switch (type) {
    case dtype::bool_: return function(bool{});
    case dtype::int8: return function(std::int8_t{});
    case dtype::int16: return function(std::int16_t{});
    case dtype::int32: return function(std::int32_t{});
    case dtype::int64: return function(std::int64_t{});
    case dtype::uint8: return function(std::uint8_t{});
    case dtype::uint16: return function(std::uint16_t{});
    case dtype::uint32: return function(std::uint32_t{});
    case dtype::uint64: return function(std::uint64_t{});
    case dtype::float32: return function(float{});
    case dtype::float64: return function(double{});
    case dtype::complex64: return function(std::complex<float>{});
    case dtype::complex128: return function(std::complex<double>{});
  }
  throw std::logic_error("with_element: not a dtype");
}

// Elements of a dtype known at run time, one after the other.
class column {
 public:
  explicit column(dtype type, std::size_t size = 0) : type_(type), bytes_(size * item_bytes()) {}

  dtype type() const { return type_; }
  std::size_t item_bytes() const { return static_cast<std::size_t>(item_size(type_)); }
  std::size_t size() const { return bytes_.size() / item_bytes(); }
  std::byte* data() { return bytes_.data(); }
  const std::byte* data() const { return bytes_.data(); }
  const std::byte* at(std::size_t i) const { return bytes_.data() + i * item_bytes(); }

  template <class T>
  T get(std::size_t i) const {
    check(dtype_of<T>);
    T value;
    std::memcpy(&value, at(i), sizeof(T));
    return value;
  }
  template <class T>
  void push(T value) {
    check(dtype_of<T>);
    bytes_.resize(bytes_.size() + sizeof(T));
    std::memcpy(bytes_.data() + bytes_.size() - sizeof(T), &value, sizeof(T));
  }
  void push_from(const column& other, std::size_t i) {
    check(other.type_);
    bytes_.insert(bytes_.end(), other.at(i), other.at(i) + item_bytes());
  }

 private:
  void check(dtype type) const {
    if (type != type_) throw std::logic_error("column: wrong element type");
  }

  dtype type_;
  std::vector<std::byte> bytes_;
};

}  // namespace tandem::testing
