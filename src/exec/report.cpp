#include "exec/report.h"

#include <fmt/format.h>
#include <tandem/report.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include <tandem/devices.h>

#include "exec/devices.h"
#include "exec/planning.h"
#include "runtime/cores.h"
#include "runtime/gpus.h"
#include "runtime/known_problems.h"
#include "runtime/loaded_libraries.h"
#include "runtime/policy.h"
#include "runtime/workers.h"

namespace tandem {

namespace {

// When the library was loaded: a child made by fork() has another one.
const pid_t first_process = ::getpid();

std::string text_of(int workers) {
  return workers == automatic_workers     ? "automatic"
         : workers == all_permitted_cores ? "all permitted cores"
                                          : fmt::format("{}", workers);
}
std::string text_of(std::int64_t bytes) { return bytes == unlimited ? "unlimited" : fmt::format("{}", bytes); }
std::string text_of(bool is_on) { return is_on ? "on" : "off"; }
template <class Value>
std::string text_of(const Value& value) {
  return to_string(value);
}

std::vector<policy_setting> settings_of(const runtime::inherited_policy& of) {
  std::vector<policy_setting> settings;
  const auto add = [&](runtime::policy_field field, std::string_view name, const auto& setting) {
    const bool is_unreadable = (of.errors >> static_cast<int>(field) & 1U) != 0;
    const bool is_variable = is_unreadable || setting.layer == policy_layer::environment;
    settings.push_back({std::string(name), is_unreadable ? "unreadable" : text_of(setting.value),
                        is_variable ? std::string(runtime::variable_of(field)) : to_string(setting.layer)});
  };
  using runtime::policy_field;
  add(policy_field::workers, "workers", of.decided.workers);
  add(policy_field::device, "device", of.decided.device);
  add(policy_field::strictness, "strictness", of.decided.strictness);
  add(policy_field::determinism, "determinism", of.decided.determinism);
  add(policy_field::transfers, "transfers", of.decided.transfers);
  add(policy_field::host_memory_bytes, "host_memory_bytes", of.decided.host_memory_bytes);
  add(policy_field::device_memory_bytes, "device_memory_bytes", of.decided.device_memory_bytes);
  add(policy_field::fast_math, "fast_math", of.decided.fast_math);
  add(policy_field::pinned, "pinned", of.decided.pinned);
  return settings;
}

void add_unreadable_variables(std::vector<known_problem>& problems) {
  const runtime::environment_policy& environment = runtime::environment();
  for (const std::string& error : environment.errors) {
    if (error.empty()) continue;
    problems.push_back({"environment", error + "; evaluations for which nothing else decides it are refused",
                        "set it to one of these, or unset it"});
  }
  if (!environment.ignored.empty()) {
    problems.push_back(
        {"environment",
         fmt::format("OMP_NUM_THREADS is '{}'; expected 1 to {}, or a list that begins so; it is ignored",
                     environment.ignored, max_workers),
         "set it to a number, or unset it"});
  }
  for (const runtime::ignored_variable& each : runtime::ignored_scheduler_variables(runtime::this_machine())) {
    problems.push_back({"environment", fmt::format("{} is '{}', {}; it is ignored", each.name, each.value, each.reason),
                        "set it to the number of cores that the scheduler grants, or unset it"});
  }
}

void add_profile_problems(std::vector<known_problem>& problems) {
  for (std::string& each : exec::profile_problems()) {
    problems.push_back({"profile", std::move(each),
                        "run 'tandem calibrate'; or delete the file, or let TANDEM_PROFILE name another one"});
  }
}

gpu_facts find_gpus() {
  gpu_facts found = runtime::find_gpus();
  const int count = exec::gpu_count();
  for (int i = 0; i < count; ++i) found.usable.push_back(describe(device::gpu(i)));
  found.why_unused = count > 0 ? "" : fmt::format("{}; {}", exec::why_no_gpu(), found.why_unused);
  return found;
}

}  // namespace

runtime_facts runtime_report() {
  runtime_facts found;
  // First, because it asks the system which cores this thread is permitted.
  found.machine = machine_info();
  found.gpus = find_gpus();

  runtime::process_facts facts;
  runtime::process_libraries loaded = runtime::find_loaded_libraries();
  facts.libraries = std::move(loaded.libraries);
  facts.calls = std::move(loaded.calls);
  facts.tandem_file = std::move(loaded.tandem_file);
  facts.fork_callers = std::move(loaded.fork_callers);
  facts.is_forked_child = ::getpid() != first_process;
  facts.permitted_cores = found.machine.permitted_cores;
  for (const core_limit& each : found.machine.core_limits) {
    if (each.name == "cgroup quota") facts.quota = each;
  }
  const runtime::inherited_policy policy = runtime::policy_to_inherit({});
  found.policy = settings_of(policy);
  found.workers = runtime::workers_of(policy.decided);
  facts.tandem_workers = found.workers;
  for (const std::string& name : runtime::heeded_variables()) {
    if (const char* value = std::getenv(name.c_str())) {
      facts.variables.emplace(name, value);
      found.thread_variables.push_back({name, value});
    }
  }
  if (const char* wish = std::getenv("TANDEM_INFO")) facts.variables.emplace("TANDEM_INFO", wish);

  found.problems = runtime::known_problems(facts);
  add_unreadable_variables(found.problems);
  add_profile_problems(found.problems);
  found.libraries = std::move(facts.libraries);
  found.serves = std::move(facts.calls);
  return found;
}

namespace exec {

void print_info() noexcept {
  const char* const wish = std::getenv("TANDEM_INFO");
  if (wish == nullptr || *wish == '\0' || std::string_view(wish) == "0") return;
  try {
    std::string text;
    try {
      text = to_string(runtime_report());
    } catch (const std::exception& failure) {
      text = std::string("tandem: TANDEM_INFO: no report: ") + failure.what() + "\n";
    }
    std::fwrite(text.data(), 1, text.size(), stderr);
  } catch (...) {  // no memory for the text: whoever evaluates meets that, too
  }
}

}  // namespace exec

}  // namespace tandem
