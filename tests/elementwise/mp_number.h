#pragma once

#include <mpfr.h>

#include <cmath>

namespace tandem::testing {

// A real number of the MPFR library with 200 bits, the reference for float and double. Its exponents are so wide that
// it neither overflows nor underflows where they do.
class mp {
 public:
  static constexpr mpfr_prec_t default_bits = 200;

  explicit mp(double value = 0, mpfr_prec_t bits = default_bits) {
    mpfr_init2(value_, bits);
    mpfr_set_d(value_, value, MPFR_RNDN);
    if (std::isnan(value)) mpfr_setsign(value_, value_, std::signbit(value), MPFR_RNDN);  // a nan loses it
  }
  explicit mp(long double value, mpfr_prec_t bits = default_bits) {
    mpfr_init2(value_, bits);
    mpfr_set_ld(value_, value, MPFR_RNDN);
  }
  mp(const mp& other) {
    mpfr_init2(value_, mpfr_get_prec(other.value_));
    mpfr_set(value_, other.value_, MPFR_RNDN);
  }
  mp& operator=(mp other) noexcept {
    mpfr_swap(value_, other.value_);
    return *this;
  }
  ~mp() { mpfr_clear(value_); }

  mpfr_ptr get() { return value_; }
  mpfr_srcptr get() const { return value_; }
  mpfr_prec_t bits() const { return mpfr_get_prec(value_); }
  double to_double() const { return mpfr_get_d(value_, MPFR_RNDN); }
  float to_float() const { return mpfr_get_flt(value_, MPFR_RNDN); }
  long double to_long_double() const { return mpfr_get_ld(value_, MPFR_RNDN); }

  bool is_nan() const { return mpfr_nan_p(value_) != 0; }
  bool is_inf() const { return mpfr_inf_p(value_) != 0; }
  bool is_zero() const { return mpfr_zero_p(value_) != 0; }
  bool is_negative() const { return mpfr_signbit(value_) != 0; }
  // 2 to this power is above the modulus and not above twice of it; for a number that is not 0, infinite or nan.
  long exponent() const { return mpfr_get_exp(value_); }

 private:
  mpfr_t value_;
};

// The result of an MPFR function, with the precision of its first operand.
template <class Function>
mp mp_result(Function function, const mp& x) {
  mp result(0.0, x.bits());
  function(result.get(), x.get(), MPFR_RNDN);
  return result;
}

template <class Function>
mp mp_result(Function function, const mp& x, const mp& y) {
  mp result(0.0, x.bits());
  function(result.get(), x.get(), y.get(), MPFR_RNDN);
  return result;
}

inline mp operator+(const mp& x, const mp& y) { return mp_result(mpfr_add, x, y); }
inline mp operator-(const mp& x, const mp& y) { return mp_result(mpfr_sub, x, y); }
inline mp operator*(const mp& x, const mp& y) { return mp_result(mpfr_mul, x, y); }
inline mp operator/(const mp& x, const mp& y) { return mp_result(mpfr_div, x, y); }
inline mp operator-(const mp& x) {
  mp result = x;
  mpfr_neg(result.get(), x.get(), MPFR_RNDN);
  return result;
}
inline bool operator==(const mp& x, const mp& y) { return mpfr_equal_p(x.get(), y.get()) != 0; }
inline bool operator!=(const mp& x, const mp& y) { return !(x == y); }
inline bool operator<(const mp& x, const mp& y) { return mpfr_less_p(x.get(), y.get()) != 0; }
inline bool operator<=(const mp& x, const mp& y) { return mpfr_lessequal_p(x.get(), y.get()) != 0; }
inline bool operator>(const mp& x, const mp& y) { return y < x; }
inline bool operator>=(const mp& x, const mp& y) { return y <= x; }

}  // namespace tandem::testing
