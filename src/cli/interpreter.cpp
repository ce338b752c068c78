#include "cli/interpreter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include <tandem/errors.h>

#include "cli/hints.h"
#include "cli/location.h"
#include "cli/numbers.h"

namespace tandem::cli {

namespace {

struct operator_function {
  std::string_view symbol;
  std::string_view function;
};

constexpr operator_function infix_functions[] = {
    {"+", "add"},
    {"-", "subtract"},
    {"*", "multiply"},
    {"/", "divide"},
    {"//", "floor_divide"},
    {"%", "remainder"},
    {"**", "pow"},
    {"@", "matmul"},
    {"&", "bitwise_and"},
    {"|", "bitwise_or"},
    {"^", "bitwise_xor"},
    {"<<", "bitwise_left_shift"},
    {">>", "bitwise_right_shift"},
    {"<", "less"},
    {"<=", "less_equal"},
    {">", "greater"},
    {">=", "greater_equal"},
    {"==", "equal"},
    {"!=", "not_equal"},
};

constexpr operator_function prefix_functions[] = {{"-", "negative"}, {"+", "positive"}, {"~", "bitwise_invert"}};

std::string_view function_of(std::span<const operator_function> table, std::string_view symbol) {
  return std::find_if(table.begin(), table.end(), [&](const operator_function& row) { return row.symbol == symbol; })
      ->function;
}

// Runs `work` and gives its errors the place `offset`.
template <class Work>
auto at(std::size_t offset, const Work& work) {
  try {
    return work();
  } catch (const error& failure) {
    throw expression_error(offset, failure.what());
  }
}

std::vector<std::string_view> function_names() {
  std::vector<std::string_view> names;
  for (const function_info& function : functions()) names.push_back(function.name);
  return names;
}

std::optional<value> constant(std::string_view name) {
  if (name == "None" || name == "newaxis") return value{none_t()};
  if (name == "True") return value{scalar(true)};
  if (name == "False") return value{scalar(false)};
  if (name == "pi") return value{scalar(std::numbers::pi)};
  if (name == "e") return value{scalar(std::numbers::e)};
  if (name == "inf") return value{scalar(std::numeric_limits<double>::infinity())};
  if (name == "nan") return value{scalar(std::numeric_limits<double>::quiet_NaN())};
  for (int i = 0; i < dtype_count; ++i) {
    if (tandem::name(static_cast<dtype>(i)) == name) return value{static_cast<dtype>(i)};
  }
  return std::nullopt;
}

value look_up(const step& what, const bindings& names) {
  if (const auto found = names.find(what.text); found != names.end()) return found->second;
  if (std::optional<value> known = constant(what.text)) return *std::move(known);

  std::string message = fmt::format("unknown name '{}'", what.text);
  std::vector<std::string_view> given;
  for (const auto& [name, held] : names) given.push_back(name);
  if (find_function(what.text) != nullptr) {
    message = fmt::format("'{0}' is a function; write {0}(...)", what.text);
  } else if (const std::string_view near = nearest(what.text, given); !near.empty()) {
    message += fmt::format("; did you mean '{}'?", near);
  } else if (const std::string known = numpy_advice(what.text); !known.empty()) {
    message += "; " + known;
  } else {
    std::vector<std::string_view> known_names = {"pi", "inf", "nan", "True", "False", "None", "newaxis"};
    for (int i = 0; i < dtype_count; ++i) known_names.push_back(tandem::name(static_cast<dtype>(i)));
    if (const std::string_view close = nearest(what.text, known_names); !close.empty()) {
      message += fmt::format("; did you mean '{}'?", close);
    }
  }
  if (find_function(what.text) == nullptr) {
    message += given.empty() ? "; none are given" : "; given are ";
    for (const std::string_view name : given) message.append(name == given.front() ? "" : ", ").append(name);
  }
  throw expression_error(what.offset, message);
}

slice::bound bound_of(const value& from) {
  if (from.as<none_t>() != nullptr) return std::nullopt;
  return to_integer(from, "slice");
}

index index_entry(const value& from) {
  if (from.as<none_t>() != nullptr) return newaxis;
  if (from.as<ellipsis_t>() != nullptr) return ellipsis;
  if (const auto* range = from.as<slice>()) return *range;
  if (const auto* number = from.as<scalar>(); number != nullptr && number->default_dtype() != dtype::bool_) {
    return to_integer(from, "index");
  }
  if (from.as<dtype>() != nullptr || from.as<std::string>() != nullptr) {
    throw argument_error(fmt::format("index: expected integers, slices, None or ..., given {}", kind_name(from)));
  }
  throw argument_error(
      "index: arrays, lists and masks as an index are not supported; where(mask, x, y) selects by a mask");
}

value index_value(const value& from, std::span<const value> entries) {
  if (const auto* arrays = from.as<std::vector<expr>>()) {
    if (entries.size() != 1 || entries[0].as<scalar>() == nullptr) {
      throw argument_error("index: a list of arrays takes one integer");
    }
    const auto count = static_cast<std::int64_t>(arrays->size());
    const std::int64_t position = to_integer(entries[0], "index");
    if (position < -count || position >= count) {
      throw index_error(fmt::format("index: {} is out of range for a list of {} arrays", position, count));
    }
    return {(*arrays)[static_cast<std::size_t>(position < 0 ? position + count : position)]};
  }
  const expr array = to_array(from, "index");
  std::vector<index> list;
  list.reserve(entries.size());
  for (const value& entry : entries) list.push_back(index_entry(entry));
  return to_value(array.view(list));
}

// The column of an option that does not exist is its own, other errors are about the call.
std::size_t offset_of_failure(const step& what, const function_info& function) {
  for (const named_argument& argument : what.named) {
    const bool known = std::any_of(function.parameters.begin(), function.parameters.end(),
                                   [&](const parameter& other) { return other.name == argument.name; });
    if (!known) return argument.offset;
  }
  return what.offset;
}

// ones(2, 3) for ones((2, 3)): several integers where a shape and then a dtype are expected can only be its extents.
// `positional` with those joined.
std::vector<value> with_shape(const function_info& function, std::span<const value> positional) {
  const std::vector<parameter>& parameters = function.parameters;
  const bool shape_then_dtype = parameters.size() > 1 && parameters[0].kind == parameter_kind::integers &&
                                parameters[1].kind == parameter_kind::dtype;
  const auto end = std::find_if_not(positional.begin(), positional.end(), [](const value& each) {
    const auto* number = each.as<scalar>();
    return number != nullptr && number->default_dtype() == dtype::int64;
  });
  if (!shape_then_dtype || end - positional.begin() < 2) return {positional.begin(), positional.end()};
  std::vector<value> joined = {{sequence{{positional.begin(), end}, true}}};
  joined.insert(joined.end(), end, positional.end());
  return joined;
}

value call_function(const step& what, std::span<const value> arguments) {
  const function_info* function = find_function(what.text);
  if (function == nullptr) {
    std::string advice = numpy_advice(what.text);
    if (std::optional<value> known = constant(what.text); known && known->as<dtype>() != nullptr) {
      advice = fmt::format("write astype(x, {})", what.text);
    }
    if (advice.empty()) {
      const std::vector<std::string_view> names = function_names();
      const std::string_view near = nearest(what.text, names);
      advice = near.empty() ? "'tandem ops' lists the functions" : fmt::format("did you mean '{}'?", near);
    }
    throw expression_error(what.offset, fmt::format("there is no function '{}'; {}", what.text, advice));
  }

  return at(offset_of_failure(what, *function), [&] {
    const std::span<const parameter> parameters = function->parameters;
    const std::size_t positional_count = arguments.size() - what.named.size();
    const std::vector<value> unnamed = with_shape(*function, arguments.first(positional_count));
    std::vector<argument> positional;
    for (std::size_t i = 0; i < unnamed.size(); ++i) {
      const auto kind = i < parameters.size() ? std::optional(parameters[i].kind) : std::nullopt;
      positional.push_back(to_argument(unnamed[i], kind, what.text));
    }
    std::vector<std::pair<std::string, argument>> named;
    for (std::size_t i = 0; i < what.named.size(); ++i) {
      const std::string_view name = what.named[i].name;
      const auto known =
          std::find_if(parameters.begin(), parameters.end(), [&](const parameter& p) { return p.name == name; });
      const auto kind = known != parameters.end() ? std::optional(known->kind) : std::nullopt;
      named.emplace_back(name, to_argument(arguments[positional_count + i], kind, what.text));
    }
    return to_value(call(what.text, positional, named));
  });
}

value apply_infix(std::string_view symbol, const value& left, const value& right) {
  const auto* left_number = left.as<scalar>();
  const auto* right_number = right.as<scalar>();
  if (left_number != nullptr && right_number != nullptr && is_integral(*left_number) && is_integral(*right_number)) {
    if (const std::optional<scalar> result = integer_operation(symbol, *left_number, *right_number)) return {*result};
  }
  const std::string_view function = function_of(infix_functions, symbol);
  const argument operands[] = {to_operand(left, function), to_operand(right, function)};
  return to_value(call(function, operands));
}

value apply_prefix(std::string_view symbol, const value& operand) {
  if (const auto* number = operand.as<scalar>(); number != nullptr && is_integral(*number)) {
    if (const std::optional<scalar> result = integer_operation(symbol, *number)) return {*result};
  }
  const std::string_view function = function_of(prefix_functions, symbol);
  const argument operands[] = {to_operand(operand, function)};
  return to_value(call(function, operands));
}

// The values that steps take and leave.
class value_stack {
 public:
  void push(value item) { items_.push_back(std::move(item)); }

  std::vector<value> take(std::size_t count) {
    const auto first = items_.end() - static_cast<std::ptrdiff_t>(count);
    std::vector<value> taken(std::make_move_iterator(first), std::make_move_iterator(items_.end()));
    items_.erase(first, items_.end());
    return taken;
  }
  value take() {
    value taken = std::move(items_.back());
    items_.pop_back();
    return taken;
  }

 private:
  std::vector<value> items_;
};

value carry_out(const step& what, value_stack& stack, const bindings& names) {
  switch (what.kind) {
    case step_kind::number: return at(what.offset, [&] { return value{parse_number(what.text)}; });
    case step_kind::text: return {std::string(what.text)};
    case step_kind::name: return look_up(what, names);
    case step_kind::dots: return {ellipsis};
    case step_kind::absent: return {none};
    case step_kind::list: return {sequence{stack.take(what.count), false}};
    case step_kind::tuple: return {sequence{stack.take(what.count), true}};
    case step_kind::slice: {
      const std::vector<value> bounds = stack.take(3);
      return at(what.offset,
                [&] { return value{slice(bound_of(bounds[0]), bound_of(bounds[1]), bound_of(bounds[2]))}; });
    }
    case step_kind::index: {
      const std::vector<value> entries = stack.take(what.count);
      const value array = stack.take();
      return at(what.offset, [&] { return index_value(array, entries); });
    }
    case step_kind::call: return call_function(what, stack.take(what.count));
    case step_kind::prefix: {
      const value operand = stack.take();
      return at(what.offset, [&] { return apply_prefix(what.text, operand); });
    }
    case step_kind::infix: break;
  }
  const value right = stack.take();
  const value left = stack.take();
  return at(what.offset, [&] { return apply_infix(what.text, left, right); });
}

}  // namespace

value interpret(std::span<const step> steps, const bindings& names) {
  value_stack stack;
  for (const step& what : steps) stack.push(carry_out(what, stack, names));
  return stack.take();
}

bool is_reserved(std::string_view name) noexcept {
  return name == "None" || name == "True" || name == "False" || !keyword_advice(name).empty();
}

}  // namespace tandem::cli
