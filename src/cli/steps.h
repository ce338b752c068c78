#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

// An expression in the order in which it is computed: each step takes its operands from a stack of values and leaves
// its result there. Without a tree, no expression can be deep enough to exhaust the call stack.
namespace tandem::cli {

enum class step_kind : std::uint8_t {
  number,  ///< text is the literal
  text,    ///< text is what the quotes enclose
  name,    ///< text is the name; also True, False and None
  dots,    ///< ...
  absent,  ///< a bound that a slice leaves out
  list,    ///< takes `count` values
  tuple,   ///< takes `count` values
  slice,   ///< takes start, stop and step
  index,   ///< takes what is indexed and `count` entries
  call,    ///< text is the function; takes `count` arguments, the last of which are named
  prefix,  ///< text is the operator; takes one value
  infix,   ///< text is the operator; takes two values
};

/// An argument given as NAME=VALUE.
struct named_argument {
  std::string_view name;
  std::size_t offset;
};

struct step {
  step_kind kind;
  /// The byte of the expression that an error of this step is about.
  std::size_t offset;
  std::string_view text;
  std::size_t count = 0;
  std::vector<named_argument> named = {};
};

}  // namespace tandem::cli
