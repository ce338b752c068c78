#pragma once

#include <unordered_map>

#include "ops/node.h"

namespace tandem::ops {

/// Finds nodes of an expression that compute the same: the same operation on the same inputs, however often it was
/// written down.
class equal_nodes {
 public:
  /// Looks at all nodes below `root`, without recursion.
  explicit equal_nodes(const node& root);

  /// One node for all that are equal to this one.
  const node* one_of(const node_ptr& of) const {
    const auto found = earlier_.find(of.get());
    return found == earlier_.end() ? of.get() : found->second;
  }

 private:
  std::unordered_map<const node*, const node*> earlier_;
};

}  // namespace tandem::ops
