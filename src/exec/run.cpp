#include "exec/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include <tandem/errors.h>

#include "exec/operands_on_device.h"
#include "exec/stage_reads.h"

namespace tandem::exec {

namespace {

using detail::access;
using detail::storage;

// The view of an input that a stage reads first, as an error shows it.
std::string describe_input(const ops::program& of, int buffer) {
  const dims* shape = nullptr;
  const auto look = [&](const ops::region& read) {
    if (shape == nullptr && read.buffer == buffer) shape = &read.at.shape;
  };
  for (const ops::stage& each : of.stages) for_each_read(each, look);
  const std::string_view type = name(of.buffers[static_cast<std::size_t>(buffer)].type);
  return shape == nullptr ? std::string(type) : fmt::format("{} {}", type, to_string(*shape));
}

std::string places_of(const storage& of) {
  std::string text = of.is_on_host() ? "cpu" : "";
  for (const memory::device_memory* each : of.devices())
    text += fmt::format("{}{}", text.empty() ? "" : ", ", each->name());
  return text;
}

[[noreturn]] void refuse_transfer(std::string_view operand, const storage& of, const memory::device_memory& where,
                                  const request& asked) {
  throw device_error(
      fmt::format("{}: {} is on {} and the work on {}, and the policy ({}) forbids implicit transfers; copy it by "
                  "to(device) first, or allow them",
                  asked.what, operand, places_of(of), where.name(), to_string(asked.rules.transfers.layer)));
}

bool is_missing(const storage& of, const memory::device_memory& where) { return !of.is_on(where) && !of.is_unplaced(); }

void check_transfers(const bound_program& what, const storage& output, access how, const request& asked) {
  if (asked.rules.transfers.value == transfers::implicit) return;
  const memory::device_memory& where = what.runs->memory();
  for (std::size_t i = 0; i < what.buffers.size(); ++i) {
    const storage* const read = what.buffers[i].memory;
    if (read == nullptr || !is_missing(*read, where)) continue;
    refuse_transfer("the operand " + describe_input(what.program(), static_cast<int>(i)), *read, where, asked);
  }
  if (how == access::update && is_missing(output, where)) {
    refuse_transfer("the array that is written to", output, where, asked);
  }
}

// Shorter work would not teach the planner anything.
bool is_worth_measuring(double predicted_us) { return predicted_us > 50; }

void run_on_host(bound_program& what, storage& output, access how, const request& asked) {
  const ops::program& program = what.program();
  std::byte* const to = how == access::overwrite ? output.data_to_overwrite() : output.data_for_evaluation();
  short_list<backend::operand> operands(what.buffers.size());
  for (std::size_t i = 0; i < what.buffers.size(); ++i) {
    const binding& bound = what.buffers[i];
    if (bound.memory != nullptr) {
      operands[i] = {bound.memory->data_for_evaluation() + bound.shift_bytes};
    } else if (program.buffers[i].use == ops::buffer::role::output) {
      operands[i] = {to + what.target_shift * item_size(program.buffers[i].type)};
    }
  }
  const plan::decision& decided = what.decided;
  if (!is_worth_measuring(decided.predicted_work_us) && !what.watched) {
    what.runs->run(*what.code, {operands, what.numbers}, asked.rules, decided.workers);
  } else {
    memory::device_memory& host = what.runs->memory();
    const double begin_us = host.time_us();
    what.runs->run(*what.code, {operands, what.numbers}, asked.rules, decided.workers);
    plan::planner& planner = planner_of_process();
    const double us = host.time_us() - begin_us;
    planner.learn(planner.lesson_of(what.planned->task(), plan::host_place), us);
    if (what.watched) tell_outcome(what.watched->number, us);
  }
  output.mark_made();
}

// While it lives, the thread's work on a device goes to the stream of the policy.
class scoped_stream {
 public:
  scoped_stream(memory::device_memory& where, std::uintptr_t stream) : where_(stream == 0 ? nullptr : &where) {
    if (where_ != nullptr) where_->use_stream(stream);
  }
  ~scoped_stream() {
    if (where_ == nullptr) return;
    try {
      where_->use_stream(0);
    } catch (const error&) {  // the thread's own queue is always to be had
    }
  }
  scoped_stream(const scoped_stream&) = delete;
  scoped_stream& operator=(const scoped_stream&) = delete;

 private:
  memory::device_memory* where_;
};

void check_device_memory(const bound_program& what, const storage& output, std::int64_t result_bytes,
                         const request& asked) {
  const std::int64_t limit = asked.rules.device_memory_bytes.value;
  if (limit == unlimited) return;
  const memory::device_memory& where = what.runs->memory();
  std::vector<const storage*> copied;
  std::int64_t operand_bytes = 0;
  for (const binding& each : std::span<const binding>(what.buffers)) {
    if (each.memory == nullptr || each.memory == &output || each.memory->is_on(where)) continue;
    if (std::ranges::find(copied, each.memory) != copied.end()) continue;
    copied.push_back(each.memory);
    operand_bytes += each.memory->size_bytes();
  }
  if (result_bytes == 0 && !output.is_on(where)) result_bytes = output.size_bytes();
  const std::int64_t temporary_bytes = what.code->temporary_bytes();
  if (result_bytes <= limit && temporary_bytes <= limit - result_bytes &&
      operand_bytes <= limit - result_bytes - temporary_bytes) {
    return;
  }
  throw out_of_memory(
      fmt::format("{}: on {}, the result needs {} bytes, temporaries {} and copies of operands {}; the policy ({}) "
                  "allows {}",
                  asked.what, where.name(), result_bytes, temporary_bytes, operand_bytes,
                  to_string(asked.rules.device_memory_bytes.layer), limit));
}

void run_on_device(bound_program& what, storage& output, access how, const request& asked) {
  const ops::program& program = what.program();
  memory::device_memory& where = what.runs->memory();
  const scoped_stream stream(where, asked.rules.stream.value);
  // An operand that is written to, too, must be there before.
  const bool reads_output = std::ranges::any_of(std::span<const binding>(what.buffers),
                                                [&](const binding& each) { return each.memory == &output; });
  uses_on_device uses(where, asked.rules.pinned.value, what.decided.place);
  std::byte* const to = uses.data(output, reads_output ? access::update : how);
  short_list<backend::operand> operands(what.buffers.size());
  late_copies late(what, uses, operands.all());
  for (std::size_t i = 0; i < what.buffers.size(); ++i) {
    const binding& bound = what.buffers[i];
    if (late.contains(static_cast<int>(i))) continue;
    if (bound.memory != nullptr) {
      operands[i] = {uses.data(*bound.memory, access::read) + bound.shift_bytes};
    } else if (program.buffers[i].use == ops::buffer::role::output) {
      operands[i] = {to + what.target_shift * item_size(program.buffers[i].type)};
    }
  }
  // The work may be done when whoever counts progress is gone.
  resolved_policy rules = asked.rules;
  rules.progress = {};
  if (what.decided.place > 0 && (is_worth_measuring(what.decided.predicted_work_us) || what.watched)) {
    late.measure_pauses();
    const memory::mark_ptr begin = where.make_timed_mark();
    what.runs->run(*what.code, {operands, what.numbers}, rules, {}, &late);
    lessons::add_work(planner_of_process().lesson_of(what.planned->task(), what.decided.place),
                      what.watched ? what.watched->number : 0, where, begin, where.make_timed_mark(),
                      late.take_pauses());
  } else {
    what.runs->run(*what.code, {operands, what.numbers}, rules, {}, &late);
  }
  uses.given();
  if (asked.rules.progress.value != nullptr) asked.rules.progress.value->advance(ops::work_of(program));
}

void run_untold(bound_program& what, storage& output, access how, std::int64_t result_bytes, const request& asked) {
  check_transfers(what, output, how, asked);
  const bool is_host = what.runs->memory().is_host();
  if (is_host) {
    check_memory(result_bytes, what.code->temporary_bytes(), asked.rules, asked.what);
  } else {
    check_device_memory(what, output, result_bytes, asked);
  }
  if (asked.rules.progress.value != nullptr) asked.rules.progress.value->announce(ops::work_of(what.program()));
  try {
    if (is_host) {
      run_on_host(what, output, how, asked);
    } else {
      run_on_device(what, output, how, asked);
    }
  } catch (const out_of_memory& why) {  // memories know of bytes only
    throw out_of_memory(fmt::format("{}: {}", asked.what, why.what()));
  }
}

}  // namespace

void run(bound_program& what, storage& output, access how, std::int64_t result_bytes, const request& asked) {
  if (!what.watched) return run_untold(what, output, how, result_bytes, asked);
  tell_running(what, output);
  try {
    run_untold(what, output, how, result_bytes, asked);
  } catch (...) {
    tell_failure(what);
    throw;
  }
  tell_end(what, output);
}

void check_memory(std::int64_t result_bytes, std::int64_t temporary_bytes, const resolved_policy& rules,
                  std::string_view what) {
  const std::int64_t limit = rules.host_memory_bytes.value;
  if (result_bytes <= limit && temporary_bytes <= limit - result_bytes) return;
  throw out_of_memory(
      fmt::format("{}: the result needs {} bytes of host memory and temporaries {}; the policy ({}) allows {}", what,
                  result_bytes, temporary_bytes, to_string(rules.host_memory_bytes.layer), limit));
}

}  // namespace tandem::exec
