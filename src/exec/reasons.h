#pragma once

#include <string>

#include <tandem/policy.h>

#include "ops/node.h"
#include "plan/planner.h"

// Why an evaluation would run where it would.
namespace tandem::exec {

struct reasons {
  plan::reasoning found;
  /// The function at the root, and the result: "matmul: float32 (4096, 4096)".
  std::string what;
  /// There is nothing to compute: the expression is an array, a view of one, or its result is known.
  bool is_known = false;
};

/// What evaluating the expression would be decided on. Evaluates nothing.
/// Throws: as `evaluate` for the policy and devices, and `stale_expression`.
reasons reasons_for(const ops::node_ptr& root, const policy& call);

}  // namespace tandem::exec
