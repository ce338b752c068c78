#include <tandem/call.h>

#include <fmt/format.h>

#include <tandem/errors.h>

#include "api/bound_arguments.h"
#include "api/function_table.h"
#include "api/nearest_name.h"
#include "runtime/fork.h"

namespace tandem {

std::string_view to_string(work_kind kind) noexcept {
  switch (kind) {
    case work_kind::elementwise: return "element-wise";
    case work_kind::reduction: return "reduction";
    case work_kind::search: return "search";
    case work_kind::scan: return "scan";
    case work_kind::product: return "product";
    case work_kind::repetition: return "repetition";
    case work_kind::copy: return "copy";
    case work_kind::fill: return "fill";
    case work_kind::progression: return "progression";
    case work_kind::allocation: return "allocation";
    case work_kind::view: break;
  }
  return "view";
}

std::span<const function_info> functions() {
  static constinit runtime::made_once<std::vector<function_info>> list;
  const std::span<const api::function_row> table = api::function_table();
  return list.get([&] {
    std::vector<function_info> infos;
    for (const api::function_row& row : table) infos.push_back(row.info);
    return infos;
  });
}

namespace {

const api::function_row* find_row(std::string_view name) noexcept {
  for (const api::function_row& row : api::function_table()) {
    if (row.info.name == name) return &row;
  }
  return nullptr;
}

}  // namespace

const function_info* find_function(std::string_view name) noexcept {
  const api::function_row* row = find_row(name);
  return row == nullptr ? nullptr : &row->info;
}

argument call(std::string_view name, std::span<const argument> positional,
              std::span<const std::pair<std::string, argument>> named) {
  const api::function_row* row = find_row(name);
  if (row == nullptr) {
    std::vector<std::string_view> names;
    for (const api::function_row& each : api::function_table()) names.push_back(each.info.name);
    throw argument_error(fmt::format("no function '{}'{}", name, api::did_you_mean(name, names)));
  }
  return row->invoke(api::bound_arguments(row->info, positional, named));
}

}  // namespace tandem
