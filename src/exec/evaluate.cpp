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
#include "exec/placement.h"
#include "exec/program_cache.h"
#include "exec/report.h"
#include "exec/run.h"
#include "memory/storage.h"
#include "ops/compile.h"
#include "ops/structure.h"
#include "runtime/policy.h"
#include "runtime/workers.h"

namespace tandem::exec {

namespace {

using detail::storage;

// Expressions of one structure share a program; what differs is where their arrays begin.
bound_program bind(const cached_program& found, const ops::structure& of, std::int64_t target_offset) {
  bound_program bound{found.runs,
                      found.code,
                      buffer_list<binding>(found.array_of_buffer.size()),
                      target_offset - found.target_offset,
                      {}};
  for (std::size_t i = 0; i < found.array_of_buffer.size(); ++i) {
    if (found.array_of_buffer[i] < 0) continue;
    const auto at = static_cast<std::size_t>(found.array_of_buffer[i]);
    const ops::structure::array& array = of.arrays()[at];
    bound.buffers[i] = {array.memory, (array.offset - found.offsets[at]) * item_size(array.type)};
  }
  return bound;
}

bound_program bind(ops::compiled made, backend::backend& runs) {
  bound_program bound{&runs, runs.prepare(std::move(made.code)), buffer_list<binding>(made.operands.size()), 0,
                      std::move(made.operands)};
  for (std::size_t i = 0; i < bound.held.size(); ++i) {
    if (bound.program().buffers[i].use == ops::buffer::role::input)
      bound.buffers[i] = {bound.held[i].storage().get(), 0};
  }
  return bound;
}

// Remembers a program that was compiled for this structure. One whose result is a view of an operand is not kept: it
// has nothing to run, and its caller needs the operand itself.
void remember(const bound_program& made, const ops::structure& of, std::uint64_t hash, std::int64_t target_offset) {
  if (made.result_buffer().use == ops::buffer::role::input) return;
  cached_program kept;
  kept.key.assign(of.key().begin(), of.key().end());
  kept.runs = made.runs;
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

// Programs of devices count on it that element 0 of each operand is aligned. Where a view begins between two multiples
// of that alignment is therefore a part of what their programs are found by.
std::int64_t misalignment(std::int64_t offset, dtype type) {
  return offset * item_size(type) & (backend::operand_alignment - 1);
}

std::uint64_t with_misalignments(std::uint64_t hash, const ops::structure& of, const ndarray* target) {
  const auto mix = [&](std::int64_t offset, dtype type) {
    hash = (hash ^ static_cast<std::uint64_t>(misalignment(offset, type))) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 32;
  };
  for (const ops::structure::array& each : of.arrays()) mix(each.offset, each.type);
  if (target != nullptr) mix(target->layout().offset, target->dtype());
  return hash;
}

bool keeps_alignment(const cached_program& found, const ops::structure& of, const ndarray* target) {
  for (std::size_t i = 0; i < found.offsets.size(); ++i) {
    const ops::structure::array& now = of.arrays()[i];
    if (misalignment(now.offset - found.offsets[i], now.type) != 0) return false;
  }
  return target == nullptr || misalignment(target->layout().offset - found.target_offset, target->dtype()) == 0;
}

// The program for an expression, compiled if its structure has not been met there; with a target, one that writes to
// it.
bound_program find_or_compile(const ops::node_ptr& root, const ops::structure& of, bool is_described,
                              const request& asked, const ndarray* target) {
  const detail::layout* const layout = target == nullptr ? nullptr : &target->layout();
  const std::int64_t target_offset = layout == nullptr ? 0 : layout->offset;
  const bool contracts = asked.rules.fast_math.value;
  storages_to_place storages;
  if (target != nullptr) storages.add(*target->storage());
  std::uint64_t hash = 0;
  backend::backend* runs = nullptr;
  if (is_described) {
    for (const ops::structure::array& each : of.arrays()) storages.add(*each.memory);
    runs = &place(asked, storages);
    hash = of.hash() ^ reinterpret_cast<std::uintptr_t>(runs) >> 4;
    const bool is_host = runs->memory().is_host();
    if (!is_host) hash = with_misalignments(hash, of, target);
    const cached_program* const found = find_program(of, runs, hash);
    if (found != nullptr && (is_host || keeps_alignment(*found, of, target))) return bind(*found, of, target_offset);
  }
  ops::compiled made =
      with_contraction(layout == nullptr ? ops::compile(root) : ops::compile_into(root, *layout), contracts);
  if (!is_described) {
    for (std::size_t i = 0; i < made.operands.size(); ++i) {
      if (made.code.buffers[i].use == ops::buffer::role::input) storages.add(*made.operands[i].storage());
    }
    runs = &place(asked, storages);
  }
  bound_program bound = bind(std::move(made), able(*runs, made.code, asked));
  if (is_described && bound.runs == runs) remember(bound, of, hash, target_offset);
  return bound;
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

// Bytes of a storage. Memory of the application's may be in several storages, and is compared by its address.
struct byte_range {
  const storage* memory;
  std::int64_t begin;
  std::int64_t end;

  bool overlaps(const byte_range& other) const {
    if (begin == end || other.begin == other.end) return false;
    if (memory == other.memory) return begin < other.end && other.begin < end;
    const std::byte* const mine = memory->adopted_address();
    const std::byte* const theirs = other.memory->adopted_address();
    if (mine == nullptr || theirs == nullptr) return false;
    // Regions may belong to different blocks, so that only std::less orders their addresses.
    const std::less<const std::byte*> before;
    return before(mine + begin, theirs + other.end) && before(theirs + other.begin, mine + end);
  }
};

byte_range bytes_of(const binding& base, const detail::layout& at, dtype type) {
  const core::offset_range range = core::range_of(at);
  return {base.memory, base.shift_bytes + range.begin * item_size(type),
          base.shift_bytes + range.end * item_size(type)};
}

// Whether both begin at one address.
bool same_place(const byte_range& a, std::int64_t a_first, const byte_range& b, std::int64_t b_first) {
  if (a.memory == b.memory) return a_first == b_first;
  return a.memory->adopted_address() + a_first == b.memory->adopted_address() + b_first;
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
  if (may_write_in_part(*what.code)) return false;
  const byte_range written = bytes_of({target.storage().get(), 0}, target.layout(), target.dtype());
  const bool single = what.program().stages.size() == 1;
  const auto* only = single ? std::get_if<ops::elementwise_stage>(&what.program().stages.front()) : nullptr;
  if (only != nullptr) {
    for (std::size_t i = 0; i < only->chain.sources.size(); ++i) {
      const ops::region& source = only->chain.sources[i];
      const dtype type = only->chain.source_types[i];
      const binding& base = what.buffers[static_cast<std::size_t>(source.buffer)];
      const byte_range read = bytes_of(base, source.at, type);
      if (!read.overlaps(written)) continue;
      const bool same = same_place(read, base.shift_bytes + source.at.offset * item_size(type), written,
                                   target.layout().offset * item_size(target.dtype())) &&
                        item_size(type) == item_size(target.dtype()) && same_strides(source.at, target.layout());
      if (!same) return false;
    }
    return true;
  }
  // The regions that later stages read are not looked at one by one: whole operands decide.
  const auto is_apart = [&](const storage* read) {
    return read == nullptr || !byte_range{read, 0, read->size_bytes()}.overlaps(written);
  };
  for (const ndarray& each : what.held) {
    if (!is_apart(each.storage().get())) return false;
  }
  if (!what.held.empty()) return true;
  return std::ranges::all_of(of.arrays(), [&](const auto& each) { return is_apart(each.memory); });
}

}  // namespace

resolved_policy decide(const policy& call) {
  print_info_if_asked();
  runtime::check_not_lost();
  return runtime::resolve(call);
}

namespace {

ndarray evaluate_as(const ops::node_ptr& root, const request& asked, bool keeps,
                    const std::shared_ptr<storage>* replaced) {
  ops::structure structure;
  const bool is_described = structure.describe(*root, asked.rules.fast_math.value);
  bound_program what = find_or_compile(root, structure, is_described, asked, nullptr);
  const ops::region& place = what.program().result;
  const ops::buffer& holder = what.result_buffer();
  const bool is_view = holder.use == ops::buffer::role::input;
  const ndarray* const operand = is_view ? &what.held[static_cast<std::size_t>(place.buffer)] : nullptr;
  std::shared_ptr<storage> output;
  if (is_view) {
    output = operand->storage();
  } else {
    const std::int64_t size_bytes = core::checked_bytes({holder.size}, holder.type, asked.what);
    const bool reuses = replaced != nullptr && replaced->use_count() == 1 && (*replaced)->is_ours() &&
                        (*replaced)->size_bytes() == size_bytes && !may_write_in_part(*what.code);
    output = reuses ? *replaced : storage::unplaced(size_bytes);
    run(what, *output, detail::access::overwrite, size_bytes, asked);
  }
  const bool writable = !repeats_elements(place.at) && (!is_view || operand->is_writable());
  ndarray result(std::move(output), what.program().result_type, place.at, writable);
  if (keeps) ops::keep_result(*root, result);
  return result;
}

void evaluate_into_as(const ops::node_ptr& root, const ndarray& target, const request& asked) {
  const bool contracts = asked.rules.fast_math.value;
  ops::structure structure;
  const bool is_described = structure.describe(*root, contracts, &target.layout());
  bound_program direct = find_or_compile(root, structure, is_described, asked, &target);
  const bool covers = target.size_bytes() == target.storage()->size_bytes() && target.is_contiguous();
  const detail::access how = covers ? detail::access::overwrite : detail::access::update;
  if (may_write_in_place(direct, structure, target)) {
    run(direct, *target.storage(), how, 0, asked);
    return;
  }
  // Not by `evaluate`: the result of an array or of a view of one would be the very memory that is going to be
  // written.
  const std::int64_t size_bytes = core::checked_bytes(root->shape, root->type, "assign");
  bound_program making =
      bind(with_contraction(ops::compile_into(root, core::contiguous(root->shape)), contracts), *direct.runs);
  const ndarray first(storage::unplaced(size_bytes), root->type, core::contiguous(root->shape));
  run(making, *first.storage(), detail::access::overwrite, size_bytes, asked);
  bound_program copying = bind(ops::compile_into(ops::make_array(first), target.layout()), *direct.runs);
  run(copying, *target.storage(), how, 0, asked);
}

// Does it where the policy says and, if that cannot do it and the policy does not insist, on the CPU.
template <class Work>
auto with_fallback(const resolved_policy& rules, std::string_view what, Work&& work) {
  const bool insists =
      rules.device.value.kind() != device::kind::automatic && rules.strictness.value == strictness::strict;
  const request asked{rules, what};
  if (rules.device.value.kind() == device::kind::cpu || insists) return work(asked);
  try {
    return work(asked);
  } catch (const out_of_memory&) {
    if (!asked.left_host) throw;
  } catch (const device_error&) {
    if (!asked.left_host) throw;
  }
  return work(request{rules, what, true});
}

}  // namespace

ndarray evaluate(const ops::node_ptr& root, const policy& call, bool keeps, const std::shared_ptr<storage>* replaced) {
  const resolved_policy rules = decide(call);
  const std::string_view what = ops::name_of(*root);
  const auto* const leaf = std::get_if<ops::array_leaf>(&root->detail);
  const auto kept = leaf == nullptr ? ops::valid_result(*root) : nullptr;
  if (leaf != nullptr || kept) {
    place(request{rules, what}, {});  // a device that is demanded must be there, even if it has nothing to do
    return leaf != nullptr ? leaf->value : kept->value;
  }
  return with_fallback(rules, what, [&](const request& asked) { return evaluate_as(root, asked, keeps, replaced); });
}

void evaluate_into(const ops::node_ptr& root, const ndarray& target, const policy& call) {
  const resolved_policy rules = decide(call);
  with_fallback(rules, ops::name_of(*root), [&](const request& asked) { evaluate_into_as(root, target, asked); });
}

}  // namespace tandem::exec
