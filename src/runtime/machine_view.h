#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// A machine as the process sees it, so that what is found on other machines can be tested on this one.
namespace tandem::runtime {

struct machine_view {
  /// Put before the name of each file; "" for this machine.
  std::string root;
  /// The value of an environment variable; empty if it is not set. No function: none is set.
  std::function<std::optional<std::string>(std::string_view)> variable;
  /// The processors that the thread may run on; empty if not known.
  std::vector<int> affinity;
};

/// This machine, with the affinity mask of the calling thread.
machine_view this_machine();

/// What the variable says; empty if it is not set.
std::optional<std::string> variable_of(const machine_view& view, std::string_view name);

/// Far more than the kernel writes to any file that describes a processor or a cgroup.
inline constexpr std::size_t most_file_bytes = std::size_t{1} << 20;

/// All that a file says. Empty if it cannot be read or holds more than `most_bytes`: it is then no such file.
std::optional<std::string> text_of(const machine_view& view, const std::string& path,
                                   std::size_t most_bytes = most_file_bytes);

/// The parts between separators, without empty ones. They point into `text`.
std::vector<std::string_view> parts_of(std::string_view text, std::string_view separators);

/// `text` without spaces and ends of lines around it.
std::string_view trimmed(std::string_view text) noexcept;

/// A number of digits alone; empty for other text and for numbers over `most`.
std::optional<std::int64_t> whole_number(std::string_view text, std::int64_t most) noexcept;

}  // namespace tandem::runtime
