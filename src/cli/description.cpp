#include "cli/description.h"

#include <fmt/format.h>

#include "cli/location.h"
#include "cli/parser.h"
#include "cli/status.h"

namespace tandem::cli {

namespace {

description description_of(const value& result) {
  if (const auto* arrays = result.as<std::vector<expr>>()) return {*arrays, true};
  if (const auto* list = result.as<sequence>()) {
    bool has_arrays = false;
    for (const value& item : list->items) has_arrays = has_arrays || item.as<expr>() != nullptr;
    if (has_arrays) {
      description several{{}, true};
      for (const value& item : list->items) several.arrays.push_back(to_array(item, "the expression"));
      return several;
    }
  }
  if (result.as<scalar>() == nullptr && result.as<expr>() == nullptr && result.as<sequence>() == nullptr) {
    throw failure(fmt::format("the expression gives {} and not an array", kind_name(result)));
  }
  return {{to_array(result, "the expression")}, false};
}

// Runs `work` and gives its errors the column in the expression.
template <class Work>
auto with_column(const std::string& expression, const Work& work) {
  try {
    return work();
  } catch (const expression_error& error) {
    throw failure(fmt::format("column {}: {}", column_of(expression, error.offset), error.what()));
  }
}

}  // namespace

std::vector<step> parse_expression(const std::string& expression) {
  return with_column(expression, [&] { return parse(expression); });
}

description describe(const std::string& expression, const bindings& names) {
  return describe(expression, parse_expression(expression), names);
}

description describe(const std::string& expression, std::span<const step> steps, const bindings& names) {
  return description_of(with_column(expression, [&] { return interpret(steps, names); }));
}

}  // namespace tandem::cli
