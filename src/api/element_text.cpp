#include "api/element_text.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstring>
#include <limits>
#include <span>

#include <tandem/errors.h>

#include "api/float_text.h"

namespace tandem::api {
namespace {

void append_right(std::string& out, const std::string& text, std::size_t width) {
  if (text.size() < width) out.append(width - text.size(), ' ');
  out += text;
}

template <class T>
std::string nonfinite_text(T value, bool plus) {
  const char* sign = plus ? "+" : "";
  if (std::isnan(value)) return std::string(sign) + "nan";
  return std::string(value < 0 ? "-" : sign) + "inf";
}

// The columns of one real number: its whole part is padded on the left, its fraction on the right, so that points and
// exponents stand below each other. The rules and their constants are those of NumPy 1.24's FloatingFormat in its
// default mode 'maxprec'.
template <class T>
class float_columns {
 public:
  // `count` values, `step` apart; with `plus`, positive ones have a sign.
  float_columns(const T* values, std::int64_t count, std::int64_t step, bool plus, const print_options& options)
      : plus_(plus), precision_(options.precision) {
    bool any_finite = false;
    bool any_nonfinite = false;
    bool any_negative_infinity = false;
    T least = 0;
    T greatest = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      const T value = values[i * step];
      if (!std::isfinite(value)) {
        any_nonfinite = true;
        if (std::isinf(value) && value < 0) any_negative_infinity = true;
        continue;
      }
      any_finite = true;
      const T magnitude = std::abs(value);
      if (magnitude == 0) continue;
      if (least == 0 || magnitude < least) least = magnitude;
      greatest = std::max(greatest, magnitude);
    }
    scientific_ = greatest != 0 && needs_exponent(least, greatest, options.suppress_small);
    if (any_finite) {
      if (scientific_) {
        measure_scientific(values, count, step);
      } else {
        measure_positional(values, count, step);
      }
    }
    if (any_nonfinite) {
      const std::size_t longest = 3 + (plus || any_negative_infinity ? 1u : 0u);
      const std::size_t after_whole = right_ + 1;
      left_ = std::max(left_, longest > after_whole ? longest - after_whole : 0);
    }
  }

  void append(std::string& out, T value) const {
    if (!std::isfinite(value)) {
      append_right(out, nonfinite_text(value, plus_), left_ + right_ + 1);
    } else if (scientific_) {
      const scientific_text text = padded_scientific(value, static_cast<int>(fraction_));
      append_right(out, signed_whole(text.whole, value), left_);
      out += '.';
      out += text.fraction;
      out += 'e';
      out += text.exponent.front();
      const std::size_t digits = text.exponent.size() - 1;
      if (digits < exponent_) out.append(exponent_ - digits, '0');
      out.append(text.exponent, 1);
    } else {
      const positional_text text = limited_positional(value, precision_);
      append_right(out, signed_whole(text.whole, value), left_);
      out += '.';
      out += text.fraction;
      if (text.fraction.size() < right_) out.append(right_ - text.fraction.size(), ' ');
    }
  }

 private:
  // The quotient is of type T, so that it is rounded as NumPy's is; the bounds are compared as doubles.
  static bool needs_exponent(T least, T greatest, bool suppress_small) {
    if (static_cast<double>(greatest) >= 1e8) return true;
    if (suppress_small) return false;
    if (static_cast<double>(least) < 1e-4) return true;
    return static_cast<double>(greatest / least) > 1000;
  }

  std::string signed_whole(const std::string& whole, T value) const {
    return plus_ && !std::signbit(value) ? '+' + whole : whole;
  }

  void measure_scientific(const T* values, std::int64_t count, std::int64_t step) {
    for (std::int64_t i = 0; i < count; ++i) {
      const T value = values[i * step];
      if (!std::isfinite(value)) continue;
      const scientific_text text = limited_scientific(value, precision_);
      left_ = std::max(left_, signed_whole(text.whole, value).size());
      fraction_ = std::max(fraction_, text.fraction.size());
      exponent_ = std::max(exponent_, text.exponent.size() - 1);
    }
    right_ = fraction_ + 2 + exponent_;
  }

  void measure_positional(const T* values, std::int64_t count, std::int64_t step) {
    for (std::int64_t i = 0; i < count; ++i) {
      const T value = values[i * step];
      if (!std::isfinite(value)) continue;
      const positional_text text = limited_positional(value, precision_);
      left_ = std::max(left_, signed_whole(text.whole, value).size());
      right_ = std::max(right_, text.fraction.size());
    }
  }

  bool plus_;
  int precision_;
  bool scientific_ = false;
  std::size_t left_ = 0;      // characters before the point
  std::size_t right_ = 0;     // characters after it
  std::size_t fraction_ = 0;  // digits between point and exponent
  std::size_t exponent_ = 0;  // digits of the exponent
};

// Alone, numbers are positional from 1e-4 on and below 1e16; then the point is followed by a zero if by nothing else,
// unless `bare`, as in the parts of a complex number.
template <class T>
std::string single_float(T value, bool plus, bool bare) {
  if (!std::isfinite(value)) return nonfinite_text(value, plus);
  std::string text = plus && !std::signbit(value) ? "+" : "";
  const double magnitude = std::abs(static_cast<double>(value));
  if (magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e16)) {
    const positional_text parts = shortest_positional(value);
    text += parts.whole;
    if (!parts.fraction.empty()) {
      text += '.' + parts.fraction;
    } else if (!bare) {
      text += ".0";
    }
  } else {
    const scientific_text parts = limited_scientific(value, std::numeric_limits<int>::max());
    text += parts.whole;
    if (!parts.fraction.empty()) text += '.' + parts.fraction;
    text += 'e' + parts.exponent;
  }
  return text;
}

template <class T>
std::string single_complex(std::complex<T> value) {
  if (value.real() == 0 && !std::signbit(value.real())) return single_float(value.imag(), false, true) + 'j';
  return '(' + single_float(value.real(), false, true) + single_float(value.imag(), true, true) + "j)";
}

template <class T>
std::span<const T> typed(const std::byte* elements, std::int64_t count) {
  return {reinterpret_cast<const T*>(elements), static_cast<std::size_t>(count)};
}

// Booleans are read as bytes: memory from elsewhere may hold other values than 0 and 1.
class boolean_text final : public element_text {
 public:
  explicit boolean_text(const std::byte* elements) : elements_(elements) {}
  void append(std::string& out, std::int64_t position) const override {
    out += elements_[position] != std::byte{0} ? " True" : "False";
  }

 private:
  const std::byte* elements_;
};

template <class T>
class integer_text final : public element_text {
 public:
  explicit integer_text(std::span<const T> elements) : elements_(elements) {
    const auto [least, greatest] = std::minmax_element(elements.begin(), elements.end());
    width_ = std::max(std::to_string(*least).size(), std::to_string(*greatest).size());
  }
  void append(std::string& out, std::int64_t position) const override {
    append_right(out, std::to_string(elements_[static_cast<std::size_t>(position)]), width_);
  }

 private:
  std::span<const T> elements_;
  std::size_t width_;
};

template <class T>
class real_text final : public element_text {
 public:
  real_text(std::span<const T> elements, const print_options& options)
      : elements_(elements), columns_(elements.data(), std::ssize(elements), 1, false, options) {}
  void append(std::string& out, std::int64_t position) const override {
    columns_.append(out, elements_[static_cast<std::size_t>(position)]);
  }

 private:
  std::span<const T> elements_;
  float_columns<T> columns_;
};

// A complex array is an array of pairs of its real type, (real, imaginary).
template <class T>
class complex_text final : public element_text {
 public:
  complex_text(std::span<const T> parts, const print_options& options)
      : parts_(parts),
        real_(parts.data(), std::ssize(parts) / 2, 2, false, options),
        imaginary_(parts.data() + 1, std::ssize(parts) / 2, 2, true, options) {}
  void append(std::string& out, std::int64_t position) const override {
    const auto at = static_cast<std::size_t>(position) * 2;
    real_.append(out, parts_[at]);
    imaginary_.append(out, parts_[at + 1]);
    // Spaces that fill up the fraction follow the unit.
    out.insert(out.find_last_not_of(' ') + 1, 1, 'j');
  }

 private:
  std::span<const T> parts_;
  float_columns<T> real_;
  float_columns<T> imaginary_;
};

template <class T>
T load(const std::byte* element) {
  T value;
  std::memcpy(&value, element, sizeof value);
  return value;
}

}  // namespace

std::unique_ptr<element_text> common_text(dtype type, const std::byte* elements, std::int64_t count,
                                          const print_options& options) {
  const auto integers = [&]<class T>(T) -> std::unique_ptr<element_text> {
    return std::make_unique<integer_text<T>>(typed<T>(elements, count));
  };
  switch (type) {
    case dtype::bool_: return std::make_unique<boolean_text>(elements);
    case dtype::int8: return integers(std::int8_t());
    case dtype::int16: return integers(std::int16_t());
    case dtype::int32: return integers(std::int32_t());
    case dtype::int64: return integers(std::int64_t());
    case dtype::uint8: return integers(std::uint8_t());
    case dtype::uint16: return integers(std::uint16_t());
    case dtype::uint32: return integers(std::uint32_t());
    case dtype::uint64: return integers(std::uint64_t());
    case dtype::float32: return std::make_unique<real_text<float>>(typed<float>(elements, count), options);
    case dtype::float64: return std::make_unique<real_text<double>>(typed<double>(elements, count), options);
    case dtype::complex64: return std::make_unique<complex_text<float>>(typed<float>(elements, 2 * count), options);
    case dtype::complex128: return std::make_unique<complex_text<double>>(typed<double>(elements, 2 * count), options);
  }
  throw dtype_error("to_string: no dtype has the number " + std::to_string(static_cast<int>(type)));
}

std::string single_text(dtype type, const std::byte* element) {
  switch (type) {
    case dtype::bool_: return *element != std::byte{0} ? "True" : "False";
    case dtype::int8: return std::to_string(load<std::int8_t>(element));
    case dtype::int16: return std::to_string(load<std::int16_t>(element));
    case dtype::int32: return std::to_string(load<std::int32_t>(element));
    case dtype::int64: return std::to_string(load<std::int64_t>(element));
    case dtype::uint8: return std::to_string(load<std::uint8_t>(element));
    case dtype::uint16: return std::to_string(load<std::uint16_t>(element));
    case dtype::uint32: return std::to_string(load<std::uint32_t>(element));
    case dtype::uint64: return std::to_string(load<std::uint64_t>(element));
    case dtype::float32: return single_float(load<float>(element), false, false);
    case dtype::float64: return single_float(load<double>(element), false, false);
    case dtype::complex64: return single_complex(load<std::complex<float>>(element));
    case dtype::complex128: return single_complex(load<std::complex<double>>(element));
  }
  throw dtype_error("to_string: no dtype has the number " + std::to_string(static_cast<int>(type)));
}

}  // namespace tandem::api
