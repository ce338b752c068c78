#include "structure/include_check.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>

#include "structure/rooms.h"

namespace tandem::structure {

namespace {

bool listed(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t space = std::min(list.find(' '), list.size());
    if (list.substr(0, space) == word) return true;
    list.remove_prefix(std::min(space + 1, list.size()));
  }
  return false;
}

constexpr std::string_view public_folder = "include/tandem/";

bool is_public(std::string_view path) { return path.starts_with(public_folder); }

const room* room_of(std::string_view path) {
  for (const room& candidate : rooms) {
    if (is_public(path)) {
      if (listed(candidate.public_headers, path.substr(public_folder.size()))) return &candidate;
    } else if (path.starts_with(candidate.folder) && path.substr(candidate.folder.size()).starts_with('/')) {
      const std::string_view below = path.substr(candidate.folder.size() + 1);
      if (!candidate.flat || below.find('/') == std::string_view::npos) return &candidate;
    }
  }
  return nullptr;
}

const exception* exception_for(std::string_view from, const room& from_room, std::string_view to) {
  for (const exception& candidate : exceptions) {
    if ((candidate.from == from || candidate.from == from_room.name) && candidate.to == to) return &candidate;
  }
  return nullptr;
}

bool may_include(const room& from, const room& to, bool to_public) {
  return from.name == to.name || listed(from.may_include, to.name) || (to_public && listed(from.may_include, "public"));
}

/// The file of the tree that an include means, or an empty path if it is none of ours.
std::string resolve(const tree& files, const std::string& from, const include& what) {
  std::vector<std::filesystem::path> places{"include", "src", ""};
  if (what.written_as == include::form::quotes) {
    places.insert(places.begin(), std::filesystem::path(from).parent_path());
  }
  for (const std::filesystem::path& place : places) {
    std::string path = (place / what.name).lexically_normal().generic_string();
    if (files.contains(path)) return path;
  }
  return {};
}

/// Text with comments and the inside of strings made blank; line breaks stay. Names in #include "..." stay, too.
std::string without_comments_and_strings(std::string_view text) {
  std::string result(text);
  const auto blank = [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < std::min(end, result.size()); ++i) {
      if (result[i] != '\n') result[i] = ' ';
    }
  };
  bool in_directive = false;
  bool at_line_start = true;
  std::size_t i = 0;
  while (i < text.size()) {
    const char c = text[i];
    if (c == '\n') {
      at_line_start = true;
      in_directive = false;
      ++i;
    } else if (text.substr(i, 2) == "//") {
      const std::size_t end = std::min(text.find('\n', i), text.size());
      blank(i, end);
      i = end;
    } else if (text.substr(i, 2) == "/*") {
      const std::size_t end = std::min(text.find("*/", i + 2), text.size() - 2) + 2;
      blank(i, end);
      i = end;
    } else if (c == '#' && at_line_start) {
      in_directive = true;
      at_line_start = false;
      ++i;
    } else if (c == '"' && i > 0 && text[i - 1] == 'R') {
      const std::size_t open = std::min(text.find('(', i), text.size());
      const std::string close = ")" + std::string(text.substr(i + 1, open - std::min(open, i + 1))) + "\"";
      const std::size_t end = std::min(text.find(close, open), text.size() - std::min(text.size(), close.size()));
      blank(i, end + close.size());
      i = std::min(end + close.size(), text.size());
      at_line_start = false;
    } else if (c == '"' || (c == '\'' && (i == 0 || std::isalnum(static_cast<unsigned char>(text[i - 1])) == 0))) {
      std::size_t end = i + 1;
      while (end < text.size() && text[end] != c && text[end] != '\n') end += text[end] == '\\' ? 2 : 1;
      end = std::min(end, text.size());
      if (!in_directive) blank(i + 1, end);
      i = end < text.size() && text[end] == c ? end + 1 : end;
      at_line_start = false;
    } else {
      if (c != ' ' && c != '\t') at_line_start = false;
      ++i;
    }
  }
  return result;
}

std::string_view without_leading_spaces(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
}

/// What is wrong with one include of a file; empty if nothing is.
std::string problem_of(const tree& files, const std::string& from, const room& from_room, const include& what) {
  if (what.written_as == include::form::computed) return "includes what a macro names: " + what.name;
  const std::string to = resolve(files, from, what);
  if (to.empty()) {
    if (what.written_as == include::form::quotes || what.name.starts_with("tandem/")) {
      return "includes " + what.name + ", which does not exist";
    }
    for (const dependency& candidate : dependencies) {
      if (!what.name.starts_with(candidate.prefix)) continue;
      if (is_public(from)) return "is public and includes " + what.name + " of a dependency";
      if (!listed(candidate.rooms, from_room.name)) {
        return "is in room " + std::string(from_room.name) + " and includes " + what.name + ", which is for " +
               std::string(candidate.rooms);
      }
    }
    return {};
  }
  const room* to_room = room_of(to);
  if (to_room == nullptr) return {};  // reported at that file
  if (is_public(from) && !is_public(to)) return "is public and includes " + to + ", which is not";
  if (may_include(from_room, *to_room, is_public(to)) || exception_for(from, from_room, to) != nullptr) return {};
  return "is in room " + std::string(from_room.name) + " and includes " + to + " of room " + std::string(to_room->name);
}

}  // namespace

tree read_tree(const std::filesystem::path& root) {
  tree files;
  for (const char* folder : {"include", "src", "cuda"}) {
    if (!std::filesystem::exists(root / folder)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file() || entry.path().filename() == "CMakeLists.txt") continue;
      std::ifstream file(entry.path(), std::ios::binary);
      std::string text((std::istreambuf_iterator<char>(file)), {});
      if (!file) throw std::runtime_error("cannot read " + entry.path().string());
      files.emplace(entry.path().lexically_relative(root).generic_string(), std::move(text));
    }
  }
  return files;
}

std::vector<include> includes_of(std::string_view text) {
  std::vector<include> found;
  const std::string code = without_comments_and_strings(text);
  std::string_view rest = code;
  for (int line = 1; !rest.empty(); ++line) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view directive = without_leading_spaces(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!directive.starts_with('#')) continue;
    directive = without_leading_spaces(directive.substr(1));
    if (!directive.starts_with("include")) continue;
    directive.remove_prefix(std::string_view("include").size());
    if (directive.starts_with("_next")) directive.remove_prefix(std::string_view("_next").size());
    directive = without_leading_spaces(directive);

    const char open = directive.empty() ? '\0' : directive.front();
    const std::size_t close = open == '"'   ? directive.find('"', 1)
                              : open == '<' ? directive.find('>', 1)
                                            : std::string::npos;
    if (close == std::string::npos) {
      found.push_back({std::string(directive), include::form::computed, line});
    } else {
      found.push_back({std::string(directive.substr(1, close - 1)),
                       open == '"' ? include::form::quotes : include::form::brackets, line});
    }
  }
  return found;
}

std::vector<std::string> wrong_arrows(const tree& files) {
  std::vector<std::string> problems;
  for (const auto& [path, text] : files) {
    const room* from_room = room_of(path);
    if (from_room == nullptr) {
      problems.push_back(path + ": in no room of tests/structure/rooms.h");
      continue;
    }
    for (const include& what : includes_of(text)) {
      const std::string problem = problem_of(files, path, *from_room, what);
      if (!problem.empty()) problems.push_back(path + ":" + std::to_string(what.line) + ": " + problem);
    }
  }
  return problems;
}

std::vector<std::string> circles(const tree& files) {
  std::vector<std::string> found;
  std::set<std::string> done;
  std::vector<std::string> trail;
  const auto visit = [&](const auto& self, const std::string& path) -> void {
    if (const auto begin = std::find(trail.begin(), trail.end(), path); begin != trail.end()) {
      std::string circle;
      for (auto at = begin; at != trail.end(); ++at) circle += *at + " -> ";
      found.push_back(circle + path);
      return;
    }
    if (done.contains(path)) return;
    trail.push_back(path);
    for (const include& what : includes_of(files.at(path))) {
      const std::string next = resolve(files, path, what);
      if (!next.empty()) self(self, next);
    }
    trail.pop_back();
    done.insert(path);
  };
  for (const auto& [path, text] : files) visit(visit, path);
  return found;
}

std::vector<std::string> unused_entries(const tree& files) {
  std::vector<std::string> problems;
  for (const room& each : rooms) {
    std::string_view list = each.public_headers;
    while (!list.empty()) {
      const std::size_t space = std::min(list.find(' '), list.size());
      const std::string path = std::string(public_folder) + std::string(list.substr(0, space));
      if (!files.contains(path)) problems.push_back(path + ": named in tests/structure/rooms.h and does not exist");
      list.remove_prefix(std::min(space + 1, list.size()));
    }
  }
  std::set<const exception*> used;
  for (const auto& [path, text] : files) {
    const room* from_room = room_of(path);
    if (from_room == nullptr) continue;
    for (const include& what : includes_of(text)) {
      used.insert(exception_for(path, *from_room, resolve(files, path, what)));
    }
  }
  for (const exception& each : exceptions) {
    if (!used.contains(&each)) {
      problems.push_back("exception from " + std::string(each.from) + " to " + std::string(each.to) +
                         ": nothing needs it");
    }
  }
  return problems;
}

}  // namespace tandem::structure
