#include "gpu/table.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <utility>
#include <vector>

namespace bench {

namespace {

std::string formatted(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string time_text(double us) {
  if (us < 1e3) return formatted("%.2f us", us);
  return us < 1e6 ? formatted("%.3f ms", 1e-3 * us) : formatted("%.3f s", 1e-6 * us);
}

std::string rate_text(const amount& of, const timing& time) {
  const double found = rate(of, time);
  if (!(found > 0)) return "-";
  return of.of == amount::kind::bytes ? formatted("%.0f GB/s", 1e-9 * found) : formatted("%.2f TFLOP/s", 1e-12 * found);
}

// From the fastest to the slowest round.
std::string spread_text(const timing& time) {
  return time.median_us > 0 ? formatted("%.1f %%", 100 * (time.slowest_us - time.fastest_us) / time.median_us) : "-";
}

std::string yardstick_text(const row& of) {
  if (!of.by) return of.why_no_yardstick.empty() ? "-" : "not measured";
  const std::string figure =
      of.by->amount.of == amount::kind::none ? time_text(of.by->time.median_us) : rate_text(of.by->amount, of.by->time);
  return of.by->name + " " + figure;
}

std::string target_text(const row& of) {
  if (of.target_us) return "<= " + time_text(*of.target_us);
  return of.target_share ? formatted(">= %.0f %%", 100 * *of.target_share) : "-";
}

// Targets are for real devices and whole sizes.
std::string met_text(const row& of, const run_description& run) {
  if (run.is_simulated) return "simulated";
  const std::optional<bool> met = is_met(of);
  if (run.is_quick || !met) return "-";
  return *met ? "yes" : "NO";
}

std::vector<std::string> cells(const row& of, const run_description& run) {
  if (!of.failure.empty()) return {of.name, "FAILED", "-", "-", "-", "-", target_text(of), "-"};
  const std::optional<double> part = share(of);
  return {of.name,
          time_text(of.time.median_us),
          spread_text(of.time),
          rate_text(of.amount, of.time),
          yardstick_text(of),
          part ? formatted("%.1f %%", 100 * *part) : "-",
          target_text(of),
          met_text(of, run)};
}

// Reasons that several rows share are given once.
void add_once(std::vector<std::string>& notes, const std::string& note) {
  if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
}

std::string number(double value) { return formatted("%.9g", value); }

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? std::string("\"\"") : std::string(1, c == '\n' ? ' ' : c);
  return result + "\"";
}

}  // namespace

std::string text_table(std::span<const row> rows, const run_description& of) {
  std::vector<std::vector<std::string>> lines{
      {"work", "time", "spread", "rate", "yardstick", "share", "target", "met"}};
  std::vector<std::string> notes;
  for (const row& each : rows) {
    lines.push_back(cells(each, of));
    if (!each.failure.empty()) notes.push_back(each.name + " failed: " + each.failure);
    if (!each.by && !each.why_no_yardstick.empty()) add_once(notes, "yardsticks: " + each.why_no_yardstick);
  }
  if (of.is_simulated) notes.emplace_back("all times are simulated: they follow from a profile, and measure nothing");
  if (of.is_quick) notes.emplace_back("sizes are those of --quick, which no target is meant for");
  std::vector<std::size_t> widths(lines.front().size());
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string text = of.device + "\n" + (of.facts.empty() ? "" : of.facts + "\n") + "\n";
  for (const auto& line : lines) {
    std::string shown;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::string gap(widths[i] - line[i].size(), ' ');
      const bool is_text = i == 0 || i == 4;
      shown += (i == 0 ? "" : "  ") + (is_text ? line[i] + gap : gap + line[i]);
    }
    text += shown + "\n";
  }
  for (const std::string& note : notes) text += "\n" + note;
  return text + (notes.empty() ? "" : "\n");
}

std::string csv_table(std::span<const row> rows, const run_description& of) {
  std::string text = "# device: " + of.device + "\n" + (of.facts.empty() ? "" : "# " + of.facts + "\n");
  text += of.is_simulated ? "# times are simulated\n" : "";
  text += of.is_quick ? "# sizes are those of --quick\n" : "";
  text +=
      "work,median_us,fastest_us,slowest_us,bytes,flops,yardstick,yardstick_us,yardstick_bytes,yardstick_flops,share,"
      "target_share,target_us,met,simulated,failure\n";
  const auto count = [](const amount& which, amount::kind kind) {
    return which.of == kind ? number(which.count) : std::string();
  };
  for (const row& each : rows) {
    const bool failed = !each.failure.empty();
    const std::optional<double> part = share(each);
    const std::string met = met_text(each, of);
    text += quoted(each.name) + ',';
    text += failed ? ",,,"
                   : number(each.time.median_us) + ',' + number(each.time.fastest_us) + ',' +
                         number(each.time.slowest_us) + ',';
    text += count(each.amount, amount::kind::bytes) + ',' + count(each.amount, amount::kind::flops) + ',';
    text += each.by ? quoted(each.by->name) + ',' + number(each.by->time.median_us) + ',' +
                          count(each.by->amount, amount::kind::bytes) + ',' +
                          count(each.by->amount, amount::kind::flops) + ','
                    : ",,,,";
    text += (part ? number(*part) : "") + ',' + (each.target_share ? number(*each.target_share) : "") + ',' +
            (each.target_us ? number(*each.target_us) : "") + ',' +
            (met == "yes"  ? "yes"
             : met == "NO" ? "no"
                           : "") +
            ',' + (of.is_simulated ? "yes" : "no") + ',' + (failed ? quoted(each.failure) : "") + '\n';
  }
  return text;
}

}  // namespace bench
