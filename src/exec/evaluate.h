#pragma once

#include <cstdint>
#include <memory>

#include <tandem/ndarray.h>
#include <tandem/policy.h>

#include "ops/node.h"

namespace tandem::exec {

/// The node's result: an array of its own, or for a view of an array, that view. Keeps it in the node, unless nobody
/// can ask for it again. The result may be written to `replaced`, the storage of an array that is about to be replaced
/// by it: if that has the right size and nothing else holds it.
/// Throws: `stale_expression`, `out_of_memory`, `policy_error`, `device_error`; what is in `replaced` is unchanged
/// then.
ndarray evaluate(const ops::node_ptr& root, const policy& call, bool keeps = true,
                 const std::shared_ptr<detail::storage>* replaced = nullptr);

/// Writes the node's elements, of the same shape and dtype, to `target`, as if they had been computed first.
/// Throws: as `evaluate`; `target` is unchanged then.
void evaluate_into(const ops::node_ptr& root, const ndarray& target, const policy& call);

/// The policy of an evaluation, or of another operation that makes an array.
/// Throws: `policy_error` for an impossible one, also where nothing is left to do.
resolved_policy decide(const policy& call);

}  // namespace tandem::exec
