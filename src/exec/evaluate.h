#pragma once

#include <tandem/ndarray.h>
#include <tandem/policy.h>

#include "ops/node.h"

namespace tandem::exec {

/// The node's result: an array of its own, or for a view of an array, that view. Keeps it in the node, unless nobody can
/// ask for it again.
/// Throws: `stale_expression`, `out_of_memory`, `policy_error`.
ndarray evaluate(const ops::node_ptr& root, const policy& rules, bool keeps = true);

/// Writes the node's elements, of the same shape and dtype, to `target`, as if they had been computed first.
/// Throws: as `evaluate`; `target` is unchanged then.
void evaluate_into(const ops::node_ptr& root, const ndarray& target, const policy& rules);

}  // namespace tandem::exec
