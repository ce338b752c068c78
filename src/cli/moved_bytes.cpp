#include "cli/moved_bytes.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include <tandem/errors.h>

namespace tandem::cli {

namespace {

// What the steps up to here read for one value.
struct reading {
  std::map<std::string_view, std::int64_t> bytes;
  /// The first of the steps that make the value.
  std::size_t first;
  bool is_name = false;
};

std::size_t operand_count(const step& what) {
  switch (what.kind) {
    case step_kind::number:
    case step_kind::text:
    case step_kind::name:
    case step_kind::dots:
    case step_kind::absent: return 0;
    case step_kind::list:
    case step_kind::tuple:
    case step_kind::call: return what.count;
    case step_kind::slice: return 3;
    case step_kind::index: return what.count + 1;
    case step_kind::prefix: return 1;
    case step_kind::infix: break;
  }
  return 2;
}

// Of a plain array or a view of one, which cost nothing to evaluate.
std::int64_t bytes_of_view(const value& of) {
  const auto* array = of.as<expr>();
  return array == nullptr ? 0 : bytes_of(eval(*array));
}

}  // namespace

std::int64_t bytes_of(const ndarray& array) noexcept {
  std::int64_t elements = 1;
  for (int i = 0; i < array.rank(); ++i) {
    const std::int64_t extent = array.shape()[i];
    if (array.strides()[i] != 0 || extent == 0) elements *= extent;
  }
  return elements * item_size(array.dtype());
}

std::int64_t bytes_read(std::span<const step> steps, const bindings& names) {
  std::vector<reading> stack;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const step& what = steps[i];
    const auto operands = stack.end() - static_cast<std::ptrdiff_t>(operand_count(what));
    reading made{{}, operands == stack.end() ? i : operands->first, what.kind == step_kind::name};
    const bool is_view_of_name = what.kind == step_kind::index && operands->is_name;
    if (what.kind == step_kind::name) {
      if (const auto found = names.find(what.text); found != names.end()) {
        made.bytes[what.text] = bytes_of_view(found->second);
      }
    } else if (is_view_of_name && !operands->bytes.empty()) {
      made.bytes[steps[made.first].text] =
          bytes_of_view(interpret(steps.subspan(made.first, i + 1 - made.first), names));
    } else if (what.kind != step_kind::index && !(what.kind == step_kind::call && what.text.ends_with("_like"))) {
      for (auto operand = operands; operand != stack.end(); ++operand) {
        for (const auto& [name, bytes] : operand->bytes) made.bytes[name] = std::max(made.bytes[name], bytes);
      }
    }
    stack.erase(operands, stack.end());
    stack.push_back(std::move(made));
  }
  std::int64_t total = 0;
  for (const auto& [name, bytes] : stack.back().bytes) total += bytes;
  return total;
}

}  // namespace tandem::cli
