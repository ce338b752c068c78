#include "contract/running.h"

#include <cstring>
#include <map>
#include <span>
#include <utility>

#include "core/layout.h"
#include "memory/storage.h"
#include "ops/compile.h"
#include "support/elements.h"

namespace tandem::testing {

namespace {

using tandem::detail::storage;

std::vector<std::byte> bytes_of_storage(const storage& of) {
  const std::byte* const begin = of.data();
  return {begin, begin + of.size_bytes()};
}

ndarray array_with(const std::vector<std::byte>& bytes, dtype type, const tandem::detail::layout& at) {
  auto memory = storage::allocate(static_cast<std::int64_t>(bytes.size()));
  if (!bytes.empty()) std::memcpy(memory->data_to_overwrite(), bytes.data(), bytes.size());
  return ndarray(std::move(memory), type, at, false);
}

// Whether two copies of a storage agree in all bytes but those of the target's elements.
bool same_around(std::vector<std::byte> before, std::vector<std::byte> after, const ndarray& target) {
  const auto item = static_cast<std::size_t>(item_size(target.dtype()));
  for (const std::int64_t distance : distances_of(target.shape(), target.strides())) {
    const auto at = static_cast<std::size_t>(target.layout().offset + distance) * item;
    std::memset(before.data() + at, 0, item);
    std::memset(after.data() + at, 0, item);
  }
  return before == after;
}

}  // namespace

outcome run_on(backend::backend& where, const expr& value, const std::optional<ndarray>& target) {
  ops::compiled made = target ? ops::compile_into(value.node(), target->layout()) : ops::compile(value.node());
  const std::vector<ndarray> arrays = std::move(made.operands);
  const auto code = where.prepare(std::move(made.code));
  const ops::program& program = code->program();

  // One block for each storage.
  struct placed {
    std::vector<std::byte> before;
    std::unique_ptr<device_block> block;
  };
  std::map<const storage*, placed> inputs;
  const auto place = [&](const storage& what) -> device_block& {
    placed& here = inputs[&what];
    if (here.block == nullptr) {
      here.before = bytes_of_storage(what);
      here.block = std::make_unique<device_block>(where.memory(), what.size_bytes());
      here.block->put(here.before);
    }
    return *here.block;
  };
  std::vector<backend::operand> operands(program.buffers.size(), {nullptr});
  std::map<std::size_t, std::unique_ptr<device_block>> outputs;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const ops::buffer& buffer = program.buffers[i];
    if (buffer.use == ops::buffer::role::input) {
      operands[i].data = place(*arrays[i].storage()).data();
    } else if (buffer.use == ops::buffer::role::output && target) {
      operands[i].data = place(*target->storage()).data();
    } else if (buffer.use == ops::buffer::role::output) {
      auto& block = outputs[i];
      block = std::make_unique<device_block>(where.memory(), buffer.size * item_size(buffer.type));
      block->put(std::vector<std::byte>(static_cast<std::size_t>(block->size_bytes()), std::byte{0xff}));
      operands[i].data = block->data();
    }
  }

  where.run(*code, {operands, made.numbers}, policy_of_this_thread());

  outcome done{ndarray(), true, true};
  const ops::region& result = program.result;
  const auto holder = static_cast<std::size_t>(result.buffer);
  if (target) {
    const placed& written = inputs.at(target->storage().get());
    const std::vector<std::byte> bytes = written.block->get();
    done.surroundings_unharmed = same_around(written.before, bytes, *target);
    done.result = array_with(bytes, target->dtype(), target->layout());
  } else if (program.buffers[holder].use == ops::buffer::role::input) {
    done.result = array_with(place(*arrays[holder].storage()).get(), program.result_type, result.at);
  } else {
    done.result = array_with(outputs.at(holder)->get(), program.result_type, result.at);
  }
  for (const auto& [memory, each] : inputs) {
    if (target && memory == target->storage().get()) continue;
    done.operands_unharmed = done.operands_unharmed && each.block->get() == each.before;
  }
  return done;
}

}  // namespace tandem::testing
