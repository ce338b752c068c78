#include <fmt/format.h>
#include <sys/resource.h>
#include <tandem/tandem.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "predictions/point.h"

// What the planner predicts for evaluations on the CPU, beside what they take.
//
// usage: bench_predictions [-o FILE.svg] [--csv FILE.csv] [--workers N]
//
// N is the most workers that an evaluation may have; one, where other work keeps cores busy and nothing can be told of
// several. Predictions are asked for before anything is evaluated, so that they are from the profile alone and nothing
// that was learned is in them. Then expressions of every kind and size are evaluated into an array that is there, in
// rounds in which each has its turn; a time is the median of its rounds. It holds what a caller waits for, also what
// finding the program takes. Rounds in which the system took a core away from the process count only where there are no
// others. The machine must have been calibrated: what is compared is the model, not the shipped constants.
namespace bench::predictions {

namespace {

namespace td = tandem;
using clock_type = std::chrono::steady_clock;

// Undisturbed rounds that are enough, rounds at most, and the time at most for one expression.
constexpr std::size_t enough_rounds = 15;
constexpr int most_rounds = 60;
constexpr double most_us = 1.5e6;
// Of each round's turn, in which short work is done several times.
constexpr double turn_us = 1000;

double us_since(clock_type::time_point begin) {
  return std::chrono::duration<double, std::micro>(clock_type::now() - begin).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// How often the system took a core away from a thread of this process.
long interruptions() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return used.ru_nivcsw;
}

struct work {
  point about;
  td::expr value;
  td::ndarray target;
  int times = 1;
  double spent_us = 0;
  std::vector<double> us = {};
  std::vector<double> disturbed_us = {};

  work(std::string kind, std::string text, std::string size, const td::expr& what)
      : about{std::move(kind), std::move(text), std::move(size), 1, 0, 0, false},
        value(what),
        target(td::eval(td::zeros(what.shape(), what.dtype()))) {
    const td::explanation reasons = td::explain(value);
    about.workers = reasons.candidates.front().workers;
    about.predicted_us = reasons.candidates.front().total_us;
  }

  double run(int count) const {
    const auto begin = clock_type::now();
    for (int i = 0; i < count; ++i) td::eval(value, target);
    return us_since(begin) / count;
  }
  void warm_up() {
    run(1);  // compiles, and brings pages and caches in
    times = static_cast<int>(std::clamp(turn_us / std::max(run(2), 0.05), 1.0, 2000.0));
  }
  void take_turn() {
    if (us.size() >= enough_rounds || spent_us > most_us) return;
    run(1);  // others had the caches
    const long before = interruptions();
    const double each_us = run(times);
    (interruptions() == before ? us : disturbed_us).push_back(each_us);
    spent_us += each_us * times;
  }
  point result() {
    // Of one or two rounds there is no median to speak of.
    about.measured_us = us.size() >= 3 ? median(us) : median(disturbed_us.empty() ? us : disturbed_us);
    about.is_disturbed = us.size() < 3;
    return about;
  }
};

td::ndarray numbers(std::int64_t size, td::dtype type) {
  // Between 1 and 2, where no function has anything unusual to do.
  return td::eval(td::astype(td::linspace(1.0, 2.0, size), type));
}

void add_vectors(std::vector<work>& to, std::int64_t size) {
  const td::ndarray a = numbers(size, td::dtype::float32);
  const td::ndarray b = numbers(size, td::dtype::float32);
  const td::ndarray x = numbers(size, td::dtype::float64);
  const td::ndarray y = numbers(size, td::dtype::float64);
  const auto add = [&](const char* kind, const char* text, const td::expr& what) {
    to.emplace_back(kind, text, fmt::format("{}", size), what);
  };
  add("element-wise", "a + b, float32", a + b);
  add("element-wise", "x * y + 0.5 * x - y, float64", x * y + 0.5 * x - y);
  add("element-wise", "sqrt(x) / y, float64", td::sqrt(x) / y);
  add("exponentials", "exp(a), float32", td::exp(a));
  add("exponentials", "sin(x) * exp(-y), float64", td::sin(x) * td::exp(-y));
  add("reductions", "sum(a), float32", td::sum(a));
  add("reductions", "sum(x * y), float64", td::sum(x * y));
  add("reductions", "argmax(a), float32", td::argmax(a));
  add("scans", "cumulative_sum(x), float64", td::cumulative_sum(x));
}

void add_matrices(std::vector<work>& to, std::int64_t extent) {
  const td::dims shape{extent, extent};
  const td::ndarray a = td::eval(td::reshape(numbers(extent * extent, td::dtype::float32), shape));
  const td::ndarray x = td::eval(td::reshape(numbers(extent * extent, td::dtype::float64), shape));
  const auto add = [&](const char* kind, const char* text, const td::expr& what) {
    to.emplace_back(kind, text, fmt::format("{0} x {0}", extent), what);
  };
  add("views", "a.T + a, float32", td::matrix_transpose(a) + a);
  add("views", "x - mean(x, axis=0), float64", x - td::mean(x, {.axis = 0}));
}

void add_products(std::vector<work>& to, std::int64_t extent) {
  const td::dims shape{extent, extent};
  const td::ndarray a = td::eval(td::reshape(numbers(extent * extent, td::dtype::float32), shape));
  const td::ndarray x = td::eval(td::reshape(numbers(extent * extent, td::dtype::float64), shape));
  const std::string size = fmt::format("{0} x {0}", extent);
  to.emplace_back("products", "a @ a, float32", size, td::matmul(a, a));
  to.emplace_back("products", "x @ x, float64", size, td::matmul(x, x));
}

std::vector<point> measure() {
  std::vector<work> all;
  for (const std::int64_t size : {2000, 20'000, 200'000, 1'000'000, 10'000'000}) add_vectors(all, size);
  for (const std::int64_t extent : {50, 200, 700, 3000}) add_matrices(all, extent);
  for (const std::int64_t extent : {24, 48, 100, 200, 400, 900, 1800}) add_products(all, extent);

  for (work& each : all) each.warm_up();
  for (int round = 0; round < most_rounds; ++round) {
    for (work& each : all) each.take_turn();
  }
  std::vector<point> points;
  for (work& each : all) points.push_back(each.result());
  return points;
}

void write(const std::string& path, std::string_view text) {
  std::FILE* const file = std::fopen(path.c_str(), "w");
  bool is_written = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file != nullptr) is_written = std::fclose(file) == 0 && is_written;
  if (!is_written) throw td::io_error("cannot write " + path);
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

std::string summary_of(const std::vector<point>& points) {
  std::vector<std::string> kinds;
  for (const point& each : points) {
    if (std::ranges::find(kinds, each.kind) == kinds.end()) kinds.push_back(each.kind);
  }
  std::string text = "| kind | points | median factor | 90th percentile | worst |\n|---|---:|---:|---:|---:|\n";
  const auto add = [&](const std::string& name, const std::vector<point>& of) {
    text += fmt::format("| {} | {} | {:.2f} | {:.2f} | {:.2f} |\n", name, of.size(), quantile_of_factors(of, 0.5),
                        quantile_of_factors(of, 0.9), quantile_of_factors(of, 1));
  };
  for (const std::string& kind : kinds) {
    std::vector<point> some;
    std::ranges::copy_if(points, std::back_inserter(some), [&](const point& each) { return each.kind == kind; });
    add(kind, some);
  }
  add("all", points);
  return text;
}

void run(const std::string& chart, const std::string& table, int workers) {
  td::set_default_policy({.workers = workers, .device = td::device::cpu});
  const td::profile_report profile = td::current_profile();
  if (!profile.is_calibrated) {
    throw td::argument_error(
        "predictions are of shipped constants, not of this machine's; run 'tandem calibrate' first");
  }
  const std::vector<point> points = measure();
  std::fputs(summary_of(points).c_str(), stdout);
  const td::machine facts = td::machine_info();
  const auto disturbed = std::ranges::count_if(points, [](const point& each) { return each.is_disturbed; });
  const std::string caption =
      fmt::format("{}, {} permitted cores  |  {}  |  calibrated, nothing learned  |  medians of up to {} rounds{}",
                  facts.processor, facts.permitted_cores, today(), enough_rounds,
                  disturbed == 0 ? "" : fmt::format("  |  {} pale: beside other work", disturbed));
  if (!chart.empty()) write(chart, chart_of(points, caption, workers));
  if (!table.empty()) write(table, table_of(points));
}

}  // namespace

}  // namespace bench::predictions

int main(int argc, char** argv) {
  std::string chart;
  std::string table;
  int workers = tandem::automatic_workers;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "-o" && i + 1 < argc) {
      chart = argv[++i];
    } else if (word == "--csv" && i + 1 < argc) {
      table = argv[++i];
    } else if (word == "--workers" && i + 1 < argc && std::atoi(argv[i + 1]) > 0) {
      workers = std::atoi(argv[++i]);
    } else {
      std::fputs("usage: bench_predictions [-o FILE.svg] [--csv FILE.csv] [--workers N]\n", stderr);
      return 2;
    }
  }
  try {
    bench::predictions::run(chart, table, workers);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_predictions: %s\n", error.what());
    return 1;
  }
}
