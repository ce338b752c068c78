#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include <tandem/device.h>
#include <tandem/export.h>

namespace tandem {

/// Counts the work of an evaluation while it runs, so that another thread can show how far it is.
///
/// Thread safety: any thread may read while evaluations write.
class progress {
 public:
  /// Work announced so far, in elements read or computed.
  std::int64_t total() const noexcept { return total_.load(std::memory_order_relaxed); }
  /// Work done so far.
  std::int64_t done() const noexcept { return done_.load(std::memory_order_relaxed); }

  void announce(std::int64_t work) noexcept { total_.fetch_add(work, std::memory_order_relaxed); }
  void advance(std::int64_t work) noexcept { done_.fetch_add(work, std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> total_{0};
  std::atomic<std::int64_t> done_{0};
};

/// The most workers a policy may ask for. Each is a thread with a stack, and OpenMP ends the process that cannot have
/// the threads it asked for.
inline constexpr int max_workers = 1024;
/// As a number of workers: all permitted cores.
inline constexpr int all_permitted_cores = -1;
/// As a number of workers: as many of the permitted cores as the library finds worth while for each piece of work.
inline constexpr int automatic_workers = -1000;
/// As a limit of memory: none.
inline constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();

/// What happens where the policy's device cannot do the work.
enum class strictness : std::uint8_t {
  strict,     ///< It is an error.
  preferred,  ///< Another device does it.
};

/// How much of a result may differ from one run to the next. The CPU's results never do: they have the same bits for
/// every number of workers.
enum class determinism : std::uint8_t {
  relaxed,     ///< The order of operations may change from run to run, where that is faster.
  repeatable,  ///< The same program on the same device gives the same bits.
};

/// Whether an evaluation may copy operands between the memories of devices.
enum class transfers : std::uint8_t {
  implicit,   ///< Whatever is missing where the work is done is copied there.
  forbidden,  ///< An operand that would have to be copied is an error.
};

/// What the user allows an evaluation to use, or demands of it.
///
/// Each field that a policy leaves unset is decided elsewhere; the first that sets it decides:
///
///   1. the call: `eval(value, policy)` and other functions that take a policy,
///   2. the innermost `scoped_policy` of the calling thread that sets the field,
///   3. `set_default_policy`,
///   4. the environment, read when it is first needed: TANDEM_WORKERS, TANDEM_DEVICE, TANDEM_STRICTNESS,
///      TANDEM_DETERMINISM, TANDEM_TRANSFERS, TANDEM_HOST_MEMORY, TANDEM_DEVICE_MEMORY, TANDEM_FAST_MATH,
///      TANDEM_PINNED; then, for workers, OMP_NUM_THREADS (the first of several numbers),
///   5. the library: the values after "Default" below.
///
/// An impossible value is a `policy_error` that names where it was set: in the evaluation for a call's policy, at once
/// for `scoped_policy` and `set_default_policy`. A value of a TANDEM_ variable that cannot be read is one in each
/// evaluation that would need it, so not where a layer above decides; one of OMP_NUM_THREADS, which is not ours alone,
/// is ignored by tandem and `runtime_report` tells; libomp 19 itself may end the process over it.
struct policy {
  /// The most threads that work on it at a time: 1 to `max_workers`, `all_permitted_cores` (-1) or
  /// `automatic_workers`. More than the permitted cores is allowed and rarely useful. Work that is too small to be
  /// shared out takes fewer. Results have the same bits for every number. Inside parallel work (see parallel.h) it
  /// is at most the share that the work around it leaves. Default: automatic.
  std::optional<int> workers = std::nullopt;
  /// Where the work is done. Default: automatic.
  std::optional<tandem::device> device = std::nullopt;
  /// Default: strict.
  std::optional<tandem::strictness> strictness = std::nullopt;
  /// Default: repeatable.
  std::optional<tandem::determinism> determinism = std::nullopt;
  /// Default: implicit.
  std::optional<tandem::transfers> transfers = std::nullopt;
  /// Bytes of host memory that one evaluation may allocate for its result and its temporaries, or a creation function
  /// for its array; scratch of less than 1 MiB a worker is not counted. One that needs more is `out_of_memory` before
  /// it has allocated or written anything. 0 or more. Default: unlimited.
  std::optional<std::int64_t> host_memory_bytes = std::nullopt;
  /// The same for the memory of a GPU. Default: unlimited.
  std::optional<std::int64_t> device_memory_bytes = std::nullopt;
  /// Lets an operation and the one that uses its result round once where the processor can: sums, differences and
  /// products of float32 and float64 become fused multiply-adds. The difference is at most that of the roundings left
  /// out; results then differ between instruction sets. Default: off.
  std::optional<bool> fast_math = std::nullopt;
  /// Pins the host memory of arrays of 1 MiB and more that the evaluation copies to or from a GPU, until it is freed:
  /// the GPU then copies without a detour, and the system cannot page the memory out. Pinning takes about as long as
  /// some copies, so it is for arrays that are copied often. Not for memory of the application's. Default: off.
  std::optional<bool> pinned = std::nullopt;
  /// A stream of the application's that the work on a GPU goes to, in order with what the application gives it: a
  /// cudaStream_t as a number; 1 is CUDA's legacy default stream and 2 the calling thread's. 0 leaves it to the layers
  /// below, and in the end to a stream of the library for each thread. Must outlive the evaluation, and the results
  /// that come from it.
  std::uintptr_t stream = 0;
  /// Where to count progress; null leaves it to the layers below, and in the end nobody counts. Must outlive the
  /// evaluation.
  tandem::progress* progress = nullptr;
};

/// What decided a field of a policy.
enum class policy_layer : std::uint8_t {
  call,                ///< The call's own policy.
  scope,               ///< A `scoped_policy` of the thread.
  process,             ///< `set_default_policy`.
  environment,         ///< A variable TANDEM_...
  openmp_environment,  ///< OMP_NUM_THREADS.
  library,             ///< Nothing set it.
};

/// "call", "scoped_policy", "set_default_policy", "environment", "OMP_NUM_THREADS", "default".
TANDEM_API std::string to_string(policy_layer layer);
TANDEM_API std::string to_string(strictness value);
TANDEM_API std::string to_string(determinism value);
TANDEM_API std::string to_string(transfers value);

/// A field's value and what decided it.
template <class Value>
struct setting {
  Value value;
  policy_layer layer = policy_layer::library;
};

/// A policy with every field decided.
struct resolved_policy {
  setting<int> workers{automatic_workers};
  setting<tandem::device> device{tandem::device::automatic};
  setting<tandem::strictness> strictness{tandem::strictness::strict};
  setting<tandem::determinism> determinism{tandem::determinism::repeatable};
  setting<tandem::transfers> transfers{tandem::transfers::implicit};
  setting<std::int64_t> host_memory_bytes{unlimited};
  setting<std::int64_t> device_memory_bytes{unlimited};
  setting<bool> fast_math{false};
  setting<bool> pinned{false};
  setting<std::uintptr_t> stream{0};
  setting<tandem::progress*> progress{nullptr};
};

/// What an evaluation of the calling thread goes by if its call says `call`.
/// Thread safety: any thread. Throws: `policy_error` for an impossible value.
TANDEM_API resolved_policy policy_of_this_thread(const policy& call = {});

/// How many threads an evaluation of the calling thread may have at work now: what its policy says, the permitted cores
/// where it leaves that to them, and inside parallel work the share of it. At least 1.
/// Thread safety: any thread. Throws: `policy_error` for an impossible value.
TANDEM_API int workers_of_this_thread(const policy& call = {});

/// The policy of all threads, where neither a call nor a `scoped_policy` says otherwise. Replaces the one set before;
/// `set_default_policy({})` unsets every field. Evaluations that have begun are not affected.
/// Thread safety: any thread; others see it from their next evaluation on.
/// Throws: `policy_error` for an impossible value; nothing is changed then.
TANDEM_API void set_default_policy(const policy& rules);
/// The policy that `set_default_policy` set last; empty if it was not called. Thread safety: any thread.
TANDEM_API policy default_policy();

/// While it lives, evaluations of the thread that made it go by its fields. Scopes nest: what the inner one leaves
/// unset the outer one decides. User functions that `parallel_for` and its kin call go by the policy of their caller.
///
/// Must be destroyed by the thread that made it, the last one made first: as a local variable.
class TANDEM_API scoped_policy {
 public:
  /// Throws: `policy_error` for an impossible value.
  explicit scoped_policy(const policy& rules);
  ~scoped_policy();
  scoped_policy(const scoped_policy&) = delete;
  scoped_policy& operator=(const scoped_policy&) = delete;

 private:
  policy rules_;
  const scoped_policy* outer_;
  friend struct policy_access;
};

/// While it lives, the thread that made it is one of `outer` threads of the application that evaluate at the same time:
/// each evaluation then has at most the permitted cores, or the share that was left to the thread before, divided by
/// `outer`, and at least 1. For threads that the application makes itself; OpenMP's regions and tandem's own parallel
/// work are seen without it.
///
/// Must be destroyed by the thread that made it, the last one made first: as a local variable.
class TANDEM_API scoped_share {
 public:
  /// Throws: `policy_error` if `outer` is less than 1.
  explicit scoped_share(int outer);
  ~scoped_share();
  scoped_share(const scoped_share&) = delete;
  scoped_share& operator=(const scoped_share&) = delete;

 private:
  int before_;
  int level_before_;
};

}  // namespace tandem
