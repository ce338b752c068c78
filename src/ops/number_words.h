#pragma once

#include <algorithm>
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

/// Whether both have the same words.
inline bool is_same_number(const scalar& a, const scalar& b) {
  if (a.value().index() != b.value().index()) return false;
  std::int64_t words[2][3] = {};
  const scalar* const both[2] = {&a, &b};
  for (int i = 0; i < 2; ++i) {
    int count = 0;
    for_each_word(*both[i], [&](std::int64_t word) { words[i][count++] = word; });
  }
  return std::equal(words[0], words[0] + 3, words[1]);
}

}  // namespace tandem::ops
