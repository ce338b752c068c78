#include "exec/reasons.h"

#include <fmt/format.h>

#include <limits>
#include <variant>

#include "exec/evaluate.h"
#include "exec/placement.h"
#include "exec/planning.h"
#include "ops/compile.h"
#include "runtime/workers.h"

namespace tandem::exec {

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
  planned_program planned(compiled.code, 0);
  storages_in_question storages;
  for (std::size_t i = 0; i < compiled.operands.size(); ++i) {
    if (compiled.code.buffers[i].use == ops::buffer::role::input) storages.add(*compiled.operands[i].storage());
  }
  // As long as it takes to find all devices.
  const plan::place_set others = candidates(std::numeric_limits<double>::infinity());
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
            free_bytes_at(*place, std::numeric_limits<std::int64_t>::max());
      }
    }
  }
  made.found = planner.explain(planned.task(), question);
  return made;
}

}  // namespace tandem::exec
