#include "exec/expression_text.h"

#include <fmt/format.h>

#include <type_traits>
#include <variant>

namespace tandem::exec {

namespace {

constexpr std::size_t most_bytes = 600;
constexpr int most_depth = 24;

void append(std::string& to, const ops::node& of, int depth) {
  if (to.size() > most_bytes || depth > most_depth) {
    if (!to.ends_with("...")) to += "...";
    return;
  }
  std::visit(
      [&](const auto& detail) {
        using kind = std::remove_cvref_t<decltype(detail)>;
        if constexpr (std::is_same_v<kind, ops::array_leaf>) {
          to += fmt::format("{} {}", name(of.type), to_string(of.shape));
        } else if constexpr (std::is_same_v<kind, ops::constant_leaf>) {
          to += to_string(detail.value);
        } else if constexpr (std::is_same_v<kind, ops::broadcast_view>) {
          append(to, *of.inputs[0], depth);  // whoever reads the shapes sees it
        } else {
          to += ops::name_of(of);
          to += '(';
          for (std::size_t i = 0; i < of.inputs.size(); ++i) {
            if (i > 0) to += ", ";
            append(to, *of.inputs[i], depth + 1);
          }
          if constexpr (std::is_same_v<kind, ops::cast_op>) to += fmt::format(", {}", name(of.type));
          if constexpr (requires { detail.axes; }) to += fmt::format(", axis={}", to_string(detail.axes));
          to += ')';
        }
      },
      of.detail);
}

}  // namespace

std::string text_of(const ops::node& root) {
  std::string text;
  append(text, root, 0);
  // A number, or an array as it is, says little of what it becomes.
  if (!text.ends_with(')')) text += fmt::format(" as {} {}", name(root.type), to_string(root.shape));
  return text;
}

}  // namespace tandem::exec
