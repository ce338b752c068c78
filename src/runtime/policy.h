#pragma once

#include <tandem/policy.h>

#include "runtime/environment.h"

// How the layers of policies become one.
namespace tandem::runtime {

/// The policy of a call on the calling thread, with every field decided.
/// Throws: `policy_error` for an impossible value of `call`, or of the environment where nothing above it decides.
resolved_policy resolve(const policy& call);

/// A thread's policy for work that it shares out to others.
struct inherited_policy {
  resolved_policy decided;
  /// Fields whose variable cannot be read, as bits: an error again where they are needed.
  unsigned errors = 0;
};
/// That of the calling thread, with `call` as its innermost scope. Throws: `policy_error` for an impossible value.
inherited_policy policy_to_inherit(const policy& call);

/// While it lives, the calling thread has an inherited policy in place of its own scopes.
class scoped_inheritance {
 public:
  explicit scoped_inheritance(const inherited_policy& from) noexcept;
  ~scoped_inheritance();
  scoped_inheritance(const scoped_inheritance&) = delete;
  scoped_inheritance& operator=(const scoped_inheritance&) = delete;

 private:
  const inherited_policy* inherited_before_;
  const scoped_policy* scope_before_;
};

}  // namespace tandem::runtime
