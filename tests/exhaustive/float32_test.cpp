#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include <tandem/creation.h>

#include "elementwise/evaluate.h"
#include "elementwise/rows.h"

// Every float32 there is, all 2^32, through each function of one operand that gives float32, beside the C library's
// function of float64. That one is within 2 units in the last place of float64 of the truth, so that errors in units of
// float32 are known to 2^-28; nowhere does its range end before float32's.
namespace tandem::testing {
namespace {

constexpr double reference_error = 0x1p-28;

using reference = double (*)(double x);

struct named_reference {
  op which;
  reference function;
};

constexpr named_reference references[] = {
    {op::negative, [](double x) { return -x; }},
    {op::positive, [](double x) { return x; }},
    {op::abs, [](double x) { return std::fabs(x); }},
    {op::sign, [](double x) { return std::isnan(x) ? x : double(x > 0) - double(x < 0); }},  // +0 for either zero
    {op::square, [](double x) { return x * x; }},
    {op::sqrt, [](double x) { return std::sqrt(x); }},
    {op::reciprocal, [](double x) { return 1 / x; }},
    {op::ceil, [](double x) { return std::ceil(x); }},
    {op::floor, [](double x) { return std::floor(x); }},
    {op::trunc, [](double x) { return std::trunc(x); }},
    {op::round, [](double x) { return std::nearbyint(x); }},
    {op::exp, [](double x) { return std::exp(x); }},
    {op::expm1, [](double x) { return std::expm1(x); }},
    {op::log, [](double x) { return std::log(x); }},
    {op::log1p, [](double x) { return std::log1p(x); }},
    {op::log2, [](double x) { return std::log2(x); }},
    {op::log10, [](double x) { return std::log10(x); }},
    {op::sin, [](double x) { return std::sin(x); }},
    {op::cos, [](double x) { return std::cos(x); }},
    {op::tan, [](double x) { return std::tan(x); }},
    {op::asin, [](double x) { return std::asin(x); }},
    {op::acos, [](double x) { return std::acos(x); }},
    {op::atan, [](double x) { return std::atan(x); }},
    {op::sinh, [](double x) { return std::sinh(x); }},
    {op::cosh, [](double x) { return std::cosh(x); }},
    {op::tanh, [](double x) { return std::tanh(x); }},
    {op::asinh, [](double x) { return std::asinh(x); }},
    {op::acosh, [](double x) { return std::acosh(x); }},
    {op::atanh, [](double x) { return std::atanh(x); }},
    {op::real, [](double x) { return x; }},
    {op::imag, [](double) { return 0.0; }},
    {op::conj, [](double x) { return x; }},
};

constexpr bool is_checked(const row& r) {
  return r.arity == 1 && accepts(r.accepts, float32) && result_type_of(r, float32) == float32;
}

constexpr reference reference_of(const row& r) {
  const auto* const found = std::ranges::find(references, r.which, &named_reference::which);
  return found == std::end(references) ? nullptr : found->function;
}

static_assert(std::ranges::all_of(rows, [](const row& r) { return !is_checked(r) || reference_of(r) != nullptr; }),
              "a function of one operand has no reference here");

std::vector<row> float32_rows() {
  std::vector<row> list;
  std::ranges::copy_if(rows, std::back_inserter(list), is_checked);
  return list;
}

constexpr double wrong = std::numeric_limits<double>::infinity();

// Units in the last place of the reference; `wrong` for an infinity, a nan or a zero of the wrong sign. An overflow
// counts as the first number out of range.
double error_in_ulp(float result, double expected) {
  if (std::isnan(result) || std::isnan(expected)) return std::isnan(result) && std::isnan(expected) ? 0 : wrong;
  if (std::isinf(expected)) return std::isinf(result) && std::signbit(result) == std::signbit(expected) ? 0 : wrong;
  if (result == 0 && std::signbit(result) != std::signbit(expected)) return wrong;
  constexpr double beyond = 0x1p128;
  const double given = std::isinf(result) ? std::copysign(beyond, static_cast<double>(result)) : result;
  const double wanted = std::clamp(expected, -beyond, beyond);
  // The exponent of a unit is 23 below the number's; denormal numbers have that of the smallest normal one, and an
  // overflow that of the largest number.
  const auto bits = static_cast<int>(std::bit_cast<std::uint64_t>(wanted) >> 52 & 0x7FF) - 1023;
  const int unit = std::clamp(bits, -126, 127) - 23;
  return std::fabs(given - wanted) * std::bit_cast<double>(static_cast<std::uint64_t>(1023 - unit) << 52);
}

struct worst_case {
  double error = 0;
  std::uint32_t bits = 0;
  std::int64_t beyond_bound = 0;

  void add(const worst_case& other) {
    if (other.error > error || (other.error == error && other.bits < bits)) error = other.error, bits = other.bits;
    beyond_bound += other.beyond_bound;
  }
};

constexpr std::int64_t block_elements = 1 << 16;
constexpr std::int64_t blocks = (std::int64_t{1} << 32) / block_elements;

// One of the threads that share the blocks.
worst_case check_blocks(const row& r, reference expected, std::atomic<std::int64_t>& next) {
  worst_case found;
  const std::array<ndarray, 1> x = {zeros({block_elements}, float32)};
  for (std::int64_t block = next++; block < blocks; block = next++) {
    float* const operand = x[0].data<float>();
    const auto first = static_cast<std::uint32_t>(block * block_elements);
    for (std::uint32_t i = 0; i < block_elements; ++i) operand[i] = std::bit_cast<float>(first + i);
    const ndarray result = eval(expression(r.which, x), {.workers = 1});
    const float* const given = result.data<const float>();
    for (std::uint32_t i = 0; i < block_elements; ++i) {
      const double error = error_in_ulp(given[i], expected(static_cast<double>(operand[i])));
      if (error > found.error) found.error = error, found.bits = first + i;
      found.beyond_bound += error > (r.ulp == 0 || r.which == op::abs ? 0 : r.ulp + reference_error);
    }
  }
  return found;
}

class Float32 : public ::testing::TestWithParam<row> {};

TEST_P(Float32, EveryNumberIsWithinTheBound) {
  const row r = GetParam();
  const reference expected = reference_of(r);
  std::vector<worst_case> found(std::max(1U, std::thread::hardware_concurrency()));
  std::atomic<std::int64_t> next = 0;
  std::vector<std::thread> threads;
  for (worst_case& each : found) threads.emplace_back([&] { each = check_blocks(r, expected, next); });
  for (std::thread& each : threads) each.join();
  worst_case all;
  for (const worst_case& each : found) all.add(each);

  const auto at = std::bit_cast<float>(all.bits);
  std::printf("%s: at most %.4f ulp, at %a (0x%08x); bound %.1f\n", std::string(r.name).c_str(), all.error,
              static_cast<double>(at), all.bits, r.ulp);
  EXPECT_EQ(all.beyond_bound, 0) << r.name << "(" << at << ") has an error of " << all.error << " ulp, bound " << r.ulp;
}

INSTANTIATE_TEST_SUITE_P(Exhaustive, Float32, ::testing::ValuesIn(float32_rows()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace tandem::testing
