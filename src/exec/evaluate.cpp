#include "exec/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include <tandem/errors.h>

#include "backend/backend.h"
#include "core/layout.h"
#include "exec/program_cache.h"
#include "exec/report.h"
#include "memory/storage.h"
#include "ops/compile.h"
#include "ops/structure.h"
#include "runtime/policy.h"
#include "runtime/workers.h"

namespace tandem::exec {

namespace {

using detail::storage;

// One operand for each buffer of a program. Few, as most programs have, are held in place.
class operand_list {
 public:
  explicit operand_list(std::size_t size) : size_(size) {
    if (size > few) many_.resize(size);
  }
  backend::operand& operator[](std::size_t i) noexcept { return data()[i]; }
  const backend::operand& operator[](std::size_t i) const noexcept { return many_.empty() ? few_[i] : many_[i]; }
  operator std::span<const backend::operand>() const noexcept { return {many_.empty() ? few_ : many_.data(), size_}; }

 private:
  static constexpr std::size_t few = 8;

  backend::operand* data() noexcept { return many_.empty() ? few_ : many_.data(); }

  std::size_t size_;
  backend::operand few_[few];
  std::vector<backend::operand> many_;
};

// A program and where each buffer's element 0 is; null for outputs and temporaries.
struct bound_program {
  std::shared_ptr<const backend::executable> code;
  operand_list operands;
  /// Elements that the output's regions are to be moved by.
  std::int64_t target_shift = 0;
  /// The operands of a program that was compiled now: they keep the memory alive. For a program that was found, nodes
  /// and the structure do.
  std::vector<ndarray> held;

  const ops::program& program() const { return code->program(); }
  const ops::buffer& result_buffer() const {
    return program().buffers[static_cast<std::size_t>(program().result.buffer)];
  }
};

// Expressions of one structure share a program; what differs is where their arrays begin.
bound_program bind(const cached_program& found, const ops::structure& of, std::int64_t target_offset) {
  bound_program bound{found.code, operand_list(found.array_of_buffer.size()), target_offset - found.target_offset, {}};
  for (std::size_t i = 0; i < found.array_of_buffer.size(); ++i) {
    bound.operands[i] = {nullptr};
    if (found.array_of_buffer[i] < 0) continue;
    const auto at = static_cast<std::size_t>(found.array_of_buffer[i]);
    const ops::structure::array& array = of.arrays()[at];
    bound.operands[i] = {array.memory->data() + (array.offset - found.offsets[at]) * item_size(array.type)};
  }
  return bound;
}

bound_program bind(ops::compiled made) {
  bound_program bound{backend::cpu().prepare(std::move(made.code)), operand_list(made.operands.size()), 0,
                      std::move(made.operands)};
  for (std::size_t i = 0; i < bound.held.size(); ++i) {
    const bool is_input = bound.program().buffers[i].use == ops::buffer::role::input;
    bound.operands[i] = {is_input ? bound.held[i].storage()->data() : nullptr};
  }
  return bound;
}

// Remembers a program that was compiled for this structure. One whose result is a view of an operand is not kept: it
// has nothing to run, and its caller needs the operand itself.
void remember(const bound_program& made, const ops::structure& of, std::uint64_t hash, std::int64_t target_offset) {
  if (made.result_buffer().use == ops::buffer::role::input) return;
  cached_program kept;
  kept.key.assign(of.key().begin(), of.key().end());
  kept.code = made.code;
  kept.target_offset = target_offset;
  for (const ops::structure::array& each : of.arrays()) kept.offsets.push_back(each.offset);
  for (std::size_t i = 0; i < made.held.size(); ++i) {
    const ops::buffer& buffer = made.program().buffers[i];
    int number = -1;
    if (buffer.use == ops::buffer::role::input) {
      for (std::size_t k = 0; number < 0 && k < of.arrays().size(); ++k) {
        const bool same = of.arrays()[k].memory == made.held[i].storage().get() && of.arrays()[k].type == buffer.type;
        if (same) number = static_cast<int>(k);
      }
      if (number < 0) return;  // another thread evaluated a part of the expression in between
    }
    kept.array_of_buffer.push_back(number);
  }
  keep_program(std::move(kept), hash);
}

// A policy of fast math concerns how programs are made.
ops::compiled with_contraction(ops::compiled made, bool contracts) {
  if (!contracts) return made;
  for (ops::stage& stage : made.code.stages) {
    std::visit(
        [](auto& of) {
          if constexpr (requires { of.chain; }) of.chain.contracts = true;
        },
        stage);
  }
  return made;
}

// The program for an expression, compiled if its structure has not been met; with a target, one that writes to it.
bound_program find_or_compile(const ops::node_ptr& root, const ops::structure& of, bool is_described, bool contracts,
                              const detail::layout* target) {
  const std::int64_t target_offset = target == nullptr ? 0 : target->offset;
  const std::uint64_t hash = is_described ? of.hash() : 0;
  if (is_described) {
    if (const cached_program* found = find_program(of, hash)) return bind(*found, of, target_offset);
  }
  bound_program made =
      bind(with_contraction(target == nullptr ? ops::compile(root) : ops::compile_into(root, *target), contracts));
  if (is_described) remember(made, of, hash, target_offset);
  return made;
}

// Runs a program whose outputs all are `output`.
void run(bound_program& what, storage& output, const resolved_policy& rules) {
  for (std::size_t i = 0; i < what.program().buffers.size(); ++i) {
    const ops::buffer& buffer = what.program().buffers[i];
    if (buffer.use == ops::buffer::role::output) {
      what.operands[i] = {output.data() + what.target_shift * item_size(buffer.type)};
    }
  }
  if (rules.progress.value != nullptr) rules.progress.value->announce(ops::work_of(what.program()));
  backend::cpu().run(*what.code, what.operands, rules);
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

// Whether a failure may leave what the result goes to half changed: a stage may fail for lack of memory before it
// writes, and another one have written by then.
bool may_write_in_part(const backend::executable& what) {
  const ops::program& program = what.program();
  return what.may_write_in_part() ||
         std::ranges::count_if(program.stages, [&](const ops::stage& stage) {
           return std::visit([](const auto& of) { return of.target.buffer; }, stage) == program.result.buffer;
         }) > 1;
}

// Whether the program can write straight to `target`: it reads no element of it, or just the one it is about to write.
// `of` describes the expression if the program was found for it.
bool may_write_in_place(const bound_program& what, const ops::structure& of, const ndarray& target) {
  const std::byte* target_base = target.storage()->data();
  const byte_range written = bytes_of(target_base, target.layout(), target.dtype());
  if (may_write_in_part(*what.code)) return false;
  const bool single = what.program().stages.size() == 1;
  const auto* only = single ? std::get_if<ops::elementwise_stage>(&what.program().stages.front()) : nullptr;
  if (only != nullptr) {
    for (std::size_t i = 0; i < only->chain.sources.size(); ++i) {
      const ops::region& source = only->chain.sources[i];
      const dtype type = only->chain.source_types[i];
      const std::byte* base = what.operands[static_cast<std::size_t>(source.buffer)].data;
      if (!bytes_of(base, source.at, type).overlaps(written)) continue;
      const bool same =
          base + source.at.offset * item_size(type) == target_base + target.layout().offset * item_size(type) &&
          item_size(type) == item_size(target.dtype()) && same_strides(source.at, target.layout());
      if (!same) return false;
    }
    return true;
  }
  // The regions that later stages read are not looked at one by one: whole operands decide.
  const auto is_apart = [&](const storage* read) {
    return read == nullptr || !byte_range{read->data(), read->data() + read->size_bytes()}.overlaps(written);
  };
  for (const ndarray& each : what.held) {
    if (!is_apart(each.storage().get())) return false;
  }
  if (!what.held.empty()) return true;
  return std::ranges::all_of(of.arrays(), [&](const auto& each) { return is_apart(each.memory); });
}

}  // namespace

resolved_policy decide(const policy& call, std::string_view what) {
  print_info_if_asked();
  runtime::check_not_lost();
  const resolved_policy rules = runtime::resolve(call);
  if (rules.device.value.kind() == device::kind::gpu && rules.strictness.value == strictness::strict) {
    throw device_error(
        fmt::format("{}: {} is demanded ({}), and this build of tandem has no code for GPUs; use device::cpu, or "
                    "strictness::preferred to let the CPU do it",
                    what, to_string(rules.device.value), to_string(rules.device.layer)));
  }
  return rules;
}

void check_memory(std::int64_t result_bytes, std::int64_t temporary_bytes, const resolved_policy& rules,
                  std::string_view what) {
  const std::int64_t limit = rules.host_memory_bytes.value;
  if (result_bytes <= limit && temporary_bytes <= limit - result_bytes) return;
  throw out_of_memory(
      fmt::format("{}: the result needs {} bytes of host memory and temporaries {}; the policy ({}) allows {}", what,
                  result_bytes, temporary_bytes, to_string(rules.host_memory_bytes.layer), limit));
}

ndarray evaluate(const ops::node_ptr& root, const policy& call, bool keeps, const std::shared_ptr<storage>* replaced) {
  const resolved_policy rules = decide(call, ops::name_of(*root));
  if (const auto* leaf = std::get_if<ops::array_leaf>(&root->detail)) return leaf->value;
  if (const auto kept = ops::valid_result(*root)) return kept->value;

  ops::structure structure;
  const bool is_described = structure.describe(*root, rules.fast_math.value);
  bound_program what = find_or_compile(root, structure, is_described, rules.fast_math.value, nullptr);
  const ops::region& place = what.program().result;
  const ops::buffer& holder = what.result_buffer();
  const bool is_view = holder.use == ops::buffer::role::input;
  const ndarray* const operand = is_view ? &what.held[static_cast<std::size_t>(place.buffer)] : nullptr;
  std::shared_ptr<storage> output;
  if (is_view) {
    output = operand->storage();
  } else {
    const std::int64_t size_bytes = core::checked_bytes({holder.size}, holder.type, ops::name_of(*root));
    check_memory(size_bytes, what.code->temporary_bytes(), rules, ops::name_of(*root));
    const bool reuses = replaced != nullptr && replaced->use_count() == 1 && (*replaced)->is_ours() &&
                        (*replaced)->size_bytes() == size_bytes && !may_write_in_part(*what.code);
    output = reuses ? *replaced : storage::allocate(size_bytes);
  }
  run(what, *output, rules);
  const bool writable = !repeats_elements(place.at) && (!is_view || operand->is_writable());
  ndarray result(std::move(output), what.program().result_type, place.at, writable);
  if (keeps) ops::keep_result(*root, result);
  return result;
}

void evaluate_into(const ops::node_ptr& root, const ndarray& target, const policy& call) {
  const resolved_policy rules = decide(call, ops::name_of(*root));
  ops::structure structure;
  const bool is_described = structure.describe(*root, rules.fast_math.value, &target.layout());
  bound_program direct = find_or_compile(root, structure, is_described, rules.fast_math.value, &target.layout());
  if (may_write_in_place(direct, structure, target)) {
    check_memory(0, direct.code->temporary_bytes(), rules, ops::name_of(*root));
    run(direct, *target.storage(), rules);
  } else {
    // Not by `evaluate`: the result of an array or of a view of one would be the very memory that is going to be
    // written.
    const std::int64_t size_bytes = core::checked_bytes(root->shape, root->type, "assign");
    bound_program making =
        bind(with_contraction(ops::compile_into(root, core::contiguous(root->shape)), rules.fast_math.value));
    check_memory(size_bytes, making.code->temporary_bytes(), rules, ops::name_of(*root));
    const ndarray first(storage::allocate(size_bytes), root->type, core::contiguous(root->shape));
    run(making, *first.storage(), rules);
    bound_program copying = bind(ops::compile_into(ops::make_array(first), target.layout()));
    run(copying, *target.storage(), rules);
  }
  target.storage()->mark_written();
}

}  // namespace tandem::exec
