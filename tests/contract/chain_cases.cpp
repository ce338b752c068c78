#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <tandem/elementwise.h>
#include <tandem/manipulation.h>
#include <tandem/products.h>
#include <tandem/statistics.h>

#include "contract/cases.h"
#include "products/reference.h"
#include "statistics/reference.h"
#include "support/operands.h"

// Several operations in one stage round as if each ran alone, on every device: the reference is the same arithmetic,
// one operation at a time. So only operations that are rounded correctly everywhere are in these chains.
namespace tandem::testing {

namespace {

template <class T>
using formula = T (*)(T x, T y, T z);

template <class T>
std::vector<T> typed(const exact_array& x) {
  std::vector<T> values;
  for (const exact each : x.at) values.push_back(static_cast<T>(each.real()));
  return values;
}

struct chain {
  const char* name;
  expr (*build)(const expr& x, const expr& y, const expr& z);
  formula<float> as_float;
  formula<double> as_double;
};

template <class T>
T long_sum(T x, T y, T z) {
  T v = x;
  for (int i = 0; i < 40; ++i) v = v * T(0.5) + (i % 2 == 0 ? y : z);
  return v;
}

expr long_sum_of(const expr& x, const expr& y, const expr& z) {
  expr v = x;
  for (int i = 0; i < 40; ++i) v = v * 0.5 + (i % 2 == 0 ? y : z);
  return v;
}

template <class T>
T fraction(T x, T y, T z) {
  const T below = y * y + T(1);
  return std::sqrt(std::fabs(x)) / below - z;
}

template <class T>
T choice(T x, T y, T z) {
  return x < y ? x * z : y - z;
}

template <class T>
T flag(T x, T y, T z) {
  const T is_less = x < y ? T(1) : T(0);
  return is_less * z + x;
}

template <class T>
T multiply_add(T x, T y, T z) {
  const T product = x * y;
  return product + z;
}

template <class T>
T differences(T x, T y, T z) {
  const T first = x - y;
  const T second = x + z;
  return first * second;
}

constexpr chain chains[] = {
    {"x * y + z", [](const expr& x, const expr& y, const expr& z) { return x * y + z; }, multiply_add<float>,
     multiply_add<double>},
    {"(x - y) * (x + z)", [](const expr& x, const expr& y, const expr& z) { return (x - y) * (x + z); },
     differences<float>, differences<double>},
    {"where(x < y, x * z, y - z)",
     [](const expr& x, const expr& y, const expr& z) { return where(x < y, x * z, y - z); }, choice<float>,
     choice<double>},
    {"astype(x < y) * z + x",
     [](const expr& x, const expr& y, const expr& z) { return astype(x < y, z.dtype()) * z + x; }, flag<float>,
     flag<double>},
    {"sqrt(abs(x)) / (y * y + 1) - z",
     [](const expr& x, const expr& y, const expr& z) { return sqrt(tandem::abs(x)) / (y * y + 1.0) - z; },
     fraction<float>, fraction<double>},
    {"80 operations", long_sum_of, long_sum<float>, long_sum<double>},
};

// Shapes of x, y and z that broadcast to one.
struct shape_triple {
  dims x, y, z;
};
const std::vector<shape_triple>& shapes() {
  static const std::vector<shape_triple> list = {{{7}, {7}, {7}},
                                                 {{}, {}, {}},
                                                 {{0}, {1}, {}},
                                                 {{5, 1}, {1, 6}, {}},
                                                 {{4, 9}, {9}, {4, 1}},
                                                 {{3, 1, 5}, {4, 1}, {3, 4, 5}},
                                                 {{70, 300}, {300}, {70, 1}},
                                                 {{20011}, {20011}, {1}}};
  return list;
}

template <class T>
exact_array apply(formula<T> what, const exact_array& x, const exact_array& y, const exact_array& z) {
  exact_array wanted{x.type, broadcast_shape(broadcast_shape(x.shape, y.shape), z.shape), {}};
  const std::vector<T> values[] = {typed<T>(x), typed<T>(y), typed<T>(z)};
  std::vector<std::int64_t> at[3];
  const exact_array* const operands[] = {&x, &y, &z};
  for (int k = 0; k < 3; ++k) at[k] = distances_of(wanted.shape, broadcast_strides(operands[k]->shape, wanted.shape));
  const auto value = [&](int k, std::size_t i) { return values[k][static_cast<std::size_t>(at[k][i])]; };
  for (std::size_t i = 0; i < at[0].size(); ++i) {
    wanted.at.push_back(exact_of<T>(what(value(0, i), value(1, i), value(2, i))));
  }
  return wanted;
}

posed pose_chain(const chain& what, dtype type, const shape_triple& of, random_numbers& random) {
  const numbers kind = random.chance(30) ? numbers::special : numbers::wide;
  const operand x = random_operand(type, of.x, random.one_of(all_forms), kind, random);
  const operand y = random_operand(type, of.y, random.one_of(all_forms), kind, random);
  const operand z = random_operand(type, of.z, random.one_of(all_forms), kind, random);
  const exact_array wanted = type == float32 ? apply<float>(what.as_float, x.values, y.values, z.values)
                                             : apply<double>(what.as_double, x.values, y.values, z.values);
  return {what.build(x.view, y.view, z.view), std::nullopt,
          [wanted](const ndarray& result, double) { return equals(result, wanted); }};
}

// (x + y) * z - x of small numbers, which is exact in every dtype or wraps.
posed pose_exact_chain(dtype type, const shape_triple& of, random_numbers& random) {
  const operand x = random_operand(type, of.x, random.one_of(all_forms), numbers::small, random);
  const operand y = random_operand(type, of.y, random.one_of(all_forms), numbers::small, random);
  const operand z = random_operand(type, of.z, random.one_of(all_forms), numbers::small, random);
  exact_array wanted{type, broadcast_shape(broadcast_shape(of.x, of.y), of.z), {}};
  const auto x_at = distances_of(wanted.shape, broadcast_strides(of.x, wanted.shape));
  const auto y_at = distances_of(wanted.shape, broadcast_strides(of.y, wanted.shape));
  const auto z_at = distances_of(wanted.shape, broadcast_strides(of.z, wanted.shape));
  for (std::size_t i = 0; i < x_at.size(); ++i) {
    const exact a = x.values.at[static_cast<std::size_t>(x_at[i])];
    const exact b = y.values.at[static_cast<std::size_t>(y_at[i])];
    const exact c = z.values.at[static_cast<std::size_t>(z_at[i])];
    const exact value = plus(times(plus(a, b), c), -a);
    wanted.at.push_back(is_integer(type) ? wrapped(whole_of(value), type) : value);
  }
  // Of zeros only the value is sure: the parts of complex products add up in an order of their own.
  const std::vector<real_number> bounds(wanted.at.size(), 0);
  return {(x.view + y.view) * z.view - x.view, std::nullopt,
          [wanted, bounds](const ndarray& result, double) { return within(result, wanted, bounds); }};
}

// ---- several stages, with temporaries between them

posed pose_softmax(dtype type, const dims& shape, random_numbers& random) {
  const operand x = random_operand(type, shape, random.one_of(all_forms), numbers::small, random);
  const std::int64_t columns = shape.back();
  expected_array wanted{{type, shape, {}}, {}};
  for (std::size_t row = 0; row < x.values.at.size(); row += static_cast<std::size_t>(columns)) {
    const auto begin = x.values.at.begin() + static_cast<std::ptrdiff_t>(row);
    real_number largest = begin->real();
    for (auto each = begin; each != begin + columns; ++each) largest = std::max(largest, each->real());
    real_number sum = 0;
    for (auto each = begin; each != begin + columns; ++each) sum += std::exp(each->real() - largest);
    for (auto each = begin; each != begin + columns; ++each) {
      const real_number value = std::exp(each->real() - largest) / sum;
      wanted.values.at.push_back(value);
      // exp within 1 ulp of both, or a few more on another device, and a rounding for each level of the sum.
      wanted.bounds.push_back((tree_depth(static_cast<std::size_t>(columns)) + 16) * unit_roundoff(type) * value);
    }
  }
  const expr e = exp(x.view - max(x.view, {.axis = -1, .keepdims = true}));
  return {e / sum(e, {.axis = -1, .keepdims = true}), std::nullopt,
          [wanted](const ndarray& result, double) { return within(result, wanted); }};
}

posed pose_product_between(dtype type, random_numbers& random) {
  const operand x = random_operand(type, {9, 14}, random.one_of(all_forms), numbers::small, random);
  const operand y = random_operand(type, {14, 5}, random.one_of(all_forms), numbers::small, random);
  const exact_array product = expected_matmul(x.values, y.values, type, true).values;
  expected_array wanted = expected(statistic::sum, product, {.axis = 0, .dtype = type}, true);
  return {sum(matmul(where(true, x.view, x.view), y.view), {.axis = 0, .dtype = type}), std::nullopt,
          [wanted](const ndarray& result, double) { return within(result, wanted); }};
}

}  // namespace

std::vector<contract_case> chain_cases() {
  std::vector<contract_case> list;
  for (const dtype type : {float32, float64}) {
    for (const chain& what : chains) {
      for (const shape_triple& of : shapes()) {
        list.push_back({std::string(what.name) + " of " + std::string(name(type)) + " " + to_string(of.x),
                        [&what, type, of](random_numbers& random) { return pose_chain(what, type, of, random); }});
      }
    }
    for (const dims& shape : {dims{1}, dims{9}, dims{7, 1}, dims{6, 30}, dims{300, 90}}) {
      list.push_back({"softmax of " + std::string(name(type)) + " " + to_string(shape),
                      [=](random_numbers& random) { return pose_softmax(type, shape, random); }});
    }
  }
  for (const dtype type : all_dtypes) {
    if (type == bool_) continue;
    for (const shape_triple& of : shapes()) {
      list.push_back({"(x + y) * z - x of " + std::string(name(type)) + " " + to_string(of.x),
                      [=](random_numbers& random) { return pose_exact_chain(type, of, random); }});
    }
  }
  for (const dtype type : all_dtypes) {
    list.push_back({"sums of a product of " + std::string(name(type)),
                    [=](random_numbers& random) { return pose_product_between(type, random); }});
  }
  return list;
}

}  // namespace tandem::testing
