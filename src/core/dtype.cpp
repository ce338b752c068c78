#include <tandem/dtype.h>

#include <fmt/format.h>

#include <algorithm>

#include <tandem/errors.h>

namespace tandem {

namespace {

constexpr std::string_view names[dtype_count] = {"bool",    "int8",      "int16",     "int32",  "int64",
                                                 "uint8",   "uint16",    "uint32",    "uint64", "float32",
                                                 "float64", "complex64", "complex128"};

constexpr dtype signed_of_size(std::int64_t size_bytes) {
  return size_bytes == 1 ? dtype::int8 : size_bytes == 2 ? dtype::int16 : size_bytes == 4 ? dtype::int32 : dtype::int64;
}

}  // namespace

std::string_view name(dtype type) noexcept { return names[static_cast<int>(type)]; }

dtype parse_dtype(std::string_view text) {
  for (int i = 0; i < dtype_count; ++i) {
    if (names[i] == text) return static_cast<dtype>(i);
  }
  throw dtype_error(fmt::format("'{}' is not a dtype; expected one of {}", text, fmt::join(names, ", ")));
}

dtype result_type(dtype left, dtype right) noexcept {
  if (left == right) return left;
  if (left > right) std::swap(left, right);
  if (left == dtype::bool_) return right;
  const dtype_kind lower = kind_of(left);
  const dtype_kind higher = kind_of(right);
  if (lower == higher) return right;  // the enumerators of a kind are ordered by size
  if (higher == dtype_kind::unsigned_integer) {
    // A signed integer wider than the unsigned one holds it; else the next wider signed one, and float64 beyond.
    if (item_size(left) > item_size(right)) return left;
    return item_size(right) == 8 ? dtype::float64 : signed_of_size(2 * item_size(right));
  }
  const bool needs_float64 = is_integer(left) ? item_size(left) > 2 : left == dtype::float64;
  if (!needs_float64) return right;
  return higher == dtype_kind::complex_floating ? dtype::complex128 : dtype::float64;
}

dtype result_type(std::span<const dtype> types) {
  if (types.empty()) throw argument_error("result_type: at least one dtype is needed");
  // From the highest one, or int16 and uint16 would be int32 before they meet float32, which holds both.
  dtype result = *std::ranges::max_element(types);
  for (const dtype type : types) result = result_type(result, type);
  return result;
}

}  // namespace tandem
