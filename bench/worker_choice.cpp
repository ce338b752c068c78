#include <fmt/format.h>
#include <tandem/tandem.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <exception>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "backend/backend.h"
#include "cli/waiting.h"
#include "core/layout.h"
#include "exec/planning.h"
#include "memory/storage.h"
#include "ops/compile.h"
#include "runtime/cores.h"
#include "runtime/policy.h"
#include "runtime/system.h"
#include "runtime/workers.h"

// How many workers the planner chooses, beside every fixed number: times of the same program in the same memory, in
// rounds in which each has its turn, in another order each time.
//
// usage: bench_worker_choice [--others] [--quick] [-o FILE.md]
//
// A policy's number of workers is only a limit, below which the planner may stay; so programs are given to the CPU's
// backend as evaluations do, with the number forced. Each time includes the planner's decision, as in an evaluation.
// Ratios are medians over rounds, since what else goes on in the machine is most alike within one. Rounds in which
// others had the cores are measured anew, as often as that may be of use.
namespace tandem {

namespace {

using clock_type = std::chrono::steady_clock;

constexpr double least_share_of_best = 0.95;
constexpr double most_over_one_worker = 1.1;
/// Rounds in which threads waited for cores that others had, for a larger part of the time, are measured anew; for so
/// long at most for each size.
constexpr double most_waiting = 0.03;
constexpr double most_repeating_us = 6e6;

double us_since(clock_type::time_point begin) {
  return std::chrono::duration<double, std::micro>(clock_type::now() - begin).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// An expression made ready for the CPU, with memory for its result.
class work {
 public:
  explicit work(const expr& what)
      : result_(zeros(what.shape(), what.dtype())),
        made_(ops::compile_into(what.node(), result_.layout())),
        planned_(made_.code, 0),
        code_(backend::cpu().prepare(made_.code)),
        forced_(made_.code.stages.size()) {
    for (std::size_t i = 0; i < made_.operands.size(); ++i) {
      const ops::buffer::role use = made_.code.buffers[i].use;
      operands_.push_back({use == ops::buffer::role::input    ? made_.operands[i].storage()->data()
                           : use == ops::buffer::role::output ? result_.storage()->data()
                                                              : nullptr});
    }
  }

  /// With so many workers; none leaves it to the planner.
  void run(std::optional<int> workers) {
    rules_.workers.value = workers.value_or(automatic_workers);
    plan::planner& planner = exec::planner_of_process();
    plan::question question;
    question.worker_limit = planner.may_share(planned_.task()) ? runtime::workers_of(rules_) : 1;
    question.allowed = plan::set_of(plan::host_place);
    std::span<const std::int16_t> counts = planner.decide(planned_.task(), question).workers;
    if (workers) {
      std::ranges::fill(forced_, static_cast<std::int16_t>(*workers));
      counts = forced_;
    }
    backend::cpu().run(*code_, {operands_, made_.numbers}, rules_, counts);
  }

  /// The most of a stage that the planner chooses.
  int chosen() {
    plan::question question;
    question.worker_limit = runtime::permitted_cores();
    question.allowed = plan::set_of(plan::host_place);
    const auto counts = exec::planner_of_process().decide(planned_.task(), question).workers;
    return counts.empty() ? 1 : *std::ranges::max_element(counts);
  }

 private:
  ndarray result_;
  ops::compiled made_;
  exec::planned_program planned_;
  std::shared_ptr<const backend::executable> code_;
  std::vector<std::int16_t> forced_;
  std::vector<backend::operand> operands_;
  resolved_policy rules_;
};

struct row {
  std::string name;
  std::int64_t size;
  /// By number of workers, as in `counts`; the planner's last.
  std::vector<double> us;
  int chosen;
  int best;
  double over_best;
  double over_one;
  /// Others had the cores in some of its rounds.
  bool is_contended = false;
};

struct effort {
  int least_rounds;
  int most_rounds;
  double round_us;  ///< For each number of workers.
  double size_us;   ///< For each size, beyond the least rounds.
};

std::vector<int> counts_to_try() {
  std::vector<int> counts;
  const int cores = runtime::permitted_cores();
  for (int count = 1; count < cores; count *= 2) counts.push_back(count);
  counts.push_back(cores);
  return counts;
}

row measure(const std::string& name, std::int64_t size, const expr& what, const std::vector<int>& counts,
            const effort& spent) {
  work of(what);
  row found{name, size, {}, of.chosen(), 0, 0, 0, false};
  // The last one is the planner's.
  std::vector<std::optional<int>> candidates(counts.begin(), counts.end());
  candidates.emplace_back();
  double slowest_us = 0;
  for (const std::optional<int>& each : candidates) {
    of.run(each);
    const auto begin = clock_type::now();
    of.run(each);
    slowest_us = std::max(slowest_us, us_since(begin));
  }
  const int calls = static_cast<int>(std::clamp(spent.round_us / std::max(slowest_us, 0.05), 1.0, 1e5));
  const double round_us = slowest_us * calls * static_cast<double>(candidates.size());
  const int rounds = std::clamp(static_cast<int>(spent.size_us / round_us), spent.least_rounds, spent.most_rounds);
  std::vector<std::vector<double>> us(candidates.size());
  const double seconds_of_round = round_us * 1e-6;
  const auto first_begin = clock_type::now();
  for (int round = 0; round < rounds; ++round) {
    const std::optional<double> waited = cli::seconds_waited();
    for (std::size_t turn = 0; turn < candidates.size(); ++turn) {
      // There and back, so that each follows each other: workers of the one before may still look for work.
      const std::size_t position = (turn + static_cast<std::size_t>(round) / 2) % candidates.size();
      const std::size_t at = round % 2 == 0 ? position : candidates.size() - 1 - position;
      of.run(candidates[at]);  // wakes workers that went to sleep while one did it alone
      const auto begin = clock_type::now();
      for (int i = 0; i < calls; ++i) of.run(candidates[at]);
      us[at].push_back(us_since(begin) / calls);
    }
    const double lost_s = cli::seconds_waited().value_or(0) - waited.value_or(0);
    if (lost_s <= most_waiting * seconds_of_round) continue;
    if (us_since(first_begin) > most_repeating_us) {
      found.is_contended = true;
      continue;
    }
    --round;
    for (std::vector<double>& each : us) each.pop_back();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  for (const std::vector<double>& each : us) found.us.push_back(median(each));
  const auto best = static_cast<std::size_t>(std::min_element(found.us.begin(), found.us.end() - 1) - found.us.begin());
  found.best = counts[best];
  const auto ratio_to = [&](std::size_t other) {
    std::vector<double> ratios;
    for (std::size_t round = 0; round < us.back().size(); ++round) {
      ratios.push_back(us.back()[round] / us[other][round]);
    }
    return median(ratios);
  };
  found.over_best = ratio_to(best);
  found.over_one = ratio_to(0);
  return found;
}

std::string heading(const std::vector<int>& counts) {
  std::string names = "| work | size |";
  std::string rule = "|---|---:|";
  for (const int each : counts) {
    names += fmt::format(" {} us |", each);
    rule += "---:|";
  }
  return names + " planner us | its workers | auto/best | auto/p1 | |\n" + rule + "---:|---:|---:|---:|---|\n";
}

std::string line_of(const row& of) {
  std::string text = fmt::format("| {} | {} |", of.name, of.size);
  for (const double each : of.us) text += fmt::format(" {:.2f} |", each);
  return text + fmt::format(" {} | {:.3f} | {:.3f} |{}\n", of.chosen, of.over_best, of.over_one,
                            of.is_contended ? " contended |" : " |");
}

std::string verdict(bool is_met) { return is_met ? "PASS" : "MISSED"; }

std::string summary_of(const std::vector<row>& all) {
  std::vector<row> rows;
  std::ranges::copy_if(all, std::back_inserter(rows), [](const row& each) { return !each.is_contended; });
  if (rows.empty()) return "Others had the cores all the time.\n";
  double logarithms = 0;
  const row* worst = &rows.front();
  int exact = 0;
  for (const row& each : rows) {
    logarithms += std::log(1 / each.over_best);
    if (each.over_one > worst->over_one) worst = &each;
    exact += each.chosen == each.best ? 1 : 0;
  }
  const double share = std::exp(logarithms / static_cast<double>(rows.size()));
  std::string text = fmt::format(
      "| measure | goal | here | |\n|---|---|---|---|\n"
      "| speed of the best number of workers, geometric mean of {} sizes | >= {:.0f} % | {:.1f} % | {} |\n"
      "| time beside one worker, worst | <= {} | {:.3f} ({}, {}) | {} |\n"
      "\nThe planner chose the number that was fastest here {} times of {}.\n",
      rows.size(), 100 * least_share_of_best, 100 * share, verdict(share >= least_share_of_best), most_over_one_worker,
      worst->over_one, worst->name, worst->size, verdict(worst->over_one <= most_over_one_worker), exact, rows.size());
  if (rows.size() < all.size()) {
    text += fmt::format("{} sizes are left out: others had the cores whenever they were measured (\"contended\").\n",
                        all.size() - rows.size());
  }
  return text;
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

// Prints lines as they come, and keeps them.
class page {
 public:
  void add(const std::string& text) {
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
    text_ += text;
  }
  void save(const std::string& path) const {
    std::FILE* const file = std::fopen(path.c_str(), "w");
    bool is_written = file != nullptr && std::fwrite(text_.data(), 1, text_.size(), file) == text_.size();
    if (file != nullptr) is_written = std::fclose(file) == 0 && is_written;
    if (!is_written) throw io_error("cannot write " + path);
  }

 private:
  std::string text_;
};

struct named_work {
  const char* name;
  std::function<expr(const ndarray& a, const ndarray& b)> make;
};

// What the goals name, by the number of elements; products by the side of matrices.
const named_work works_of_vectors[] = {
    {"add", [](const ndarray& a, const ndarray& b) { return a + b; }},
    {"chain", [](const ndarray& a, const ndarray& b) { return a * b + 0.5 * a - b; }},
    {"sum", [](const ndarray& a, const ndarray&) { return sum(a); }},
    {"exp", [](const ndarray& a, const ndarray&) { return exp(a); }},
};
const named_work products[] = {
    {"matmul", [](const ndarray& a, const ndarray&) { return matmul(a, a); }},
};
// What they do not: other rates, strides, dtypes and kinds of stages, by the side of square arrays.
const named_work other_works[] = {
    {"divide", [](const ndarray& a, const ndarray& b) { return a / b; }},
    {"sin", [](const ndarray& a, const ndarray&) { return sin(a); }},
    {"pow", [](const ndarray& a, const ndarray& b) { return pow(a, b); }},
    {"where", [](const ndarray& a, const ndarray& b) { return where(a > b, a, b); }},
    {"add int8", [](const ndarray& a, const ndarray& b) { return eval(astype(a, int8)) + eval(astype(b, int8)); }},
    {"multiply complex128",
     [](const ndarray& a, const ndarray& b) { return eval(astype(a, complex128)) * eval(astype(b, complex128)); }},
    {"a + b.T", [](const ndarray& a, const ndarray& b) { return a + b.transposed(); }},
    {"a[::2, ::2] * 2", [](const ndarray& a, const ndarray&) { return a(slice(0, none, 2), slice(0, none, 2)) * 2; }},
    {"a + row", [](const ndarray& a, const ndarray& b) { return a + b(0); }},
    {"sum axis=0", [](const ndarray& a, const ndarray&) { return sum(a, {.axis = 0}); }},
    {"sum axis=1", [](const ndarray& a, const ndarray&) { return sum(a, {.axis = 1}); }},
    {"max axis=0", [](const ndarray& a, const ndarray&) { return max(a, {.axis = 0}); }},
    {"std", [](const ndarray& a, const ndarray&) { return std(a); }},
    {"argmax axis=1", [](const ndarray& a, const ndarray&) { return argmax(a, {.axis = 1}); }},
    {"cumulative_sum axis=0", [](const ndarray& a, const ndarray&) { return cumulative_sum(a, {.axis = 0}); }},
    {"cumulative_sum axis=1", [](const ndarray& a, const ndarray&) { return cumulative_sum(a, {.axis = 1}); }},
};

enum class which { of_goals, others };

void run(which measured, bool is_quick, const std::string& output) {
  const effort spent = is_quick ? effort{3, 7, 500, 20'000} : effort{7, 31, 1500, 1'500'000};
  const std::vector<int> counts = counts_to_try();
  page out;
  out.add(
      fmt::format("# Workers chosen by the planner: {}, {} core{}, {}\n\n"
                  "Constants: {}. float64 where nothing else is said; {}. Medians of interleaved rounds of "
                  "`bench_worker_choice{}{}`.\n\n",
                  runtime::processor_name(), counts.back(), counts.back() == 1 ? "" : "s", today(),
                  exec::planner_of_process().constants().host.source,
                  measured == which::others ? "square arrays" : "products of square matrices",
                  measured == which::others ? " --others" : "", is_quick ? " --quick" : ""));
  out.add(heading(counts));

  std::vector<row> rows;
  const auto measure_all = [&](std::span<const named_work> works, const dims& shape, std::int64_t size) {
    const std::int64_t free_bytes = runtime::free_memory_bytes();
    if (free_bytes > 0 && core::size_of(shape) > free_bytes / 4 / (3 * 8)) {
      out.add(fmt::format("| all | {} | does not fit a quarter of the free memory |\n", size));
      return;
    }
    const ndarray a = eval(ones(shape) * 1.5);
    const ndarray b = eval(ones(shape) * 0.25);
    for (const named_work& each : works) {
      rows.push_back(measure(each.name, size, each.make(a, b), counts, spent));
      out.add(line_of(rows.back()));
    }
  };
  const auto of_sides = [&](std::span<const named_work> works, std::initializer_list<std::int64_t> quick,
                            std::initializer_list<std::int64_t> sides) {
    for (const std::int64_t n : is_quick ? quick : sides) measure_all(works, {n, n}, n);
  };
  if (measured == which::others) {
    of_sides(other_works, {3, 100, 500}, {3, 10, 32, 64, 100, 128, 180, 256, 360, 500, 720, 1000, 2000, 4000});
  } else {
    const std::initializer_list<std::int64_t> few = {1, 1000, 10'000, 100'000, 1'000'000};
    const std::initializer_list<std::int64_t> lengths = {
        1,       10,      100,     1000,      3000,      10'000,     20'000,     30'000,     50'000,
        100'000, 200'000, 300'000, 1'000'000, 3'000'000, 10'000'000, 30'000'000, 100'000'000};
    for (const std::int64_t n : is_quick ? few : lengths) measure_all(works_of_vectors, {n}, n);
    of_sides(products, {4, 64, 256}, {4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048});
  }
  out.add("\n" + summary_of(rows));
  if (!output.empty()) out.save(output);
}

}  // namespace

}  // namespace tandem

int main(int argc, char** argv) {
  tandem::which measured = tandem::which::of_goals;
  bool is_quick = false;
  std::string output;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--quick") {
      is_quick = true;
    } else if (word == "--others") {
      measured = tandem::which::others;
    } else if (word == "-o" && i + 1 < argc) {
      output = argv[++i];
    } else {
      std::fputs("usage: bench_worker_choice [--others] [--quick] [-o FILE.md]\n", stderr);
      return 2;
    }
  }
  try {
    tandem::run(measured, is_quick, output);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_worker_choice: %s\n", error.what());
    return 1;
  }
}
