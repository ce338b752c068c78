#include "runtime/machine_view.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "runtime/processors.h"

namespace tandem::runtime {

namespace {

constexpr std::string_view blanks = " \t\r\n";

class open_file {
 public:
  // Without O_NONBLOCK, opening a named pipe would wait for a writer.
  explicit open_file(const std::string& path) noexcept
      : handle_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;
  ~open_file() {
    if (handle_ >= 0) ::close(handle_);
  }
  int handle() const noexcept { return handle_; }

 private:
  int handle_;
};

}  // namespace

machine_view this_machine() {
  return {"",
          [](std::string_view name) -> std::optional<std::string> {
            const char* const value = std::getenv(std::string(name).c_str());
            return value == nullptr ? std::nullopt : std::optional<std::string>(value);
          },
          processors_of(affinity_of_this_thread())};
}

std::optional<std::string> variable_of(const machine_view& view, std::string_view name) {
  return view.variable ? view.variable(name) : std::nullopt;
}

// The kernel's files have no size that could be asked for.
std::optional<std::string> text_of(const machine_view& view, const std::string& path, std::size_t most_bytes) {
  const open_file file(view.root + path);
  if (file.handle() < 0) return std::nullopt;
  std::string text;
  char part[4096];
  while (true) {
    const ssize_t bytes = ::read(file.handle(), part, sizeof part);
    if (bytes < 0) return std::nullopt;
    if (bytes == 0) return text;
    if (text.size() + static_cast<std::size_t>(bytes) > most_bytes) return std::nullopt;
    text.append(part, static_cast<std::size_t>(bytes));
  }
}

std::vector<std::string_view> parts_of(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t begin = text.find_first_not_of(separators);
    if (begin == std::string_view::npos) return parts;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::optional<std::int64_t> whole_number(std::string_view text, std::int64_t most) noexcept {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || number > most) return std::nullopt;
  return number;
}

}  // namespace tandem::runtime
