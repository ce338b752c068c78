#pragma once

#include <vector>

#include "ops/node.h"
#include "ops/program.h"

namespace tandem::ops {

/// A program, the arrays that its input buffers stand for (null for other buffers), and its numbers.
struct compiled {
  program code;
  std::vector<ndarray> operands;
  std::vector<scalar> numbers;
};

/// Compiles an expression whose result goes to memory of its own, or, for a view of an array, is where that array is.
/// Throws: `stale_expression` if an operand was written to since it was captured and the result depends on its
/// elements.
compiled compile(const node_ptr& root);

/// Compiles an expression whose result is written to `target`, of the root's shape and dtype, in the output buffer 0.
/// Throws: as `compile`.
compiled compile_into(const node_ptr& root, const detail::layout& target);

}  // namespace tandem::ops
