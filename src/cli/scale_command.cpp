#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <tandem/machine.h>
#include <tandem/ndarray.h>

#include "cli/commands.h"
#include "cli/inputs.h"
#include "cli/output.h"
#include "cli/progress_line.h"
#include "cli/quantile.h"
#include "cli/scale_chart.h"
#include "cli/scale_measurement.h"
#include "cli/scale_notes.h"
#include "cli/scale_options.h"
#include "cli/scale_report.h"
#include "cli/scale_result.h"
#include "cli/status.h"

namespace tandem::cli {

namespace {

// Work on fewer bytes than this stays in the caches next to a core, where memory is no bound.
constexpr std::int64_t least_bytes_of_roof = std::int64_t{1} << 20;
constexpr double roof_seconds = 0.1;

// Before minutes of measuring, not after them.
void check_writable(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) throw failure(fmt::format("{}: is a folder", path));
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  if (!std::filesystem::is_directory(folder, ignored)) {
    throw failure(fmt::format("{}: there is no folder {}", path, folder.string()));
  }
  const bool exists = std::filesystem::exists(path, ignored);
  if (access(exists ? path.c_str() : folder.c_str(), exists ? W_OK : W_OK | X_OK) != 0) {
    throw failure(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  }
}

void write_file(const std::string& path, const std::string& text) {
  errno = 0;
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw failure(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
}

// The inputs as arrays in memory: what they are computed from is not to be measured. Numbers stay numbers.
bindings load_inputs(const scale_options& options) {
  bindings names;
  for (const auto& [name, text] : options.inputs) {
    value input = load_input(name, text);
    if (auto* array = std::get_if<expr>(&input.held)) *array = expr(eval(*array));
    if (auto* arrays = std::get_if<std::vector<expr>>(&input.held)) {
      for (expr& array : *arrays) array = expr(eval(array));
    }
    names.emplace(name, std::move(input));
  }
  return names;
}

std::string input_text(const std::string& text, const value& input) {
  const auto* array = input.as<expr>();
  return array == nullptr ? text : fmt::format("{} {}", name(array->dtype()), to_string(array->shape()));
}

std::string today() { return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::time(nullptr))); }

// How often the process was stopped since `before`.
std::optional<throttling> throttling_since(const std::optional<throttling>& before) {
  std::optional<throttling> now = read_throttling();
  if (!before || !now) return std::nullopt;
  now->periods -= before->periods;
  return now;
}

// Measures the work, and beside it the simplest work over as many bytes with 1 and with all permitted workers.
void measure_into(scale_result& result, repeated_evaluation& work, const std::vector<int>& counts,
                  std::int64_t memory_bytes) {
  std::vector<series> all;
  const auto evaluate = [&](int workers, int times) { return work.seconds(workers, times); };
  for (const int workers : counts) all.push_back({workers, evaluate, result.seconds});
  const int full = *std::find_if(counts.rbegin(), counts.rend(),
                                 [&](int each) { return each <= result.permitted_cores || each == 1; });
  std::optional<simplest_work> simplest;
  if (result.moved_bytes >= least_bytes_of_roof) {
    simplest.emplace(roof_bytes(result.moved_bytes, memory_bytes), full);
    const auto add_one = [&](int workers, int times) { return simplest->seconds(workers, times); };
    all.push_back({1, add_one, std::min(roof_seconds, result.seconds)});
    if (full > 1) all.push_back({full, add_one, std::min(roof_seconds, result.seconds)});
  }

  const std::optional<throttling> before = read_throttling();
  progress done;
  const progress_line line(done);
  const std::vector<series_times> times = measure(all, result.rounds, done);
  result.stopped = throttling_since(before);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    result.times.push_back({counts[i], times[i].rounds_s});
    if (counts[i] == full) result.waiting = times[i].waiting;
  }
  if (!simplest) return;
  result.roof.emplace(memory_roof{simplest->bytes(), {}});
  for (std::size_t i = counts.size(); i < all.size(); ++i) {
    result.roof->rates.push_back({all[i].workers, static_cast<double>(simplest->bytes()) / median(times[i].rounds_s)});
  }
}

scale_result measure_expression(const scale_options& options) {
  const machine here = machine_info();
  bindings names = load_inputs(options);
  scale_result result{};
  result.expression = *options.expression;
  for (const auto& [name, text] : options.inputs) result.inputs.emplace_back(name, input_text(text, names.at(name)));
  result.version = here.version;
  result.processor = here.processor;
  result.date = today();
  result.permitted_cores = here.permitted_cores;
  for (const core_limit& each : here.core_limits) {
    if (each.decides) result.core_limit = fmt::format("{} ({})", each.name, each.source);
  }
  result.seconds = options.seconds;
  result.rounds = options.rounds;

  repeated_evaluation work(*options.expression, std::move(names));
  work.check_work();
  result.moved_bytes = work.moved_bytes();
  measure_into(result, work, worker_counts(options.max.value_or(here.permitted_cores), here.permitted_cores),
               here.memory_bytes);
  result.rows = rows_of(result.times);
  result.best = best_count(result.rows, options.rounds);
  const auto first_crowded = std::find_if(result.times.begin(), result.times.end(),
                                          [&](const count_times& each) { return each.workers > here.permitted_cores; });
  result.fit = fit_amdahl({result.times.begin(), first_crowded});
  result.notes = notes_of(result);
  return result;
}

}  // namespace

int run_scale(std::span<const std::string> arguments) {
  const scale_options options = parse_scale_options(arguments);
  if (options.help) {
    write_output(help_text("scale"));
    return exit_success;
  }
  for (const std::string& path : options.outputs) check_writable(path);
  const scale_result result = measure_expression(options);
  for (const std::string& path : options.outputs) {
    write_file(path, path.ends_with(".csv")    ? report_csv(result)
                     : path.ends_with(".json") ? report_json(result)
                                               : scale_chart(result));
  }
  write_output(options.json ? report_json(result) : report_text(result));
  return exit_success;
}

}  // namespace tandem::cli
