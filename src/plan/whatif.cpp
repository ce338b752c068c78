#include "plan/whatif.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "plan/cut_text.h"
#include "plan/model.h"

namespace tandem::plan {

namespace {

// What an application has beyond that is summed up together, so that memory has a bound.
constexpr std::size_t most_sites = 4096;
constexpr std::size_t most_arrays = 4096;
constexpr std::size_t most_tasks = 16384;
constexpr std::size_t most_text = 400;

// A log may say anything of sizes.
void add_bytes(std::int64_t& to, std::int64_t bytes) {
  if (__builtin_add_overflow(to, bytes, &to)) to = std::numeric_limits<std::int64_t>::max();
}

void add(whatif_copies& to, const whatif_copies& more) {
  to.count += more.count;
  add_bytes(to.bytes, more.bytes);
  to.us += more.us;
}

double finite(double us) { return std::isfinite(us) ? us : 0; }

std::string advice_for(const whatif_array& of) {
  if (of.made_on_device > 0) {
    if (of.to_host.count == 0) return "is made on the device and stays there";
    if (of.to_host.count < of.made_on_device) return "is made on the device; the host reads some of it";
    return "is made on the device and copied to the host";
  }
  if (of.device_uses == 0) return "stays on the host";
  if (of.to_device.count <= of.count && of.device_uses > of.to_device.count) return "move it once and keep it there";
  if (of.to_device.count < of.device_uses) return "moves again after the host wrote to it";
  return "moves for each use";
}

// An expression's text without its constants, but with shapes and axes: a loop may compute with another number each
// time.
std::string without_constants(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::string made;
  for (std::size_t i = 0; i < text.size();) {
    const bool begins_value = i > 0 && (text[i - 1] == '(' || text[i - 1] == ' ');
    const std::string_view rest = text.substr(i);
    if (rest.starts_with(" (") || rest.starts_with("=(")) {
      const std::size_t end = std::min(rest.find(')'), rest.size());
      made += rest.substr(0, end);
      i += end;
    } else if (begins_value && (is_digit(rest[0]) || (rest.size() > 1 && rest[0] == '-' && is_digit(rest[1])))) {
      made += '#';
      i += std::min(rest.find_first_of(",)"), rest.size());
    } else {
      made += text[i++];
    }
  }
  return made;
}

}  // namespace

whatif_accounts::whatif_accounts(whatif_machine machine)
    : machine_(std::move(machine)), planner_(machine_.constants, {.learns = true, .exploration = 0}) {
  planner_.add(machine_.device);
  residency_.limit(there, machine_.device_memory_bytes);
}

std::size_t whatif_accounts::site_of(const evaluation& what) {
  std::string key = what.site.empty() ? without_constants(what.text) : std::string(what.site);
  const auto found = site_numbers_.find(key);
  if (found != site_numbers_.end()) return found->second;
  if (sites_.size() < most_sites) {
    whatif_site& made = sites_.emplace_back();
    made.where = end_cut(what.site, most_text);
    made.expression = end_cut(what.text, most_text);
    site_numbers_.emplace(std::move(key), sites_.size() - 1);
  } else {
    sites_.back().where = "";
    sites_.back().expression = "all others";
  }
  return sites_.size() - 1;
}

// The group of a block is that of its first use.
whatif_accounts::owner& whatif_accounts::owner_of(const operand_state& of, const evaluation& what, std::size_t site,
                                                  int position) {
  const auto known = owners_.find(of.id);
  if (known != owners_.end()) return known->second;
  const whatif_site& at = sites_[site];
  const std::string_view place = at.where.empty() ? at.expression : at.where;
  std::string label = position < 0    ? fmt::format("result of {} at {}", what.name, place)
                      : position == 0 ? fmt::format("operand of {} at {}", what.name, place)
                                      : fmt::format("operand {} of {} at {}", position, what.name, place);
  std::string key = fmt::format("{} {}", of.bytes, label);
  const auto found = array_numbers_.find(key);
  std::size_t group = 0;
  if (found != array_numbers_.end()) {
    group = found->second;
  } else if (arrays_.size() < most_arrays) {
    group = arrays_.size();
    whatif_array& made = arrays_.emplace_back();
    made.what = std::move(label);
    made.bytes = of.bytes;
    array_numbers_.emplace(std::move(key), group);
  } else {
    group = arrays_.size() - 1;
    arrays_[group].what = "all others";
    arrays_[group].bytes = 0;
  }
  ++arrays_[group].count;
  return owners_.emplace(of.id, owner{group, site, nullptr, false}).first->second;
}

planned_task& whatif_accounts::planned(const evaluation& what) {
  if (tasks_.size() >= most_tasks && !tasks_.contains(what.definition)) tasks_.clear();
  auto& found = tasks_[what.definition];
  if (!found) found = std::make_unique<planned_task>(what.what, what.definition);
  return *found;
}

operand_state whatif_accounts::here(const operand_state& known) {
  if (known.bytes == 0) return known;
  operand_state seen = known;
  // Wherever the application has it, it would come from the host.
  seen.valid_on = known.valid_on == 0 ? 0 : set_of(host_place);
  resident_block& block = residency_.find(seen);
  seen.valid_on = block.valid_on;
  seen.credit_us = &block.credit_us;
  return seen;
}

void whatif_accounts::account(const std::vector<movement>& moved) {
  for (const movement& each : moved) {
    const auto to = each.to_device ? direction::to_device : direction::to_host;
    const auto kind = each.is_pinned ? memory_kind::pinned : memory_kind::pageable;
    const device_profile& by = machine_.device.constants;
    double us = copy_time_us(by.link[static_cast<std::size_t>(to)][static_cast<std::size_t>(kind)], each.bytes);
    const auto found = owners_.find(each.id);
    if (found == owners_.end()) continue;
    if (!each.to_device) {
      us += by.synchronize_us.value;  // the host waits for what it reads
      if (found->second.history != nullptr) found->second.history->read_back();
      found->second.history = nullptr;
    }
    // To the device, a copy is for the evaluation that needs it; from there, one of what made the result.
    whatif_site& site = sites_[each.to_device ? last_site_ : found->second.site];
    whatif_array& group = arrays_[found->second.group];
    add(each.to_device ? site.to_device : site.to_host, {1, each.bytes, us});
    add(each.to_device ? group.to_device : group.to_host, {1, each.bytes, us});
  }
}

void whatif_accounts::on_evaluation(const evaluation& what) {
  if (!what.runs) return;
  const std::size_t number = site_of(what);
  last_site_ = number;
  planned_task& task = planned(what);
  question asked;
  reads_.clear();
  for (std::size_t i = 0; i < what.reads.size(); ++i) {
    const operand_state& each = what.reads[i];
    if (each.bytes > 0) owner_of(each, what, number, what.operands[i]);
    reads_.push_back(here(each));
  }
  if (what.writes.bytes > 0) owner_of(what.writes, what, number, -1);
  asked.reads = reads_;
  asked.writes = here(what.writes);
  asked.writes_all = what.writes_all;
  asked.worker_limit = what.worker_limit;
  const bool any_device = (what.allowed & ~set_of(host_place)) != 0;
  asked.allowed = (what.allowed & set_of(host_place)) | (any_device ? set_of(there) : 0);
  if (asked.allowed == 0) asked.allowed = set_of(host_place);
  asked.free_bytes[there] = residency_.free_bytes(there);
  for (const operand_state& each : reads_) {
    if (each.bytes == 0) continue;
    owner& of = owners_.at(each.id);
    if (of.history != nullptr && !of.was_used) of.history->used();
    of.was_used = true;
  }
  const decision made = planner_.decide(task, asked);
  const bool on_device = made.place == there;

  moved_.clear();
  residency_.work_at(made.place, reads_, asked.writes, what.writes_all, moved_);
  account(moved_);
  for (const operand_state& each : reads_) {
    if (each.bytes == 0) continue;
    whatif_array& group = arrays_[owners_.at(each.id).group];
    ++(on_device ? group.device_uses : group.host_uses);
  }
  memory::use_history& history = planner_.history_of(task);
  if (what.makes_result()) history.made(on_device);
  if (asked.writes.bytes > 0) {
    owner& of = owners_.at(asked.writes.id);
    of.site = number;
    of.history = what.makes_result() ? &history : nullptr;
    of.was_used = false;
    if (on_device) ++arrays_[of.group].made_on_device;
  }

  whatif_site& site = sites_[number];
  ++site.evaluations;
  ++site.unmeasured;
  const bool was_on_host = what.place == host_place;
  const double here_us = finite(what.predicted_work_us);  // until what is measured takes its place
  site.here_us += here_us;
  double there_us = was_on_host ? here_us : made.predicted_work_us;
  if (on_device) {
    const device_profile& by = machine_.device.constants;
    ++site.on_device;
    there_us = made.predicted_work_us + by.allocate_us.value + by.launch_us.value;
  }
  (on_device ? site.there_device_us : site.there_host_us) += there_us;
  expected_[what.number % expected_.size()] = {
      what.number, number, planner_.lesson_of(task, host_place), was_on_host, on_device, here_us, there_us};
}

void whatif_accounts::on_outcome(std::uint64_t number, double measured_us) {
  expected& of = expected_[number % expected_.size()];
  if (of.number != number) return;  // so late that the prediction has to do
  of.number = 0;
  whatif_site& site = sites_[of.site];
  --site.unmeasured;
  site.here_us += measured_us - of.counted_us;
  if (!of.was_on_host) return;
  if (!of.is_on_device) site.there_host_us += measured_us - of.counted_us;
  planner_.learn(of.of_host, measured_us);
}

void whatif_accounts::on_failure(std::uint64_t number) {
  expected& of = expected_[number % expected_.size()];
  if (of.number != number) return;
  // If it is tried again somewhere else, that counts.
  of.number = 0;
  whatif_site& site = sites_[of.site];
  --site.evaluations;
  --site.unmeasured;
  if (of.is_on_device) --site.on_device;
  site.here_us -= of.counted_us;
  (of.is_on_device ? site.there_device_us : site.there_host_us) -= of.counted_there_us;
}

void whatif_accounts::on_copy(int, bool, bool, std::int64_t, double measured_us) {
  if (!sites_.empty()) sites_[last_site_].here_us += measured_us;
}

void whatif_accounts::on_host_read(std::uint64_t id) {
  moved_.clear();
  residency_.read_on_host(id, moved_);
  account(moved_);
}

void whatif_accounts::on_host_write(std::uint64_t id) {
  moved_.clear();
  residency_.write_on_host(id, moved_);
  account(moved_);
  const auto found = owners_.find(id);
  if (found != owners_.end()) found->second.history = nullptr;
}

void whatif_accounts::on_free(std::uint64_t id) {
  residency_.free(id);
  owners_.erase(id);
}

whatif_report whatif_accounts::report() const {
  whatif_report made;
  made.device = machine_.device.name;
  made.is_simulated = machine_.is_simulated;
  made.device_memory_bytes = machine_.device_memory_bytes;
  made.device_source = machine_.device.constants.source;
  made.host_source = machine_.constants.host.source;
  made.sites = sites_;
  for (const whatif_site& each : sites_) {
    made.total.evaluations += each.evaluations;
    made.total.on_device += each.on_device;
    made.total.unmeasured += each.unmeasured;
    made.total.here_us += each.here_us;
    made.total.there_host_us += each.there_host_us;
    made.total.there_device_us += each.there_device_us;
    add(made.total.to_device, each.to_device);
    add(made.total.to_host, each.to_host);
  }
  std::erase_if(made.sites, [](const whatif_site& each) {  // whatever was tried there failed
    return each.evaluations + each.to_device.count + each.to_host.count == 0;
  });
  std::ranges::sort(made.sites, [](const whatif_site& a, const whatif_site& b) {
    return a.here_us != b.here_us ? a.here_us > b.here_us
                                  : std::tie(a.where, a.expression) < std::tie(b.where, b.expression);
  });
  for (const whatif_array& each : arrays_) {
    if (each.to_device.count + each.to_host.count + each.made_on_device == 0) continue;
    made.arrays.push_back(each);
    made.arrays.back().advice = advice_for(each);
  }
  const auto bytes = [](const whatif_array& of) {
    return static_cast<double>(of.bytes) * static_cast<double>(of.count);
  };
  std::ranges::sort(made.arrays, [&](const whatif_array& a, const whatif_array& b) {
    return bytes(a) != bytes(b) ? bytes(a) > bytes(b) : a.what < b.what;
  });
  return made;
}

}  // namespace tandem::plan
