#include "backend/cpu/map_loops.h"

namespace tandem::backend::kernels {

map_kernel map_complex(ops::op which, dtype type) {
  const auto row = static_cast<std::size_t>(which);
  return type == dtype::complex64 ? map_column<std::complex<float>>[row] : map_column<std::complex<double>>[row];
}

}  // namespace tandem::backend::kernels
