#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "ops/program.h"
#include "plan/profile.h"

// What calibration measures: a machine that is there, or one that is made up to test the planner. Times are in
// microseconds of the subject's own clock.
namespace tandem::plan {

/// A program with memory for its operands, on which it can run again and again.
class probe {
 public:
  probe() = default;
  probe(const probe&) = delete;
  probe& operator=(const probe&) = delete;
  virtual ~probe() = default;
  /// Runs it once and waits; how long that took, with what it costs to start it and to wait.
  virtual double run_us(int workers) = 0;
};

class host_subject {
 public:
  virtual ~host_subject() = default;
  virtual int cores() const = 0;
  /// As `host_profile::level_bytes`.
  virtual std::array<double, level_count - 1> level_bytes() const = 0;
  /// Time so far, by its clock.
  virtual double now_us() const = 0;
  /// Throws: `out_of_memory`.
  virtual std::unique_ptr<probe> prepare(const ops::program& what) = 0;
};

class device_subject {
 public:
  virtual ~device_subject() = default;
  virtual double now_us() const = 0;
  virtual std::int64_t free_bytes() = 0;
  /// Products up to which extent are to be measured: a simulated device computes them on this machine's cores.
  virtual double largest_product() const = 0;
  /// The same for bytes of programs that compute much; additions are measured with up to 256 MB.
  virtual double largest_bytes() const { return 256e6; }
  virtual std::unique_ptr<probe> prepare(const ops::program& what) = 0;
  /// Gives the probe `times` times and waits once, at the end.
  virtual double run_many_us(probe& what, int times) = 0;
  /// The host's time for giving it once; it is waited for after that time. 0 if the subject cannot tell.
  virtual double give_us([[maybe_unused]] probe& what) { return 0; }
  virtual double allocate_us(std::int64_t size_bytes) = 0;
  virtual double synchronize_us() = 0;
  virtual double copy_us(direction to, memory_kind kind, std::int64_t size_bytes) = 0;
};

}  // namespace tandem::plan
