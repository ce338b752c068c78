#include <fmt/format.h>
#include <tandem/whatif.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include <tandem/errors.h>

namespace tandem {

void save(const whatif_report& of, const std::string& path) {
  std::string text;
  if (path.ends_with(".txt")) {
    text = to_string(of);
  } else if (path.ends_with(".json")) {
    text = to_json(of);
  } else if (path.ends_with(".html")) {
    text = to_html(of);
  } else {
    throw argument_error(fmt::format("what-if report: '{}' ends in neither .txt, .json nor .html", path));
  }
  errno = 0;
  std::FILE* const file = std::fopen(path.c_str(), "wbe");
  bool is_written = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file != nullptr && std::fclose(file) != 0) is_written = false;
  if (!is_written) {
    throw io_error(fmt::format("what-if report: cannot write '{}': {}", path, std::strerror(errno)));
  }
}

}  // namespace tandem
