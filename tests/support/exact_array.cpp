#include "support/exact_array.h"

#include <sstream>

namespace tandem::testing {

exact_array read(const ndarray& array) {
  exact_array result{array.dtype(), array.shape(), {}};
  with_dtype(array.dtype(), [&]<class T>() {
    const T* const from = array.data<const T>();
    for (const std::int64_t distance : distances_of(array.shape(), array.strides())) {
      result.at.push_back(exact_of<T>(from[distance]));
    }
  });
  return result;
}

std::string number_text(exact value) {
  std::ostringstream text;
  text.precision(20);
  text << value.real();
  if (value.imag() != 0) text << (std::signbit(value.imag()) ? "" : "+") << value.imag() << "j";
  return text.str();
}

namespace {

::testing::AssertionResult same_form(const ndarray& given, const exact_array& wanted) {
  if (given.dtype() == wanted.type && given.shape() == wanted.shape) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << name(given.dtype()) << " " << to_string(given.shape()) << ", expected "
                                       << name(wanted.type) << " " << to_string(wanted.shape);
}

bool near(real_number x, real_number y, real_number bound) {
  if (std::isnan(y)) return std::isnan(x);
  return x == y || (std::isfinite(y) && std::fabs(x - y) <= bound);
}

bool same_number(real_number x, real_number y) {
  return std::isnan(y) ? std::isnan(x) : x == y && std::signbit(x) == std::signbit(y);
}

::testing::AssertionResult differs(const ndarray& given, std::size_t i, exact x, exact y) {
  return ::testing::AssertionFailure() << "element " << i << " of " << name(given.dtype()) << " "
                                       << to_string(given.shape()) << " is " << number_text(x) << ", expected "
                                       << number_text(y);
}

}  // namespace

::testing::AssertionResult within(const ndarray& given, const exact_array& wanted,
                                  const std::vector<real_number>& bounds) {
  if (auto form = same_form(given, wanted); !form) return form;
  const exact_array values = read(given);
  for (std::size_t i = 0; i < wanted.at.size(); ++i) {
    const exact x = values.at[i];
    const exact y = wanted.at[i];
    if (near(x.real(), y.real(), bounds[i]) && near(x.imag(), y.imag(), bounds[i])) continue;
    return differs(given, i, x, y) << " within " << static_cast<double>(bounds[i]);
  }
  return ::testing::AssertionSuccess();
}

::testing::AssertionResult equals(const ndarray& given, const exact_array& wanted) {
  if (auto form = same_form(given, wanted); !form) return form;
  const exact_array values = read(given);
  for (std::size_t i = 0; i < wanted.at.size(); ++i) {
    const exact x = values.at[i];
    const exact y = wanted.at[i];
    if (!same_number(x.real(), y.real()) || !same_number(x.imag(), y.imag())) return differs(given, i, x, y);
  }
  return ::testing::AssertionSuccess();
}

}  // namespace tandem::testing
