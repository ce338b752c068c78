#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plan/task.h"

// The constants from which times are predicted, of one machine.
namespace tandem::plan {

/// Where a constant is from.
enum class origin : std::uint8_t {
  prior,       ///< Shipped with the library, or made from what the system says of the hardware.
  calibrated,  ///< Measured here by `calibrate`.
};
/// Names of its values, as files and reports have them.
inline constexpr std::array<std::string_view, 2> origin_words{"prior", "calibrated"};

struct constant {
  double value = 0;
  /// One standard deviation of a measurement, as a part of the value.
  double sigma = 0.2;
  /// Measurements; 0 for a prior.
  int samples = 0;
  origin from = origin::prior;
};

/// Values that depend on a size: at points with ascending sizes, between which one interpolates the logarithm of the
/// value over the logarithm of the size; outside, the nearest point's value.
struct curve {
  std::vector<double> at;
  std::vector<constant> values;

  bool empty() const noexcept { return at.empty(); }
  /// `at` must have an element. Thread safety: any thread.
  double operator()(double size) const noexcept;
  /// The point that is nearest to a size.
  const constant& nearest(double size) const noexcept;
};

/// Bytes that stay in a core's own caches, in the shared cache, and all others.
inline constexpr int level_count = 3;

/// A machine's cores.
struct host_profile {
  /// Where it is from, for readers: "measured on this machine", "prior: AMD EPYC (Zen 5), 2 cores, measured 2026-11".
  std::string source;
  /// The most workers that it says something of.
  int cores = 1;
  /// Capacities of the first two levels in bytes: the first of one core, the second of all.
  std::array<double, level_count - 1> level_bytes{};
  /// What an evaluation costs before its first stage, in microseconds.
  constant call_us;
  /// What it costs to share a stage out among so many workers: the fork, the join, and what cores lose by handing lines
  /// to one another. Points are counts of workers from 2 on.
  curve fork_us;
  /// Bytes read and written per second by so many workers, for each level; points are counts of workers from 1 on.
  std::array<curve, level_count> bytes_per_s;
  /// Operations per second of one worker, by class and width; of `product`, see below.
  std::array<std::array<constant, width_count>, work_class_count> operations_per_s{};
  /// What so many workers do of operations in the time that one does one: points from 1 on.
  curve speedup;
  /// Operations per second in products of float32 and float64; points are cube roots of m * n * k; of one worker and of
  /// `cores` ones.
  std::array<curve, width_count> product_alone;
  std::array<curve, width_count> product_together;
};

/// One direction of the link between host and device, for one kind of host memory.
struct link_profile {
  /// Microseconds of a copy of next to nothing, and bytes per second beyond that; points are bytes.
  constant latency_us;
  curve bytes_per_s;
};

enum class direction : std::uint8_t { to_device, to_host };
enum class memory_kind : std::uint8_t { pageable, pinned };
inline constexpr std::array<std::string_view, 2> direction_words{"to_device", "to_host"};
inline constexpr std::array<std::string_view, 2> kind_words{"pageable", "pinned"};

/// A device and its link.
struct device_profile {
  std::string source;
  /// Host time of a launch; from a launch to the end of a kernel that does nothing; from the end of the work to the
  /// host's going on; an allocation.
  constant launch_us;
  constant kernel_us;
  constant synchronize_us;
  constant allocate_us;
  /// Bytes read and written per second; points are bytes.
  curve bytes_per_s;
  /// Operations per second, by class and width.
  std::array<std::array<constant, width_count>, work_class_count> operations_per_s{};
  /// In products; points are cube roots of m * n * k.
  std::array<curve, width_count> product;
  /// [direction][kind].
  std::array<std::array<link_profile, 2>, 2> link;
};

/// What must be the same for constants to be of use: names and values, such as {"processor", "AMD EPYC ..."}.
using validators = std::vector<std::pair<std::string, std::string>>;

struct named_device_profile {
  /// "gpu:0", "sim:h200".
  std::string device;
  validators valid_for;
  device_profile constants;
};

/// A machine: its host, and devices that were calibrated.
struct profile {
  validators valid_for;
  host_profile host;
  std::vector<named_device_profile> devices;

  const device_profile* find(std::string_view device) const noexcept;
};

}  // namespace tandem::plan
