#include <variant>

#include "cuda/codegen/lower_stage.h"
#include "cuda/codegen/lowered.h"

namespace tandem::cuda {

lowered_program lower(const ops::program& what, granularity grain) {
  lowering made(what, grain);
  int number = 0;
  for (const ops::stage& next : what.stages) {
    made.begin_stage(number++);
    std::visit([&](const auto& stage) { lower_stage(made, stage); }, next);
  }
  return made.finish();
}

}  // namespace tandem::cuda
