#include <tandem/planning.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>

#include "core/layout.h"
#include "exec/planning.h"
#include "exec/reasons.h"
#include "memory/storage.h"

namespace tandem {

namespace {

device device_called(std::string_view name) { return device::named(name); }

// A sentence for people of what a cause means.
std::string reason_of(const plan::reasoning& found, std::string_view chosen) {
  switch (found.chosen.why) {
    case plan::cause::only_place: return "no device is a candidate beside the CPU";
    case plan::cause::forced: return fmt::format("the policy, or what the devices can do, leaves only {}", chosen);
    case plan::cause::unsupported: return "no other place can run this";
    case plan::cause::no_memory: return "it does not fit into the memory of the devices";
    case plan::cause::resident: return "what it reads is there, and copying it away would cost more than it saves";
    case plan::cause::transfer_bound: return "another place would compute faster, but not by as much as copies take";
    case plan::cause::launch_bound: return "to start work on a device takes longer than all of it on the host";
    case plan::cause::compute_bound: return "it is faster there, with all copies";
    case plan::cause::credit: return "staying has cost as much so far as copying does";
    case plan::cause::hysteresis: return "another place seems faster, but by less than predictions are uncertain";
    case plan::cause::exploration: break;
  }
  return "it is tried to learn how fast it is";
}

}  // namespace

explanation explain(const expr& value, const policy& rules) {
  const exec::reasons made = exec::reasons_for(value.node(), rules);
  const plan::planner& planner = exec::planner_of_process();
  explanation result;
  result.what = made.what;
  result.chosen =
      static_cast<int>(std::ranges::find(made.found.places, made.found.chosen.place, &plan::priced_place::place) -
                       made.found.places.begin());
  result.margin = made.found.margin;
  result.cause = plan::to_string(made.found.chosen.why);
  for (const plan::priced_place& each : made.found.places) {
    place_candidate candidate{
        device_called(planner.name_of(each.place)), each.workers, {}, each.total_us, each.why_not};
    for (const plan::priced_term& term : each.terms) candidate.terms.push_back({term.name, term.us, term.from});
    result.candidates.push_back(std::move(candidate));
  }
  result.reason = made.is_known ? "there is nothing to compute: the elements are there"
                                : reason_of(made.found, planner.name_of(made.found.chosen.place));
  return result;
}

std::string to_string(const explanation& of) {
  std::string text = fmt::format("{}\n", of.what);
  for (std::size_t i = 0; i < of.candidates.size(); ++i) {
    const place_candidate& each = of.candidates[i];
    const bool is_host = each.place == device::cpu;
    const std::string name = is_host ? fmt::format("cpu, {} worker{}", each.workers, each.workers == 1 ? "" : "s")
                                     : fmt::format("{}{}", to_string(each.place),
                                                   each.place.kind() == device::kind::simulated ? " (simulated)" : "");
    text += fmt::format("{} {:<50} {:>14.2f} us{}\n", static_cast<int>(i) == of.chosen ? '*' : ' ', name, each.total_us,
                        each.why_not.empty() ? "" : "  not possible: " + each.why_not);
    for (const cost_term& term : each.terms) {
      text += fmt::format("      {:<46} {:>14.2f}     {}\n", term.name, term.us, term.from);
    }
  }
  const std::string chosen = to_string(of.candidates[static_cast<std::size_t>(of.chosen)].place);
  text += fmt::format("chosen: {} ({}): {}", chosen, of.cause, of.reason);
  if (!of.candidates[static_cast<std::size_t>(of.chosen)].why_not.empty()) text += ", where it cannot be done";
  if (std::isfinite(of.margin)) text += fmt::format("; the next best takes {:.3g} times as long", 1 + of.margin);
  return text + "\n";
}

std::ostream& operator<<(std::ostream& out, const explanation& of) { return out << to_string(of); }

void set_candidate_devices(std::span<const device> devices) { exec::set_candidates(devices); }

ndarray placeholder(const dims& shape, dtype type) {
  const std::int64_t bytes = core::checked_bytes(shape, type, "placeholder");
  return {detail::storage::unplaced(bytes), type, core::contiguous(shape)};
}

}  // namespace tandem
