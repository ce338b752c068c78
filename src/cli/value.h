#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tandem/call.h>
#include <tandem/expr.h>
#include <tandem/index.h>
#include <tandem/scalar.h>

// What an expression of the command computes with.
namespace tandem::cli {

struct value;

/// A list or tuple as written: it becomes an array, integers or a list of arrays, as the place demands.
struct sequence {
  std::vector<value> items;
  bool is_tuple = false;
};

/// Numbers without an array are scalars: they stay weak, and integers are exact. An expr is never weak.
struct value {
  std::variant<none_t, ellipsis_t, slice, scalar, dtype, std::string, expr, std::vector<expr>, sequence> held;

  template <class T>
  const T* as() const noexcept {
    return std::get_if<T>(&held);
  }
};

/// "a number", "an array", "a list", ... for errors.
std::string_view kind_name(const value& of) noexcept;

/// A value where an array is expected: a number, an array, or a list of numbers, which becomes an array of bool, int64,
/// uint64, float64 or complex128 as in NumPy.
/// Throws: `argument_error` for anything else, `shape_error` for lists of unequal length.
argument to_operand(const value& from, std::string_view what);

/// As `to_operand`, always an expression.
expr to_array(const value& from, std::string_view what);

/// A value as an argument of a parameter of that kind; of no particular kind if there is no such parameter.
argument to_argument(const value& from, std::optional<parameter_kind> kind, std::string_view what);

/// What a function returned. Work on numbers alone is computed at once.
value to_value(argument from);

/// The value as an integer. Throws: `argument_error` naming `what`.
std::int64_t to_integer(const value& from, std::string_view what);

}  // namespace tandem::cli
