#include <string>
#include <vector>

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/manipulation.h>
#include <tandem/products.h>
#include <tandem/statistics.h>

#include "contract/cases.h"
#include "products/reference.h"
#include "statistics/cumulative_reference.h"
#include "statistics/reference.h"
#include "support/operands.h"

namespace tandem::testing {

namespace {

const std::vector<dims>& shapes() {
  static const std::vector<dims> list = {dims{},        dims{1},          dims{0},     dims{7},
                                         dims{3, 5},    dims{1, 5},       dims{5, 1},  dims{0, 3},
                                         dims{2, 3, 4}, dims{2, 1, 3, 2}, dims{33, 65}};
  return list;
}

std::string text_of_case(std::string_view what, dtype type, const dims& shape, form f) {
  return std::string(what) + " " + std::string(name(type)) + " " + to_string(shape) + " " + std::string(name_of(f));
}

// x + y of small numbers, which floats hold exactly.
exact sum_of(exact x, exact y, dtype type) {
  if (type == dtype::bool_) return x != exact(0) || y != exact(0) ? 1 : 0;
  return is_integer(type) ? wrapped(whole_of(x) + whole_of(y), type) : plus(x, y);
}

posed exactly(const expr& value, const exact_array& wanted, std::optional<ndarray> target = std::nullopt) {
  return {value, std::move(target), [wanted](const ndarray& result, double) { return equals(result, wanted); }};
}

posed pose_sum(dtype type, const dims& shape, form f, random_numbers& random) {
  const operand x = random_operand(type, shape, f, numbers::small, random);
  // Broadcast along some axes.
  dims narrow = shape;
  for (std::int64_t& extent : narrow) {
    if (random.chance(25)) extent = 1;
  }
  if (!shape.empty() && random.chance(25)) narrow.erase(0);
  const operand y = random_operand(type, narrow, random.one_of(all_forms), numbers::small, random);
  exact_array wanted{type, broadcast_shape(shape, narrow), {}};
  const auto x_at = distances_of(wanted.shape, broadcast_strides(shape, wanted.shape));
  const auto y_at = distances_of(wanted.shape, broadcast_strides(narrow, wanted.shape));
  for (std::size_t i = 0; i < x_at.size(); ++i) {
    wanted.at.push_back(
        sum_of(x.values.at[static_cast<std::size_t>(x_at[i])], y.values.at[static_cast<std::size_t>(y_at[i])], type));
  }
  return exactly(x.view + y.view, wanted);
}

// Booleans are no numbers to count with.
exact one_more(exact x, dtype type) { return sum_of(x, 1, type); }

posed pose_update(dtype type, const dims& shape, form f, random_numbers& random) {
  const operand x = random_operand(type, shape, f, numbers::small, random);
  exact_array wanted = x.values;
  for (exact& each : wanted.at) each = one_more(each, type);
  return exactly(x.view + astype(1, type), wanted, x.view);
}

posed pose_copy(dtype type, const dims& shape, form f, random_numbers& random) {
  const operand target = random_operand(type, shape, f, numbers::small, random);
  const operand x = random_operand(type, shape, random.one_of(all_forms), numbers::special, random);
  return exactly(x.view, x.values, target.view);
}

posed pose_reduction(dtype type, form f, random_numbers& random) {
  const operand x = random_operand(type, {4, 30}, random.one_of(all_forms), numbers::small, random);
  const bool of_rows = random.chance(50);
  const statistic_options options{.axis = of_rows ? 1 : 0, .dtype = type};
  const expected_array wanted = expected(statistic::sum, x.values, options, true);
  const operand target = random_operand(type, wanted.values.shape, f, numbers::small, random);
  return {call(statistic::sum, x.view, options), target.view,
          [wanted](const ndarray& result, double) { return within(result, wanted); }};
}

posed pose_scan(dtype type, form f, random_numbers& random) {
  const operand x = random_operand(type, {5, 9}, random.one_of(all_forms), numbers::small, random);
  const expected_array wanted = expected_cumulative(false, x.values, 1, type, false, true);
  const operand target = random_operand(type, {5, 9}, f, numbers::small, random);
  return {cumulative_sum(x.view, {.axis = 1, .dtype = type}), target.view,
          [wanted](const ndarray& result, double) { return within(result, wanted); }};
}

posed pose_product(dtype type, form f, random_numbers& random) {
  const operand x = random_operand(type, {2, 5, 6}, random.one_of(all_forms), numbers::small, random);
  const operand y = random_operand(type, {6, 3}, random.one_of(all_forms), numbers::small, random);
  const expected_product wanted = expected_matmul(x.values, y.values, type, true);
  const operand target = random_operand(type, {2, 5, 3}, f, numbers::small, random);
  return {matmul(x.view, y.view), target.view,
          [wanted](const ndarray& result, double) { return within(result, wanted); }};
}

posed pose_join(dtype type, form f, random_numbers& random) {
  const operand x = random_operand(type, {2, 7}, random.one_of(all_forms), numbers::special, random);
  const operand y = random_operand(type, {3, 7}, random.one_of(all_forms), numbers::special, random);
  exact_array wanted{type, {5, 7}, x.values.at};
  wanted.at.insert(wanted.at.end(), y.values.at.begin(), y.values.at.end());
  const operand target = random_operand(type, {5, 7}, f, numbers::small, random);
  return exactly(concat({x.view, y.view}), wanted, target.view);
}

}  // namespace

std::vector<contract_case> layout_cases() {
  std::vector<contract_case> list;
  for (const dtype type : all_dtypes) {
    for (const dims& shape : shapes()) {
      for (const form f : all_forms) {
        list.push_back({text_of_case("sum of", type, shape, f),
                        [=](random_numbers& random) { return pose_sum(type, shape, f, random); }});
        list.push_back({text_of_case("nothing to do for", type, shape, f), [=](random_numbers& random) {
                          const operand x = random_operand(type, shape, f, numbers::special, random);
                          return exactly(x.view, x.values);
                        }});
      }
    }
    list.push_back({text_of_case("a number alone", type, {3, 4}, form::repeated), [=](random_numbers&) {
                      return exactly(astype(broadcast_to(1, {3, 4}), type) + astype(0, type),
                                     {type, {3, 4}, std::vector<exact>(12, 1)});
                    }});
  }
  return list;
}

std::vector<contract_case> assignment_cases() {
  std::vector<contract_case> list;
  for (const dtype type : all_dtypes) {
    for (const form f : writable_forms) {
      for (const dims& shape : shapes()) {
        list.push_back({text_of_case("update of", type, shape, f),
                        [=](random_numbers& random) { return pose_update(type, shape, f, random); }});
        list.push_back({text_of_case("copy to", type, shape, f),
                        [=](random_numbers& random) { return pose_copy(type, shape, f, random); }});
      }
      list.push_back({text_of_case("sums to", type, {}, f),
                      [=](random_numbers& random) { return pose_reduction(type, f, random); }});
      list.push_back({text_of_case("running sums to", type, {}, f),
                      [=](random_numbers& random) { return pose_scan(type, f, random); }});
      list.push_back({text_of_case("product to", type, {}, f),
                      [=](random_numbers& random) { return pose_product(type, f, random); }});
      list.push_back(
          {text_of_case("join to", type, {}, f), [=](random_numbers& random) { return pose_join(type, f, random); }});
    }
  }
  return list;
}

}  // namespace tandem::testing
