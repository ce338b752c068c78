#include "regret/application_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "regret/playback.h"
#include "regret/recording.h"
#include "regret/scene.h"

namespace bench::regret {

namespace {

std::string milliseconds(double us) {
  const double ms = 1e-3 * us;
  return fmt::format("{:.{}f}", ms, ms < 10 ? 2 : ms < 100 ? 1 : 0);
}

}  // namespace

judged_applications judge_applications(std::span<const machine* const> on, double scale, std::uint64_t seed,
                                       std::string& report) {
  std::vector<recording> all;
  report += "\n## Applications\n\n";
  report += fmt::format(
      "Recorded on the CPU at hand at scale {}, and played on the machines: evaluations, and what the host reads and "
      "writes in between.\n\n| | | evaluations | of them different | read by the host |\n|---|---|---|---|---|\n",
      scale);
  for (const tandem::applications::application& each : tandem::applications::known_applications()) {
    const recording& made = all.emplace_back(record(each, scale));
    report +=
        fmt::format("| {} | {} | {} | {} | {} |\n", each.name, each.about, made.evaluations(), made.programs.size(),
                    std::ranges::count(made.events, recorded_event::kind::host_read, &recorded_event::what));
  }
  report +=
      "\nMilliseconds. Again: when the planner has seen the application once. With all times known: each evaluation "
      "where it ends first; and all of one program where they are best in the end. Regret: planned, beside the best "
      "in the line.\n\n"
      "| | machine | planned | again | all on the host | all on the device | where operands are | known, each "
      "| known, in the end | regret | again |\n|---|---|---|---|---|---|---|---|---|---|---|\n";
  judged_applications found{0, 0};
  for (const recording& each : all) {
    for (const machine* where : on) {
      // A process of its own.
      scene calibrated(*where, knowledge::calibrated, seed);
      const application_times times = play(calibrated, each);
      const double best_us = times.best_us();
      const double regret = times.planned_us / best_us - 1;
      // It may be better than the best of the first time.
      const double repeated = std::max(0.0, times.repeated_us / best_us - 1);
      report += fmt::format("| {} | {} ", each.name, where->name);
      for (const double us : {times.planned_us, times.repeated_us, times.host_us, times.device_us, times.operands_us,
                              times.greedy_us, times.settled_us}) {
        report += "| " + milliseconds(us) + " ";
      }
      report += fmt::format("| {:.1f} % | {:.1f} % |\n", 100 * regret, 100 * repeated);
      const auto count = static_cast<double>(all.size() * on.size());
      found.mean += regret / count;
      found.mean_of_repeats += repeated / count;
    }
  }
  report += fmt::format("| **mean** | | | | | | | | | {:.1f} % | {:.1f} % |\n", 100 * found.mean,
                        100 * found.mean_of_repeats);
  return found;
}

}  // namespace bench::regret
