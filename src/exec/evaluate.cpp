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
#include "ops/number_words.h"
#include "ops/structure.h"
#include "runtime/policy.h"
#include "runtime/workers.h"

namespace tandem::exec {

namespace {

using detail::storage;

// Expressions of one structure share a program; what differs is where their arrays begin, and their numbers.
bound_program bind(const cached_program& found, const ops::structure& of, std::int64_t target_offset) {
  bound_program bound{found.runs,
                      found.code,
                      short_list<binding>(found.array_of_buffer.size()),
                      short_list<scalar>(found.number_of.size(), false),
                      target_offset - found.target_offset,
                      {},
                      found.planned};
  for (std::size_t i = 0; i < found.array_of_buffer.size(); ++i) {
    if (found.array_of_buffer[i] < 0) continue;
    const auto at = static_cast<std::size_t>(found.array_of_buffer[i]);
    const ops::structure::array& array = of.arrays()[at];
    bound.buffers[i] = {array.memory, (array.offset - found.offsets[at]) * item_size(array.type)};
  }
  for (std::size_t i = 0; i < found.number_of.size(); ++i) {
    bound.numbers[i] = *of.numbers()[static_cast<std::size_t>(found.number_of[i])];
  }
  return bound;
}

bound_program bind(ops::compiled made, backend::backend& runs, std::shared_ptr<planned_program> planned) {
  bound_program bound{&runs,
                      runs.prepare(std::move(made.code)),
                      short_list<binding>(made.operands.size()),
                      short_list<scalar>(made.numbers.size(), false),
                      0,
                      std::move(made.operands),
                      std::move(planned)};
  std::ranges::copy(made.numbers, bound.numbers.all().begin());
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
  kept.planned = made.planned;
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
  for (const scalar& each : std::span<const scalar>(made.numbers)) {
    const auto same =
        std::ranges::find_if(of.numbers(), [&](const scalar* number) { return ops::is_same_number(*number, each); });
    if (same == of.numbers().end()) return;  // as above
    kept.number_of.push_back(static_cast<int>(same - of.numbers().begin()));
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

// Whether a target's elements are all that its storage has.
bool covers(const ndarray& target) {
  return target.size_bytes() == target.storage()->size_bytes() && target.is_contiguous();
}

// How an expression is done: found or compiled, for the place that was chosen.
class finder {
 public:
  finder(const ops::node_ptr& root, const ops::structure& of, bool is_described, const request& asked,
         const ndarray* target)
      : root_(root), of_(of), is_described_(is_described), asked_(asked), target_(target) {}

  /// The program, with where it runs and what is known of that. `result_bytes` of a result that is new.
  bound_program find() {
    backend::backend& first = wanted(asked_);
    bound_program found = find_at(first, nullptr);
    decide(found);
    if (asked_.is_automatic() && found.decided.place != plan::host_place) move(found);
    return found;
  }

 private:
  const detail::layout* layout() const { return target_ == nullptr ? nullptr : &target_->layout(); }
  std::int64_t target_offset() const { return target_ == nullptr ? 0 : target_->layout().offset; }

  ops::compiled compiled() const {
    const bool contracts = asked_.rules.fast_math.value;
    return with_contraction(target_ == nullptr ? ops::compile(root_) : ops::compile_into(root_, target_->layout()),
                            contracts);
  }

  bound_program find_at(backend::backend& where, std::shared_ptr<planned_program> planned) {
    std::uint64_t hash = 0;
    if (is_described_) {
      hash = of_.hash() ^ reinterpret_cast<std::uintptr_t>(&where) >> 4;
      const bool is_host = where.memory().is_host();
      if (!is_host) hash = with_misalignments(hash, of_, target_);
      const cached_program* const found = find_program(of_, &where, hash);
      if (found != nullptr && (is_host || keeps_alignment(*found, of_, target_))) {
        return bind(*found, of_, target_offset());
      }
    }
    ops::compiled made = compiled();
    if (!planned) planned = std::make_shared<planned_program>(made.code, is_described_ ? of_.hash() : 0);
    backend::backend& runs = able(where, made.code, asked_);
    bound_program bound = bind(std::move(made), runs, std::move(planned));
    if (is_described_ && &runs == &where) remember(bound, of_, hash, target_offset());
    return bound;
  }

  void decide(bound_program& found) const;

  void note(bound_program& found, const plan::question& question, plan::asking how) const {
    if (!is_watched()) return;
    note_decision(found, *root_, target_ == nullptr ? nullptr : target_->storage().get(),
                  target_ == nullptr || covers(*target_), &question, how);
  }

  // To where the planner wants it.
  void move(bound_program& found) {
    const plan::decision decided = found.decided;
    asked_.left_host = true;
    bound_program moved = find_at(backend_at(decided.place), found.planned);
    if (&backend_at(decided.place) == moved.runs) {
      moved.decided = decided;
      found.planned->is_ready_at(decided.place);
    }
    moved.planned = std::move(found.planned);
    moved.watched = std::move(found.watched);
    found = std::move(moved);
  }

  const ops::node_ptr& root_;
  const ops::structure& of_;
  bool is_described_;
  const request& asked_;
  const ndarray* target_;
};

// An evaluation uses results: those that were made for nobody but the host are known by then.
void note_uses(std::span<detail::storage* const> read) noexcept {
  for (detail::storage* each : read) {
    memory::placement_note& note = each->note();
    memory::use_history* const history = note.history.load(std::memory_order_relaxed);
    if (history != nullptr && !note.was_used.exchange(true, std::memory_order_relaxed)) history->used();
  }
}

bool may_be_on_device(const storage* of) { return of != nullptr && of->may_be_on_device(); }

void finder::decide(bound_program& found) const {
  if (found.result_buffer().use == ops::buffer::role::input) return;  // a view: there is nothing to run
  plan::planner& planner = planner_of_process();
  plan::planned_task& task = found.planned->task();
  const bool is_host = found.runs->memory().is_host();
  const int limit = is_host && planner.may_share(task) ? runtime::workers_of(asked_.rules) : 1;
  if (!asked_.is_automatic()) {
    const std::optional<int> place = is_host ? std::optional<int>(plan::host_place) : place_of(*found.runs);
    if (!place) {
      found.decided.place = -1;
      return;
    }
    plan::question question;
    question.worker_limit = limit;
    question.allowed = plan::set_of(*place);
    found.decided = planner.decide(task, question);
    note(found, question, plan::asking::about_work);
    return;
  }
  const plan::place_set others = candidates(planner.host_time_us(task, limit));
  const std::span<const binding> operands = found.buffers;
  const bool is_all_on_host =
      std::ranges::none_of(operands, [](const binding& each) { return may_be_on_device(each.memory); }) &&
      (target_ == nullptr || !may_be_on_device(target_->storage().get()));
  if (others == plan::set_of(plan::host_place) && is_all_on_host) {
    plan::question question;
    question.worker_limit = limit;
    if (planner.place_count() > 1) question.allowed = others;
    found.decided = planner.decide(task, question);
    note(found, question, plan::asking::about_work);
    return;
  }
  storages_in_question storages;
  for (const binding& each : operands) {
    if (each.memory != nullptr) storages.add(*each.memory);
  }
  note_uses(storages.all());
  const plan::question question =
      question_about(*found.planned, found.program(), storages, target_, asked_.rules, limit, others);
  lessons::learn();
  found.decided = planner.decide(task, question);
  note(found, question, plan::asking::everything);
}

// For work that is sure to run on the host.
plan::question question_on_host(planned_program& what, const request& asked) {
  const plan::planner& planner = planner_of_process();
  plan::question question;
  question.worker_limit = planner.may_share(what.task()) ? runtime::workers_of(asked.rules) : 1;
  question.allowed = plan::set_of(plan::host_place);
  return question;
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
  watch_if_asked();
  runtime::check_not_lost();
  return runtime::resolve(call);
}

namespace {

// What becomes of a result tells where others like it should be made.
void note_result(const storage& made, const bound_program& by) {
  if (by.decided.place < 0) return;
  memory::use_history& history = planner_of_process().history_of(by.planned->task());
  history.made(!by.runs->memory().is_host());
  memory::placement_note& note = made.note();
  note.credit_us.store(by.decided.inherited_credit_us, std::memory_order_relaxed);
  note.was_used.store(false, std::memory_order_relaxed);
  note.history.store(&history, std::memory_order_relaxed);
}

ndarray evaluate_as(const ops::node_ptr& root, const request& asked, bool keeps,
                    const std::shared_ptr<storage>* replaced) {
  ops::structure structure;
  const bool is_described = structure.describe(*root, asked.rules.fast_math.value);
  bound_program what = finder(root, structure, is_described, asked, nullptr).find();
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
    if (what.watched) what.watched->is_new = true;
    run(what, *output, detail::access::overwrite, size_bytes, asked);
    if (planner_of_process().place_count() > 1) note_result(*output, what);
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
  bound_program direct = finder(root, structure, is_described, asked, &target).find();
  const detail::access how = covers(target) ? detail::access::overwrite : detail::access::update;
  const bool notes = planner_of_process().place_count() > 1;
  if (may_write_in_place(direct, structure, target)) {
    run(direct, *target.storage(), how, 0, asked);
    if (notes) note_result(*target.storage(), direct);
    return;
  }
  // Not by `evaluate`: the result of an array or of a view of one would be the very memory that is going to be
  // written.
  const std::int64_t size_bytes = core::checked_bytes(root->shape, root->type, "assign");
  const auto make = [&](ops::compiled made, const storage* into) {
    const auto planned = std::make_shared<planned_program>(made.code, 0);
    bound_program bound = bind(std::move(made), *direct.runs, planned);
    bound.decided = direct.decided;
    bound.decided.inherited_credit_us = 0;
    const bool is_host = direct.runs->memory().is_host();
    plan::question question;
    if (is_host) {
      question = question_on_host(*planned, asked);
      bound.decided = planner_of_process().decide(planned->task(), question);
    }
    if (direct.watched) {
      note_decision(bound, *root, into, into == nullptr || covers(target), is_host ? &question : nullptr,
                    is_host ? plan::asking::about_work : plan::asking::nothing);
    }
    return bound;
  };
  if (direct.watched) tell_not_running(direct);
  bound_program making =
      make(with_contraction(ops::compile_into(root, core::contiguous(root->shape)), contracts), nullptr);
  const ndarray first(storage::unplaced(size_bytes), root->type, core::contiguous(root->shape));
  run(making, *first.storage(), detail::access::overwrite, size_bytes, asked);
  bound_program copying = make(ops::compile_into(ops::make_array(first), target.layout()), target.storage().get());
  run(copying, *target.storage(), how, 0, asked);
  if (notes) note_result(*target.storage(), copying);
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
    wanted(request{rules, what});  // a device that is demanded must be there, even if it has nothing to do
    return leaf != nullptr ? leaf->value : kept->value;
  }
  return with_fallback(rules, what, [&](const request& asked) { return evaluate_as(root, asked, keeps, replaced); });
}

void evaluate_into(const ops::node_ptr& root, const ndarray& target, const policy& call) {
  const resolved_policy rules = decide(call);
  with_fallback(rules, ops::name_of(*root), [&](const request& asked) { evaluate_into_as(root, target, asked); });
}

}  // namespace tandem::exec
