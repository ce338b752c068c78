#include "api/bound_arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include <tandem/errors.h>
#include <tandem/ndarray.h>

#include "api/nearest_name.h"

namespace tandem::api {

namespace {

std::string_view describe(parameter_kind kind) {
  switch (kind) {
    case parameter_kind::array: return "an array or a number";
    case parameter_kind::arrays: return "a list of arrays";
    case parameter_kind::number: return "a number";
    case parameter_kind::integer: return "an integer";
    case parameter_kind::integers: return "an integer or a list of integers";
    case parameter_kind::boolean: return "True or False";
    case parameter_kind::dtype: return "a dtype";
    case parameter_kind::text: return "a string";
  }
  return "";
}

std::string describe(const argument& value) {
  struct visitor {
    std::string operator()(none_t) const { return "None"; }
    std::string operator()(const scalar& of) const { return to_string(of); }
    std::string operator()(dtype of) const { return fmt::format("the dtype {}", name(of)); }
    std::string operator()(const std::string& of) const { return fmt::format("'{}'", of); }
    std::string operator()(const dims& of) const { return to_string(of); }
    std::string operator()(const expr& of) const {
      return fmt::format("an array {} {}", name(of.dtype()), to_string(of.shape()));
    }
    std::string operator()(const std::vector<expr>& of) const { return fmt::format("a list of {} arrays", of.size()); }
  };
  return std::visit(visitor(), value);
}

std::optional<std::int64_t> integer_in(const argument& value) {
  const auto* number = std::get_if<scalar>(&value);
  if (number == nullptr || !is_integer(number->default_dtype()) || !number->fits(dtype::int64)) return std::nullopt;
  return number->as<std::int64_t>();
}

ndarray array_of_integers(const dims& list) {
  return tandem::array(std::span<const std::int64_t>(list.begin(), static_cast<std::size_t>(list.size())),
                       {list.size()});
}

// The value as the kind wants it, or nothing.
std::optional<argument> converted(const argument& value, parameter_kind kind) {
  switch (kind) {
    case parameter_kind::array:
      if (const auto* number = std::get_if<scalar>(&value)) return expr(*number);
      if (const auto* list = std::get_if<dims>(&value)) return expr(array_of_integers(*list));
      if (std::holds_alternative<expr>(value)) return value;
      return std::nullopt;
    case parameter_kind::arrays:
      if (const auto* list = std::get_if<dims>(&value)) {
        std::vector<expr> numbers;
        for (const std::int64_t each : *list) numbers.emplace_back(each);
        return numbers;
      }
      if (const auto* array = std::get_if<expr>(&value); array != nullptr && array->rank() > 0) {
        // Iterating over an array gives its sub-arrays.
        std::vector<expr> parts;
        for (std::int64_t i = 0; i < array->shape()[0]; ++i) parts.push_back((*array)(i));
        return parts;
      }
      if (std::holds_alternative<std::vector<expr>>(value)) return value;
      return std::nullopt;
    case parameter_kind::number:
      if (std::holds_alternative<scalar>(value)) return value;
      return std::nullopt;
    case parameter_kind::integer:
      if (integer_in(value)) return value;
      return std::nullopt;
    case parameter_kind::integers:
      if (const auto integer = integer_in(value)) return dims{*integer};
      if (std::holds_alternative<dims>(value)) return value;
      // An empty list has no elements that could tell its kind.
      if (const auto* list = std::get_if<std::vector<expr>>(&value); list != nullptr && list->empty()) return dims{};
      return std::nullopt;
    case parameter_kind::boolean:
      if (const auto* number = std::get_if<scalar>(&value);
          number != nullptr && number->default_dtype() == dtype::bool_)
        return value;
      return std::nullopt;
    case parameter_kind::dtype:
      if (std::holds_alternative<dtype>(value)) return value;
      if (const auto* text = std::get_if<std::string>(&value)) return parse_dtype(*text);
      return std::nullopt;
    case parameter_kind::text:
      if (std::holds_alternative<std::string>(value)) return value;
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

bound_arguments::bound_arguments(const function_info& function, std::span<const argument> positional,
                                 std::span<const std::pair<std::string, argument>> named)
    : function_(function), values_(function.parameters.size(), argument(none)) {
  const std::vector<parameter>& parameters = function.parameters;
  if (positional.size() > parameters.size()) {
    throw argument_error(fmt::format("{} takes {} argument{}, given {}", function.name, parameters.size(),
                                     parameters.size() == 1 ? "" : "s", positional.size()));
  }
  std::vector<bool> bound(parameters.size(), false);
  for (std::size_t i = 0; i < positional.size(); ++i) {
    set(i, positional[i]);
    bound[i] = true;
  }
  for (const auto& [given_key, value] : named) {
    const std::string& key = given_key;
    const auto at =
        std::find_if(parameters.begin(), parameters.end(), [&](const parameter& each) { return each.name == key; });
    if (at == parameters.end()) {
      std::vector<std::string_view> names;
      for (const parameter& each : parameters) names.push_back(each.name);
      throw argument_error(fmt::format("{} has no option '{}'{}", function.name, key, did_you_mean(key, names)));
    }
    const auto i = static_cast<std::size_t>(at - parameters.begin());
    if (bound[i]) throw argument_error(fmt::format("{}: argument '{}' is given twice", function.name, key));
    set(i, value);
    bound[i] = true;
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!bound[i] && parameters[i].required()) {
      throw argument_error(fmt::format("{}: argument '{}' is missing ({})", function.name, parameters[i].name,
                                       describe(parameters[i].kind)));
    }
    if (bound[i] || parameters[i].default_text == "None") continue;
    const std::string_view text = parameters[i].default_text;
    if (text == "True" || text == "False") {
      values_[i] = scalar(text == "True");
    } else if (text.front() == '\'') {
      values_[i] = std::string(text.substr(1, text.size() - 2));
    } else if (parameters[i].kind == parameter_kind::dtype) {
      values_[i] = parse_dtype(text);
    } else {
      set(i, scalar(std::stoll(std::string(text))));
    }
  }
}

void bound_arguments::set(std::size_t i, const argument& value) {
  const parameter& wanted = function_.parameters[i];
  if (std::holds_alternative<none_t>(value) && wanted.accepts_none()) return;
  std::optional<argument> fitting = converted(value, wanted.kind);
  if (!fitting) {
    throw argument_error(fmt::format("{}: argument '{}' must be {}, given {}", function_.name, wanted.name,
                                     describe(wanted.kind), describe(value)));
  }
  values_[i] = std::move(*fitting);
}

expr bound_arguments::array(std::size_t i) const { return std::get<expr>(values_[i]); }
std::vector<expr> bound_arguments::arrays(std::size_t i) const { return std::get<std::vector<expr>>(values_[i]); }
scalar bound_arguments::number(std::size_t i) const { return std::get<scalar>(values_[i]); }
std::int64_t bound_arguments::integer(std::size_t i) const { return *integer_in(values_[i]); }
dims bound_arguments::integers(std::size_t i) const { return std::get<dims>(values_[i]); }
bool bound_arguments::boolean(std::size_t i) const { return std::get<scalar>(values_[i]).as<bool>(); }
std::string bound_arguments::text(std::size_t i) const { return std::get<std::string>(values_[i]); }

std::optional<dtype> bound_arguments::type(std::size_t i) const {
  return given(i) ? std::optional(std::get<dtype>(values_[i])) : std::nullopt;
}
std::optional<std::int64_t> bound_arguments::optional_integer(std::size_t i) const {
  return given(i) ? std::optional(integer(i)) : std::nullopt;
}
std::optional<dims> bound_arguments::optional_integers(std::size_t i) const {
  return given(i) ? std::optional(integers(i)) : std::nullopt;
}

}  // namespace tandem::api
