#include "cli/scale_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/json.h"
#include "cli/scale_notes.h"

namespace tandem::cli {

namespace {

struct time_unit {
  std::string_view name;
  double seconds;
};

time_unit unit_for(double seconds) {
  if (seconds < 1e-3) return {"us", 1e-6};
  if (seconds < 1) return {"ms", 1e-3};
  return {"s", 1};
}

// JSON has neither infinities nor nan.
std::string json_number(double number) { return std::isfinite(number) ? fmt::format("{}", number) : "null"; }

std::optional<double> model_s(const scale_result& result, const scale_row& row) {
  return result.fit ? std::optional(result.fit->seconds(row.workers)) : std::nullopt;
}

std::string json_row(const scale_result& result, std::size_t i) {
  const scale_row& row = result.rows[i];
  std::vector<std::string> rounds;
  for (const double each : result.times[i].rounds_s) rounds.push_back(json_number(each));
  const std::optional<double> model = model_s(result, row);
  return json_object({{"workers", fmt::format("{}", row.workers)},
                      {"median_s", json_number(row.median_s)},
                      {"lower_quartile_s", json_number(row.lower_quartile_s)},
                      {"upper_quartile_s", json_number(row.upper_quartile_s)},
                      {"deviation_s", json_number(row.deviation_s)},
                      {"speedup", json_number(row.speedup)},
                      {"efficiency", json_number(row.efficiency)},
                      {"model_s", model ? json_number(*model) : "null"},
                      {"rounds_s", json_array(rounds)}},
                     2);
}

std::string json_fit(const std::optional<amdahl_fit>& fit) {
  if (!fit) return "null";
  return json_object({{"serial_fraction", json_number(fit->serial_fraction)},
                      {"standard_error", fit->standard_error ? json_number(*fit->standard_error) : "null"},
                      {"one_worker_s", json_number(fit->one_worker_s)},
                      {"counts", fmt::format("{}", fit->counts)},
                      {"largest_count", fmt::format("{}", fit->largest_count)}},
                     1);
}

std::string json_memory(const scale_result& result) {
  std::string rates = "null";
  if (result.roof) {
    std::vector<std::string> each;
    for (const bandwidth& rate : result.roof->rates) {
      each.push_back(
          fmt::format(R"({{"workers": {}, "bytes_per_s": {}}})", rate.workers, json_number(rate.bytes_per_s)));
    }
    rates = json_array(each);
  }
  return json_object({{"moved_bytes", fmt::format("{}", result.moved_bytes)},
                      {"roof_bytes", result.roof ? fmt::format("{}", result.roof->bytes) : "null"},
                      {"roof", rates}},
                     1);
}

}  // namespace

std::string report_text(const scale_result& result) {
  double fastest = result.rows.front().median_s;
  for (const scale_row& row : result.rows) fastest = std::min(fastest, row.median_s);
  const time_unit unit = unit_for(fastest);
  const double shown = fastest / unit.seconds;
  const int digits = shown < 10 ? 3 : shown < 100 ? 2 : 1;
  const auto time = [&](double seconds) { return fmt::format("{:.{}f}", seconds / unit.seconds, digits); };
  constexpr std::string_view line = "{:>7}  {:>11}  {:>11}  {:>11}  {:>8}  {:>10}  {:>10}\n";
  std::string text = fmt::format(fmt::runtime(line), "workers", fmt::format("median {}", unit.name), "quartile 1",
                                 "quartile 3", "speed-up", "efficiency", "Amdahl");
  for (const scale_row& row : result.rows) {
    const std::optional<double> model = model_s(result, row);
    text += fmt::format(fmt::runtime(line), row.workers, time(row.median_s), time(row.lower_quartile_s),
                        time(row.upper_quartile_s), fmt::format("{:.2f}", row.speedup),
                        fmt::format("{:.0f} %", 100 * row.efficiency), model ? time(*model) : "");
  }
  for (const std::string& note : result.notes) text += fmt::format("\n{}\n", note);
  return text;
}

std::string report_csv(const scale_result& result) {
  std::string text = "workers,median_s,lower_quartile_s,upper_quartile_s,deviation_s,speedup,efficiency,model_s\n";
  for (const scale_row& row : result.rows) {
    const std::optional<double> model = model_s(result, row);
    text +=
        fmt::format("{},{},{},{},{},{},{},{}\n", row.workers, row.median_s, row.lower_quartile_s, row.upper_quartile_s,
                    row.deviation_s, row.speedup, row.efficiency, model ? fmt::format("{}", *model) : "");
  }
  return text;
}

std::string report_json(const scale_result& result) {
  std::vector<std::pair<std::string_view, std::string>> inputs;
  for (const auto& [name, what] : result.inputs) inputs.emplace_back(name, json_string(what));
  std::vector<std::string> counts;
  for (std::size_t i = 0; i < result.rows.size(); ++i) counts.push_back(json_row(result, i));
  std::vector<std::string> notes;
  for (const std::string& note : result.notes) notes.push_back(json_string(note));
  const std::string throttled = result.stopped ? fmt::format("{}", result.stopped->periods) : "null";
  return json_object({{"expression", json_string(result.expression)},
                      {"inputs", json_object(inputs, 1)},
                      {"version", json_string(result.version)},
                      {"processor", result.processor.empty() ? "null" : json_string(result.processor)},
                      {"date", json_string(result.date)},
                      {"permitted_cores", fmt::format("{}", result.permitted_cores)},
                      {"seconds", json_number(result.seconds)},
                      {"rounds", fmt::format("{}", result.rounds)},
                      {"counts", json_array(counts)},
                      {"fit", json_fit(result.fit)},
                      {"best", fmt::format("{}", result.best)},
                      {"memory", json_memory(result)},
                      {"waiting", result.waiting ? json_number(*result.waiting) : "null"},
                      {"throttled_periods", throttled},
                      {"notes", json_array(notes)}},
                     0) +
         "\n";
}

}  // namespace tandem::cli
