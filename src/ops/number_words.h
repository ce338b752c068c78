#pragma once

#include <bit>
#include <complex>
#include <cstdint>
#include <type_traits>
#include <variant>

#include <tandem/scalar.h>

namespace tandem::ops {

/// Calls `add` with what tells a number from others, as words: its kind, then its bits, because 0.0 is not -0.0 and nan
/// is nan.
template <class Add>
void for_each_word(const scalar& number, Add add) {
  add(static_cast<std::int64_t>(number.value().index()));
  std::visit(
      [&](auto value) {
        using Value = decltype(value);
        if constexpr (std::is_same_v<Value, std::complex<double>>) {
          add(std::bit_cast<std::int64_t>(value.real()));
          add(std::bit_cast<std::int64_t>(value.imag()));
        } else if constexpr (std::is_same_v<Value, double>) {
          add(std::bit_cast<std::int64_t>(value));
        } else {
          add(static_cast<std::int64_t>(value));
        }
      },
      number.value());
}

}  // namespace tandem::ops
