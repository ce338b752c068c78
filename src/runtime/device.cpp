#include <tandem/device.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <mutex>
#include <optional>
#include <vector>

#include <tandem/errors.h>

#include "runtime/fork.h"

namespace tandem {

namespace {

// The names of simulated devices, by the numbers that stand for them. Never destroyed: threads may ask to the end.
struct name_table {
  runtime::fork_safe_mutex guard;
  std::vector<std::string> names;
};

name_table& simulated_names() {
  static constinit runtime::made_once<name_table*> table;
  return *table.get([] { return new name_table; });
}

bool may_be_in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == ':';
}

std::optional<int> whole_number(std::string_view text) {
  int value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

device device::simulated(std::string_view name) {
  if (name.empty() || !std::ranges::all_of(name, may_be_in_name)) {
    throw argument_error(
        fmt::format("device::simulated: '{}' is not the name of a profile; expected letters, digits, '-', '_' and '.', "
                    "and ':N' for another device of that profile",
                    name));
  }
  name_table& table = simulated_names();
  const std::lock_guard lock(table.guard);
  const auto found = std::ranges::find(table.names, name);
  const auto index = static_cast<int>(found - table.names.begin());
  if (found == table.names.end()) table.names.emplace_back(name);
  return {kind::simulated, index};
}

device device::named(std::string_view text) {
  if (text == "auto" || text == "automatic") return automatic;
  if (text == "cpu") return cpu;
  if (text == "gpu") return gpu();
  if (text.starts_with("gpu:")) {
    if (const std::optional<int> index = whole_number(text.substr(4))) return gpu(*index);
  }
  if (text.starts_with("sim:")) return simulated(text.substr(4));
  throw argument_error(fmt::format("'{}' names no device; expected auto, cpu, gpu, gpu:N or sim:NAME", text));
}

std::string to_string(const device& value) {
  switch (value.kind()) {
    case device::kind::automatic: return "automatic";
    case device::kind::cpu: return "cpu";
    case device::kind::gpu: return fmt::format("gpu:{}", value.index());
    case device::kind::simulated: break;
  }
  name_table& table = simulated_names();
  const std::lock_guard lock(table.guard);
  return "sim:" + table.names.at(static_cast<std::size_t>(value.index()));
}

}  // namespace tandem
