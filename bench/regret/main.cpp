#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "regret/application_table.h"
#include "regret/choices.h"
#include "regret/deciding.h"
#include "regret/faults.h"
#include "regret/sequences.h"

// How much longer what the planner chooses takes than the best choice: on machines that are made up, whose tables it
// cannot see. It knows of them what calibration on their clocks finds, or nothing.
namespace bench::regret {

namespace {

struct options {
  bool quick = false;
  /// Machines and families that constants may be chosen by, in place of those for judging.
  bool tuning = false;
  std::uint64_t seed = 20261122;
  std::string output;
  bool strict = false;
  bool wants_help = false;
};

/// A line of the table of goals.
struct goal {
  std::string measure;
  double value;
  double most;
  std::string_view unit;

  bool is_met() const { return value <= most; }
};

std::string number(double value, std::string_view unit) {
  return unit == "%" ? fmt::format("{:.2f} %", 100 * value) : fmt::format("{:.3g} {}", value, unit);
}

std::string row(std::string_view name, const judged& of) {
  return fmt::format("| {} | {} | {:.2f} % | {:.2f} % | {:.2f} % | {:.2f}x | {:.2f} % |\n", name, of.count(),
                     100 * of.geometric_mean(), 100 * of.sum(), 100 * of.quantile(0.95), 1 + of.worst(),
                     100 * of.mispredicted());
}

constexpr std::string_view header =
    "| | choices | geometric mean | sum | p95 | worst | mispredicted |\n|---|---|---|---|---|---|---|\n";

class report {
 public:
  explicit report(const options& wanted) : wanted_(wanted) {}

  void run() {
    std::vector<const machine*> chosen;
    for (const machine& each : machines()) {
      // All of them are judged on in the end; for choosing constants, those for testing are not looked at.
      if (!wanted_.tuning || !each.is_for_testing) chosen.push_back(&each);
    }
    text_ += "## Single evaluations, calibrated\n\n";
    text_ += header;
    judged all, priors, chains, repeats;
    std::array<judged, baseline_count> baselines;
    const int count = wanted_.quick ? 300 : 3000;
    std::string by_prior;
    // Machines count alike, however slow they are.
    double sum_of_choices = 0, sum_of_priors = 0, sum_of_sequences = 0, sum_of_repeats = 0;
    double most_calibration_us = 0;
    for (const machine* each : chosen) {
      scene calibrated(*each, knowledge::calibrated, wanted_.seed);
      most_calibration_us = std::max(most_calibration_us, calibrated.calibration_us());
      const choice_results found = judge_choices(calibrated, count, wanted_.seed + 1, !wanted_.tuning);
      text_ += row(each->name, found.planned);
      all.add(found.planned);
      sum_of_choices += found.planned.sum() / static_cast<double>(chosen.size());
      for (std::size_t i = 0; i < baseline_count; ++i) baselines[i].add(found.baselines[i]);
      scene unmeasured(*each, knowledge::priors, wanted_.seed);
      const choice_results known = judge_choices(unmeasured, count, wanted_.seed + 2, !wanted_.tuning);
      by_prior += row(each->name, known.planned);
      priors.add(known.planned);
      sum_of_priors += known.planned.sum() / static_cast<double>(chosen.size());
    }
    text_ += row("**all**", all);
    text_ +=
        "\nBeside it, on the same evaluations, without a planner (with the best number of workers on the host):\n\n";
    text_ += header;
    for (std::size_t i = 0; i < baseline_count; ++i) text_ += row(name_of(static_cast<baseline>(i)), baselines[i]);
    text_ += "\n## Single evaluations, on shipped constants\n\n";
    text_ += std::string(header) + by_prior + row("**all**", priors);

    text_ += "\n## Sequences, against dynamic programming over where arrays are\n\n";
    text_ +=
        "| | choices | geometric mean | sum | p95 | worst | mispredicted | all on the host | all on the device |\n";
    text_ += "|---|---|---|---|---|---|---|---|---|\n";
    std::string by_repeats;
    double host_sum = 0, device_sum = 0, best_sum = 0;
    for (const machine* each : chosen) {
      scene calibrated(*each, knowledge::calibrated, wanted_.seed + 3);
      std::mt19937_64 chance(wanted_.seed + 4);
      judged here, repeated;
      double host_us = 0, device_us = 0, best = 0;
      const int sequences = wanted_.quick ? 40 : 300;
      for (int i = 0; i < sequences; ++i) {
        const sequence one = random_sequence(!wanted_.tuning, chance);
        const double least_us = best_us(calibrated.takes(), one);
        player application(calibrated, one, static_cast<std::uint64_t>(i) * 16 + 1);
        const double us = application.play();
        here.add(us, least_us);
        for (int again = 0; again < 2; ++again) repeated.add(application.play(), least_us);
        if (std::getenv("TANDEM_REGRET_SHOW") != nullptr && us > 1.3 * least_us) {
          std::fputs(fmt::format("{} {} bytes {} happenings {}: {:.0f} us, best {:.0f}, host {:.0f}, device {:.0f}\n",
                                 each->name, one.name, one.buffer_bytes.front(), one.happenings.size(), us, least_us,
                                 fixed_us(calibrated.takes(), one, 0), fixed_us(calibrated.takes(), one, 1))
                         .c_str(),
                     stderr);
        }
        host_us += fixed_us(calibrated.takes(), one, tandem::plan::host_place);
        device_us += fixed_us(calibrated.takes(), one, device_place);
        best += least_us;
      }
      std::string line = row(each->name, here);
      line.pop_back();
      text_ +=
          fmt::format("{} {:+.0f} % | {:+.0f} % |\n", line, 100 * (host_us / best - 1), 100 * (device_us / best - 1));
      host_sum += host_us;
      device_sum += device_us;
      best_sum += best;
      chains.add(here);
      repeats.add(repeated);
      by_repeats += row(each->name, repeated);
      sum_of_repeats += repeated.sum() / static_cast<double>(chosen.size());
      sum_of_sequences += here.sum() / static_cast<double>(chosen.size());
    }
    std::string line = row("**all**", chains);
    line.pop_back();
    text_ += fmt::format("{} {:+.0f} % | {:+.0f} % |\n", line, 100 * (host_sum / best_sum - 1),
                         100 * (device_sum / best_sum - 1));

    text_ += "\nThe second and the third time that the application does the same, with other arrays:\n\n";
    text_ += std::string(header) + by_repeats + row("**all**", repeats);

    text_ += "\n## From which size on products of square matrices go to the device\n\n";
    text_ += "| | dtype | really | predicted | difference |\n|---|---|---|---|---|\n";
    double worst_crossover = 0;
    for (const machine* each : chosen) {
      scene calibrated(*each, knowledge::calibrated, wanted_.seed + 5);
      for (const tandem::dtype type : {tandem::float32, tandem::float64}) {
        const crossover at = crossover_of_products(calibrated, type);
        const bool both = at.real > 0 && at.predicted > 0;
        const double off = both ? at.predicted / at.real - 1 : at.real == at.predicted ? 0 : 1;
        worst_crossover = std::max(worst_crossover, std::abs(off));
        const auto size = [](double n) { return n > 0 ? fmt::format("{:.0f}", n) : std::string("never"); };
        text_ += fmt::format("| {} | {} | {} | {} | {:+.1f} % |\n", each->name, tandem::name(type), size(at.real),
                             size(at.predicted), 100 * off);
      }
    }

    const judged_applications applications =
        judge_applications(chosen, wanted_.quick ? 0.1 : 1, wanted_.seed + 8, text_);

    text_ +=
        "\n## Faults\n\n| | evaluations until right again after one of 500 times the length | after a link 5 times as "
        "slow |\n|---|---|---|\n";
    int worst_recovery = 0;
    for (const machine* each : chosen) {
      const recovery found = measure_recovery(*each, wanted_.seed + 6);
      const auto shown = [](int evaluations) {
        return evaluations < 0 ? std::string("-") : std::to_string(evaluations);
      };
      text_ += fmt::format("| {} | {} | {} |\n", each->name, shown(found.from_spike), shown(found.from_slow_link));
      worst_recovery = std::max({worst_recovery, found.from_spike, found.from_slow_link});
    }

    scene deciding(*chosen.front(), knowledge::calibrated, wanted_.seed + 7);
    const deciding_times ns = measure_deciding(deciding);

    goals_ = {{"regret, calibrated, geometric mean", all.geometric_mean(), 0.03, "%"},
              {"regret, calibrated, sum (mean of machines)", sum_of_choices, 0.05, "%"},
              {"regret, calibrated, p95", all.quantile(0.95), 0.25, "%"},
              {"worst choice, times the best", 1 + all.worst(), 2, "x"},
              {"mispredictions outside the tie band", all.mispredicted(), 0.03, "%"},
              {"regret on priors alone, sum (mean of machines)", sum_of_priors, 0.25, "%"},
              {"sequences, against dynamic programming, geometric mean", chains.geometric_mean(), 0.15, "%"},
              {"the same, sum (mean of machines)", sum_of_sequences, 0.15, "%"},
              {"sequences that are done again, sum (mean of machines)", sum_of_repeats, 0.15, "%"},
              {"applications, mean", applications.mean, 0.15, "%"},
              {"crossover of products, worst difference", worst_crossover, 0.15, "%"},
              {"a decision, warm", ns.warm_ns, 100, "ns"},
              {"a decision, cold", ns.cold_ns, 300, "ns"},
              {"calibration of host and device, by the machine's clock", most_calibration_us * 1e-6, 8, "s"},
              {"evaluations until right after a spike or a drift", static_cast<double>(worst_recovery), 20, ""}};
  }

  int print() const {
    std::string out = fmt::format(
        "# Regret on {} machines (simulated)\n\nSeed {}{}. All times are made up by tables "
        "that the planner cannot see, but for those of deciding.\n\n",
        wanted_.tuning ? "made-up (for choosing constants)" : "made-up", wanted_.seed, wanted_.quick ? ", quick" : "");
    out += "| measure | goal | found | |\n|---|---|---|---|\n";
    int missed = 0;
    for (const goal& each : goals_) {
      out += fmt::format("| {} | <= {} | {} | {} |\n", each.measure, number(each.most, each.unit),
                         number(each.value, each.unit), each.is_met() ? "met" : "MISSED");
      missed += each.is_met() ? 0 : 1;
    }
    out += "\n" + text_;
    if (wanted_.output.empty()) {
      std::fputs(out.c_str(), stdout);
    } else {
      std::ofstream file(wanted_.output);
      file << out;
      if (!file.flush()) throw std::runtime_error("cannot write " + wanted_.output);
    }
    return missed;
  }

 private:
  const options& wanted_;
  std::vector<goal> goals_;
  std::string text_;
};

constexpr std::string_view usage =
    "usage: bench_regret [--quick] [--tuning] [--seed N] [--strict] [-o FILE.md]\n"
    "  --quick    fewer evaluations\n"
    "  --tuning   the machines and expressions that constants may be chosen by\n"
    "  --strict   fail if a goal is missed\n";

options parse(int argc, char** argv) {
  options found;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const auto value = [&] {
      if (++i == argc) throw std::invalid_argument(fmt::format("{} needs a value", argument));
      return std::string_view(argv[i]);
    };
    if (argument == "--help" || argument == "-h") {
      found.wants_help = true;
    } else if (argument == "--quick") {
      found.quick = true;
    } else if (argument == "--tuning") {
      found.tuning = true;
    } else if (argument == "--strict") {
      found.strict = true;
    } else if (argument == "--seed") {
      const std::string_view text = value();
      const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), found.seed);
      if (status != std::errc() || end != text.data() + text.size()) {
        throw std::invalid_argument(fmt::format("--seed takes a number; given '{}'", text));
      }
    } else if (argument == "-o") {
      found.output = value();
    } else {
      throw std::invalid_argument(fmt::format("unknown argument '{}'\n{}", argument, usage));
    }
  }
  return found;
}

}  // namespace

}  // namespace bench::regret

int main(int argc, char** argv) {
  using namespace bench::regret;
  try {
    const options wanted = parse(argc, argv);
    if (wanted.wants_help) {
      std::fputs(std::string(usage).c_str(), stdout);
      return 0;
    }
    report made(wanted);
    made.run();
    const int missed = made.print();
    return wanted.strict && missed > 0 ? 1 : 0;
  } catch (const std::invalid_argument& error) {
    std::fputs(fmt::format("bench_regret: {}\n", error.what()).c_str(), stderr);
    return 2;
  } catch (const std::exception& error) {
    std::fputs(fmt::format("bench_regret: {}\n", error.what()).c_str(), stderr);
    return 1;
  }
}
