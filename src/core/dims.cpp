#include <tandem/dims.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tandem {

std::string to_string(const dims& values) {
  return fmt::format("({}{})", fmt::join(values.begin(), values.end(), ", "), values.size() == 1 ? "," : "");
}

}  // namespace tandem
