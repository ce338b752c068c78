#include "cli/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <complex>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include <tandem/errors.h>
#include <tandem/ndarray.h>

#include "cli/numbers.h"

namespace tandem::cli {

namespace {

// The numbers of nested lists in row-major order.
struct flattened {
  dims shape;
  std::vector<scalar> numbers;
};

// The extents of a list, told by the first items.
dims shape_of(const sequence& list) {
  dims shape;
  for (const sequence* inner = &list; inner != nullptr;) {
    shape.push_back(static_cast<std::int64_t>(inner->items.size()));
    inner = inner->items.empty() ? nullptr : inner->items.front().as<sequence>();
  }
  return shape;
}

void append_numbers(const sequence& list, int axis, flattened& into, std::string_view what) {
  const auto extent = static_cast<std::int64_t>(list.items.size());
  if (into.shape[axis] != extent) {
    throw shape_error(fmt::format("{}: lists of {} and {} items make no array", what, into.shape[axis], extent));
  }
  const bool is_innermost = axis + 1 == into.shape.size();
  for (const value& item : list.items) {
    const auto* inner = item.as<sequence>();
    const auto* number = item.as<scalar>();
    if (item.as<expr>() != nullptr) {
      throw argument_error(fmt::format("{}: a list of arrays is no array; join them by stack or concat", what));
    }
    if (inner == nullptr && number == nullptr) {
      throw argument_error(fmt::format("{}: {} in a list makes no array", what, kind_name(item)));
    }
    if ((number != nullptr) != is_innermost) {
      throw shape_error(fmt::format("{}: numbers beside lists make no array", what));
    }
    if (inner != nullptr) {
      append_numbers(*inner, axis + 1, into, what);
    } else {
      into.numbers.push_back(*number);
    }
  }
}

// The dtype that NumPy gives a list of such numbers.
dtype common_dtype(const std::vector<scalar>& numbers) {
  if (numbers.empty()) return dtype::float64;
  dtype type = dtype::bool_;
  for (const scalar& number : numbers) type = result_type(type, number.default_dtype());
  return type;
}

template <class T>
ndarray filled(const flattened& list) {
  const auto values = std::make_unique<T[]>(list.numbers.size());
  for (std::size_t i = 0; i < list.numbers.size(); ++i) values[i] = list.numbers[i].as<T>();
  return array<T>(std::span<const T>(values.get(), list.numbers.size()), list.shape);
}

ndarray array_of(const sequence& list, std::string_view what) {
  flattened flat{shape_of(list), {}};
  append_numbers(list, 0, flat, what);
  switch (common_dtype(flat.numbers)) {
    case dtype::bool_: return filled<bool>(flat);
    case dtype::int64: return filled<std::int64_t>(flat);
    case dtype::uint64: return filled<std::uint64_t>(flat);
    case dtype::float64: return filled<double>(flat);
    default: return filled<std::complex<double>>(flat);
  }
}

bool all_integers(const sequence& list) {
  return std::all_of(list.items.begin(), list.items.end(), [](const value& item) {
    const auto* number = item.as<scalar>();
    return number != nullptr && number->default_dtype() == dtype::int64;
  });
}

dims integers_of(const sequence& list, std::string_view what) {
  dims values;
  for (const value& item : list.items) values.push_back(to_integer(item, what));
  return values;
}

std::vector<expr> arrays_of(const sequence& list, std::string_view what) {
  std::vector<expr> arrays;
  arrays.reserve(list.items.size());
  for (const value& item : list.items) arrays.push_back(to_array(item, what));
  return arrays;
}

scalar computed(const expr& weak) {
  const ndarray result = eval(weak);
  switch (kind_of(result.dtype())) {
    case dtype_kind::boolean: return result.item<bool>();
    case dtype_kind::signed_integer: return result.item<std::int64_t>();
    case dtype_kind::unsigned_integer: return result.item<std::uint64_t>();
    case dtype_kind::real_floating: return result.item<double>();
    case dtype_kind::complex_floating: break;
  }
  return result.item<std::complex<double>>();
}

}  // namespace

std::string_view kind_name(const value& of) noexcept {
  constexpr std::string_view names[] = {"None",     "'...'",    "a slice",          "a number", "a dtype",
                                        "a string", "an array", "a list of arrays", "a list"};
  static_assert(std::size(names) == std::variant_size_v<decltype(value::held)>);
  const auto* list = of.as<sequence>();
  return list != nullptr && list->is_tuple ? "a tuple" : names[of.held.index()];
}

argument to_operand(const value& from, std::string_view what) {
  if (const auto* number = from.as<scalar>()) return *number;
  if (const auto* array = from.as<expr>()) return *array;
  if (const auto* list = from.as<sequence>()) return expr(array_of(*list, what));
  throw argument_error(fmt::format("{}: expected an array or a number, given {}", what, kind_name(from)));
}

expr to_array(const value& from, std::string_view what) {
  argument operand = to_operand(from, what);
  if (const auto* number = std::get_if<scalar>(&operand)) return expr(*number);
  return std::get<expr>(operand);
}

argument to_argument(const value& from, std::optional<parameter_kind> kind, std::string_view what) {
  if (const auto* list = from.as<sequence>()) {
    const bool integers = kind == parameter_kind::integers || kind == parameter_kind::integer;
    if (kind == parameter_kind::arrays) return arrays_of(*list, what);
    if (integers || (kind != parameter_kind::array && all_integers(*list) && list->items.size() <= max_rank)) {
      return integers_of(*list, what);
    }
    return array_of(*list, what);
  }
  if (const auto* text = from.as<std::string>(); text != nullptr && kind == parameter_kind::dtype)
    return parse_dtype(*text);
  return std::visit(
      [&](const auto& held) -> argument {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_constructible_v<argument, std::in_place_type_t<T>, const T&>) {
          return argument(std::in_place_type<T>, held);
        } else {
          throw argument_error(fmt::format("{}: {} is only possible in an index", what, kind_name(from)));
        }
      },
      from.held);
}

value to_value(argument from) {
  return std::visit(
      [](auto& held) -> value {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, dims>) {
          sequence list;
          list.items.resize(static_cast<std::size_t>(held.size()));
          for (int i = 0; i < held.size(); ++i) list.items[static_cast<std::size_t>(i)].held.emplace<scalar>(held[i]);
          return {std::move(list)};
        } else {
          if constexpr (std::is_same_v<T, expr>) {
            if (held.is_weak() && held.rank() == 0) return {computed(held)};
          }
          return {std::move(held)};
        }
      },
      from);
}

std::int64_t to_integer(const value& from, std::string_view what) {
  const auto* number = from.as<scalar>();
  if (number == nullptr) throw argument_error(fmt::format("{}: expected an integer, given {}", what, kind_name(from)));
  if (number->default_dtype() != dtype::int64) {
    throw argument_error(fmt::format("{}: expected an integer, given {}", what, to_string(*number)));
  }
  return number->as<std::int64_t>();
}

}  // namespace tandem::cli
