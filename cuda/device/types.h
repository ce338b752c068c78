#pragma once

// What the formulas and kernels need of the standard library's types. The machine that compiles kernels has neither a
// C++ standard library nor CUDA's, and reading CUDA's would take longer than compiling a kernel.
#ifdef __CUDACC__
#define TANDEM_HD __host__ __device__
#define TANDEM_UNROLL _Pragma("unroll")
#define TANDEM_NO_UNROLL _Pragma("unroll 1")
#else
#define TANDEM_HD
#define TANDEM_UNROLL
#define TANDEM_NO_UNROLL
#endif

namespace td::math {

template <class T, class U>
inline constexpr bool is_same_v = false;
template <class T>
inline constexpr bool is_same_v<T, T> = true;

template <bool Condition, class T, class U>
struct conditional {
  using type = T;
};
template <class T, class U>
struct conditional<false, T, U> {
  using type = U;
};
template <bool Condition, class T, class U>
using conditional_t = typename conditional<Condition, T, U>::type;

// clang-format off
template <class T> struct remove_cvref { using type = T; };
template <class T> struct remove_cvref<const T> { using type = T; };
template <class T> struct remove_cvref<T&> { using type = typename remove_cvref<T>::type; };
template <class T> struct remove_cvref<T&&> { using type = typename remove_cvref<T>::type; };
template <class T> using remove_cvref_t = typename remove_cvref<T>::type;

/// Integers by their unsigned and signed types of the same width.
template <class T> struct integer_types { static constexpr bool known = false; };
template <class Signed, class Unsigned> struct known_integer {
  static constexpr bool known = true;
  using as_signed = Signed;
  using as_unsigned = Unsigned;
};
template <> struct integer_types<signed char> : known_integer<signed char, unsigned char> {};
template <> struct integer_types<unsigned char> : known_integer<signed char, unsigned char> {};
template <> struct integer_types<short> : known_integer<short, unsigned short> {};
template <> struct integer_types<unsigned short> : known_integer<short, unsigned short> {};
template <> struct integer_types<int> : known_integer<int, unsigned> {};
template <> struct integer_types<unsigned> : known_integer<int, unsigned> {};
template <> struct integer_types<long> : known_integer<long, unsigned long> {};
template <> struct integer_types<unsigned long> : known_integer<long, unsigned long> {};
template <> struct integer_types<long long> : known_integer<long long, unsigned long long> {};
template <> struct integer_types<unsigned long long> : known_integer<long long, unsigned long long> {};
// clang-format on

template <class T>
inline constexpr bool is_integral_v = integer_types<T>::known || is_same_v<T, bool>;
template <class T>
inline constexpr bool is_floating_point_v = is_same_v<T, float> || is_same_v<T, double>;
template <class T>
inline constexpr bool is_signed_v = is_floating_point_v<T>;
template <class T>
  requires integer_types<T>::known
inline constexpr bool is_signed_v<T> = static_cast<T>(-1) < static_cast<T>(1);
template <class T>
using make_unsigned_t = typename integer_types<T>::as_unsigned;
template <class T>
using make_signed_t = typename integer_types<T>::as_signed;

template <class T>
struct numeric_limits {
  static constexpr TANDEM_HD T max() {
    return static_cast<T>(is_signed_v<T> ? static_cast<make_unsigned_t<T>>(-1) / 2
                                         : static_cast<make_unsigned_t<T>>(-1));
  }
  static constexpr TANDEM_HD T min() { return is_signed_v<T> ? static_cast<T>(-max() - 1) : static_cast<T>(0); }
};
template <>
struct numeric_limits<float> {
  static constexpr int digits = 24;
  static constexpr TANDEM_HD float max() { return 0x1.fffffep127f; }
  static constexpr TANDEM_HD float min() { return 0x1p-126f; }
  static constexpr TANDEM_HD float epsilon() { return 0x1p-23f; }
  static constexpr TANDEM_HD float infinity() { return __builtin_bit_cast(float, 0x7f800000U); }
  static constexpr TANDEM_HD float quiet_NaN() { return __builtin_bit_cast(float, 0x7fc00000U); }
};
template <>
struct numeric_limits<double> {
  static constexpr int digits = 53;
  static constexpr TANDEM_HD double max() { return 0x1.fffffffffffffp1023; }
  static constexpr TANDEM_HD double min() { return 0x1p-1022; }
  static constexpr TANDEM_HD double epsilon() { return 0x1p-52; }
  static constexpr TANDEM_HD double infinity() { return __builtin_bit_cast(double, 0x7ff0000000000000ULL); }
  static constexpr TANDEM_HD double quiet_NaN() { return __builtin_bit_cast(double, 0x7ff8000000000000ULL); }
};

/// Two neighbours in memory, as std::complex. It has no arithmetic: the formulas have their own.
template <class T>
class complex {
 public:
  using value_type = T;

  constexpr TANDEM_HD complex(T re = T(), T im = T()) : real_(re), imag_(im) {}
  constexpr TANDEM_HD T real() const { return real_; }
  constexpr TANDEM_HD T imag() const { return imag_; }

  friend constexpr TANDEM_HD bool operator==(complex x, complex y) { return x.real_ == y.real_ && x.imag_ == y.imag_; }

 private:
  T real_, imag_;
};

}  // namespace td::math

namespace td {
using math::complex;
}
