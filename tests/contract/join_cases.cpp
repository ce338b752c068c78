#include <span>
#include <string>
#include <vector>

#include <tandem/elementwise.h>
#include <tandem/manipulation.h>

#include "contract/cases.h"
#include "manipulation/joins_reference.h"
#include "support/operands.h"

namespace tandem::testing {

namespace {

constexpr int rounds = 12;

const std::vector<dims>& shapes() {
  static const std::vector<dims> list = {dims{1},    dims{7},    dims{0},       dims{3, 4},
                                         dims{4, 1}, dims{3, 0}, dims{2, 3, 4}, dims{40, 30}};
  return list;
}

posed exactly(const expr& value, const exact_array& wanted) {
  return {value, std::nullopt, [wanted](const ndarray& result, double) { return equals(result, wanted); }};
}

// An array, or an expression that has to be computed first.
expr seen_or_computed(const operand& x, random_numbers& random) {
  return random.chance(60) ? expr(x.view) : where(true, x.view, x.view);
}

posed pose_concat(const dims& shape, random_numbers& random) {
  const int axis = static_cast<int>(random.between(0, shape.size() - 1));
  std::vector<expr> arrays;
  std::vector<exact_array> parts;
  std::vector<dtype> types;
  for (std::int64_t count = random.between(1, 5); count > 0; --count) {
    dims extents = shape;
    extents[axis] = random.between(0, 4);
    const operand x = random_operand(random.chance(50) ? float32 : random.one_of(all_dtypes), extents,
                                     random.one_of(all_forms), numbers::small, random);
    arrays.push_back(seen_or_computed(x, random));
    parts.push_back(x.values);
    types.push_back(x.values.type);
  }
  return exactly(concat(arrays, axis), joined(parts, axis, result_type(types)));
}

posed pose_roll(const dims& shape, random_numbers& random) {
  const operand x =
      random_operand(random.one_of(all_dtypes), shape, random.one_of(all_forms), numbers::special, random);
  const std::int64_t axis = random.between(0, shape.size() - 1);
  const std::int64_t shift = random.between(-12, 12);
  const exact_array wanted = x.values.at.empty() ? x.values : rolled(x.values, static_cast<int>(axis), shift);
  return exactly(roll(seen_or_computed(x, random), {shift}, axis), wanted);
}

posed pose_repeat(const dims& shape, random_numbers& random) {
  const operand x =
      random_operand(random.one_of(all_dtypes), shape, random.one_of(all_forms), numbers::special, random);
  const std::int64_t axis = random.between(0, shape.size() - 1);
  std::vector<std::int64_t> counts(static_cast<std::size_t>(shape[axis]));
  for (std::int64_t& each : counts) each = random.between(0, 3);
  const ndarray given = array(std::span<const std::int64_t>(counts), {static_cast<std::int64_t>(counts.size())});
  return exactly(repeat(seen_or_computed(x, random), given, axis), repeated(x.values, static_cast<int>(axis), counts));
}

posed pose_tile(const dims& shape, random_numbers& random) {
  const operand x =
      random_operand(random.one_of(all_dtypes), shape, random.one_of(all_forms), numbers::special, random);
  dims repetitions;
  for (int axis = 0; axis < shape.size(); ++axis) repetitions.push_back(random.between(0, 3));
  return exactly(tile(seen_or_computed(x, random), repetitions), tiled(x.values, repetitions));
}

}  // namespace

std::vector<contract_case> join_cases() {
  struct join {
    const char* name;
    posed (*pose)(const dims&, random_numbers&);
  };
  std::vector<contract_case> list;
  for (const join& each :
       {join{"concat", pose_concat}, join{"roll", pose_roll}, join{"repeat", pose_repeat}, join{"tile", pose_tile}}) {
    for (const dims& shape : shapes()) {
      for (int round = 0; round < rounds; ++round) {
        list.push_back({std::string(each.name) + " " + to_string(shape) + " " + std::to_string(round),
                        [pose = each.pose, shape](random_numbers& random) { return pose(shape, random); }});
      }
    }
  }
  return list;
}

}  // namespace tandem::testing
