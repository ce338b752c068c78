#include "plan/probes.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/layout.h"
#include "memory/storage.h"
#include "ops/compile.h"
#include "ops/node.h"

namespace tandem::plan {

namespace {

using ops::node_ptr;
using ops::op;

// An array without memory: whoever runs the program makes some.
node_ptr leaf(dtype type, const dims& shape, const dims& strides) {
  std::int64_t last = 0;
  for (int axis = 0; axis < shape.size(); ++axis) last += (shape[axis] - 1) * strides[axis];
  return ops::make_array(
      ndarray(detail::storage::unplaced((last + 1) * item_size(type)), type, detail::layout{shape, strides, 0}));
}
node_ptr vector_of(dtype type, std::int64_t elements) { return leaf(type, {elements}, {1}); }
node_ptr matrix_of(dtype type, std::int64_t extent) { return leaf(type, {extent, extent}, {extent, 1}); }

node_ptr elementwise(op which, const node_ptr& x) { return ops::make_elementwise(which, ops::node_list(x)); }
node_ptr elementwise(op which, const node_ptr& x, const node_ptr& y) {
  return ops::make_elementwise(which, ops::node_list(x, y));
}

probe_program made_of(const node_ptr& root) {
  probe_program made{ops::compile(root).code, {}};
  made.what = task_of(made.code);
  return made;
}

dtype float_of(int width) { return width == 0 ? dtype::float32 : dtype::float64; }

// Operands are about 1, and so are results: numbers that overflow or vanish would take times of their own.
node_ptr chain(work_class of, const node_ptr& x, const node_ptr& y, int depth) {
  constexpr std::pair<op, bool> arithmetic[] = {
      {op::add, true}, {op::multiply, true}, {op::subtract, true}, {op::maximum, true}};
  constexpr std::pair<op, bool> division[] = {{op::divide, true}, {op::sqrt, false}};
  constexpr std::pair<op, bool> special[] = {{op::exp, false}, {op::log, false}, {op::sin, false}};
  std::span<const std::pair<op, bool>> turns = arithmetic;
  if (of == work_class::division) turns = division;
  if (of == work_class::special) turns = special;
  node_ptr value = x;
  for (int i = 0; i < depth; ++i) {
    const auto& [which, is_binary] = turns[static_cast<std::size_t>(i) % turns.size()];
    value = is_binary ? elementwise(which, value, y) : elementwise(which, value);
  }
  return value;
}

}  // namespace

double probe_program::operations(work_class of) const noexcept {
  double sum = 0;
  for (const stage_task& each : what.stages) sum += each.operations[static_cast<std::size_t>(of)];
  return sum;
}

double probe_program::bytes() const noexcept {
  double sum = 0;
  for (const stage_task& each : what.stages) sum += each.bytes;
  return sum;
}

probe_program smallest_program() {
  return made_of(elementwise(op::add, vector_of(dtype::float32, 1), vector_of(dtype::float32, 1)));
}

probe_program streaming_program(double bytes) {
  constexpr double operands = 3;
  const auto elements = std::max<std::int64_t>(1, std::llround(bytes / operands / sizeof(float)));
  return made_of(elementwise(op::add, vector_of(dtype::float32, elements), vector_of(dtype::float32, elements)));
}

probe_program class_program(work_class of, int width, std::int64_t elements, int depth) {
  const dtype type = float_of(width);
  switch (of) {
    case work_class::reduction: return made_of(ops::make_reduce(ops::reduction::sum, vector_of(type, elements), {0}));
    case work_class::search: return made_of(ops::make_arg(true, vector_of(type, elements), 0));
    case work_class::scan: return made_of(ops::make_scan(ops::reduction::sum, vector_of(type, elements), 0));
    case work_class::gathering: {
      // Each element is in a line of its own.
      constexpr std::int64_t line_bytes = 64;
      return made_of(elementwise(op::positive, leaf(type, {elements}, {line_bytes / item_size(type)})));
    }
    case work_class::transposing: {
      // Odd, because rows that are a power of two apart compete for the same lines of a cache.
      const auto extent = std::llround(std::sqrt(static_cast<double>(elements))) / 2 * 2 + 1;
      return made_of(elementwise(op::positive, leaf(type, {extent, extent}, {1, extent})));
    }
    case work_class::counting: {
      const auto extent = std::max<std::int64_t>(1, std::llround(std::sqrt(static_cast<double>(elements))));
      const dtype whole = width == 0 ? dtype::int32 : dtype::int64;
      return made_of(ops::make_matmul(matrix_of(whole, extent), matrix_of(whole, extent)));
    }
    case work_class::product:
      return product_program(width, std::max<std::int64_t>(1, std::llround(std::sqrt(static_cast<double>(elements)))));
    case work_class::arithmetic:
    case work_class::division:
    case work_class::special: break;
  }
  return made_of(chain(of, vector_of(type, elements), vector_of(type, elements), std::max(depth, 1)));
}

probe_program product_program(int width, std::int64_t extent) {
  return made_of(ops::make_matmul(matrix_of(float_of(width), extent), matrix_of(float_of(width), extent)));
}

}  // namespace tandem::plan
