#include <tandem/scalar.h>

#include <fmt/format.h>

#include <limits>
#include <utility>

#include <tandem/errors.h>

namespace tandem {

namespace {

// Python's repr of a float.
std::string real_text(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

bool integer_fits(auto value, dtype type) {
  const auto within = [&]<class T>(T) { return std::in_range<T>(value); };
  switch (type) {
    case dtype::int8: return within(std::int8_t());
    case dtype::int16: return within(std::int16_t());
    case dtype::int32: return within(std::int32_t());
    case dtype::int64: return within(std::int64_t());
    case dtype::uint8: return within(std::uint8_t());
    case dtype::uint16: return within(std::uint16_t());
    case dtype::uint32: return within(std::uint32_t());
    case dtype::uint64: return within(std::uint64_t());
    case dtype::bool_: return false;
    default: return true;
  }
}

}  // namespace

dtype scalar::default_dtype() const noexcept {
  switch (value_.index()) {
    case 0: return dtype::bool_;
    case 1: return dtype::int64;
    case 2:
      return std::get<std::uint64_t>(value_) > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())
                 ? dtype::uint64
                 : dtype::int64;
    case 3: return dtype::float64;
    default: return dtype::complex128;
  }
}

dtype scalar::dtype_beside(dtype beside) const noexcept { return weak_result_type(default_dtype(), beside); }

bool scalar::fits(dtype type) const noexcept {
  if (std::holds_alternative<bool>(value_)) return true;
  if (const auto* integer = std::get_if<std::int64_t>(&value_)) return integer_fits(*integer, type);
  if (const auto* integer = std::get_if<std::uint64_t>(&value_)) return integer_fits(*integer, type);
  return std::holds_alternative<double>(value_) ? is_floating(type) : is_complex(type);
}

void scalar::check_fits(dtype type) const {
  if (!fits(type)) throw dtype_error(fmt::format("{} does not fit dtype {}", to_string(*this), name(type)));
}

std::string to_string(const scalar& value) {
  return std::visit(
      [](auto v) -> std::string {
        using V = decltype(v);
        if constexpr (std::is_same_v<V, bool>) {
          return v ? "True" : "False";
        } else if constexpr (std::is_same_v<V, double>) {
          return real_text(v);
        } else if constexpr (std::is_same_v<V, std::complex<double>>) {
          return fmt::format("({}{:+}j)", v.real(), v.imag());
        } else {
          return std::to_string(v);
        }
      },
      value.value());
}

dtype weak_result_type(dtype weak, dtype strong) noexcept {
  // bool < integer < real < complex; only a higher kind changes the dtype, to the default of that kind or, for complex
  // beside a real float, to the complex dtype of the same precision.
  const auto rank = [](dtype type) { return is_boolean(type) ? 0 : is_integer(type) ? 1 : is_complex(type) ? 3 : 2; };
  if (rank(weak) <= rank(strong)) return strong;
  if (is_complex(weak) && strong == dtype::float32) return dtype::complex64;
  return weak;
}

}  // namespace tandem
