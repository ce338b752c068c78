#include "core/layout.h"
#include "cuda/codegen/elementwise.h"
#include "cuda/codegen/lower_stage.h"
#include "cuda/codegen/single.h"
#include "cuda/codegen/split.h"

namespace tandem::cuda {

void lower_stage(lowering& into, const ops::elementwise_stage& what) {
  if (core::size_of(what.chain.shape) == 0) return;
  if (into.grain() == granularity::single) {
    lower_singly(into, what.chain, what.target);
    return;
  }
  const dims order = core::by_stride(what.target.at.strides);
  into.add(elementwise(fitted(into, what.chain, order, 0), what.target));
}

}  // namespace tandem::cuda
