#pragma once

#include <cstdint>

#include "backend/cpu/stages.h"
#include "backend/cpu/tiles.h"
#include "core/layout.h"
#include "ops/program.h"

namespace tandem::backend {

/// An element-wise stage made ready to run on any addresses, as often as wanted. Thread safety: any number of runs at
/// once.
class elementwise_plan {
 public:
  explicit elementwise_plan(const ops::elementwise_stage& stage);

  /// Throws: `out_of_memory`, before anything is written.
  void run(const stage_context& context) const;

 private:
  // What the run of all elements writes to.
  struct output {
    std::byte* base;
    bool streams;
  };

  void run_range(tile_plan::worker& worker, const output& to, std::int64_t begin, std::int64_t end,
                 const stage_context& context) const;

  dims order_;
  tile_plan plan_;
  int target_buffer_;
  detail::layout target_;
  std::int64_t elements_;
  /// Elements of the target lie one after the other in the order of iteration.
  bool contiguous_;
  /// What it reads and writes does not fit the caches.
  bool outgrows_caches_;
};

}  // namespace tandem::backend
