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

/// What a backend does for a function. docs/parallelism.md says what of each kind is shared out among the workers.
enum class work_kind : std::uint8_t {
  elementwise,  ///< Each element of the result comes from those at its place in the operands, in one pass with other
                ///< such work on as many elements.
  reduction,    ///< Elements along axes are combined to one, in one pass with element-wise work on the operand.
  search,       ///< The position of an extreme is found along an axis, in one pass with such work, too.
  scan,         ///< Running totals are made along an axis, in one pass with such work, too.
  product,      ///< Matrices are multiplied.
  repetition,   ///< Each position along an axis is copied as often as its own count says.
  copy,         ///< Elements are copied to where the result has them.
  fill,         ///< One number is written everywhere.
  progression,  ///< Numbers at equal distances are written.
  allocation,   ///< Memory is taken, and its elements are not set.
  view,         ///< Nothing is done: the result is the operand's elements, seen otherwise.
};

/// "element-wise", "reduction", "search", ...
TANDEM_API std::string_view to_string(work_kind kind) noexcept;

/// What a function is made of in some case.
struct work_case {
  /// For what operands or options: "two vectors"; "" in the usual case.
  std::string_view when;
  /// One after the other; a kind stands once for several steps of it that follow each other.
  std::vector<work_kind> steps;
};

/// A function that can be called by name.
struct function_info {
  std::string_view name;
  /// "elementwise", "statistics", "creation", "manipulation" or "products".
  std::string_view group;
  std::string_view summary;
  std::vector<parameter> parameters;
  /// The usual case first. Operands are arrays, as views of any strides; work on them that has nothing to do, such as a
  /// conversion to the dtype that they have, is left out. Filling, progressions and allocation are done when the
  /// function is called, all else when its result is evaluated.
  std::vector<work_case> work;
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
