#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "plan/model.h"
#include "plan/planner.h"
#include "plan/planner_state.h"

namespace tandem::plan {

namespace {

std::string text_of(const constant& of) {
  const std::string_view from = origin_words[static_cast<std::size_t>(of.from)];
  if (of.samples == 0) return std::string(from);
  return fmt::format("{}, {} samples, sigma {:.1f} %", from, of.samples, 100 * of.sigma);
}

std::string text_of(const correction& of) {
  if (of.samples() == 0) return "";
  return fmt::format("learned factor {:.2f} from {} samples, sigma {:.1f} %", of.factor(), of.samples(),
                     100 * of.sigma());
}

std::string joined(std::string a, const std::string& b) { return b.empty() ? a : a + "; " + b; }

std::string size_text(double bytes) {
  if (bytes < 1e3) return fmt::format("{:.0f} bytes", bytes);
  if (bytes < 1e6) return fmt::format("{:.4g} kB", bytes * 1e-3);
  if (bytes < 1e9) return fmt::format("{:.4g} MB", bytes * 1e-6);
  return fmt::format("{:.4g} GB", bytes * 1e-9);
}

double finite_margin(double chosen_us, double other_us) noexcept {
  return chosen_us > 0 ? (other_us - chosen_us) / chosen_us : 0;
}

}  // namespace

reasoning planner::explain(planned_task& what, const question& asked) const {
  const auto prices = price_all(what, asked);
  reasoning found;
  const host_profile& host = state_->constants.host;
  for (int place = 0; place < place_count(); ++place) {
    const price& of = prices[static_cast<std::size_t>(place)];
    priced_place shown{place, 1, {}, of.us(), ""};
    if (!of.is_possible) {
      shown.why_not = of.why_not == cause::no_memory
                          ? fmt::format("what it reads, makes and needs beside exceeds the {} bytes that are free",
                                        asked.free_bytes[static_cast<std::size_t>(place)])
                          : "the policy demands another place, or it cannot run the program";
    }
    const correction& learned = *what.places_[static_cast<std::size_t>(place)].learned;
    const auto add = [&](std::string name, double us, std::string from) {
      if (us != 0) shown.terms.push_back({std::move(name), us, std::move(from)});
    };
    const std::size_t stages = what.what_.stages.size();
    double uncorrected_us = 0;
    if (place == host_place) {
      add("call", host.call_us.value, text_of(host.call_us));
      uncorrected_us += host.call_us.value;
      for (std::size_t i = 0; i < stages; ++i) {
        const stage_task& stage = what.what_.stages[i];
        const host_time time = state_->host.time(stage, what.workers_[i]);
        const std::string of_stage = stages == 1 ? "" : fmt::format(" of stage {}", i + 1);
        shown.workers = std::max(shown.workers, time.workers);
        if (time.fork_us > 0) add("fork" + of_stage, time.fork_us, text_of(host.fork_us.nearest(time.workers)));
        const bool is_bound_by_memory = time.memory_us >= time.compute_us;
        const auto width = static_cast<std::size_t>(width_of(stage.type));
        const constant& rate = is_bound_by_memory
                                   ? host.bytes_per_s[static_cast<std::size_t>(time.level)].nearest(time.workers)
                               : stage.main == work_class::product
                                   ? host.product_alone[width].nearest(std::cbrt(stage.m * stage.n * stage.k))
                                   : host.operations_per_s[static_cast<std::size_t>(stage.main)][width];
        constexpr std::string_view levels[] = {"in a core's caches", "in the shared cache", "in memory"};
        add(is_bound_by_memory ? fmt::format("memory{}: {} {}", of_stage, size_text(stage.bytes), levels[time.level])
                               : fmt::format("compute{}: {}", of_stage, to_string(stage.main)),
            std::max(time.compute_us, time.memory_us), text_of(rate));
        uncorrected_us += time.us();
      }
    } else {
      const device_profile& by = state_->devices[static_cast<std::size_t>(place)].constants;
      add("allocate", by.allocate_us.value, text_of(by.allocate_us));
      add("launch", by.launch_us.value, text_of(by.launch_us));
      for (std::size_t i = 0; i < stages; ++i) {
        const stage_task& stage = what.what_.stages[i];
        const device_time time = on_device(by, stage);
        const std::string of_stage = stages == 1 ? "" : fmt::format(" of stage {}", i + 1);
        const double us = std::max(time.us(), by.launch_us.value);
        const bool is_bound_by_memory = time.memory_us >= time.compute_us;
        const auto width = static_cast<std::size_t>(width_of(stage.type));
        add("kernel" + of_stage, us - std::max(time.memory_us, time.compute_us), text_of(by.kernel_us));
        add(is_bound_by_memory ? fmt::format("memory{}: {}", of_stage, size_text(stage.bytes))
                               : fmt::format("compute{}: {}", of_stage, to_string(stage.main)),
            std::max(time.memory_us, time.compute_us),
            text_of(is_bound_by_memory ? by.bytes_per_s.nearest(stage.bytes)
                    : stage.main == work_class::product
                        ? by.product[width].nearest(std::cbrt(stage.m * stage.n * stage.k))
                        : by.operations_per_s[static_cast<std::size_t>(stage.main)][width]));
        uncorrected_us += us;
      }
      add("compile", of.cold_us, "estimated by the device");
    }
    add("correction", of.work_us - uncorrected_us, text_of(learned));
    const auto add_copy = [&](const operand_state& operand) {
      const double us = move_us(operand, place).us;
      if (us == 0) return;
      const direction to = place == host_place ? direction::to_host : direction::to_device;
      const int over = place == host_place ? std::countr_zero(operand.valid_on) : place;
      const memory_kind kind = operand.is_pinned ? memory_kind::pinned : memory_kind::pageable;
      add(fmt::format("copy {}: {}", place == host_place ? "to the host" : "in",
                      size_text(static_cast<double>(operand.bytes))),
          us,
          joined(text_of(state_->link(over, to, kind).bytes_per_s.nearest(static_cast<double>(operand.bytes))),
                 text_of(state_->of_link(over, to, kind))));
    };
    for (const operand_state& each : asked.reads) add_copy(each);
    if (!asked.writes_all) add_copy(asked.writes);
    add("credit", -of.credit_us, "gains forgone so far by not copying");
    add("reuse", -of.shared_us, "what later evaluations are expected to share of copies, by what they did before");
    if (place != host_place) {
      const double probability = state_->probability_of_reading(*what.history_, asked.writes.bytes);
      const planned_task::at_place& here = what.places_[static_cast<std::size_t>(place)];
      const memory_kind kind = asked.writes.is_pinned ? memory_kind::pinned : memory_kind::pageable;
      const device_profile& by = state_->devices[static_cast<std::size_t>(place)].constants;
      const std::string chance = fmt::format("read on the host with probability {:.2g}", probability);
      add("synchronize", probability * here.wait_us, joined(text_of(by.synchronize_us), chance));
      add("copy back: " + size_text(static_cast<double>(asked.writes.bytes)), of.back_us - probability * here.wait_us,
          joined(joined(text_of(state_->link(place, direction::to_host, kind)
                                    .bytes_per_s.nearest(static_cast<double>(asked.writes.bytes))),
                        text_of(state_->of_link(place, direction::to_host, kind))),
                 chance));
    }
    found.places.push_back(std::move(shown));
  }
  const cause alone = asked.allowed == all_places ? cause::only_place : cause::forced;  // as `decide`
  const choice chosen = place_count() == 1 ? choice{host_place, alone} : choose(what, asked, prices);
  const price& of = prices[static_cast<std::size_t>(chosen.place)];
  found.chosen = {
      chosen.place,
      chosen.place == host_place ? std::span<const std::int16_t>(what.workers_) : std::span<const std::int16_t>(),
      chosen.why,
      of.us(),
      of.work_us,
      0};
  found.margin = std::numeric_limits<double>::infinity();
  for (int place = 0; place < place_count(); ++place) {
    const price& beside = prices[static_cast<std::size_t>(place)];
    if (place == chosen.place || !beside.is_possible) continue;
    found.margin = std::min(found.margin, finite_margin(of.us(), beside.us()));
  }
  return found;
}

}  // namespace tandem::plan
