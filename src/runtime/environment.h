#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <tandem/policy.h>

// The environment as a layer of the policy.
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
  pinned,
};
inline constexpr int policy_field_count = 9;

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

/// Whether a policy may ask for it: 1 to `max_workers`, `all_permitted_cores` or `automatic_workers`.
bool is_number_of_workers(std::int64_t number) noexcept;

}  // namespace tandem::runtime
