#include "runtime/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include <tandem/errors.h>

#include "runtime/fork.h"

namespace tandem {

// What scoped_policy keeps is for this file.
struct policy_access {
  static const policy& rules(const scoped_policy& of) noexcept { return of.rules_; }
  static const scoped_policy* outer(const scoped_policy& of) noexcept { return of.outer_; }
};

std::string to_string(policy_layer layer) {
  switch (layer) {
    case policy_layer::call: return "call";
    case policy_layer::scope: return "scoped_policy";
    case policy_layer::process: return "set_default_policy";
    case policy_layer::environment: return "environment";
    case policy_layer::openmp_environment: return "OMP_NUM_THREADS";
    case policy_layer::library: break;
  }
  return "default";
}

std::string to_string(strictness value) { return value == strictness::strict ? "strict" : "preferred"; }
std::string to_string(determinism value) { return value == determinism::relaxed ? "relaxed" : "repeatable"; }
std::string to_string(transfers value) { return value == transfers::implicit ? "implicit" : "forbidden"; }

namespace runtime {

namespace {

constexpr unsigned bit(policy_field field) noexcept { return 1U << static_cast<int>(field); }

// Calls `use` with each field's member of a policy and of a resolved one.
template <class Use>
constexpr void for_each_field(Use&& use) {
  use(policy_field::workers, &policy::workers, &resolved_policy::workers);
  use(policy_field::device, &policy::device, &resolved_policy::device);
  use(policy_field::strictness, &policy::strictness, &resolved_policy::strictness);
  use(policy_field::determinism, &policy::determinism, &resolved_policy::determinism);
  use(policy_field::transfers, &policy::transfers, &resolved_policy::transfers);
  use(policy_field::host_memory_bytes, &policy::host_memory_bytes, &resolved_policy::host_memory_bytes);
  use(policy_field::device_memory_bytes, &policy::device_memory_bytes, &resolved_policy::device_memory_bytes);
  use(policy_field::fast_math, &policy::fast_math, &resolved_policy::fast_math);
  use(policy_field::pinned, &policy::pinned, &resolved_policy::pinned);
}

// Puts what a layer sets over what is below it.
void overlay(resolved_policy& base, unsigned& errors, const policy& above, policy_layer layer) noexcept {
  for_each_field([&](policy_field field, auto from, auto to) {
    if (!(above.*from)) return;
    base.*to = {*(above.*from), layer};
    errors &= ~bit(field);
  });
  if (above.stream != 0) base.stream = {above.stream, layer};
  if (above.progress != nullptr) base.progress = {above.progress, layer};
}

// All enumerators are small and count from 0, but a cast can make any number.
template <class Enum>
void check_enum(const std::optional<Enum>& value, int count, std::string_view field, std::string_view source) {
  if (!value || static_cast<int>(*value) < count) return;
  throw policy_error(fmt::format("{}: {} is {}, which is none of its values", source, field, static_cast<int>(*value)));
}

void check_bytes(const std::optional<std::int64_t>& bytes, std::string_view field, std::string_view source) {
  if (bytes.value_or(0) >= 0) return;
  throw policy_error(fmt::format("{}: {} is {}; expected 0 or more", source, field, *bytes));
}

void check(const policy& rules, std::string_view source) {
  if (rules.workers && !is_number_of_workers(*rules.workers)) {
    throw policy_error(
        fmt::format("{}: workers is {}; expected 1 to {}, -1 for all permitted cores, or automatic_workers", source,
                    *rules.workers, max_workers));
  }
  if (rules.device && rules.device->index() < 0) {
    throw policy_error(fmt::format("{}: device is {}; GPUs are counted from 0", source, to_string(*rules.device)));
  }
  check_enum(rules.strictness, 2, "strictness", source);
  check_enum(rules.determinism, 2, "determinism", source);
  check_enum(rules.transfers, 2, "transfers", source);
  check_bytes(rules.host_memory_bytes, "host_memory_bytes", source);
  check_bytes(rules.device_memory_bytes, "device_memory_bytes", source);
}

fork_safe_mutex default_guard;
policy default_rules;
// Counts changes of the default policy, so that threads know when what they remember is old.
constinit std::atomic<unsigned> default_changes{1};

// What a thread's evaluations go by, without their calls' own policies.
struct thread_policy {
  const scoped_policy* scope;
  const inherited_policy* inherited;
  resolved_policy decided;
  /// Fields whose variable cannot be read, and that nothing above the environment sets.
  unsigned errors;
  /// The number of changes of the default policy that `decided` knows of; 0 if it knows of nothing.
  unsigned known_changes;
};
constinit thread_local thread_policy mine{};

}  // namespace

namespace {

void overlay_environment(resolved_policy& base, unsigned& errors) {
  const environment_policy& found = environment();
  overlay(base, errors, found.rules, policy_layer::environment);
  if (found.workers_are_openmp) base.workers.layer = policy_layer::openmp_environment;
  for (int i = 0; i < policy_field_count; ++i) {
    if (!found.errors[static_cast<std::size_t>(i)].empty()) errors |= 1U << i;
  }
}

// The innermost scope is overlaid last.
void overlay_scopes(resolved_policy& base, unsigned& errors, const scoped_policy* innermost) noexcept {
  if (innermost == nullptr) return;
  overlay_scopes(base, errors, policy_access::outer(*innermost));
  overlay(base, errors, policy_access::rules(*innermost), policy_layer::scope);
}

const thread_policy& policy_below_calls() {
  thread_policy& here = mine;
  const unsigned changes = default_changes.load(std::memory_order_acquire);
  if (here.known_changes == changes) [[likely]]
    return here;
  resolved_policy decided;
  unsigned errors = 0;
  if (here.inherited == nullptr) {
    overlay_environment(decided, errors);
    const std::lock_guard lock(default_guard);
    overlay(decided, errors, default_rules, policy_layer::process);
  } else {
    decided = here.inherited->decided;
    errors = here.inherited->errors;
  }
  overlay_scopes(decided, errors, here.scope);
  here.decided = decided;
  here.errors = errors;
  here.known_changes = changes;
  return here;
}

void throw_environment_error(unsigned errors) {
  for (int i = 0; i < policy_field_count; ++i) {
    if ((errors >> i & 1U) != 0) throw policy_error("policy: " + environment().errors[static_cast<std::size_t>(i)]);
  }
}

bool is_empty(const policy& rules) noexcept {
  return !rules.workers && !rules.device && !rules.strictness && !rules.determinism && !rules.transfers &&
         !rules.host_memory_bytes && !rules.device_memory_bytes && !rules.fast_math && !rules.pinned;
}

}  // namespace

resolved_policy resolve(const policy& call) {
  const thread_policy& below = policy_below_calls();
  resolved_policy result = below.decided;
  unsigned errors = below.errors;
  if (call.progress != nullptr) result.progress = {call.progress, policy_layer::call};
  if (call.stream != 0) result.stream = {call.stream, policy_layer::call};
  if (!is_empty(call)) {
    check(call, "policy of the call");
    overlay(result, errors, call, policy_layer::call);
  }
  if (errors != 0) [[unlikely]]
    throw_environment_error(errors);
  return result;
}

inherited_policy policy_to_inherit(const policy& call) {
  check(call, "policy of the call");
  const thread_policy& below = policy_below_calls();
  inherited_policy result{below.decided, below.errors};
  overlay(result.decided, result.errors, call, policy_layer::scope);
  return result;
}

scoped_inheritance::scoped_inheritance(const inherited_policy& from) noexcept
    : inherited_before_(std::exchange(mine.inherited, &from)), scope_before_(std::exchange(mine.scope, nullptr)) {
  mine.known_changes = 0;
}

scoped_inheritance::~scoped_inheritance() {
  mine.inherited = inherited_before_;
  mine.scope = scope_before_;
  mine.known_changes = 0;
}

}  // namespace runtime

resolved_policy policy_of_this_thread(const policy& call) { return runtime::resolve(call); }

void set_default_policy(const policy& rules) {
  runtime::check(rules, "set_default_policy");
  const std::lock_guard lock(runtime::default_guard);
  runtime::default_rules = rules;
  // 0 is what a thread knows that knows nothing.
  if (runtime::default_changes.fetch_add(1, std::memory_order_release) + 1 == 0) ++runtime::default_changes;
}

policy default_policy() {
  const std::lock_guard lock(runtime::default_guard);
  return runtime::default_rules;
}

scoped_policy::scoped_policy(const policy& rules) : rules_(rules), outer_(runtime::mine.scope) {
  runtime::check(rules, "scoped_policy");
  runtime::mine.scope = this;
  runtime::mine.known_changes = 0;
}

scoped_policy::~scoped_policy() {
  runtime::mine.scope = outer_;
  runtime::mine.known_changes = 0;
}

}  // namespace tandem
