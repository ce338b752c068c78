#include "cli/parallel_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include <tandem/call.h>

namespace tandem::cli {

namespace {

// What workers take parts of, in the CPU's backend.
std::string_view shared_out(work_kind kind) {
  switch (kind) {
    case work_kind::elementwise:
    case work_kind::copy:
    case work_kind::fill: return "tiles of 512 elements";
    case work_kind::reduction:
    case work_kind::search: return "results; chunks of the reduced axes where results are few";
    case work_kind::scan: return "lines; chunks of lines where lines are few";
    case work_kind::product: return "blocks of the result, or the products of a batch";
    case work_kind::repetition: return "rows of the result";
    case work_kind::progression: return "elements";
    case work_kind::allocation:
    case work_kind::view: break;
  }
  return "nothing";
}

std::string work_text(const function_info& function) {
  std::string text;
  for (const work_case& each : function.work) {
    if (!text.empty()) text += "; ";
    if (!each.when.empty()) text += fmt::format("{}: ", each.when);
    for (std::size_t i = 0; i < each.steps.size(); ++i) {
      text += fmt::format("{}{}", i == 0 ? "" : ", ", to_string(each.steps[i]));
    }
  }
  return text;
}

// That of the usual case.
std::string shared_text(const function_info& function) {
  std::vector<std::string_view> said;
  std::string text;
  for (const work_kind each : function.work.front().steps) {
    const std::string_view shared = shared_out(each);
    if (std::ranges::find(said, shared) != said.end()) continue;
    text += fmt::format("{}{}", said.empty() ? "" : "; then ", shared);
    said.push_back(shared);
  }
  return text;
}

}  // namespace

std::string table_cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

std::string parallel_table() {
  std::string text;
  std::string_view group;
  for (const function_info& function : functions()) {
    if (function.group != group) {
      text += fmt::format("{}### {}\n\n| function | work | shared out among the workers |\n|---|---|---|\n",
                          group.empty() ? "" : "\n", function.group);
      group = function.group;
    }
    text += fmt::format("| `{}` | {} | {} |\n", function.name, table_cell(work_text(function)),
                        table_cell(shared_text(function)));
  }
  return text;
}

}  // namespace tandem::cli
