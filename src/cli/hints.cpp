#include "cli/hints.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include <tandem/call.h>

namespace tandem::cli {

namespace {

struct hint {
  std::string_view known;
  // A name of a function or dtype, or else what to write.
  std::string_view here;
};

constexpr hint hints[] = {
    {"absolute", "abs"},
    {"amax", "max"},
    {"amin", "min"},
    {"angle", "write atan2(imag(x), real(x))"},
    {"arccos", "acos"},
    {"arccosh", "acosh"},
    {"arcsin", "asin"},
    {"arcsinh", "asinh"},
    {"arctan", "atan"},
    {"arctan2", "atan2"},
    {"arctanh", "atanh"},
    {"around", "round"},
    {"array", "write the list without a function: [1, 2, 3]"},
    {"asarray", "write the list without a function: [1, 2, 3]"},
    {"average", "mean"},
    {"bitwise_not", "bitwise_invert"},
    {"cbrt", "write sign(x) * abs(x) ** (1 / 3)"},
    {"column_stack", "write stack([x, y], axis=1)"},
    {"concatenate", "concat"},
    {"conjugate", "conj"},
    {"cumprod", "cumulative_prod"},
    {"cumsum", "cumulative_sum"},
    {"deg2rad", "write x * (pi / 180)"},
    {"degrees", "write x * (180 / pi)"},
    {"diff", "write x[1:] - x[:-1]"},
    {"divmod", "floor_divide"},
    {"dot", "matmul"},
    {"dstack", "write stack([x, y], axis=2)"},
    {"exp2", "write 2.0 ** x"},
    {"fabs", "abs"},
    {"fix", "trunc"},
    {"flatten", "write reshape(x, (-1,))"},
    {"fliplr", "write x[:, ::-1]"},
    {"flipud", "write x[::-1]"},
    {"float_power", "pow"},
    {"fmax", "maximum"},
    {"fmin", "minimum"},
    {"fmod", "remainder"},
    {"hstack", "write concat([x, y], axis=1)"},
    {"identity", "eye"},
    {"inner", "vecdot"},
    {"invert", "bitwise_invert"},
    {"left_shift", "bitwise_left_shift"},
    {"len", "write the extent as a number"},
    {"mod", "remainder"},
    {"nanmean", "write sum(where(isnan(x), 0, x)) / count_nonzero(~isnan(x))"},
    {"nansum", "write sum(where(isnan(x), 0, x))"},
    {"ndim", "write the rank as a number"},
    {"norm", "write sqrt(sum(square(x)))"},
    {"outer", "write x[:, None] * y"},
    {"power", "pow"},
    {"product", "prod"},
    {"ptp", "write max(x) - min(x)"},
    {"rad2deg", "write x * (180 / pi)"},
    {"radians", "write x * (pi / 180)"},
    {"ravel", "write reshape(x, (-1,))"},
    {"right_shift", "bitwise_right_shift"},
    {"rint", "round"},
    {"rot90", "write permute_dims(x, (1, 0))[::-1]"},
    {"split", "write slices: x[:3], x[3:]"},
    {"stddev", "std"},
    {"swapaxes", "permute_dims"},
    {"trace", "write sum(x * eye(n))"},
    {"transpose", "permute_dims"},
    {"true_divide", "divide"},
    {"variance", "var"},
    {"vdot", "vecdot"},
    {"vstack", "write concat([x, y], axis=0)"},
    // dtypes of Python and of other lengths
    {"complex", "complex128"},
    {"double", "float64"},
    {"float", "float64"},
    {"float16", "float32"},
    {"int", "int64"},
    {"longdouble", "float64"},
    {"single", "float32"},
    {"uint", "uint64"},
};

bool is_dtype(std::string_view name) {
  for (int i = 0; i < dtype_count; ++i) {
    if (tandem::name(static_cast<dtype>(i)) == name) return true;
  }
  return false;
}

}  // namespace

std::string_view nearest(std::string_view name, std::span<const std::string_view> candidates) {
  // Levenshtein's distance, row by row. A third of the letters may differ.
  std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3) + 1;
  std::string_view best;
  std::vector<std::size_t> row(name.size() + 1);
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > name.size() + best_distance || name.size() > candidate.size() + best_distance) continue;
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < candidate.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i + 1;
      for (std::size_t j = 0; j < name.size(); ++j) {
        const std::size_t substituted = diagonal + (candidate[i] == name[j] ? 0 : 1);
        diagonal = row[j + 1];
        row[j + 1] = std::min({substituted, row[j + 1] + 1, row[j] + 1});
      }
    }
    // Something of the name must be left.
    if (row.back() < best_distance && row.back() < std::max(name.size(), candidate.size())) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

std::string numpy_advice(std::string_view name) {
  const hint* found =
      std::find_if(std::begin(hints), std::end(hints), [&](const hint& entry) { return entry.known == name; });
  if (found == std::end(hints)) return "";
  if (find_function(found->here) != nullptr || is_dtype(found->here))
    return fmt::format("did you mean '{}'?", found->here);
  return std::string(found->here);
}

std::string attribute_advice(std::string_view of, std::string_view attribute) {
  if (of == "np" || of == "numpy" || of == "td" || of == "tandem" || of == "math") {
    return fmt::format("functions have no prefix here: write {} without '{}.'", attribute, of);
  }
  const std::string_view subject = of.empty() ? "x" : of;
  std::string advice = fmt::format("'.{}': arrays have no attributes or methods here", attribute);
  if (attribute == "T" || attribute == "mT" || attribute == "transpose") {
    advice += fmt::format("; write matrix_transpose({0}) or permute_dims({0}, ...)", subject);
  } else if (find_function(attribute) != nullptr) {
    advice += fmt::format("; write {}({})", attribute, subject);
  } else if (const std::string known = numpy_advice(attribute); !known.empty()) {
    advice += "; " + known;
  } else {
    advice += "; use functions ('tandem ops' lists them)";
  }
  return advice;
}

std::string_view keyword_advice(std::string_view name) noexcept {
  if (name == "and") return "'and' does not work on arrays; use &, with parentheses around comparisons";
  if (name == "or") return "'or' does not work on arrays; use |, with parentheses around comparisons";
  if (name == "not") return "'not' does not work on arrays; use ~, with parentheses around comparisons";
  if (name == "if" || name == "else") return "a condition is written where(condition, x, y)";
  if (name == "in" || name == "is") return "only the comparisons == != < <= > >= are supported";
  if (name == "for" || name == "lambda" || name == "await" || name == "yield" || name == "async") {
    return "only a single expression of operators and calls is supported";
  }
  return "";
}

}  // namespace tandem::cli
