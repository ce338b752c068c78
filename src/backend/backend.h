#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <tandem/machine.h>
#include <tandem/policy.h>

#include "ops/program.h"

namespace tandem::backend {

/// Where a buffer's element 0 lies. Null for temporaries, which a backend makes itself.
struct operand {
  std::byte* data;
};

/// A program made ready to run by one backend: whatever does not depend on addresses is done. Thread safety: immutable.
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

 private:
  ops::program program_;
};

/// What a backend says of itself.
struct description {
  std::vector<instruction_set_info> instruction_sets;
  library_info blas;
};

/// Code that runs programs on one kind of device.
class backend {
 public:
  virtual ~backend() = default;

  /// The word for it in policies and reports.
  virtual std::string_view name() const noexcept = 0;

  /// Throws: `policy_error` and `device_error` if there is no way to run programs here.
  virtual description describe() const = 0;

  /// Makes a program ready. Thread safety: any thread.
  virtual std::shared_ptr<const executable> prepare(ops::program what) = 0;

  /// Runs all stages of a program that this backend made ready, and waits. `operands` has an entry for each of the
  /// program's buffers; outputs must not overlap inputs, but for a single element-wise stage whose target is exactly
  /// the region that it reads.
  /// Allocates the temporaries, each until its last stage, and O(workers) scratch, before anything is written for a
  /// stage that needs them. Thread safety: any number of threads may run programs at once, also the same one.
  /// Throws: `out_of_memory`. Outputs are unspecified then.
  virtual void run(const executable& what, std::span<const operand> operands, const resolved_policy& rules) = 0;
};

/// The backend of this machine's cores. Lives as long as the program.
backend& cpu();

}  // namespace tandem::backend
