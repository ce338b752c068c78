#include <algorithm>
#include <complex>

#include "backend/cpu/matrix_products.h"
#include "backend/cpu/tiles.h"
#include "core/strided.h"

namespace tandem::backend {

void run_stage(const ops::matmul_stage& stage, const stage_context& context) {
  if (core::size_of(stage.target.at.shape) == 0) return;
  const batch all(stage, context);
  if (stage.x.at.shape.back() == 0) {
    const std::int64_t elements = core::size_of(stage.target.at.shape);
    const scratch tile(tile_elements * largest_item_bytes);
    fill(tile.data(), stage.type, scalar(false), tile_elements);
    for (std::int64_t first = 0; first < elements; first += tile_elements) {
      core::scatter(tile.data(), context.data(stage.target), stage.target.at, item_size(stage.type), first,
                    std::min(tile_elements, elements - first));
    }
    return;
  }
  switch (stage.type) {
    case dtype::float32: return real_products<float>(all);
    case dtype::float64: return real_products<double>(all);
    case dtype::complex64: return blas_products<std::complex<float>>(all);
    case dtype::complex128: return blas_products<std::complex<double>>(all);
    default: return integer_products(all);
  }
}

}  // namespace tandem::backend
