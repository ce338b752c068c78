#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <tandem/dtype.h>

// The element-wise operations as data, from tandem/tables/elementwise.inc.
namespace tandem::ops {

enum class op : std::uint8_t {
#define TD_UN(name, kinds, result, formula, flops, ulp, summary) name,
#define TD_BIN(name, kinds, result, formula, flops, ulp, summary) name,
#define TD_TER(name, kinds, result, formula, flops, ulp, summary) name,
#include <tandem/tables/elementwise.inc>
};

inline constexpr int op_count = 0
#define TD_UN(name, kinds, result, formula, flops, ulp, summary) +1
#define TD_BIN(name, kinds, result, formula, flops, ulp, summary) +1
#define TD_TER(name, kinds, result, formula, flops, ulp, summary) +1
#include <tandem/tables/elementwise.inc>
    ;

/// Sets of dtypes, one bit each.
namespace kinds {
constexpr std::uint16_t bit(dtype type) { return static_cast<std::uint16_t>(1U << static_cast<int>(type)); }
inline constexpr std::uint16_t boolean = bit(dtype::bool_);
inline constexpr std::uint16_t integer = bit(dtype::int8) | bit(dtype::int16) | bit(dtype::int32) | bit(dtype::int64) |
                                         bit(dtype::uint8) | bit(dtype::uint16) | bit(dtype::uint32) |
                                         bit(dtype::uint64);
inline constexpr std::uint16_t real_floating = bit(dtype::float32) | bit(dtype::float64);
inline constexpr std::uint16_t complex_floating = bit(dtype::complex64) | bit(dtype::complex128);
inline constexpr std::uint16_t floating = real_floating | complex_floating;
inline constexpr std::uint16_t integer_or_bool = integer | boolean;
inline constexpr std::uint16_t real = integer | real_floating;
inline constexpr std::uint16_t real_or_bool = real | boolean;
inline constexpr std::uint16_t numeric = real | complex_floating;
inline constexpr std::uint16_t all = numeric | boolean;

constexpr bool contains(std::uint16_t set, dtype type) { return (set & bit(type)) != 0; }
}  // namespace kinds

/// What an operation's result dtype is.
enum class result_rule : std::uint8_t { same, boolean, real_part };

/// The result dtype for operands of dtype `type`.
constexpr dtype result_dtype(result_rule rule, dtype type) {
  if (rule == result_rule::boolean) return dtype::bool_;
  return rule == result_rule::real_part ? real_part(type) : type;
}

/// A row of the table without its formula.
struct op_info {
  std::string_view name;
  int arity;
  std::uint16_t kinds;
  result_rule result;
  int flops;
  double ulp;
  std::string_view summary;
};

const op_info& info(op which) noexcept;

/// How a set of dtypes reads in an error: "integers and booleans".
std::string_view describe_kinds(std::uint16_t set) noexcept;

/// A reduction or a scan: how two partial results combine (an element-wise operation), from what value.
enum class reduction : std::uint8_t { sum, prod, min, max, all, any };

struct reduction_info {
  std::string_view name;
  op combine;
  /// The result for no elements; min and max have none.
  bool has_identity;
  int identity;
};

const reduction_info& info(reduction which) noexcept;

/// Stands for all axes, flattened in row-major order, where one axis is expected.
inline constexpr int every_axis = -1;

}  // namespace tandem::ops
