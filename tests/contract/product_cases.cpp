#include <string>
#include <utility>
#include <vector>

#include <tandem/products.h>

#include "contract/cases.h"
#include "products/reference.h"
#include "support/operands.h"

namespace tandem::testing {

namespace {

const std::vector<std::pair<dims, dims>>& shapes() {
  static const std::vector<std::pair<dims, dims>> list = {
      // vectors
      {{1}, {1}},
      {{7}, {7}},
      {{700}, {700}},
      {{5}, {5, 3}},
      {{3, 5}, {5}},
      {{5}, {4, 1, 5, 2}},
      // matrices
      {{1, 1}, {1, 1}},
      {{3, 5}, {5, 4}},
      {{31, 1}, {1, 29}},
      {{1, 33}, {33, 1}},
      {{14, 9}, {9, 1}},
      {{33, 70}, {70, 35}},
      // batches, equal and broadcast
      {{2, 3, 4}, {2, 4, 5}},
      {{2, 3, 4}, {4, 5}},
      {{3, 4}, {2, 4, 5}},
      {{2, 1, 3, 4}, {1, 3, 4, 2}},
      {{7, 1, 1, 2, 3}, {2, 1, 3, 2}},
      // nothing to multiply, nothing to give
      {{0}, {0}},
      {{3, 0}, {0, 4}},
      {{0, 3}, {3, 4}},
      {{3, 4}, {4, 0}},
      {{2, 3, 0}, {0, 2}},
      {{0, 1, 2, 3}, {5, 3, 2}},
  };
  return list;
}

posed pose_product(dtype type, const dims& x_shape, const dims& y_shape, form f, form g, random_numbers& random) {
  const numbers kind = random.chance(50) ? numbers::small : numbers::wide;
  const operand x = random_operand(type, x_shape, f, kind, random);
  const operand y = random_operand(type, y_shape, g, kind, random);
  const expected_product wanted = expected_matmul(x.values, y.values, type, kind == numbers::small);
  return {matmul(x.view, y.view), std::nullopt,
          [wanted](const ndarray& result, double) { return within(result, wanted); }};
}

}  // namespace

std::vector<contract_case> product_cases() {
  std::vector<contract_case> list;
  for (const dtype type : all_dtypes) {
    for (const auto& [x_shape, y_shape] : shapes()) {
      for (const form f : {form::row_major, form::transposed, form::shuffled, form::repeated}) {
        for (const form g : {form::row_major, form::transposed, form::every_second}) {
          list.push_back({std::string(name(type)) + " " + to_string(x_shape) + " " + std::string(name_of(f)) + " @ " +
                              to_string(y_shape) + " " + std::string(name_of(g)),
                          [type, x = x_shape, y = y_shape, f, g](random_numbers& random) {
                            return pose_product(type, x, y, f, g, random);
                          }});
        }
      }
    }
  }
  return list;
}

}  // namespace tandem::testing
