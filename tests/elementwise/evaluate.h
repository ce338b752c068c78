#pragma once

#include <span>
#include <vector>

#include <tandem/elementwise.h>
#include <tandem/ndarray.h>

#include "elementwise/column.h"
#include "elementwise/rows.h"

// The operations as a user calls them.
namespace tandem::testing {

inline ndarray array_of(const column& values, const dims& shape) {
  return with_element(values.type(), [&]<class T>(T) {
    return array<T>(std::span(reinterpret_cast<const T*>(values.data()), values.size()), shape);
  });
}

inline column column_of(const ndarray& values) {
  return with_element(values.dtype(), [&]<class T>(T) {
    column copy(values.dtype());
    for (const T value : values.to_vector<T>()) copy.push(value);
    return copy;
  });
}

inline expr expression(op which, std::span<const ndarray> operands) {
  switch (which) {
#define TD_UN(name, kinds, result, formula, flops, ulp, summary) \
  case op::name: return tandem::name(operands[0]);
#define TD_BIN(name, kinds, result, formula, flops, ulp, summary) \
  case op::name: return tandem::name(operands[0], operands[1]);
#define TD_TER(name, kinds, result, formula, flops, ulp, summary) \
  case op::name: return tandem::name(operands[0], operands[1], operands[2]);
#include <tandem/tables/elementwise.inc>
  }
  throw std::logic_error("expression: not an operation");
}

inline column evaluate(op which, const std::vector<column>& operands) {
  std::vector<ndarray> arrays;
  for (const column& values : operands) arrays.push_back(array_of(values, {static_cast<std::int64_t>(values.size())}));
  return column_of(eval(expression(which, arrays)));
}

inline column converted(const column& values, dtype type) {
  return column_of(eval(astype(array_of(values, {static_cast<std::int64_t>(values.size())}), type)));
}

}  // namespace tandem::testing
