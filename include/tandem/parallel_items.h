#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <tandem/dims.h>
#include <tandem/dtype.h>
#include <tandem/export.h>
#include <tandem/ndarray.h>

// What parallel_for and its kin go through: ranges of integers, lists, slices and elements of arrays.
namespace tandem {

/// The integers begin, begin + step, ... before `end`. From one number: 0 to that number.
struct index_range {
  constexpr index_range(std::int64_t count) noexcept : index_range(0, count) {}
  constexpr index_range(std::int64_t from, std::int64_t to, std::int64_t by = 1) noexcept
      : begin(from), end(to), step(by) {}

  std::int64_t begin;
  std::int64_t end;
  /// Other than 0.
  std::int64_t step;
};

namespace detail {

TANDEM_API std::int64_t count_of(const index_range& range, const char* what);
/// Length of the first axis, which all have.
TANDEM_API std::int64_t count_of_slices(std::span<const ndarray> arrays, const char* what);
/// The arrays converted to the dtypes and broadcast to one shape, as views where that is possible.
TANDEM_API std::vector<ndarray> matched_elements(std::span<const ndarray> arrays, std::span<const dtype> types,
                                                 const char* what);
TANDEM_API void check_operands(std::size_t given, std::size_t expected, const char* what);

// A source has items, and calls a function with one.

struct range_source {
  index_range range;
  std::int64_t count;

  range_source(const index_range& of, const char* what) : range(of), count(count_of(of, what)) {}
  template <class Function>
  decltype(auto) call(Function& function, std::int64_t i) const {
    // Unsigned, because the product may overflow although no integer of the range does.
    return function(static_cast<std::int64_t>(static_cast<std::uint64_t>(range.begin) +
                                              static_cast<std::uint64_t>(i) * static_cast<std::uint64_t>(range.step)));
  }
};

template <std::ranges::view View>
struct list_source {
  View items;
  std::int64_t count;

  list_source(View of, const char*)
      : items(std::move(of)), count(static_cast<std::int64_t>(std::ranges::size(items))) {}
  template <class Function>
  decltype(auto) call(Function& function, std::int64_t i) {
    return function(std::ranges::begin(items)[static_cast<std::ranges::range_difference_t<View>>(i)]);
  }
};

template <std::size_t Count>
struct slice_source {
  std::vector<ndarray> arrays;
  std::int64_t count;

  slice_source(std::span<const ndarray> of, const char* what)
      : arrays(of.begin(), of.end()), count(count_of_slices(of, what)) {}
  template <class Function>
  decltype(auto) call(Function& function, std::int64_t i) const {
    return call(function, i, std::make_index_sequence<Count>());
  }

 private:
  template <class Function, std::size_t... I>
  decltype(auto) call(Function& function, std::int64_t i, std::index_sequence<I...>) const {
    return function(arrays[I][i]...);
  }
};

/// The elements of arrays, in row-major order.
template <element... T>
struct element_source {
  std::vector<ndarray> arrays;
  std::tuple<const T*...> data;
  dims shape;
  std::int64_t count;
  /// Elements follow each other in all arrays.
  bool is_plain = true;

  element_source(std::span<const ndarray> of, const char* what)
      : arrays(matched_elements(of, std::array{dtype_of<T>...}, what)),
        shape(arrays[0].shape()),
        count(arrays[0].size()) {
    set_data(std::index_sequence_for<T...>());
    for (const ndarray& each : arrays) is_plain = is_plain && each.is_contiguous();
  }
  template <class Function>
  decltype(auto) call(Function& function, std::int64_t i) const {
    return call(function, i, std::index_sequence_for<T...>());
  }

 private:
  template <std::size_t... I>
  void set_data(std::index_sequence<I...>) {
    data = {std::as_const(arrays[I]).template data<const T>()...};
  }
  template <class Function, std::size_t... I>
  decltype(auto) call(Function& function, std::int64_t i, std::index_sequence<I...>) const {
    if (is_plain) return function(std::get<I>(data)[i]...);
    std::array<std::int64_t, sizeof...(T)> at{};
    for (int axis = shape.size() - 1; axis >= 0; --axis) {
      const std::int64_t position = i % shape[axis];
      i /= shape[axis];
      ((at[I] += position * arrays[I].strides()[axis]), ...);
    }
    return function(std::get<I>(data)[at[I]]...);
  }
};

/// The parameters of a function that has one set of them.
template <class Function>
struct parameters_of : parameters_of<decltype(&std::remove_cvref_t<Function>::operator())> {};
template <class Result, class... P>
struct parameters_of<Result (*)(P...)> {
  template <template <class...> class Use>
  using in = Use<std::remove_cvref_t<P>...>;
  static constexpr std::size_t count = sizeof...(P);
};
template <class Result, class... P>
struct parameters_of<Result(P...)> : parameters_of<Result (*)(P...)> {};
template <class Result, class... P>
struct parameters_of<Result (*)(P...) noexcept> : parameters_of<Result (*)(P...)> {};
template <class Class, class Result, class... P>
struct parameters_of<Result (Class::*)(P...)> : parameters_of<Result (*)(P...)> {};
template <class Class, class Result, class... P>
struct parameters_of<Result (Class::*)(P...) const> : parameters_of<Result (*)(P...)> {};
template <class Class, class Result, class... P>
struct parameters_of<Result (Class::*)(P...) noexcept> : parameters_of<Result (*)(P...)> {};
template <class Class, class Result, class... P>
struct parameters_of<Result (Class::*)(P...) const noexcept> : parameters_of<Result (*)(P...)> {};

template <class... P>
struct all_elements : std::bool_constant<(sizeof...(P) > 0) && (element<P> && ...)> {};
template <class... P>
struct all_arrays : std::bool_constant<(sizeof...(P) > 0) && (std::same_as<P, ndarray> && ...)> {};

template <class Function>
concept has_one_signature = requires { parameters_of<std::decay_t<Function>>::count; };

/// Calls the function with what its parameters say: elements, or slices along the first axis.
template <class Function>
auto source_of(std::span<const ndarray> arrays, const Function&, const char* what) {
  static_assert(has_one_signature<Function>,
                "over arrays, the function's parameters need types: [](double x), not [](auto x)");
  using parameters = parameters_of<std::decay_t<Function>>;
  check_operands(arrays.size(), parameters::count, what);
  if constexpr (parameters::template in<all_elements>::value) {
    return typename parameters::template in<element_source>(arrays, what);
  } else {
    static_assert(parameters::template in<all_arrays>::value,
                  "over arrays, the function takes either elements, such as double, or slices, const tandem::ndarray&");
    return slice_source<parameters::count>(arrays, what);
  }
}

template <class Source, class Function>
using result_of = std::remove_cvref_t<decltype(std::declval<Source&>().call(std::declval<Function&>(), 0))>;

template <class List>
concept list_of_items =
    std::ranges::random_access_range<List> && std::ranges::sized_range<List> && std::ranges::viewable_range<List>;

}  // namespace detail

}  // namespace tandem
