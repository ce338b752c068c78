#pragma once

#include <cstdint>
#include <vector>

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
  // Elements that are visited in one go; the parts together are all.
  struct part {
    part(const ops::elementwise_stage& stage, const iteration& visited, bool outgrows_caches);

    std::int64_t tiles() const noexcept { return (elements + tile_elements - 1) / tile_elements; }
    /// Computes tiles begin ... end - 1.
    void run(tile_plan::worker& worker, std::byte* base, std::int64_t begin, std::int64_t end,
             const stage_context& context) const;

    std::int64_t elements;
    tile_plan plan;
    detail::layout target;
    /// Elements of the target lie one after the other in the order in which they are visited.
    bool is_contiguous;
    /// Tiles are blocks that are written row by row.
    bool by_rows;
    /// Whether the target, if its first byte has the alignment, is written past the caches, which what is read and
    /// written does not fit.
    bool streams;
  };

  void run_alone(std::byte* base, const stage_context& context) const;
  void run_together(std::byte* base, int workers, const stage_context& context) const;

  int target_buffer_;
  std::vector<part> parts_;
};

}  // namespace tandem::backend
