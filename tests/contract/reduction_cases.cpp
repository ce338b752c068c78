#include <string>
#include <vector>

#include "contract/cases.h"
#include "statistics/arg_reference.h"
#include "statistics/cumulative_reference.h"
#include "statistics/reference.h"
#include "support/operands.h"

namespace tandem::testing {

namespace {

const std::vector<dims>& shapes() {
  static const std::vector<dims> list = {dims{},     dims{1},       dims{7},         dims{0},      dims{3, 5},
                                         dims{1, 4}, dims{4, 1},    dims{3, 0, 2},   dims{200, 3}, dims{3, 200},
                                         dims{5003}, dims{2, 3, 4}, dims{2, 1, 3, 5}};
  return list;
}

std::string text_of_case(std::string_view what, dtype type, const dims& shape, const std::string& axes) {
  return std::string(what) + " of " + std::string(name(type)) + " " + to_string(shape) + " over " + axes;
}

dims axes_of(unsigned set, int rank) {
  dims list;
  for (int axis = 0; axis < rank; ++axis) {
    if ((set >> axis & 1U) != 0) list.push_back(axis);
  }
  return list;
}

// Powers of one number, which a repeated operand's products are, leave the range of float32.
form form_for(bool is_product, random_numbers& random) {
  return is_product ? random.one_of(writable_forms) : random.one_of(all_forms);
}

numbers kind_for(statistic which, random_numbers& random) {
  if (which == statistic::prod) return numbers::near_one;
  if (which == statistic::min || which == statistic::max || which == statistic::any || which == statistic::all ||
      which == statistic::count_nonzero) {
    return random.chance(50) ? numbers::special : numbers::small;
  }
  return random.chance(50) ? numbers::small : numbers::wide;
}

}  // namespace

std::vector<contract_case> reduction_cases() {
  std::vector<contract_case> list;
  for (const statistic which : all_statistics) {
    for (const dtype type : all_dtypes) {
      if (!takes(which, type)) continue;
      for (const dims& shape : shapes()) {
        for (unsigned set = 0; set < 1U << shape.size(); ++set) {
          const dims over = axes_of(set, shape.size());
          bool is_empty = false;
          for (const std::int64_t axis : over) is_empty = is_empty || shape[axis] == 0;
          if (is_empty && (which == statistic::min || which == statistic::max)) continue;
          list.push_back({text_of_case(name_of(which), type, shape, to_string(over)), [=](random_numbers& random) {
                            const numbers kind = kind_for(which, random);
                            const form f = form_for(which == statistic::prod, random);
                            const operand x = random_operand(type, shape, f, kind, random);
                            const statistic_options options{.axis = over, .keepdims = random.chance(50)};
                            const expected_array wanted = expected(which, x.values, options, kind == numbers::small);
                            return posed{call(which, x.view, options), std::nullopt,
                                         [wanted](const ndarray& result, double) { return within(result, wanted); }};
                          }});
        }
      }
    }
  }
  return list;
}

std::vector<contract_case> arg_cases() {
  std::vector<contract_case> list;
  for (const bool largest : {false, true}) {
    for (const dtype type : all_dtypes) {
      if (is_complex(type)) continue;
      for (const dims& shape : shapes()) {
        if (count_of(shape) == 0) continue;
        for (int axis = 0; axis <= shape.size(); ++axis) {
          // The last one is all axes.
          const auto over = axis < shape.size() ? std::optional<std::int64_t>(axis) : std::nullopt;
          list.push_back({text_of_case(largest ? "argmax" : "argmin", type, shape, over ? std::to_string(axis) : "all"),
                          [=](random_numbers& random) {
                            const numbers kind = random.chance(70) ? numbers::special : numbers::small;
                            const operand x = random_operand(type, shape, random.one_of(all_forms), kind, random);
                            const arg_options options{.axis = over, .keepdims = random.chance(50)};
                            const exact_array wanted = expected_arg(largest, x.values, options);
                            return posed{call_arg(largest, x.view, options), std::nullopt,
                                         [wanted](const ndarray& result, double) { return equals(result, wanted); }};
                          }});
        }
      }
    }
  }
  return list;
}

std::vector<contract_case> scan_cases() {
  std::vector<contract_case> list;
  for (const bool product : {false, true}) {
    for (const dtype type : all_dtypes) {
      for (const dims& shape : shapes()) {
        for (int axis = 0; axis < shape.size(); ++axis) {
          for (const bool initial : {false, true}) {
            list.push_back(
                {text_of_case(product ? "cumulative_prod" : "cumulative_sum", type, shape, std::to_string(axis)),
                 [=](random_numbers& random) {
                   const numbers kind = product             ? numbers::near_one
                                        : random.chance(50) ? numbers::small
                                                            : numbers::wide;
                   const operand x = random_operand(type, shape, form_for(product, random), kind, random);
                   const expected_array wanted = expected_cumulative(product, x.values, axis, accumulator_of(type),
                                                                     initial, kind == numbers::small);
                   return posed{call_cumulative(product, x.view, {.axis = axis, .include_initial = initial}),
                                std::nullopt,
                                [wanted](const ndarray& result, double) { return within(result, wanted); }};
                 }});
          }
        }
      }
    }
  }
  return list;
}

}  // namespace tandem::testing
