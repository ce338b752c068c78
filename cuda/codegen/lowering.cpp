#include <algorithm>
#include <utility>

#include "cuda/codegen/lower_stage.h"

namespace tandem::cuda {

lowering::lowering(const ops::program& what, granularity grain) : program_(&what), grain_(grain) {
  for (const ops::buffer& of : what.buffers) made_.buffers.push_back({of.use, of.size * item_size(of.type), -1, -1});
}

int lowering::temporary(std::int64_t size_bytes) {
  made_.buffers.push_back({ops::buffer::role::temporary, size_bytes, -1, -1});
  return static_cast<int>(made_.buffers.size()) - 1;
}

void lowering::add(launch made) {
  if (made.blocks == 0) return;
  for (const word& of : made.words) touch(of.buffer);
  made_.steps.push_back(std::move(made));
  made_.stages.push_back(stage_);
}

void lowering::add(product made) {
  for (const product::operand* of : {&made.x, &made.y, &made.target}) touch(of->buffer);
  made_.steps.push_back(std::move(made));
  made_.stages.push_back(stage_);
}

void lowering::touch(int buffer) {
  if (buffer < 0) return;
  lowered_program::buffer& of = made_.buffers[static_cast<std::size_t>(buffer)];
  of.last_step = static_cast<int>(made_.steps.size());
  if (of.first_step < 0) of.first_step = of.last_step;
}

lowered_program lowering::finish() { return std::move(made_); }

}  // namespace tandem::cuda
