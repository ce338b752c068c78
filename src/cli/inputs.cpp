#include "cli/inputs.h"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include <tandem/io.h>

#include "cli/interpreter.h"
#include "cli/location.h"
#include "cli/parser.h"
#include "cli/status.h"

namespace tandem::cli {

namespace {

bool is_file(const std::string& path) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  return std::filesystem::exists(status) && !std::filesystem::is_directory(status);
}

ndarray only_member(const std::string& path) {
  const std::vector<std::string> members = npz_members(path);
  if (members.size() == 1) return load(path, members[0]);
  std::string list;
  for (const std::string& member : members) list.append(list.empty() ? "" : ", ").append(member);
  throw failure(fmt::format("{} has {} arrays; write {}:MEMBER for one of: {}", path, members.size(), path, list));
}

}  // namespace

value load_input(const std::string& name, const std::string& text) {
  constexpr std::string_view archive = ".npz";
  const bool exists = is_file(text);
  if (text.ends_with(archive)) return {expr(only_member(text))};
  if (const std::size_t end = text.rfind(".npz:"); end != std::string::npos && !exists) {
    const std::size_t colon = end + archive.size();
    return {expr(load(text.substr(0, colon), text.substr(colon + 1)))};
  }
  if (exists || text.ends_with(".npy")) return {expr(load(text))};
  const std::string shown = text.size() > 60 ? text.substr(0, 57) + "..." : text;
  bool is_value = false;
  try {
    const auto steps = parse(text);
    // Without a call it is rather the name of a file that is not there.
    is_value = text.find('(') != std::string::npos;
    return interpret(steps, {});
  } catch (const expression_error& error) {
    throw failure(fmt::format("{}: '{}' {}: column {}: {}", name, shown,
                              is_value ? "cannot be computed" : "is neither a file nor a value",
                              column_of(text, error.offset), error.what()));
  }
}

}  // namespace tandem::cli
