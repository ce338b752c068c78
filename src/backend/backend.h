#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tandem/machine.h>
#include <tandem/policy.h>

#include "memory/device_memory.h"
#include "ops/program.h"

namespace tandem::backend {

/// Where a buffer's element 0 lies, in the memory of the backend's device; on one that is not the host, at a multiple
/// of `operand_alignment` bytes, so that a program's offsets say which accesses are aligned. Null for temporaries,
/// which a backend makes itself.
struct operand {
  std::byte* data;
};
/// The widest access of a GPU.
inline constexpr std::int64_t operand_alignment = 16;

/// What a program is given to run.
struct arguments {
  /// One for each of its buffers.
  std::span<const operand> operands;
  /// One for each of its numbers.
  std::span<const scalar> numbers;
};

/// A program made ready to run by one backend: whatever depends neither on addresses nor on numbers is done. Thread
/// safety: immutable.
class executable {
 public:
  explicit executable(ops::program what) : program_(std::move(what)) {}
  executable(const executable&) = delete;
  executable& operator=(const executable&) = delete;
  virtual ~executable() = default;

  const ops::program& program() const noexcept { return program_; }
  /// Whether a run that fails for lack of memory may have written a part of the result.
  virtual bool may_write_in_part() const noexcept = 0;
  /// The most bytes of temporaries that a run has at a time.
  virtual std::int64_t temporary_bytes() const noexcept = 0;
  /// Whether later runs are done in the same way: nothing that would do it better is being compiled.
  virtual bool is_settled() const noexcept { return true; }

 private:
  ops::program program_;
};

/// What a backend says of its device. Each kind of device has something to say in some fields only.
struct description {
  /// "AMD EPYC ...", "NVIDIA H200".
  std::string device;
  /// The device is not there: what is reported of it is made up from a profile.
  bool is_simulated = false;
  std::vector<instruction_set_info> instruction_sets;
  library_info blas;
  /// Whatever else there is to know, as pairs of a word and a text: "driver", "compute capability", ...
  std::vector<std::pair<std::string, std::string>> facts;
};

/// What is known of a device without measuring, for first predictions: published figures, or what a driver says of the
/// hardware. A figure that is not known is 0.
struct hardware_hints {
  /// Where the figures are from, for readers.
  std::string source;
  /// What must be the same for later measurements of the device to be of use: names and values.
  std::vector<std::pair<std::string, std::string>> identity;
  /// Reads and writes of its memory together.
  double bytes_per_s = 0;
  /// Operations of one element, without matrix units.
  double float32_flops = 0;
  double float64_flops = 0;
  /// Host time of a launch; from there to the end of a kernel that does nothing; from the end of the work to the host's
  /// going on; an allocation; a copy of next to nothing.
  double launch_us = 0;
  double kernel_us = 0;
  double synchronize_us = 0;
  double allocate_us = 0;
  double copy_us = 0;
  /// Of the link to the host, in one direction.
  double pageable_bytes_per_s = 0;
  double pinned_bytes_per_s = 0;
};

/// Operands of a run that are not on the device yet when it begins: they come while it is being given, each before the
/// first stage that reads it, so that what later stages need is copied while the device does earlier ones.
/// Thread safety: none.
class late_operands {
 public:
  virtual ~late_operands() = default;

  /// Whether some come before that stage.
  virtual bool has(int stage) const noexcept = 0;
  /// Sees to it that those are on the device for what the calling thread's queue is given from now on, and puts them
  /// into the list that the run was given. May block for copies, but not for the work of earlier stages.
  /// Throws: `device_error`, `out_of_memory`.
  virtual void bring(int stage) = 0;
};

/// Code that runs programs on one device.
class backend {
 public:
  virtual ~backend() = default;

  /// The device, as policies and reports name it: "cpu", "gpu:0", "sim:h200".
  virtual std::string_view name() const noexcept = 0;

  /// Throws: `policy_error` and `device_error` if there is no way to run programs here.
  virtual description describe() = 0;

  /// Thread safety: any thread. Throws: as `describe`.
  virtual hardware_hints hints() { return {}; }

  /// The memory of its device. Operands of `run` are blocks of it.
  virtual memory::device_memory& memory() noexcept = 0;

  /// Why it cannot run a program: "" if it can. Thread safety: any thread.
  virtual std::string why_not(const ops::program& what) const = 0;

  /// Microseconds that it takes once to make a program ready, and that its first run waits for: 0 if it is ready, or
  /// others serve until it is. Thread safety: any thread.
  virtual double cold_us(const ops::program&) const { return 0; }

  /// Makes a program ready that `why_not` has nothing against. Thread safety: any thread.
  /// Throws: `device_error`.
  virtual std::shared_ptr<const executable> prepare(ops::program what) = 0;

  /// Gives all stages of a program that this backend made ready to the calling thread's queue (see `device_memory`); on
  /// the host, that is to run them. What `given` refers to is needed until this returns. Outputs must not overlap
  /// inputs, but for a single element-wise stage whose target is exactly the region that it reads.
  /// Allocates the temporaries, each until its last stage, and on the host O(workers) scratch, before anything is
  /// written for a stage that needs them. Thread safety: any number of threads may run programs at once, also the same
  /// one. The host's advances `rules.progress`; others, whose work is done later, must be given none.
  /// `workers` says how many the host puts on each stage, for there is no telling from a stage alone what pays; if it
  /// is empty, as many as the policy allows. Devices have no use for it. Results do not depend on it.
  /// A device brings `late` operands, if there are any, in the order of the stages, each before its stage is given; no
  /// operand that comes late is used before. The host is given none.
  /// Throws: `out_of_memory`, `device_error`, what `late` throws. Outputs are unspecified then, but for those that no
  /// stage before the one that something failed for writes.
  virtual void run(const executable& what, const arguments& given, const resolved_policy& rules,
                   std::span<const std::int16_t> workers = {}, late_operands* late = nullptr) = 0;
};

/// The backend of this machine's cores. Lives as long as the program.
backend& cpu();

/// The backend of a simulated device, by what follows "sim:" in its name. Lives as long as the program.
/// Throws: `device_error` for a name that no profile has, `out_of_memory`.
backend& simulated(std::string_view name);

}  // namespace tandem::backend
