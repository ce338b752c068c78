#pragma once

#include <cstdint>
#include <memory>

#include "backend/cpu/stages.h"
#include "ops/program.h"

namespace tandem::backend {

/// A reduction or product and the element-wise work on its result (`sqrt(sum(a * a, axis=1))`, `x @ w + b`), done block
/// by block along the result's first axis, so that what is between them stays in the caches and its memory is that of a
/// block. The same bits as one after the other. Thread safety: immutable.
class block_by_block {
 public:
  /// For the stages `number` and `number + 1`, if the second is the only one to read what the first computes, as it
  /// lies, and if that is too large for the caches; null otherwise.
  static std::unique_ptr<const block_by_block> of(const ops::program& what, std::size_t number);

  /// Throws: `out_of_memory`; some blocks may be written then.
  void run(const stage_context& context) const;

 private:
  block_by_block(const ops::stage& first, const ops::elementwise_stage& second, const ops::buffer& between,
                 std::int64_t block_rows)
      : first_(first), second_(second), between_(between), block_rows_(block_rows) {}

  const ops::stage& first_;
  const ops::elementwise_stage& second_;
  const ops::buffer& between_;
  /// Positions along the first axis.
  std::int64_t block_rows_;
};

}  // namespace tandem::backend
