#include "runtime/environment.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <utility>

#include <tandem/errors.h>

#include "runtime/fork.h"

namespace tandem::runtime {

namespace {

constexpr std::array<std::string_view, policy_field_count> variables = {
    "TANDEM_WORKERS",     "TANDEM_DEVICE",        "TANDEM_STRICTNESS", "TANDEM_DETERMINISM", "TANDEM_TRANSFERS",
    "TANDEM_HOST_MEMORY", "TANDEM_DEVICE_MEMORY", "TANDEM_FAST_MATH",  "TANDEM_PINNED"};

std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

template <class Integer>
std::optional<Integer> whole_number(std::string_view text) {
  Integer value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int> parse_workers(std::string_view text) {
  if (text == "auto" || text == "automatic") return automatic_workers;
  const std::optional<int> number = whole_number<int>(text);
  return number && *number != automatic_workers && is_number_of_workers(*number) ? number : std::nullopt;
}

std::optional<device> parse_device(std::string_view text) {
  try {
    return device::named(text);
  } catch (const argument_error&) {
    return std::nullopt;
  }
}

std::optional<std::int64_t> parse_bytes(std::string_view text) {
  if (text == "unlimited") return unlimited;
  constexpr std::pair<std::string_view, int> units[] = {{"kib", 10}, {"mib", 20}, {"gib", 30}, {"tib", 40}};
  int shift = 0;
  for (const auto& [unit, doublings] : units) {
    if (!text.ends_with(unit)) continue;
    text.remove_suffix(unit.size());
    shift = doublings;
  }
  const std::optional<std::int64_t> number = whole_number<std::int64_t>(text);
  if (!number || *number < 0 || *number > unlimited >> shift) return std::nullopt;
  return *number << shift;
}

template <class Value>
std::optional<Value> one_of(std::string_view text, std::initializer_list<std::pair<std::string_view, Value>> words) {
  for (const auto& [word, value] : words) {
    if (text == word) return value;
  }
  return std::nullopt;
}

}  // namespace

bool is_number_of_workers(std::int64_t number) noexcept {
  return number == all_permitted_cores || number == automatic_workers || (number >= 1 && number <= max_workers);
}

std::string_view variable_of(policy_field field) noexcept { return variables[static_cast<std::size_t>(field)]; }

environment_policy read_environment(const std::function<std::optional<std::string>(std::string_view)>& variable) {
  environment_policy result;
  const auto read = [&]<class Value>(policy_field field, std::optional<Value>& to, auto parse,
                                     std::string_view expected) {
    const std::string_view name = variable_of(field);
    const std::optional<std::string> text = variable(name);
    if (!text || text->empty()) return;
    to = parse(lower_case(*text));
    if (!to)
      result.errors[static_cast<std::size_t>(field)] = fmt::format("{} is '{}'; expected {}", name, *text, expected);
  };
  policy& rules = result.rules;
  read(policy_field::workers, rules.workers, parse_workers,
       fmt::format("1 to {}, -1 for all permitted cores, or auto", max_workers));
  read(policy_field::device, rules.device, parse_device, "auto, cpu, gpu, gpu:N or sim:NAME");
  read(
      policy_field::strictness, rules.strictness,
      [](std::string_view text) {
        return one_of<strictness>(text, {{"strict", strictness::strict}, {"preferred", strictness::preferred}});
      },
      "strict or preferred");
  read(
      policy_field::determinism, rules.determinism,
      [](std::string_view text) {
        return one_of<determinism>(text, {{"relaxed", determinism::relaxed}, {"repeatable", determinism::repeatable}});
      },
      "relaxed or repeatable");
  read(
      policy_field::transfers, rules.transfers,
      [](std::string_view text) {
        return one_of<transfers>(text, {{"implicit", transfers::implicit}, {"forbidden", transfers::forbidden}});
      },
      "implicit or forbidden");
  constexpr std::string_view bytes = "a number of bytes, one of KiB, MiB, GiB or TiB such as 16GiB, or unlimited";
  read(policy_field::host_memory_bytes, rules.host_memory_bytes, parse_bytes, bytes);
  read(policy_field::device_memory_bytes, rules.device_memory_bytes, parse_bytes, bytes);
  const auto on_or_off = [](std::string_view text) {
    return one_of<bool>(text, {{"on", true}, {"1", true}, {"off", false}, {"0", false}});
  };
  read(policy_field::fast_math, rules.fast_math, on_or_off, "on or off");
  read(policy_field::pinned, rules.pinned, on_or_off, "on or off");

  const bool is_decided = rules.workers || !result.errors[static_cast<std::size_t>(policy_field::workers)].empty();
  const std::optional<std::string> openmp = variable("OMP_NUM_THREADS");
  if (is_decided || !openmp || openmp->empty()) return result;
  // One number a level of nested regions, with spaces where OpenMP allows them.
  std::string_view first = std::string_view(*openmp).substr(0, openmp->find(','));
  while (first.starts_with(' ')) first.remove_prefix(1);
  while (first.ends_with(' ')) first.remove_suffix(1);
  const std::optional<int> number = whole_number<int>(first);
  if (number && *number >= 1 && *number <= max_workers) {
    rules.workers = number;
    result.workers_are_openmp = true;
  } else {
    result.ignored = *openmp;
  }
  return result;
}

const environment_policy& environment() {
  static constinit made_once<environment_policy> found;
  return found.get([] {
    return read_environment([](std::string_view name) -> std::optional<std::string> {
      const char* const value = std::getenv(std::string(name).c_str());
      return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    });
  });
}

}  // namespace tandem::runtime
