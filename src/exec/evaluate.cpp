#include "exec/evaluate.h"

#include <functional>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "core/layout.h"
#include "memory/storage.h"
#include "ops/compile.h"
#include "runtime/workers.h"

namespace tandem::exec {

namespace {

using detail::storage;

// Runs a program whose outputs all are `output`.
void run(const ops::compiled& compiled, const std::shared_ptr<storage>& output, const policy& rules) {
  std::vector<backend::operand> operands;
  operands.reserve(compiled.code.buffers.size());
  for (std::size_t i = 0; i < compiled.code.buffers.size(); ++i) {
    switch (compiled.code.buffers[i].use) {
      case ops::buffer::role::input: operands.push_back({compiled.operands[i].storage()->data()}); break;
      case ops::buffer::role::output: operands.push_back({output->data()}); break;
      case ops::buffer::role::temporary: operands.push_back({nullptr}); break;
    }
  }
  if (rules.progress != nullptr) rules.progress->announce(ops::work_of(compiled.code));
  backend::cpu().run(compiled.code, operands, rules);
}

bool same_strides(const detail::layout& a, const detail::layout& b) {
  for (int i = 0; i < a.shape.size(); ++i) {
    if (a.shape[i] > 1 && a.strides[i] != b.strides[i]) return false;
  }
  return true;
}

bool repeats_elements(const detail::layout& at) {
  for (int i = 0; i < at.shape.size(); ++i) {
    if (at.strides[i] == 0 && at.shape[i] > 1) return true;
  }
  return false;
}

struct byte_range {
  const std::byte* begin;
  const std::byte* end;

  bool overlaps(const byte_range& other) const {
    // Regions may belong to different blocks, so that only std::less orders their addresses.
    const std::less<const std::byte*> before;
    return begin != end && other.begin != other.end && before(begin, other.end) && before(other.begin, end);
  }
};

byte_range bytes_of(const std::byte* base, const detail::layout& at, dtype type) {
  const core::offset_range range = core::range_of(at);
  return {base + range.begin * item_size(type), base + range.end * item_size(type)};
}

// Whether the program can write straight to `target`: it reads no element of it, or just the one it is about to write.
bool may_write_in_place(const ops::compiled& compiled, const ndarray& target) {
  const std::byte* target_base = target.storage()->data();
  const byte_range written = bytes_of(target_base, target.layout(), target.dtype());
  // A stage may fail for lack of memory before it writes; if another one had written by then, the target would be
  // half changed.
  int writers = 0;
  for (const ops::stage& stage : compiled.code.stages) {
    writers += std::visit([](const auto& of) { return of.target.buffer; }, stage) == compiled.code.result.buffer;
  }
  if (writers > 1) return false;
  const bool single = compiled.code.stages.size() == 1;
  const auto* only = single ? std::get_if<ops::elementwise_stage>(&compiled.code.stages.front()) : nullptr;
  if (only != nullptr) {
    for (std::size_t i = 0; i < only->chain.sources.size(); ++i) {
      const ops::region& source = only->chain.sources[i];
      const dtype type = only->chain.source_types[i];
      const std::byte* base = compiled.operands[static_cast<std::size_t>(source.buffer)].storage()->data();
      if (!bytes_of(base, source.at, type).overlaps(written)) continue;
      const bool same =
          base + source.at.offset * item_size(type) == target_base + target.layout().offset * item_size(type) &&
          item_size(type) == item_size(target.dtype()) && same_strides(source.at, target.layout());
      if (!same) return false;
    }
    return true;
  }
  // The regions that later stages read are not looked at one by one: whole operands decide.
  for (std::size_t i = 0; i < compiled.code.buffers.size(); ++i) {
    if (compiled.code.buffers[i].use != ops::buffer::role::input) continue;
    const storage& held = *compiled.operands[i].storage();
    if (byte_range{held.data(), held.data() + held.size_bytes()}.overlaps(written)) return false;
  }
  return true;
}

}  // namespace

ndarray evaluate(const ops::node_ptr& root, const policy& rules) {
  runtime::workers_of(rules);  // an impossible policy is an error also where nothing is left to do
  if (const auto* leaf = std::get_if<ops::array_leaf>(&root->detail)) return leaf->value;
  if (const auto kept = ops::valid_result(*root)) return kept->value;

  const ops::compiled compiled = ops::compile(root);
  const ops::region& place = compiled.code.result;
  const ops::buffer& holder = compiled.code.buffers[static_cast<std::size_t>(place.buffer)];
  const ndarray& operand = compiled.operands[static_cast<std::size_t>(place.buffer)];
  const bool is_view = holder.use == ops::buffer::role::input;
  const std::shared_ptr<storage> output =
      is_view ? operand.storage()
              : storage::allocate(core::checked_bytes({holder.size}, holder.type, ops::name_of(*root)));
  run(compiled, output, rules);
  const bool writable = !repeats_elements(place.at) && (!is_view || operand.is_writable());
  ndarray result(output, compiled.code.result_type, place.at, writable);
  root->kept.store(std::make_shared<const ops::kept_result>(ops::kept_result{result, output->version()}),
                   std::memory_order_release);
  return result;
}

void evaluate_into(const ops::node_ptr& root, const ndarray& target, const policy& rules) {
  const ops::compiled direct = ops::compile_into(root, target.layout());
  if (may_write_in_place(direct, target)) {
    run(direct, target.storage(), rules);
  } else {
    // Not by `evaluate`: the result of an array or of a view of one would be the very memory that is going to be
    // written.
    const ndarray first(storage::allocate(core::checked_bytes(root->shape, root->type, "assign")), root->type,
                        core::contiguous(root->shape));
    run(ops::compile_into(root, first.layout()), first.storage(), rules);
    run(ops::compile_into(ops::make_array(first), target.layout()), target.storage(), rules);
  }
  target.storage()->mark_written();
}

}  // namespace tandem::exec
