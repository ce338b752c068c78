#include <fmt/format.h>
#include <tandem/whatif.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include <tandem/errors.h>

#include "plan/whatif.h"

namespace tandem {

namespace plan {

report_maker report_maker_for(std::string_view path, std::string_view named_by) {
  if (path.ends_with(".txt")) return [](const whatif_report& of) { return to_string(of); };
  if (path.ends_with(".json")) return to_json;
  if (path.ends_with(".html")) return [](const whatif_report& of) { return to_html(of); };
  throw argument_error(fmt::format("{}: '{}' ends in neither .txt, .json nor .html", named_by, path));
}

}  // namespace plan

void save(const whatif_report& of, const std::string& path) {
  const std::string text = plan::report_maker_for(path, "what-if report")(of);
  errno = 0;
  std::FILE* const file = std::fopen(path.c_str(), "wbe");
  bool is_written = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file != nullptr && std::fclose(file) != 0) is_written = false;
  if (!is_written) {
    throw io_error(fmt::format("what-if report: cannot write '{}': {}", path, std::strerror(errno)));
  }
}

}  // namespace tandem
