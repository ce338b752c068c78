#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <istream>
#include <new>
#include <system_error>
#include <utility>
#include <vector>

#include <tandem/devices.h>
#include <tandem/errors.h>
#include <tandem/io.h>
#include <tandem/ndarray.h>
#include <tandem/planning.h>
#include <tandem/policy.h>
#include <tandem/simulation.h>

#include "cli/commands.h"
#include "cli/description.h"
#include "cli/eval_options.h"
#include "cli/inputs.h"
#include "cli/output.h"
#include "cli/progress_line.h"
#include "cli/status.h"

namespace tandem::cli {

namespace {

class stopwatch {
 public:
  /// Seconds since the last lap.
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double> passed = now - last_;
    last_ = now;
    return passed.count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

// The device that the expression is evaluated on, if it is another one than the CPU.
std::optional<device> other_device(const eval_options& options) {
  policy rules;
  rules.device = options.device;
  const device chosen = policy_of_this_thread(rules).device.value;
  const bool is_other = chosen.kind() == device::kind::gpu || chosen.kind() == device::kind::simulated;
  return is_other ? std::optional(chosen) : std::nullopt;
}

// What was evaluated, and where, if that is to be told.
struct outcome {
  std::vector<ndarray> arrays;
  double seconds;
  std::string places;
};

// The clocks of the simulated devices among them; 0 for others.
std::vector<double> simulated_times(const std::vector<place_candidate>& places) {
  std::vector<double> times;
  for (const place_candidate& each : places) {
    const bool is_simulated = each.place.kind() == device::kind::simulated;
    times.push_back(is_simulated ? simulated_time_us(to_string(each.place)) : 0);
  }
  return times;
}

// Where a result was made; of a simulated device, with what its clock says that it took.
std::string place_of(const ndarray& made, const std::vector<place_candidate>& places,
                     const std::vector<double>& before_us) {
  for (std::size_t i = 0; i < places.size(); ++i) {
    const device& place = places[i].place;
    if (place == device::cpu || !made.is_on(place)) continue;
    const std::string name = to_string(place);
    if (place.kind() != device::kind::simulated) return name;
    synchronize(place);
    return fmt::format("{} (simulated: {:.2f} us there)", name, simulated_time_us(name) - before_us[i]);
  }
  return "cpu";
}

outcome evaluate(const description& what, const eval_options& options) {
  policy rules;
  rules.workers = options.workers;
  rules.device = options.device;
  std::vector<explanation> reasons;
  for (const expr& one : what.arrays) {
    if (!options.explain) break;
    reasons.push_back(explain(one, rules));
    std::fputs(to_string(reasons.back()).c_str(), stderr);
  }
  progress work;
  const progress_line line(work);
  rules.progress = &work;
  outcome result;
  stopwatch watch;
  for (std::size_t i = 0; i < what.arrays.size(); ++i) {
    const std::vector<place_candidate> places =
        i < reasons.size() ? reasons[i].candidates : std::vector<place_candidate>();
    const std::vector<double> before_us = simulated_times(places);
    result.arrays.push_back(eval(what.arrays[i], rules));
    if (i < reasons.size()) result.places += (i == 0 ? "" : ", ") + place_of(result.arrays[i], places, before_us);
  }
  if (const std::optional<device> other = other_device(options)) synchronize(*other);
  result.seconds = watch.lap();
  return result;
}

// The time that a simulated device has been at work for its host, by its own clock.
std::optional<double> simulated_seconds(const eval_options& options) {
  const std::optional<device> other = other_device(options);
  if (!other || other->kind() != device::kind::simulated) return std::nullopt;
  return simulated_time_us(to_string(*other)) * 1e-6;
}

std::string evaluation_time(const eval_options& options, double seconds, std::optional<double> simulated) {
  if (simulated) {
    return fmt::format("evaluate {:.9f} s (simulated, {}, inputs copied there; {:.6f} s for the simulation)",
                       *simulated, to_string(*other_device(options)), seconds);
  }
  const std::optional<device> other = other_device(options);
  return fmt::format("evaluate {:.6f} s{}", seconds, other ? " (" + to_string(*other) + ")" : "");
}

// Before hours of work, not after them.
void check_output(const std::string& path, const description& what) {
  if (what.is_list && path.ends_with(".npy")) {
    throw failure(
        fmt::format("{}: the expression gives {} arrays; a .npz file holds several", path, what.arrays.size()));
  }
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code ignored;
  if (!folder.empty() && !std::filesystem::is_directory(folder, ignored)) {
    throw failure(fmt::format("{}: there is no folder {}", path, folder.string()));
  }
}

void save_arrays(const std::string& path, const std::vector<ndarray>& arrays) {
  if (path.ends_with(".npy")) return save(path, arrays.front());
  std::vector<std::pair<std::string, ndarray>> members;
  for (std::size_t i = 0; i < arrays.size(); ++i) members.emplace_back(fmt::format("arr_{}", i), arrays[i]);
  save_npz(path, members);
}

void print_arrays(const std::vector<ndarray>& arrays) {
  for (const ndarray& one : arrays) write_output(to_string(one) + "\n");
}

std::string summary(const std::vector<ndarray>& arrays) {
  std::int64_t elements = 0;
  std::string kinds;
  for (const ndarray& one : arrays) {
    elements += one.size();
    kinds += fmt::format(", {} {}", name(one.dtype()), to_string(one.shape()));
  }
  return fmt::format("{} element{}{}", elements, elements == 1 ? "" : "s", kinds);
}

void evaluate_one(const eval_options& options) {
  stopwatch watch;
  bindings names;
  for (const auto& [name, text] : options.inputs) names.emplace(name, load_input(name, text));
  const double load_seconds = watch.lap();

  const description what = describe(*options.expression, names);
  if (options.output) check_output(*options.output, what);
  const std::optional<double> simulated_before = simulated_seconds(options);
  const outcome done = evaluate(what, options);
  const std::vector<ndarray>& arrays = done.arrays;
  watch.lap();
  std::optional<double> simulated = simulated_seconds(options);
  if (simulated) *simulated -= simulated_before.value_or(0);

  if (options.output) {
    save_arrays(*options.output, arrays);
  } else {
    print_arrays(arrays);
  }
  if (options.explain) {
    std::fputs(fmt::format("outcome: {:.2f} us on {}\n", 1e6 * simulated.value_or(done.seconds), done.places).c_str(),
               stderr);
  }
  if (options.time) {
    std::fputs(fmt::format("load {:.6f} s, {}, {} {:.6f} s, {}\n", load_seconds,
                           evaluation_time(options, done.seconds, simulated), options.output ? "save" : "print",
                           watch.lap(), summary(arrays))
                   .c_str(),
               stderr);
  }
}

std::vector<std::string> split_at_tabs(std::string_view line) {
  std::vector<std::string> fields;
  for (;;) {
    const std::size_t tab = line.find('\t');
    fields.emplace_back(line.substr(0, tab));
    if (tab == std::string_view::npos) return fields;
    line.remove_prefix(tab + 1);
  }
}

void evaluate_line(std::string_view line, const eval_options& outer) {
  eval_options options = parse_eval_options(split_at_tabs(line));
  if (options.batch || options.help) throw usage_error("--batch and --help do not work inside a batch file");
  if (!options.workers) options.workers = outer.workers;
  if (!options.device) options.device = outer.device;
  options.time = options.time || outer.time;
  options.explain = options.explain || outer.explain;
  evaluate_one(options);
}

int evaluate_batch(std::istream& lines, const eval_options& options) {
  int status = exit_success;
  std::string line;
  for (std::int64_t number = 1; std::getline(lines, line); ++number) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty() || line.starts_with('#')) continue;
    const auto failed = [&](std::string_view message) {
      report(fmt::format("line {}: {}", number, message));
      status = exit_failure;
    };
    try {
      evaluate_line(line, options);
    } catch (const failure& error) {
      if (std::string_view(error.what()).empty()) throw;
      failed(error.what());
    } catch (const std::bad_alloc&) {
      failed("out of memory");
    } catch (const std::exception& error) {
      failed(error.what());
    }
  }
  return status;
}

}  // namespace

int run_eval(std::span<const std::string> arguments) {
  const eval_options options = parse_eval_options(arguments);
  if (options.help) {
    write_output(help_text("eval"));
    return exit_success;
  }
  if (!options.batch) {
    evaluate_one(options);
    return exit_success;
  }
  if (*options.batch == "-") return evaluate_batch(std::cin, options);
  std::ifstream file(*options.batch);
  if (!file || std::filesystem::is_directory(*options.batch)) {
    throw failure(fmt::format("cannot read {}", *options.batch));
  }
  return evaluate_batch(file, options);
}

}  // namespace tandem::cli
