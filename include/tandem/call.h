#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <tandem/dims.h>
#include <tandem/dtype.h>
#include <tandem/export.h>
#include <tandem/expr.h>
#include <tandem/index.h>

namespace tandem {

/// What a parameter of a function accepts when the function is called by name.
enum class parameter_kind : std::uint8_t {
  array,     ///< an expr or a number
  arrays,    ///< a list of them
  number,    ///< a number, as `scalar`
  integer,   ///< an integer
  integers,  ///< an integer or a list of integers
  boolean,   ///< True or False
  dtype,     ///< a dtype
  text,      ///< a string
};

/// One parameter of a function.
struct parameter {
  std::string_view name;
  parameter_kind kind;
  /// How the default is written in Python: "" for a parameter that must be given, "None", "0", "False".
  std::string_view default_text;
  /// None is a value of its own, although it is not the default.
  bool none_too = false;

  bool required() const noexcept { return default_text.empty(); }
  bool accepts_none() const noexcept { return none_too || default_text == "None"; }
};

/// A value passed to or returned by a function called by name.
using argument = std::variant<none_t, scalar, dtype, std::string, dims, expr, std::vector<expr>>;

/// A function that can be called by name.
struct function_info {
  std::string_view name;
  /// "elementwise", "statistics", "creation", "manipulation" or "products".
  std::string_view group;
  std::string_view summary;
  std::vector<parameter> parameters;
};

/// All functions, by group and in the order of their tables. Thread safe; the result lives as long as the program.
TANDEM_API std::span<const function_info> functions();

/// The function of that name, or null.
TANDEM_API const function_info* find_function(std::string_view name) noexcept;

/// Calls a function by name with positional and named arguments, in Python's manner.
///
/// Returns an expr, or a list of them for `meshgrid`, `broadcast_arrays` and `unstack`.
/// Throws: `argument_error` for an unknown function or option (with the nearest known name), a missing or repeated
/// argument or one of another kind; and what the function throws.
TANDEM_API argument call(std::string_view name, std::span<const argument> positional,
                         std::span<const std::pair<std::string, argument>> named = {});

}  // namespace tandem
