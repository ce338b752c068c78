#include "cli/signature.h"

namespace tandem::cli {

std::string signature(const function_info& function) {
  std::string text(function.name);
  text += '(';
  for (const parameter& one : function.parameters) {
    if (text.back() != '(') text += ", ";
    text += one.name;
    if (!one.required()) text.append("=").append(one.default_text);
  }
  text += ')';
  return text;
}

}  // namespace tandem::cli
