#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <tandem/tandem.h>

#include "arrays/model.h"
#include "support/elements.h"

// Writing elements: conversions, broadcasting, and that what fails writes nothing.
namespace tandem::testing {
namespace {

template <class T>
inline constexpr bool is_complex_type = false;
template <class T>
inline constexpr bool is_complex_type<std::complex<T>> = true;

// The rule of conversions in numbers wide enough for all: integers wrap, floats truncate and saturate, nan is 0.
template <class To, class From>
To converted(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != From(0);
  } else if constexpr (is_complex_type<To>) {
    using Part = typename To::value_type;
    if constexpr (is_complex_type<From>) {
      return To(static_cast<Part>(value.real()), static_cast<Part>(value.imag()));
    } else {
      return To(static_cast<Part>(value), Part(0));
    }
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    const auto wide = static_cast<long double>(value);
    if (std::isnan(wide)) return 0;
    const long double cut = std::trunc(wide);
    if (cut <= static_cast<long double>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
    if (cut >= static_cast<long double>(std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
    return static_cast<To>(cut);
  } else if constexpr (std::is_integral_v<To>) {
    return static_cast<To>(static_cast<uint128>(static_cast<int128>(value)));
  } else {
    return static_cast<To>(value);
  }
}

template <class T>
std::vector<T> interesting_values(random_numbers& random) {
  std::vector<T> values;
  if constexpr (std::is_same_v<T, bool>) {
    values = {false, true};
  } else if constexpr (is_complex_type<T>) {
    using Part = typename T::value_type;
    for (const Part part : interesting_values<Part>(random)) {
      values.emplace_back(part, Part(random.between(-5, 5)));
      values.emplace_back(Part(0), part);
    }
  } else {
    using limits = std::numeric_limits<T>;
    values = {T(0), T(1), limits::max(), limits::lowest()};
    if constexpr (std::is_floating_point_v<T>) {
      values.insert(values.end(),
                    {limits::quiet_NaN(), limits::infinity(), -limits::infinity(), T(-0.0), limits::denorm_min(),
                     T(0.99), T(-0.99), T(-1.5), T(127.9), T(255.9), T(256), T(-128.9), T(-129)});
      for (const int power : {7, 8, 15, 16, 31, 32, 63, 64}) {
        const T edge = std::ldexp(T(1), power);
        for (const T each : {edge, std::nextafter(edge, T(0)), std::nextafter(edge, limits::infinity())}) {
          values.push_back(each);
          values.push_back(-each);
        }
      }
      // Beyond a float's range a narrowing conversion of the reference is still defined: it gives an infinity.
    }
    for (int i = 0; i < 40; ++i) values.push_back(random_element<T>(random));
  }
  return values;
}

template <class T>
ndarray array_of_values(const std::vector<T>& values) {
  const ndarray result = empty({static_cast<std::int64_t>(values.size())}, dtype_of<T>);
  for (std::size_t i = 0; i < values.size(); ++i) result.data<T>()[i] = values[i];
  return result;
}

template <class From, class To>
void check_pair(random_numbers& random) {
  const std::vector<From> values = interesting_values<From>(random);
  const ndarray source = array_of_values(values);
  const auto count = static_cast<std::int64_t>(values.size());
  const ndarray memory = zeros({2, 3 * count + 2}, dtype_of<To>);
  const std::vector<std::byte> before = bytes_of(memory);
  // A reversed row of every third element; what lies between them must stay.
  const ndarray target = memory(1, slice(-2, none, -3))(slice(none, count));
  ASSERT_EQ(target.shape(), dims({count}));
  if constexpr (is_complex_type<From> && !is_complex_type<To> && !std::is_same_v<To, bool>) {
    const std::string text = text_of<dtype_error>([&] { target.assign(source); });
    EXPECT_TRUE(mentions(
        text, {std::string(name(dtype_of<From>)).c_str(), std::string(name(dtype_of<To>)).c_str(), "imaginary"}));
    EXPECT_EQ(bytes_of(memory), before);
    return;
  } else {
    target.assign(source);
    for (std::int64_t i = 0; i < count; ++i) {
      const auto expected = converted<To>(static_cast<From>(values[static_cast<std::size_t>(i)]));
      const To given = target.at<const To>({i});
      ASSERT_TRUE(detail::same_element(given, expected))
          << name(dtype_of<From>) << " to " << name(dtype_of<To>) << ": "
          << ::testing::PrintToString(static_cast<From>(values[static_cast<std::size_t>(i)])) << " gave "
          << ::testing::PrintToString(given) << ", expected " << ::testing::PrintToString(expected);
    }
    target.assign(zeros({1}, dtype_of<To>));
    EXPECT_EQ(bytes_of(memory), before) << "something beside the view was written";
  }
}

TEST(Assignment, ConvertsEveryDtypeToEveryOther) {
  random_numbers random(331);
  for (const dtype from : all_dtypes) {
    for (const dtype to : all_dtypes) {
      with_dtype(from, [&]<class From>() { with_dtype(to, [&]<class To>() { check_pair<From, To>(random); }); });
    }
  }
}

TEST(Assignment, OfNumbersConverts) {
  const ndarray bytes = zeros({3}, uint8);
  bytes(0) = 300.7;
  bytes(1) = -5;
  bytes(2) = true;
  EXPECT_EQ(elements_of<std::uint8_t>(bytes), (std::vector<std::uint8_t>{255, 251, 1}));
  bytes(slice(0, 2)) = NAN;
  EXPECT_EQ(elements_of<std::uint8_t>(bytes), (std::vector<std::uint8_t>{0, 0, 1}));
  const ndarray truths = zeros({2}, bool_);
  truths(0) = 0.5;
  EXPECT_EQ(elements_of<bool>(truths), (std::vector<bool>{true, false}));
  const ndarray z = zeros({2}, complex64);
  z(1) = 3;
  EXPECT_EQ(elements_of<std::complex<float>>(z), (std::vector<std::complex<float>>{0, 3}));
  EXPECT_THROW(zeros({2})(0) = std::complex<double>(1, 2), dtype_error);
}

TEST(Assignment, Broadcasts) {
  const ndarray a = zeros({2, 3}, int32);
  a.assign(array<int>({1, 2, 3}));
  EXPECT_EQ(elements_of<int>(a), (std::vector<int>{1, 2, 3, 1, 2, 3}));
  a.assign(array<int>({{7}, {8}}));
  EXPECT_EQ(elements_of<int>(a), (std::vector<int>{7, 7, 7, 8, 8, 8}));
  a(0) = a(1, slice(0, 1));
  EXPECT_EQ(elements_of<int>(a), (std::vector<int>{8, 8, 8, 8, 8, 8}));
  // Leading axes of extent 1 that the target lacks are dropped, as NumPy does it.
  a(0).assign(array<int>({{4, 5, 6}}));
  EXPECT_EQ(elements_of<int>(a(0)), (std::vector<int>{4, 5, 6}));
  a(0, 0).assign(ones({1, 1, 1}));
  EXPECT_EQ(a.at<const int>({0, 0}), 1);
  a(slice(0, 0)) = ones({1, 3});
  a(slice(0, 0)) = 5;
  EXPECT_EQ(elements_of<int>(a), (std::vector<int>{1, 5, 6, 8, 8, 8}));
}

TEST(Assignment, ToAnUnnamedViewWritesAndReturnsIt) {
  const ndarray a = zeros({2, 3}, float32);
  const ndarray written = a(all, 1) = 4;
  EXPECT_EQ(address_of(written), address_of(a(all, 1)));
  a(1) = a(0);
  EXPECT_EQ(elements_of<float>(a), (std::vector<float>{0, 4, 0, 0, 4, 0}));
  a(0) = expr(a(1)) * 2 + 1;
  EXPECT_EQ(elements_of<float>(a), (std::vector<float>{1, 9, 1, 0, 4, 0}));
  a[1] = 2.5;
  EXPECT_EQ(elements_of<float>(a), (std::vector<float>{1, 9, 1, 2.5F, 2.5F, 2.5F}));
}

TEST(InPlace, ComputesInThePromotedDtypeAndConvertsBack) {
  const ndarray a = array<std::int8_t>({100, -100, 7});
  a += array<std::int16_t>({100, -100, 1});
  EXPECT_EQ(elements_of<std::int8_t>(a), (std::vector<std::int8_t>{-56, 56, 8}));
  const ndarray f = array<float>({1, 2, 3});
  f *= array<double>({1e-3, 0.5, 1e30});
  EXPECT_EQ(elements_of<float>(f), (std::vector<float>{static_cast<float>(1e-3), 1, static_cast<float>(3e30)}));
  f += array<std::int64_t>({1, 1, 1});
  EXPECT_EQ(f.at<const float>({1}), 2);
  const ndarray n = array<int>({17, -17, 5});
  n %= 5;
  EXPECT_EQ(elements_of<int>(n), (std::vector<int>{2, 3, 0}));
  n -= 1;
  n *= array<int>({2, 3, 4});
  EXPECT_EQ(elements_of<int>(n), (std::vector<int>{2, 6, -4}));
  n &= 6;
  n |= 1;
  n ^= 2;
  EXPECT_EQ(elements_of<int>(n), (std::vector<int>{1, 5, 7}));
  n <<= 3;
  n >>= array<int>({1, 2, 3});
  EXPECT_EQ(elements_of<int>(n), (std::vector<int>{4, 10, 7}));
  f /= 2;
  EXPECT_EQ(f.at<const float>({1}), 1);
  const ndarray flags = array<bool>({true, false});
  flags |= true;
  flags ^= array<bool>({true, false});
  EXPECT_EQ(elements_of<bool>(flags), (std::vector<bool>{false, true}));
  ndarray chain = ones({2});
  ((chain += 1) *= 3) -= 1;
  EXPECT_EQ(elements_of<double>(chain), (std::vector<double>{5, 5}));
  chain(0) += 10;
  EXPECT_EQ(elements_of<double>(chain), (std::vector<double>{15, 5}));
}

TEST(InPlace, NamesWhatItCannotTake) {
  const ndarray n = array<int>({{1, 2}, {3, 4}});
  EXPECT_TRUE(mentions(text_of<dtype_error>([&] { n += 0.5; }), {"add", "float64", "int32"}));
  EXPECT_TRUE(mentions(text_of<dtype_error>([&] { n /= 2; }), {"divide", "float64", "int32"}));
  EXPECT_TRUE(mentions(text_of<dtype_error>([&] { n *= ones({2}, complex64); }), {"multiply", "complex128", "int32"}));
  EXPECT_TRUE(mentions(text_of<dtype_error>([&] { array<std::uint8_t>({1}) += array<std::int8_t>({1}); }),
                       {"add", "int16", "uint8"}));
  EXPECT_TRUE(mentions(text_of<dtype_error>([&] { array<bool>({true}) += 1; }), {"add", "int64", "bool"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { n += ones({3, 1, 1}, int32); }), {"add", "(3, 2, 2)", "(2, 2)"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { n(0) -= n; }), {"subtract", "(2, 2)", "(2,)"}));
  EXPECT_THROW(n += ones({3}, int32), shape_error);
  EXPECT_THROW(n(0, 0) += n(0), shape_error);
  EXPECT_THROW(n <<= 0.5, dtype_error);
  EXPECT_EQ(elements_of<int>(n), (std::vector<int>{1, 2, 3, 4}));
}

// An assignment that throws leaves all elements as they were, and expressions that captured them fresh.
TEST(StrongGuarantee, HoldsForWhateverFails) {
  const ndarray a = array<float>({{1, 2, 3}, {4, 5, 6}});
  const std::vector<float> before = elements_of<float>(a);
  const expr watching = expr(a) * 2;
  expr stale = expr(a);
  {
    const ndarray b = ones({3}, float32);
    stale = expr(b) + a;
    b(0) = 2;
  }
  const auto rejects = [&]<class Exception>(auto work) {
    EXPECT_THROW(work(), Exception);
    EXPECT_EQ(elements_of<float>(a), before);
  };
  rejects.operator()<shape_error>([&] { a.assign(ones({2})); });
  rejects.operator()<shape_error>([&] { a.assign(ones({2, 2, 3})); });
  rejects.operator()<shape_error>([&] { a(0) = ones({2, 3}); });
  rejects.operator()<dtype_error>([&] { a.assign(ones({3}, complex64)); });
  rejects.operator()<dtype_error>([&] { a(0, 0) = std::complex<double>(1, 1); });
  rejects.operator()<dtype_error>([&] { a += ones({3}, complex64); });
  rejects.operator()<stale_expression>([&] { a.assign(stale); });
  rejects.operator()<stale_expression>([&] { a += stale; });
  rejects.operator()<stale_expression>(
      [&] { a.assign(concat({expr(ones({1, 3}, float32)), reshape(stale, {2, 3})(slice(0, 1))})); });
  rejects.operator()<policy_error>([&] { a.assign(7, {.workers = 0}); });
  rejects.operator()<policy_error>([&] { a.assign(a.transposed().transposed(), {.workers = -5}); });
  rejects.operator()<index_error>([&] { a(2) = 1; });
  rejects.operator()<dtype_error>([&] { a.assign(expr(ones({3}, int8)) + 1000); });
  rejects.operator()<dtype_error>([&] { eval(broadcast_to(a, {2, 2, 3})) += 1; });
  rejects.operator()<out_of_memory>(
      [&] { a.assign(sum(cumulative_sum(broadcast_to(a, {std::int64_t{1} << 50, 2, 3}), {.axis = 0}))); });
  EXPECT_EQ(elements_of<float>(watching), (std::vector<float>{2, 4, 6, 8, 10, 12}))
      << "nothing was written, so it is not stale";
}

}  // namespace
}  // namespace tandem::testing
