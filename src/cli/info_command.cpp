#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include <tandem/machine.h>

#include "cli/commands.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/status.h"

namespace tandem::cli {

namespace {

std::string size_text(std::int64_t bytes) {
  return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1024.0 * 1024.0 * 1024.0));
}

std::string or_unknown(const std::string& text) { return text.empty() ? "unknown" : text; }

std::string plain(const machine& found) {
  std::string sets;
  for (const instruction_set_info& each : found.instruction_sets) {
    sets += fmt::format("{}{}{}", sets.empty() ? "" : ", ", each.name,
                        each.in_use   ? " (in use)"
                        : each.usable ? ""
                                      : " (not on this processor)");
  }
  std::vector<std::pair<std::string, std::string>> rows = {
      {"tandem", found.version},
      {"processor", or_unknown(found.processor)},
      {"cores", fmt::format("{}, permitted: {}", found.cores, found.permitted_cores)},
      {"memory", size_text(found.memory_bytes)},
      {"memory pool",
       found.memory_pool_on ? fmt::format("on, keeps at most {}", size_text(found.memory_pool_limit_bytes)) : "off"},
      {"instruction sets", sets},
      {"TANDEM_ISA", found.wished_instruction_set.value_or("not set")},
      {"OpenMP", or_unknown(found.openmp.file)},
      {"BLAS", or_unknown(found.blas.file)},
      {"", found.blas.configuration}};
  for (const backend_info& each : found.backends) rows.emplace_back(each.name, each.built ? "built" : "not built");
  std::string text;
  for (const auto& [label, value] : rows) text += fmt::format("{:<16}  {}\n", label, value);
  return text;
}

std::string json_library(const library_info& of) {
  return json_object({{"name", json_string(of.name)},
                      {"file", of.file.empty() ? "null" : json_string(of.file)},
                      {"configuration", of.configuration.empty() ? "null" : json_string(of.configuration)}},
                     1);
}

std::string json(const machine& found) {
  std::vector<std::string> built;
  std::vector<std::string> usable;
  std::string in_use = "null";
  for (const instruction_set_info& each : found.instruction_sets) {
    built.push_back(json_string(each.name));
    if (each.usable) usable.push_back(json_string(each.name));
    if (each.in_use) in_use = json_string(each.name);
  }
  std::vector<std::pair<std::string_view, std::string>> backends;
  for (const backend_info& each : found.backends) {
    backends.emplace_back(each.name, json_object({{"built", each.built ? "true" : "false"}}, 2));
  }
  const auto number = [](std::int64_t value) { return fmt::format("{}", value); };
  return json_object(
             {{"version", json_string(found.version)},
              {"processor", found.processor.empty() ? "null" : json_string(found.processor)},
              {"cores", number(found.cores)},
              {"permitted_cores", number(found.permitted_cores)},
              {"memory_bytes", number(found.memory_bytes)},
              {"memory_pool", json_object({{"on", found.memory_pool_on ? "true" : "false"},
                                           {"limit_bytes", number(found.memory_pool_limit_bytes)}},
                                          1)},
              {"instruction_sets",
               json_object(
                   {{"built", json_array(built)},
                    {"usable", json_array(usable)},
                    {"in_use", in_use},
                    {"TANDEM_ISA", found.wished_instruction_set ? json_string(*found.wished_instruction_set) : "null"}},
                   1)},
              {"openmp", json_library(found.openmp)},
              {"blas", json_library(found.blas)},
              {"backends", json_object(backends, 1)}},
             0) +
         "\n";
}

}  // namespace

int run_info(std::span<const std::string> arguments) {
  if (arguments.empty()) {
    write_output(plain(machine_info()));
  } else if (arguments.size() == 1 && arguments[0] == "--json") {
    write_output(json(machine_info()));
  } else if (arguments.size() == 1 && (arguments[0] == "--help" || arguments[0] == "-h")) {
    write_output(help_text("info"));
  } else {
    throw usage_error(fmt::format("info takes no argument but --json; given '{}'", arguments.back()));
  }
  return exit_success;
}

}  // namespace tandem::cli
