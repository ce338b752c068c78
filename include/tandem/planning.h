#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tandem/device.h>
#include <tandem/dims.h>
#include <tandem/dtype.h>
#include <tandem/export.h>
#include <tandem/expr.h>
#include <tandem/ndarray.h>
#include <tandem/policy.h>

// How the library decides where an evaluation runs, and with how many workers: asking for its reasons, measuring the
// machine, and writing its decisions down.
namespace tandem {

// ---- reasons

/// A part of a predicted time.
struct cost_term {
  /// "call", "fork", "compute", "memory", "launch", "synchronize", "allocate", "copy in", "copy back", ...
  std::string name;
  double us;
  /// Where the constants are from: "prior", "calibrated, 12 samples, sigma 3 %", "learned, ...".
  std::string from;
};

/// A place where the work could be done.
struct place_candidate {
  device place;
  /// Of the CPU: the most workers of a stage.
  int workers;
  /// What adds up to `total_us`; alternatives of which the larger one counts are one term.
  std::vector<cost_term> terms;
  double total_us;
  /// Why it cannot be chosen; "" if it can.
  std::string why_not;
};

/// What the planner would do, and why.
struct explanation {
  /// The function at the root, and the result: "matmul: float32 (4096, 4096)".
  std::string what;
  /// The CPU first.
  std::vector<place_candidate> candidates;
  /// The number of the chosen one.
  int chosen;
  /// By how much the best other one that could be chosen is slower, as a part of the chosen one's time; infinite if
  /// there is none.
  double margin;
  /// "only-place", "forced", "unsupported", "no-memory", "resident", "transfer-bound", "launch-bound", "compute-bound",
  /// "credit", "hysteresis", "exploration".
  std::string cause;
  /// A sentence of what the cause means here.
  std::string reason;
};

/// What evaluating `value` would be decided on now, with the policy, where its operands are, and what the calling
/// thread's evaluations like it did before. Evaluates nothing, and copies nothing; arrays without memory count as
/// arrays on the host.
/// Thread safety: any thread. Throws: as `eval` for the policy, a device that is demanded and not there, and
/// `stale_expression`.
TANDEM_API explanation explain(const expr& value, const policy& rules = {});

/// A table of lines, each ended.
TANDEM_API std::string to_string(const explanation& of);
TANDEM_API std::ostream& operator<<(std::ostream& out, const explanation& of);

/// An array that has a shape and a dtype and no memory, to be explained. Its elements are allocated, and not set, when
/// they are first used. Throws: `shape_error` for a negative extent, or more bytes than fit in 63 bits.
TANDEM_API ndarray placeholder(const dims& shape, dtype type);

/// The devices besides the CPU that `device::automatic` chooses among, in this process. Default: all GPUs that can be
/// used, or what the environment variable TANDEM_CANDIDATES says ("gpu:0,sim:h200"; "none" for none). Simulated devices
/// are only among them if they are named.
/// Thread safety: any thread; evaluations that have begun are not affected.
/// Throws: `argument_error` for `device::automatic`, the CPU, or more than 8 devices; `device_error` for one that is
/// not there. Nothing is changed then.
TANDEM_API void set_candidate_devices(std::span<const device> devices);

// ---- calibration

/// What `calibrate` measures.
struct calibration_options {
  /// Half as many points, each with a sixth of the time.
  bool quick = false;
  /// Besides the CPU; at most 8. Default: all GPUs that can be used. Simulated devices are measured by their own
  /// clocks.
  std::optional<std::vector<device>> devices = std::nullopt;
  /// The file that is written. Default: the one that is read, see `current_profile`.
  std::optional<std::string> file = std::nullopt;
  /// Told before each point, by the calling thread: how many points of the place are done, of how many, and what is
  /// measured next, such as "cpu: memory"; at the end of a place with `done` as `total`.
  std::function<void(int done, int total, std::string_view what)> progress = nullptr;
};

/// Constants of this machine, from which the planner predicts.
struct profile_report {
  /// Where they are written, or were read from; "" if nowhere.
  std::string file;
  /// Whether those of the CPU were measured on this machine; else they are shipped ones.
  bool is_calibrated;
  /// For readers: lines, each ended.
  std::string summary;
  /// Why a file, or a part of it, is not used, and what to do about it.
  std::vector<std::string> problems;
};

/// Measures the CPU's cores, as many as the calling thread may use, and devices, and writes what it finds to a file for
/// later processes; what the file said of other devices stays where there is room for 16 devices and 64 KB in all, and
/// real ones rather than simulated ones. Takes at most about 3 seconds, 8 with a GPU, and 1 if `quick`; other work on
/// the machine falsifies it. Needs up to a quarter of the free memory, 0.5 GB at most on most machines.
/// Thread safety: any thread, not inside parallel work of tandem's; one at a time.
/// Throws: `argument_error` for more than 8 devices, the CPU or `device::automatic` among them, `device_error`,
/// `out_of_memory`, `io_error` if the file cannot be written, and what `progress` throws; the file stays as it was.
TANDEM_API profile_report calibrate(const calibration_options& options = {});

/// The constants that a process that begins now predicts from: those of the file that TANDEM_PROFILE names, else of
/// profile.json in the cache folder (TANDEM_CACHE, XDG_CACHE_HOME/tandem or HOME/.cache/tandem); TANDEM_PROFILE= is for
/// none. Shipped ones where the file is damaged or of another machine.
/// Thread safety: any thread. Throws: `std::bad_alloc`, `policy_error` as `machine_info`.
TANDEM_API profile_report current_profile();

// ---- learning

/// Whether measured times change predictions.
enum class learning {
  off,   ///< What was learned stays as it is, and no slower place is tried. Histories of results go on.
  on,    ///< Until the process ends.
  save,  ///< As `on`; what was learned is written to a file when the process exits, for later processes.
};

/// From now on, in this process; in place of what the environment variable TANDEM_LEARNING says ("on", the default,
/// "off" or "save"). With `on` and `save`, a process begins with what the file has, learned.json beside the profile
/// (for TANDEM_PROFILE=NAME.json, NAME.learned.json), unless it is damaged, or of another machine, library or profile;
/// that is decided at its first evaluation. The file is written by exit() and the end of main, not by a forked child of
/// the process that was told to save. A decision log that is being written then does not say that it changed.
/// Thread safety: any thread. Throws: `policy_error` as `machine_info`, `std::bad_alloc`.
TANDEM_API void set_learning(learning how);

/// Thread safety: any thread. Throws: `policy_error` if only TANDEM_LEARNING says, and it is none of the three.
TANDEM_API learning current_learning();

}  // namespace tandem
