#pragma once

#include <array>
#include <span>
#include <string_view>

#include "backend/simulated/stage_counts.h"

// Hosts that are made up, as tables: what their cores really take, as opposed to what a planner can find out by
// measuring some points of it.
namespace bench::regret {

/// 1, 2, 4, ... 128 workers. Beyond the cores there are, a value is that of all cores.
inline constexpr int worker_points = 8;
using by_workers = std::array<double, worker_points>;
/// Of a footprint of 2^12, 2^14, ... 2^34 bytes.
inline constexpr int footprint_points = 12;
/// Cube roots of m * n * k of 2^3, 2^4, ... 2^13.
inline constexpr int product_points = 11;
inline constexpr int first_product_log2 = 3;

using operation_rates = std::array<double, tandem::backend::simulation::operation_kind_count>;
struct host_rates {
  operation_rates float32;
  operation_rates float64;
  /// Integers of up to 4 bytes, and of 8.
  operation_rates int32;
  operation_rates int64;
};

struct host_table {
  std::string_view name;
  /// No constant of the library may be chosen by what it does.
  bool is_for_testing;
  int cores;
  /// As the system would call it, for shipped constants.
  std::string_view processor;
  bool is_arm;
  /// Caches of one core, and the one that all have together.
  std::array<double, 2> level_bytes;
  /// Of an evaluation, before its first stage.
  double call_us;
  /// Bytes read and written per ns, by footprint and workers.
  std::array<by_workers, footprint_points> gb_per_s;
  /// Elements per ns that one worker fetches where they are not neighbours, by footprint.
  std::array<double, footprint_points> gathered_per_ns;
  by_workers fork_us;
  by_workers speedup;
  /// Operations per ns of one worker, by `operation_kind`, counted by the flops of the operations' rows.
  host_rates gops;
  /// Operations per ns of one worker in products, and by how much more workers are faster, with their fork and join.
  std::array<double, product_points> product_gflops_32;
  std::array<double, product_points> product_gflops_64;
  std::array<by_workers, product_points> product_speedup;
};

std::span<const host_table> host_tables() noexcept;

}  // namespace bench::regret
