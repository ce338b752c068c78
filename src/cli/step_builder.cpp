#include "cli/step_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/hints.h"
#include "cli/location.h"

namespace tandem::cli {

namespace {

// Python's, from the loosest to the tightest. `**` binds tighter than a sign on its left: -x**2 is -(x**2).
constexpr int comparison = 1;
constexpr int prefix_precedence = 8;
constexpr int power = 9;

int precedence_of(std::string_view symbol) noexcept {
  if (symbol == "**") return power;
  if (symbol == "<<" || symbol == ">>") return 5;
  switch (symbol[0]) {
    case '|': return 2;
    case '^': return 3;
    case '&': return 4;
    case '+':
    case '-': return 6;
    case '*':
    case '/':
    case '%':
    case '@': return 7;
    default: return comparison;
  }
}

}  // namespace

step_builder::step_builder(std::string_view text) : text_(text) { frames_.push_back({bracket::none, 0, 0}); }

void step_builder::check_nesting(std::size_t offset) const {
  if (frames_.size() + pending_.size() > max_nesting) {
    throw expression_error(offset, fmt::format("the expression is nested more than {} deep", max_nesting));
  }
}

void step_builder::operand(step_kind kind, std::string_view token) {
  steps_.push_back({kind, offset_of(token), token});
  frames_.back().has_value = true;
  after_name_ = kind == step_kind::name;
}

void step_builder::wait(int precedence, step what) {
  check_nesting(what.offset);
  pending_.push_back({precedence, std::move(what)});
  after_name_ = false;
}

void step_builder::prefix(std::string_view symbol) {
  wait(prefix_precedence, {step_kind::prefix, offset_of(symbol), symbol});
}

void step_builder::infix(std::string_view symbol) {
  const int precedence = precedence_of(symbol);
  while (pending_.size() > frames_.back().first_pending) {
    const int left = pending_.back().precedence;
    if (left < precedence || (left == power && precedence == power)) break;
    if (left == comparison) {
      throw expression_error(
          offset_of(symbol),
          fmt::format("comparisons cannot be chained: put each in parentheses, as in (a {} b) & (b {} c)",
                      pending_.back().what.text, symbol));
    }
    steps_.push_back(std::move(pending_.back().what));
    pending_.pop_back();
  }
  wait(precedence, {step_kind::infix, offset_of(symbol), symbol});
}

void step_builder::attribute(std::string_view name) {
  const std::string_view of = after_name_ ? steps_.back().text : std::string_view();
  throw expression_error(offset_of(name), attribute_advice(of, name));
}

void step_builder::open(bracket kind, std::string_view token) {
  const std::size_t offset = offset_of(token);
  check_nesting(offset);
  frame opened{kind, offset, pending_.size()};
  if (kind == bracket::call) {
    if (!after_name_) throw expression_error(offset, "only a function's name can stand before '('");
    opened.function = steps_.back().text;
    steps_.pop_back();
  }
  frames_.push_back(std::move(opened));
  after_name_ = false;
}

void step_builder::argument_name(std::string_view name) {
  std::vector<named_argument>& named = frames_.back().named;
  const bool repeated =
      std::any_of(named.begin(), named.end(), [&](const named_argument& other) { return other.name == name; });
  if (repeated) {
    throw expression_error(offset_of(name), fmt::format("{}: '{}' is given twice", frames_.back().function, name));
  }
  named.push_back({name, offset_of(name)});
  frames_.back().entry_is_named = true;
}

void step_builder::flush() {
  while (pending_.size() > frames_.back().first_pending) {
    steps_.push_back(std::move(pending_.back().what));
    pending_.pop_back();
  }
  after_name_ = false;
}

void step_builder::colon() {
  flush();
  frame& at = frames_.back();
  if (!at.has_value) steps_.push_back({step_kind::absent, at.offset, {}});
  at.has_value = false;
  ++at.colons;
}

void step_builder::entry_end() {
  flush();
  frame& at = frames_.back();
  if (at.colons > 0) {
    const auto absent = [&] { steps_.push_back({step_kind::absent, at.offset, {}}); };
    if (!at.has_value) absent();
    if (at.colons == 1) absent();
    steps_.push_back({step_kind::slice, at.offset, {}});
  } else if (!at.has_value) {
    throw expression_error(at.offset, "an index is missing");
  }
  if (!at.entry_is_named && !at.named.empty()) {
    throw expression_error(at.named.back().offset,
                           fmt::format("arguments without a name must come before '{}='", at.named.back().name));
  }
  ++at.count;
  at.has_value = false;
  at.entry_is_named = false;
  at.colons = 0;
}

void step_builder::comma() { frames_.back().has_comma = true; }

void step_builder::close() {
  frame closed = std::move(frames_.back());
  frames_.pop_back();
  switch (closed.kind) {
    case bracket::group:
      if (closed.count == 0 || closed.has_comma) steps_.push_back({step_kind::tuple, closed.offset, {}, closed.count});
      break;
    case bracket::list: steps_.push_back({step_kind::list, closed.offset, {}, closed.count}); break;
    case bracket::index:
      if (closed.count == 0) throw expression_error(closed.offset, "an index is missing");
      steps_.push_back({step_kind::index, closed.offset, {}, closed.count});
      break;
    case bracket::call:
      steps_.push_back(
          {step_kind::call, offset_of(closed.function), closed.function, closed.count, std::move(closed.named)});
      break;
    case bracket::none: break;
  }
  frames_.back().has_value = true;
  after_name_ = false;
}

std::vector<step> step_builder::finish() {
  flush();
  return std::move(steps_);
}

}  // namespace tandem::cli
