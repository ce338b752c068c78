#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "cli/steps.h"

namespace tandem::cli {

/// Brackets and operators that wait for their operands, at most.
inline constexpr std::size_t max_nesting = 200;

enum class bracket : std::uint8_t { none, group, list, call, index };

/// Puts the parts of an expression, told from left to right, into the order in which they are computed: Python's
/// precedence by Dijkstra's shunting-yard.
///
/// All functions throw `expression_error` for what the grammar alone lets pass.
class step_builder {
 public:
  explicit step_builder(std::string_view text);

  void operand(step_kind kind, std::string_view token);
  void prefix(std::string_view symbol);
  void infix(std::string_view symbol);
  /// A name after a dot: always an error that tells what to write instead.
  [[noreturn]] void attribute(std::string_view name);

  void open(bracket kind, std::string_view token);
  /// `name=` before an argument.
  void argument_name(std::string_view name);
  void colon();
  /// An entry of a bracket is complete.
  void entry_end();
  void comma();
  void close();

  /// All steps, at the end of the text.
  std::vector<step> finish();

  std::size_t offset_of(std::string_view token) const noexcept {
    return static_cast<std::size_t>(token.data() - text_.data());
  }
  std::string_view text() const noexcept { return text_; }
  /// The innermost bracket that is open, and where it was opened.
  bracket open_bracket() const noexcept { return frames_.back().kind; }
  std::size_t open_offset() const noexcept { return frames_.back().offset; }

 private:
  struct frame {
    bracket kind;
    std::size_t offset;
    std::size_t first_pending;
    std::string_view function = {};
    std::size_t count = 0;
    bool has_comma = false;
    // Of the entry at hand:
    bool has_value = false;
    bool entry_is_named = false;
    int colons = 0;
    std::vector<named_argument> named = {};
  };
  struct pending {
    int precedence;
    step what;
  };

  void wait(int precedence, step what);
  void flush();
  void check_nesting(std::size_t offset) const;

  std::string_view text_;
  std::vector<step> steps_;
  std::vector<pending> pending_;
  std::vector<frame> frames_;
  // Whether the last thing told was a name, so that a parenthesis calls it.
  bool after_name_ = false;
};

}  // namespace tandem::cli
