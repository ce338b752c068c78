#include "gpu/yardsticks.h"

namespace bench {

found_yardsticks find_yardsticks(const tandem::device& where) {
  if (where.kind() != tandem::device::kind::gpu) return {nullptr, "not measured: the device is no GPU"};
  return {nullptr, "not measured: built without CUDA"};
}

}  // namespace bench
