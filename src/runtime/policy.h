#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <tandem/policy.h>

// How the layers of policies become one.
namespace tandem::runtime {

/// The fields of a policy, in its order.
enum class policy_field {
  workers,
  device,
  strictness,
  determinism,
  transfers,
  host_memory_bytes,
  device_memory_bytes,
  fast_math,
};
inline constexpr int policy_field_count = 8;

/// The variable of a field: "TANDEM_WORKERS".
std::string_view variable_of(policy_field field) noexcept;

/// What the environment says.
struct environment_policy {
  policy rules;
  /// For each field the error of its variable, or "". Such a field is unset in `rules`.
  std::array<std::string, policy_field_count> errors;
  /// Workers come from OMP_NUM_THREADS.
  bool workers_are_openmp = false;
  /// A value of OMP_NUM_THREADS that is ignored because it is no number of workers; "" if there is none.
  std::string ignored;
};
/// Thread safety: that of `variable`.
environment_policy read_environment(const std::function<std::optional<std::string>(std::string_view)>& variable);
/// The environment as it was when it was first needed.
const environment_policy& environment();

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
