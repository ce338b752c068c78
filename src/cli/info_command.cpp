#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tandem/report.h>

#include "cli/commands.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/status.h"

namespace tandem::cli {

namespace {

std::string or_null(const std::string& text) { return text.empty() ? "null" : json_string(text); }

std::string flag(bool value) { return value ? "true" : "false"; }

std::string number(std::int64_t value) { return fmt::format("{}", value); }

std::string json_library(const library_info& of) {
  return json_object(
      {{"name", json_string(of.name)}, {"file", or_null(of.file)}, {"configuration", or_null(of.configuration)}}, 1);
}

using members = std::vector<std::pair<std::string_view, std::string>>;

// A list of objects, one after the other.
template <class Item, class MembersOf>
std::string json_list(const std::vector<Item>& items, MembersOf members_of) {
  std::string text;
  for (const Item& each : items) {
    text += fmt::format("{}\n    {}", text.empty() ? "" : ",", json_object(members_of(each), 2));
  }
  return text.empty() ? "[]" : "[" + text + "\n  ]";
}

members machine_members(const machine& found) {
  std::vector<std::string> built;
  std::vector<std::string> usable;
  std::string in_use = "null";
  for (const instruction_set_info& each : found.instruction_sets) {
    built.push_back(json_string(each.name));
    if (each.usable) usable.push_back(json_string(each.name));
    if (each.in_use) in_use = json_string(each.name);
  }
  members backends;
  for (const backend_info& each : found.backends) {
    backends.emplace_back(each.name, json_object({{"built", flag(each.built)}}, 2));
  }
  return {
      {"version", json_string(found.version)},
      {"processor", or_null(found.processor)},
      {"cores", number(found.cores)},
      {"permitted_cores", number(found.permitted_cores)},
      {"core_limits", json_list(found.core_limits,
                                [](const core_limit& each) -> members {
                                  return {{"name", json_string(each.name)},
                                          {"cores", number(each.cores)},
                                          {"source", json_string(each.source)},
                                          {"decides", flag(each.decides)}};
                                })},
      {"memory_bytes", number(found.memory_bytes)},
      {"memory_pool",
       json_object({{"on", flag(found.memory_pool_on)}, {"limit_bytes", number(found.memory_pool_limit_bytes)}}, 1)},
      {"instruction_sets",
       json_object({{"built", json_array(built)},
                    {"usable", json_array(usable)},
                    {"in_use", in_use},
                    {"TANDEM_ISA", found.wished_instruction_set ? json_string(*found.wished_instruction_set) : "null"}},
                   1)},
      {"openmp", json_library(found.openmp)},
      {"blas", json_library(found.blas)},
      {"backends", json_object(backends, 1)}};
}

std::string json(const runtime_facts& found) {
  members all = machine_members(found.machine);
  members policy;
  for (const policy_setting& each : found.policy) {
    policy.emplace_back(each.name,
                        json_object({{"value", json_string(each.value)}, {"source", json_string(each.source)}}, 2));
  }
  all.emplace_back("policy", json_object(policy, 1));
  all.emplace_back("workers", number(found.workers));
  all.emplace_back("libraries", json_list(found.libraries, [](const loaded_library& each) -> members {
                     return {{"name", json_string(each.name)},
                             {"api", json_string(each.api)},
                             {"file", json_string(each.file)},
                             {"version", or_null(each.version)},
                             {"configuration", or_null(each.configuration)},
                             {"kernels", or_null(each.kernels)},
                             {"threading", or_null(each.threading)},
                             {"threads", each.threads ? number(*each.threads) : "null"},
                             {"at_work", flag(each.at_work)}};
                   }));
  all.emplace_back("serves", json_list(found.serves, [](const served_call& each) -> members {
                     return {{"call", json_string(each.call)},
                             {"user", json_string(each.user)},
                             {"provider", json_string(each.provider)}};
                   }));
  members variables;
  for (const environment_variable& each : found.thread_variables) {
    variables.emplace_back(each.name, json_string(each.value));
  }
  all.emplace_back("thread_variables", json_object(variables, 1));
  std::vector<std::string> devices;
  for (const std::string& each : found.gpus.devices) devices.push_back(json_string(each));
  const std::string usable = json_list(found.gpus.usable, [](const device_info& each) -> members {
    members facts{{"name", json_string(to_string(each.which))}, {"model", json_string(each.model)}};
    for (const auto& [word, value] : each.facts) facts.emplace_back(word, json_string(value));
    return facts;
  });
  all.emplace_back("gpus", json_object({{"driver", or_null(found.gpus.driver)},
                                        {"devices", json_array(devices)},
                                        {"usable", usable},
                                        {"why_unused", or_null(found.gpus.why_unused)}},
                                       1));
  all.emplace_back("problems", json_list(found.problems, [](const known_problem& each) -> members {
                     return {{"code", json_string(each.code)},
                             {"message", json_string(each.message)},
                             {"remedy", json_string(each.remedy)}};
                   }));
  return json_object(all, 0) + "\n";
}

void warn(const std::vector<known_problem>& problems) {
  for (const known_problem& each : problems) {
    std::fputs(fmt::format("tandem: warning: {}; {}\n", each.message, each.remedy).c_str(), stderr);
  }
}

}  // namespace

int run_info(std::span<const std::string> arguments) {
  if (arguments.empty()) {
    const runtime_facts found = runtime_report();
    write_output(to_string(found));
    warn(found.problems);
  } else if (arguments.size() == 1 && arguments[0] == "--json") {
    const runtime_facts found = runtime_report();
    write_output(json(found));
    warn(found.problems);
  } else if (arguments.size() == 1 && (arguments[0] == "--help" || arguments[0] == "-h")) {
    write_output(help_text("info"));
  } else {
    throw usage_error(fmt::format("info takes no argument but --json; given '{}'", arguments.back()));
  }
  return exit_success;
}

}  // namespace tandem::cli
