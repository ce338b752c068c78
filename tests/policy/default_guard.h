#pragma once

#include <tandem/policy.h>

namespace tandem::testing {

/// Puts the policy of the process back, however a test ends.
class default_guard {
 public:
  default_guard() : before_(default_policy()) {}
  ~default_guard() { set_default_policy(before_); }
  default_guard(const default_guard&) = delete;
  default_guard& operator=(const default_guard&) = delete;

 private:
  policy before_;
};

}  // namespace tandem::testing
