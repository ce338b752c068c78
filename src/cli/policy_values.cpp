#include "cli/policy_values.h"

#include <fmt/format.h>

#include <charconv>

#include <tandem/errors.h>
#include <tandem/policy.h>

#include "cli/status.h"

namespace tandem::cli {

int parse_workers(std::string_view text) {
  int workers = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), workers);
  if (status != std::errc() || end != text.data() + text.size() ||
      ((workers < 1 || workers > max_workers) && workers != -1)) {
    throw usage_error(fmt::format(
        "--workers takes a number of cores, 1 to {}, or -1 for all permitted ones; given '{}'", max_workers, text));
  }
  return workers;
}

device parse_device(std::string_view text) {
  try {
    return device::named(text);
  } catch (const argument_error& error) {
    throw usage_error(fmt::format("--device: {}", error.what()));
  }
}

}  // namespace tandem::cli
