#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <tandem/tandem.h>

#include "gpu/turns.h"

namespace bench {

/// What a GPU does by CUDA itself, beside which tandem is measured. Each call makes a contestant of its own, which
/// holds the memory it needs; all of them use one stream.
///
/// Throws: `std::runtime_error` with what CUDA says, here and when they run.
class yardsticks {
 public:
  virtual ~yardsticks() = default;

  /// Copies that many bytes within the device: it moves twice as many.
  virtual contestant device_copy(std::int64_t size_bytes) = 0;
  /// Copies from page-locked memory of the host to the device, or back.
  virtual contestant pinned_copy(std::int64_t size_bytes, bool to_device) = 0;
  /// cuBLAS's (n,n),(n,n)->(n,n) of float32, float64, complex64 or complex128, with elements other than 0.
  virtual contestant product(tandem::dtype type, std::int64_t n) = 0;
  /// Launches a kernel that does nothing.
  virtual contestant launch() = 0;

  /// CUDA's and the driver's version.
  virtual std::string versions() const = 0;
};

/// Those of a device, or why there are none.
struct found_yardsticks {
  std::unique_ptr<yardsticks> all;
  std::string why_not;
};

found_yardsticks find_yardsticks(const tandem::device& where);

}  // namespace bench
