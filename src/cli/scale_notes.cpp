#include "cli/scale_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/quantities.h"

namespace tandem::cli {

namespace {

// Little is gained if the largest count is not this much faster than one worker, or uses less of its workers than that.
constexpr double low_speedup = 1.3;
constexpr double low_efficiency = 0.6;
// Below, sharing out costs as much as it saves: a fork and join takes 1 us and more.
constexpr double small_work_s = 20e-6;
constexpr double same_time = 0.02;
constexpr double memory_bound_share = 0.5;
constexpr double contended_share = 0.1;

std::string best_note(const scale_result& result) {
  if (result.rows.size() == 1) return "";
  if (result.best == 1) {
    return fmt::format("Best: 1 worker; none of the counts up to {} is faster by more than 2 % or the noise.",
                       result.rows.back().workers);
  }
  const auto best = std::find_if(result.rows.begin(), result.rows.end(),
                                 [&](const scale_row& row) { return row.workers == result.best; });
  return fmt::format("Best: {}, {} times as fast as 1 worker.", workers_text(result.best), three_digits(best->speedup));
}

std::string limit_text(const amdahl_fit& fit) {
  const double s = std::min(fit.serial_fraction, 1.0);
  if (s <= 0) return "no limit of the speed-up shows";
  const double error = fit.standard_error.value_or(0);
  std::string text = fmt::format("more workers give at most {} times the speed of 1", three_digits(1 / s));
  if (error >= s) return text + ", and the error leaves room for any number";
  if (error > 0) {
    text += fmt::format(" ({} to {} within the error)", three_digits(1 / std::min(1.0, s + error)),
                        three_digits(1 / (s - error)));
  }
  return text;
}

std::string fit_note(const scale_result& result) {
  if (!result.fit) {
    if (result.permitted_cores == 1) {
      return fmt::format("One core is permitted, so no serial fraction can be fitted{}{}.",
                         result.core_limit.empty() ? "" : ": ", result.core_limit);
    }
    if (result.full().workers == 1) return "One number of workers was measured, so no serial fraction can be fitted.";
    return "The times follow no law of Amdahl's: the fitted time of one worker is not positive.";
  }
  const amdahl_fit& fit = *result.fit;
  std::string text = fmt::format("Serial fraction by Amdahl's law: {}", serial_fraction_text(fit));
  if (fit.serial_fraction < 0 || fit.serial_fraction > 1) text += fmt::format(" (fitted: {:.3f})", fit.serial_fraction);
  text += fmt::format("; {}.", limit_text(fit));
  if (fit.standard_error) {
    text += fmt::format(" The error is the standard error by a bootstrap over the {} rounds{}.", result.rounds,
                        fit.counts == 2 ? "; the fit itself goes through both times exactly" : "");
  } else {
    text += " One round gives no error.";
  }
  return text;
}

std::string crowding_note(const scale_result& result) {
  const int largest = result.rows.back().workers;
  if (largest <= result.permitted_cores) return "";
  return fmt::format(
      "Up to {} workers take turns on the {} permitted core{}: counts above {} are left out of the fit, and with {} "
      "the "
      "speed-up is {}.",
      largest, result.permitted_cores, result.permitted_cores == 1 ? "" : "s", result.permitted_cores, largest,
      three_digits(result.rows.back().speedup));
}

std::string throttling_note(const scale_result& result) {
  if (!result.stopped || result.stopped->periods == 0) return "";
  return fmt::format(
      "Throttled: while this was measured, the control group's quota of processor time stopped the process in {} "
      "periods ({}).",
      result.stopped->periods, result.stopped->source);
}

double roof_at(const memory_roof& roof, int workers) {
  const auto at = std::find_if(roof.rates.begin(), roof.rates.end(),
                               [&](const bandwidth& each) { return each.workers == workers; });
  return at == roof.rates.end() ? 0 : at->bytes_per_s;
}

std::string memory_note(const scale_result& result) {
  if (!result.roof) return "";
  const scale_row& one = result.rows.front();
  const scale_row& full = result.full();
  const auto rate = [&](const scale_row& row) { return static_cast<double>(result.moved_bytes) / row.median_s; };
  const double roof = roof_at(*result.roof, full.workers);
  if (!(roof > 0) || rate(full) < memory_bound_share * roof) return "";
  return fmt::format(
      "Memory-bound: each input and result moved once are {}, so {} move at least {}; x + 1.0 over {} reaches {} with "
      "as "
      "many (1 worker: {} and {}); {}.",
      bytes_text(result.moved_bytes), workers_text(full.workers), rate_text(rate(full)), bytes_text(result.roof->bytes),
      rate_text(roof), rate_text(rate(one)), rate_text(roof_at(*result.roof, one.workers)),
      rate(full) > roof / 1.1 ? "more cores cannot help"
                              : fmt::format("memory leaves at most a factor of {:.1f}", roof / rate(full)));
}

// Where there have been more workers than cores, the idle ones of them may be what the others wait for; and threads
// that a quota has stopped wait, too.
std::string contention_note(const scale_result& result) {
  if (result.rows.back().workers > result.permitted_cores || result.waiting.value_or(0) < contended_share) return "";
  if (!throttling_note(result).empty()) return "";
  return fmt::format(
      "Contended: with {} the threads were ready to run but waited for a core, which others had, for {:.0f} % of their "
      "time; measure again when the machine is idle.",
      workers_text(result.full().workers), 100 * std::min(1.0, *result.waiting));
}

// No cause is told that the figures do not show, so those that were looked for stand here with theirs.
std::string serial_note(const scale_result& result) {
  const scale_row& one = result.rows.front();
  const scale_row& full = result.full();
  std::string causes = fmt::format("its size (one worker needs {})", time_text(one.median_s));
  if (result.roof) {
    causes += fmt::format(" or memory (at least {} of {})",
                          rate_text(static_cast<double>(result.moved_bytes) / full.median_s),
                          rate_text(roof_at(*result.roof, full.workers)));
  }
  if (result.waiting && result.rows.back().workers <= result.permitted_cores)
    causes += fmt::format(" or other threads on the cores (waited {:.0f} % of the time)", 100 * *result.waiting);
  return fmt::format(
      "Serial: {} are {} times as fast as 1, and the figures do not put it down to {}; what remains is work that one "
      "worker does while the others wait.",
      workers_text(full.workers), three_digits(full.speedup), causes);
}

// Why the largest permitted count gains little.
void explain_flat_result(const scale_result& result, std::vector<std::string>& notes) {
  const scale_row& one = result.rows.front();
  const scale_row& full = result.full();
  if (full.workers == 1 || (full.speedup >= low_speedup && full.efficiency >= low_efficiency)) return;
  double longest = 0;
  double shortest = one.median_s;
  for (const scale_row& row : result.rows) {
    if (row.workers > full.workers) continue;
    longest = std::max(longest, row.median_s);
    shortest = std::min(shortest, row.median_s);
  }
  const double spread = longest / shortest - 1;
  constexpr std::string_view rule =
      "the library shares out only work that takes several times what a fork and join of the workers costs";
  const std::string memory = memory_note(result);
  if (one.median_s < small_work_s) {
    notes.push_back(
        fmt::format("Too small: one worker needs {} for an evaluation; {}.", time_text(one.median_s), rule));
  } else if (!contention_note(result).empty() || !throttling_note(result).empty()) {
    return;  // the other causes cannot be told from it
  } else if (!memory.empty()) {
    notes.push_back(memory);
  } else if (spread < same_time) {
    notes.push_back(
        fmt::format("Not shared out: the times of all counts up to {} lie within {:.1f} % of each other; {}, and this "
                    "is not, or it cannot be cut into parts.",
                    full.workers, 100 * spread, rule));
  } else {
    notes.push_back(serial_note(result));
  }
}

}  // namespace

std::string serial_fraction_text(const amdahl_fit& fit, std::string_view sign) {
  const double fraction = std::clamp(fit.serial_fraction, 0.0, 1.0);
  if (!fit.standard_error) return fmt::format("{:.3f}", fraction);
  // Two digits of the error, but no fewer than three places and no more than six.
  const double places = *fit.standard_error > 0 ? 1 - std::floor(std::log10(*fit.standard_error)) : 6;
  const int shown = static_cast<int>(std::clamp(places, 3.0, 6.0));
  return fmt::format("{:.{}f} {} {:.{}f}", fraction, shown, sign, *fit.standard_error, shown);
}

std::vector<std::string> notes_of(const scale_result& result) {
  std::vector<std::string> notes = {best_note(result), fit_note(result)};
  explain_flat_result(result, notes);
  notes.push_back(contention_note(result));
  notes.push_back(crowding_note(result));
  notes.push_back(throttling_note(result));
  std::erase(notes, "");
  return notes;
}

}  // namespace tandem::cli
