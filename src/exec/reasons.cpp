#include "exec/reasons.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <variant>

#include <tandem/errors.h>

#include "exec/evaluate.h"
#include "exec/placement.h"
#include "exec/planning.h"
#include "exec/program_cache.h"
#include "ops/compile.h"
#include "ops/structure.h"
#include "runtime/workers.h"

namespace tandem::exec {

namespace {

// Devices that the planner knows, and that are neither candidates nor have an operand nor are demanded.
void leave_out_strangers(plan::reasoning& found, plan::place_set concerned) {
  std::erase_if(found.places, [&](const plan::priced_place& each) {
    return each.place != plan::host_place && !plan::contains(concerned, each.place);
  });
}

// All devices, however long it takes to find them.
plan::place_set candidates_for(const request& asked) {
  try {
    return candidates(std::numeric_limits<double>::infinity());
  } catch (const policy_error&) {
    if (asked.is_automatic()) throw;
    return plan::set_of(plan::host_place);  // the policy names the place, and an evaluation asks for no others
  }
}

// What `evaluate` would find first: the host's program.
const cached_program* known_program(const ops::structure& of) {
  const backend::backend* const host = &backend::cpu();
  return find_program(of, host, of.hash() ^ reinterpret_cast<std::uintptr_t>(host) >> 4);
}

}  // namespace

reasons reasons_for(const ops::node_ptr& root, const policy& call) {
  const resolved_policy rules = decide(call);
  const request asked{rules, ops::name_of(*root)};
  backend::backend& demanded = wanted(asked);
  reasons made;
  made.what = fmt::format("{}: {} {}", asked.what, name(root->type), to_string(root->shape));
  const ops::compiled compiled = ops::compile(root);
  const ops::buffer& holder = compiled.code.buffers[static_cast<std::size_t>(compiled.code.result.buffer)];
  made.is_known = holder.use == ops::buffer::role::input || ops::valid_result(*root) != nullptr;
  plan::planner& planner = planner_of_process();
  ops::structure structure;
  const bool is_described = structure.describe(*root, rules.fast_math.value);
  // What the thread's evaluations of this structure did before counts: where the last one was, and what it read.
  const cached_program* const known = is_described && asked.is_automatic() ? known_program(structure) : nullptr;
  std::optional<planned_program> fresh;
  planned_program& planned =
      known != nullptr ? *known->planned : fresh.emplace(compiled.code, is_described ? structure.hash() : 0);
  storages_in_question storages;
  for (std::size_t i = 0; i < compiled.operands.size(); ++i) {
    if (compiled.code.buffers[i].use == ops::buffer::role::input) storages.add(*compiled.operands[i].storage());
  }
  const plan::place_set others = candidates_for(asked);
  const int limit = planner.may_share(planned.task()) ? runtime::workers_of(rules) : 1;
  plan::question question = question_about(planned, compiled.code, storages, nullptr, rules, limit, others);
  std::vector<plan::operand_state> reads(question.reads.begin(), question.reads.end());
  for (plan::operand_state& each : reads) {
    if (each.valid_on == 0) each.valid_on = plan::set_of(plan::host_place);
  }
  question.reads = reads;
  if (!asked.is_automatic()) {
    able(demanded, compiled.code, asked);
    const std::optional<int> place =
        demanded.memory().is_host() ? std::optional<int>(plan::host_place) : place_of(demanded);
    if (place) {
      planned.ask_devices(compiled.code);
      question.allowed = plan::set_of(*place);
      if (*place != plan::host_place) {
        question.free_bytes[static_cast<std::size_t>(*place)] =
            std::min(free_bytes_at(*place, std::numeric_limits<std::int64_t>::max()), rules.device_memory_bytes.value);
      }
    }
  }
  lessons::learn();  // as an evaluation would
  made.found = planner.explain(planned.task(), question);
  leave_out_strangers(made.found, others | question.allowed);
  bool lacks_ability = false;
  for (plan::priced_place& each : made.found.places) {
    if (plan::contains(planned.able(), each.place)) continue;
    each.why_not = backend_at(each.place).why_not(compiled.code);
    lacks_ability = true;
  }
  plan::cause& why = made.found.chosen.why;
  if (why == plan::cause::forced && asked.is_automatic()) {
    if (made.found.places.size() == 1) why = plan::cause::only_place;
    if (lacks_ability) why = plan::cause::unsupported;
  }
  return made;
}

}  // namespace tandem::exec
