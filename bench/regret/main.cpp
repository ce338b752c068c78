#include <fmt/format.h>

#include <algorithm>
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
  /// It has not been reached yet, and is no reason to fail.
  bool is_open = false;

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

/// What choices on several machines were worth. Machines for choosing constants are shown and do not count, unless
/// there are no others.
class tally {
 public:
  void add(const machine& on, const judged& of, bool counts, std::string_view more = "") {
    std::string line = row(on.name, of);
    line.pop_back();
    rows_ += fmt::format("{}{}\n", line, more);
    if (!counts) return;
    all_.add(of);
    sums_ += of.sum();
    ++machines_;
  }
  const judged& all() const noexcept { return all_; }
  /// Machines count alike, however slow they are.
  double mean_sum() const noexcept { return machines_ == 0 ? 0 : sums_ / machines_; }
  std::string text() const { return rows_ + row("**those that count**", all_); }

 private:
  std::string rows_;
  judged all_;
  double sums_ = 0;
  int machines_ = 0;
};

class report {
 public:
  explicit report(const options& wanted) : wanted_(wanted) {
    for (const machine& each : machines()) {
      // For choosing constants, machines for testing are not looked at.
      if (!wanted_.tuning || !each.is_for_testing) shown_.push_back(&each);
    }
  }

  void run() {
    add_choices();
    add_sequences();
    add_crossovers();
    add_faults();
    add_applications();
    add_timings();
  }

  std::string text() const {
    std::string out = fmt::format(
        "# Regret of the planner (simulated)\n\nMade-up machines, seed {}{}. All times are made up by tables that the "
        "planner cannot see, but for those of deciding. {}\n\n",
        wanted_.seed, wanted_.quick ? ", quick" : "",
        wanted_.tuning ? "Constants may be chosen by these machines and expressions."
                       : "Goals are for machines by which no constant was chosen (gen4-card, laptop, many-cores); the "
                         "others are shown beside. No expression is one of those that constants were chosen by.");
    out += "| measure | goal | found | |\n|---|---|---|---|\n";
    for (const goal& each : goals_) {
      out += fmt::format("| {} | <= {} | {} | {} |\n", each.measure, number(each.most, each.unit),
                         number(each.value, each.unit), each.is_met() ? "met" : "MISSED");
    }
    return out + "\n" + text_;
  }
  /// Goals that are missed, but for open ones and those that depend on how fast this machine is now.
  int missed() const {
    return static_cast<int>(std::ranges::count_if(
        goals_, [](const goal& each) { return !each.is_met() && each.unit != "ns" && !each.is_open; }));
  }

 private:
  bool counts(const machine& of) const { return wanted_.tuning || of.is_for_testing; }

  void add_choices() {
    tally calibrated, unmeasured;
    std::array<judged, baseline_count> baselines;
    double most_calibration_us = 0;
    const int count = wanted_.quick ? 300 : 3000;
    for (const machine* each : shown_) {
      scene known(*each, knowledge::calibrated, wanted_.seed);
      most_calibration_us = std::max(most_calibration_us, known.calibration_us());
      const choice_results found = judge_choices(known, count, wanted_.seed + 1, !wanted_.tuning);
      calibrated.add(*each, found.planned, counts(*each));
      if (counts(*each)) {
        for (std::size_t i = 0; i < baseline_count; ++i) baselines[i].add(found.baselines[i]);
      }
      scene guessed(*each, knowledge::priors, wanted_.seed);
      unmeasured.add(*each, judge_choices(guessed, count, wanted_.seed + 2, !wanted_.tuning).planned, counts(*each));
    }
    text_ += fmt::format("## Single evaluations, calibrated\n\n{}{}", header, calibrated.text());
    text_ +=
        "\nBeside it, on the same evaluations, without a planner (with the best number of workers on the host):\n\n";
    text_ += header;
    for (std::size_t i = 0; i < baseline_count; ++i) text_ += row(name_of(static_cast<baseline>(i)), baselines[i]);
    text_ += fmt::format("\n## Single evaluations, on shipped constants\n\n{}{}\n", header, unmeasured.text());
    const judged& all = calibrated.all();
    goals_.push_back({"regret, calibrated, geometric mean", all.geometric_mean(), 0.03, "%"});
    goals_.push_back({"regret, calibrated, sum (mean of machines)", calibrated.mean_sum(), 0.05, "%"});
    goals_.push_back({"regret, calibrated, p95", all.quantile(0.95), 0.25, "%"});
    goals_.push_back({"worst choice, times the best", 1 + all.worst(), 2, "x"});
    goals_.push_back({"mispredictions outside the tie band", all.mispredicted(), 0.03, "%"});
    goals_.push_back({"regret on priors alone, sum (mean of machines)", unmeasured.mean_sum(), 0.25, "%"});
    goals_.push_back({"calibration of host and device, by the machine's clock", most_calibration_us * 1e-6, 8, "s"});
  }

  void add_sequences() {
    tally first, again;
    const int count = wanted_.quick ? 40 : 300;
    for (const machine* each : shown_) {
      scene on(*each, knowledge::calibrated, wanted_.seed + 3);
      std::mt19937_64 chance(wanted_.seed + 4);
      judged once, repeated;
      double host_us = 0, device_us = 0, best = 0;
      for (int i = 0; i < count; ++i) {
        const sequence one = random_sequence(!wanted_.tuning, chance);
        const double least_us = best_us(on.takes(), one);
        player application(on, one, static_cast<std::uint64_t>(i) * 16 + 1);
        once.add(application.play(), least_us);
        for (int round = 0; round < 2; ++round) repeated.add(application.play(), least_us);
        host_us += fixed_us(on.takes(), one, tandem::plan::host_place);
        device_us += fixed_us(on.takes(), one, device_place);
        best += least_us;
      }
      const std::string beside =
          fmt::format(" {:+.0f} % | {:+.0f} % |", 100 * (host_us / best - 1), 100 * (device_us / best - 1));
      first.add(*each, once, counts(*each), beside);
      again.add(*each, repeated, counts(*each));
    }
    text_ += "## Sequences, against dynamic programming over where arrays are\n\n";
    text_ +=
        "| | choices | geometric mean | sum | p95 | worst | mispredicted | all on the host | all on the device |\n"
        "|---|---|---|---|---|---|---|---|---|\n";
    text_ += first.text();
    text_ += "\nThe second and the third time that the application does the same, with other arrays:\n\n";
    text_ += fmt::format("{}{}\n", header, again.text());
    goals_.push_back(
        {"sequences, against dynamic programming, geometric mean", first.all().geometric_mean(), 0.15, "%"});
    goals_.push_back({"the same, sum (mean of machines)", first.mean_sum(), 0.15, "%", true});
    // Of few sequences the sum is that of one or two.
    goals_.push_back(
        {"sequences that are done again, sum (mean of machines)", again.mean_sum(), 0.15, "%", wanted_.quick});
  }

  void add_crossovers() {
    text_ += "## From which size on products of square matrices go to the device\n\n";
    text_ += "| | dtype | really | predicted | difference |\n|---|---|---|---|---|\n";
    double worst = 0;
    for (const machine* each : shown_) {
      scene on(*each, knowledge::calibrated, wanted_.seed + 5);
      for (const tandem::dtype type : {tandem::float32, tandem::float64}) {
        const crossover at = crossover_of_products(on, type);
        const bool both = at.real > 0 && at.predicted > 0;
        const double off = both ? at.predicted / at.real - 1 : at.real == at.predicted ? 0 : 1;
        if (counts(*each)) worst = std::max(worst, std::abs(off));
        const auto size = [](double n) { return n > 0 ? fmt::format("{:.0f}", n) : std::string("never"); };
        text_ += fmt::format("| {} | {} | {} | {} | {:+.1f} % |\n", each->name, tandem::name(type), size(at.real),
                             size(at.predicted), 100 * off);
      }
    }
    goals_.push_back({"crossover of products, worst difference", worst, 0.15, "%"});
  }

  void add_faults() {
    text_ +=
        "\n## Faults\n\nEvaluations until decisions are right again:\n\n"
        "| | after one that took 500 times as long | after the link became 5 times slower |\n|---|---|---|\n";
    int worst = 0;
    for (const machine* each : shown_) {
      const recovery found = measure_recovery(*each, wanted_.seed + 6);
      const auto shown = [](int evaluations) {
        return evaluations < 0 ? std::string("nothing to decide") : std::to_string(evaluations);
      };
      text_ += fmt::format("| {} | {} | {} |\n", each->name, shown(found.from_spike), shown(found.from_slow_link));
      worst = std::max({worst, found.from_spike, found.from_slow_link});
    }
    goals_.push_back({"evaluations until right after a spike or a drift", static_cast<double>(worst), 20, ""});
  }

  void add_applications() {
    std::vector<const machine*> counted;
    for (const machine* each : shown_) {
      if (counts(*each)) counted.push_back(each);
    }
    const judged_applications found = judge_applications(counted, wanted_.quick ? 0.1 : 1, wanted_.seed + 8, text_);
    goals_.push_back({"applications, mean", found.mean, 0.15, "%"});
    goals_.push_back({"applications that are run again, mean", found.mean_of_repeats, 0.15, "%"});
  }

  void add_timings() {
    scene on(*shown_.front(), knowledge::calibrated, wanted_.seed + 7);
    const deciding_times ns = measure_deciding(on);
    goals_.push_back({"a decision, warm", ns.warm_ns, 100, "ns"});
    goals_.push_back({"a decision, cold", ns.cold_ns, 300, "ns"});
  }

  const options& wanted_;
  std::vector<const machine*> shown_;
  std::vector<goal> goals_;
  std::string text_;
};

constexpr std::string_view usage =
    "usage: bench_regret [--quick] [--tuning] [--seed N] [--strict] [-o FILE.md]\n"
    "  --quick    fewer evaluations\n"
    "  --tuning   the machines and expressions that constants may be chosen by\n"
    "  --strict   fail if a goal is missed that has been reached before, but for times of deciding\n";

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
    if (wanted.output.empty()) {
      std::fputs(made.text().c_str(), stdout);
    } else {
      std::ofstream file(wanted.output);
      file << made.text();
      if (!file.flush()) throw std::runtime_error("cannot write " + wanted.output);
    }
    return wanted.strict && made.missed() > 0 ? 1 : 0;
  } catch (const std::invalid_argument& error) {
    std::fputs(fmt::format("bench_regret: {}\n", error.what()).c_str(), stderr);
    return 2;
  } catch (const std::exception& error) {
    std::fputs(fmt::format("bench_regret: {}\n", error.what()).c_str(), stderr);
    return 1;
  }
}
