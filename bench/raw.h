#pragma once

#include <cstdint>

#include <tandem/tandem.h>

// What every benchmark shares: operands, and how bytes are counted.
namespace bench {

namespace td = tandem;

/// 0, 1/n, 2/n, ...: no denormals, no two neighbours alike.
inline td::ndarray ramp(const td::dims& shape) {
  std::int64_t size = 1;
  for (const std::int64_t extent : shape) size *= extent;
  return td::eval(td::reshape(td::arange(0.0, static_cast<double>(size)) / static_cast<double>(size), shape));
}

}  // namespace bench
