#include "api/function_table.h"

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/errors.h>
#include <tandem/manipulation.h>
#include <tandem/products.h>
#include <tandem/statistics.h>

#include "runtime/fork.h"

// One row a function. Element-wise functions come from their own table; what follows them here are the functions with
// parameters other than arrays.
namespace tandem::api {

namespace {

using bound = const bound_arguments&;
using kind = parameter_kind;

axes axes_at(bound given, std::size_t i) {
  const std::optional<dims> list = given.optional_integers(i);
  return list ? axes(*list) : axes();
}

reduce_options reduction(bound given) { return {.axis = axes_at(given, 1), .keepdims = given.boolean(2)}; }
sum_options summation(bound given) {
  return {.axis = axes_at(given, 1), .keepdims = given.boolean(2), .dtype = given.type(3)};
}
variance_options variance(bound given) {
  return {.axis = axes_at(given, 1), .keepdims = given.boolean(2), .correction = given.number(3).as<double>()};
}
arg_options search(bound given) { return {.axis = given.optional_integer(1), .keepdims = given.boolean(2)}; }
scan_options running(bound given) {
  return {.axis = given.optional_integer(1), .dtype = given.type(2), .include_initial = given.boolean(3)};
}

// What functions are made of. tests/ops/work_test.cpp compares it with the stages that they are compiled to.
using work = std::vector<work_case>;
const work elementwise = {{"", {work_kind::elementwise}}};
const work reduced = {{"", {work_kind::reduction}}};
const work averaged = {{"", {work_kind::reduction, work_kind::elementwise}}};
// First the mean, then the squares of distances from it.
const work spread = {
    {"", {work_kind::reduction, work_kind::elementwise, work_kind::reduction, work_kind::elementwise}}};
const work searched = {{"", {work_kind::search}}};
const work scanned = {{"", {work_kind::scan}}, {"include_initial", {work_kind::fill, work_kind::scan}}};
const work filled = {{"", {work_kind::fill}}};
const work allocated = {{"", {work_kind::allocation}}};
const work progression = {{"", {work_kind::progression}}};
const work triangle = {{"", {work_kind::progression, work_kind::elementwise}}};
const work view = {{"", {work_kind::view}}};
const work reshaped = {{"", {work_kind::view}}, {"strides that do not allow it", {work_kind::copy}}};
const work copied = {{"", {work_kind::copy}}};
const work repeated = {{"", {work_kind::copy}}, {"a count for each", {work_kind::repetition}}};
const work multiplied = {{"", {work_kind::product}}, {"two vectors", {work_kind::reduction}}};
const work contracted = {{"", {work_kind::product}},
                         {"axes that strides do not let merge", {work_kind::copy, work_kind::product}}};

const std::vector<parameter> reduce_parameters = {
    {"x", kind::array, ""}, {"axis", kind::integers, "None"}, {"keepdims", kind::boolean, "False"}};
const std::vector<parameter> sum_parameters = {{"x", kind::array, ""},
                                               {"axis", kind::integers, "None"},
                                               {"keepdims", kind::boolean, "False"},
                                               {"dtype", kind::dtype, "None"}};
const std::vector<parameter> variance_parameters = {{"x", kind::array, ""},
                                                    {"axis", kind::integers, "None"},
                                                    {"keepdims", kind::boolean, "False"},
                                                    {"correction", kind::number, "0"}};
const std::vector<parameter> arg_parameters = {
    {"x", kind::array, ""}, {"axis", kind::integer, "None"}, {"keepdims", kind::boolean, "False"}};
const std::vector<parameter> scan_parameters = {{"x", kind::array, ""},
                                                {"axis", kind::integer, "None"},
                                                {"dtype", kind::dtype, "None"},
                                                {"include_initial", kind::boolean, "False"}};
const std::vector<parameter> like_parameters = {{"x", kind::array, ""}, {"dtype", kind::dtype, "None"}};

// arange(stop), arange(start, stop) and arange(start, stop, step), as in Python.
argument call_arange(bound given) {
  if (!given.given(1)) return expr(arange(0, given.number(0), given.number(2), given.type(3)));
  return expr(arange(given.number(0), given.number(1), given.number(2), given.type(3)));
}

argument call_repeat(bound given) {
  const expr repeats = given.array(1);
  if (repeats.is_weak() && repeats.rank() == 0 && is_integer(repeats.dtype())) {
    return repeat(given.array(0), eval(repeats, {}, {}).item<std::int64_t>(), given.optional_integer(2));
  }
  return repeat(given.array(0), repeats, given.optional_integer(2));
}

argument call_tensordot(bound given) {
  const std::optional<dims> of_x = given.optional_integers(3);
  const std::optional<dims> of_y = given.optional_integers(4);
  if (of_x.has_value() != of_y.has_value()) {
    throw argument_error(of_x ? "tensordot: x_axes needs y_axes beside it"
                              : "tensordot: y_axes needs x_axes beside it");
  }
  if (of_x) return tensordot(given.array(0), given.array(1), *of_x, *of_y);
  return tensordot(given.array(0), given.array(1), given.integer(2));
}

argument call_clip(bound given) {
  expr result = given.array(0);
  if (given.given(1)) result = maximum(result, given.array(1));
  if (given.given(2)) result = minimum(result, given.array(2));
  return result;
}

std::vector<function_row> make_table() {
  std::vector<function_row> rows = {
#define TD_UN(name, kinds, result, formula, flops, ulp, summary)           \
  {{#name, "elementwise", summary, {{"x", kind::array, ""}}, elementwise}, \
   [](bound given) -> argument { return name(given.array(0)); }},
#define TD_BIN(name, kinds, result, formula, flops, ulp, summary)                                  \
  {{#name, "elementwise", summary, {{"x", kind::array, ""}, {"y", kind::array, ""}}, elementwise}, \
   [](bound given) -> argument { return name(given.array(0), given.array(1)); }},
#define TD_TER(name, kinds, result, formula, flops, ulp, summary)                     \
  {{#name,                                                                            \
    "elementwise",                                                                    \
    summary,                                                                          \
    {{"condition", kind::array, ""}, {"x", kind::array, ""}, {"y", kind::array, ""}}, \
    elementwise},                                                                     \
   [](bound given) -> argument { return name(given.array(0), given.array(1), given.array(2)); }},
#include <tandem/tables/elementwise.inc>
  };
  const std::vector<function_row> others = {
      {{"clip",
        "elementwise",
        "x limited to [min, max]; None for no limit",
        {{"x", kind::array, ""}, {"min", kind::array, "None"}, {"max", kind::array, "None"}},
        elementwise},
       &call_clip},
      {{"astype",
        "elementwise",
        "x converted; floats to integers truncate and saturate, nan gives 0",
        {{"x", kind::array, ""}, {"dtype", kind::dtype, ""}},
        elementwise},
       [](bound given) -> argument { return astype(given.array(0), *given.type(1)); }},

      {{"sum", "statistics", "sum of elements", sum_parameters, reduced},
       [](bound given) -> argument { return sum(given.array(0), summation(given)); }},
      {{"prod", "statistics", "product of elements", sum_parameters, reduced},
       [](bound given) -> argument { return prod(given.array(0), summation(given)); }},
      {{"min", "statistics", "smallest element; nan if one is nan", reduce_parameters, reduced},
       [](bound given) -> argument { return min(given.array(0), reduction(given)); }},
      {{"max", "statistics", "largest element; nan if one is nan", reduce_parameters, reduced},
       [](bound given) -> argument { return max(given.array(0), reduction(given)); }},
      {{"mean", "statistics", "arithmetic mean", reduce_parameters, averaged},
       [](bound given) -> argument { return mean(given.array(0), reduction(given)); }},
      {{"var", "statistics", "variance, with divisor n - correction", variance_parameters, spread},
       [](bound given) -> argument { return var(given.array(0), variance(given)); }},
      {{"std", "statistics", "standard deviation, with divisor n - correction", variance_parameters, spread},
       [](bound given) -> argument { return tandem::std(given.array(0), variance(given)); }},
      {{"all", "statistics", "whether all elements are true", reduce_parameters, reduced},
       [](bound given) -> argument { return all(given.array(0), reduction(given)); }},
      {{"any", "statistics", "whether any element is true", reduce_parameters, reduced},
       [](bound given) -> argument { return any(given.array(0), reduction(given)); }},
      {{"count_nonzero", "statistics", "number of elements that are not 0", reduce_parameters, reduced},
       [](bound given) -> argument { return count_nonzero(given.array(0), reduction(given)); }},
      {{"argmin", "statistics", "index of the first smallest element", arg_parameters, searched},
       [](bound given) -> argument { return argmin(given.array(0), search(given)); }},
      {{"argmax", "statistics", "index of the first largest element", arg_parameters, searched},
       [](bound given) -> argument { return argmax(given.array(0), search(given)); }},
      {{"cumulative_sum", "statistics", "running sums", scan_parameters, scanned},
       [](bound given) -> argument { return cumulative_sum(given.array(0), running(given)); }},
      {{"cumulative_prod", "statistics", "running products", scan_parameters, scanned},
       [](bound given) -> argument { return cumulative_prod(given.array(0), running(given)); }},

      {{"zeros",
        "creation",
        "all elements 0",
        {{"shape", kind::integers, ""}, {"dtype", kind::dtype, "float64"}},
        filled},
       [](bound given) -> argument { return expr(zeros(given.integers(0), *given.type(1))); }},
      {{"ones",
        "creation",
        "all elements 1",
        {{"shape", kind::integers, ""}, {"dtype", kind::dtype, "float64"}},
        filled},
       [](bound given) -> argument { return expr(ones(given.integers(0), *given.type(1))); }},
      {{"full",
        "creation",
        "all elements fill_value",
        {{"shape", kind::integers, ""}, {"fill_value", kind::number, ""}, {"dtype", kind::dtype, "None"}},
        filled},
       [](bound given) -> argument { return expr(full(given.integers(0), given.number(1), given.type(2))); }},
      {{"empty",
        "creation",
        "elements not set",
        {{"shape", kind::integers, ""}, {"dtype", kind::dtype, "float64"}},
        allocated},
       [](bound given) -> argument { return expr(empty(given.integers(0), *given.type(1))); }},
      {{"zeros_like", "creation", "all elements 0, in the shape and dtype of x", like_parameters, filled},
       [](bound given) -> argument { return expr(zeros_like(given.array(0), given.type(1))); }},
      {{"ones_like", "creation", "all elements 1, in the shape and dtype of x", like_parameters, filled},
       [](bound given) -> argument { return expr(ones_like(given.array(0), given.type(1))); }},
      {{"full_like",
        "creation",
        "all elements fill_value, in the shape and dtype of x",
        {{"x", kind::array, ""}, {"fill_value", kind::number, ""}, {"dtype", kind::dtype, "None"}},
        filled},
       [](bound given) -> argument { return expr(full_like(given.array(0), given.number(1), given.type(2))); }},
      {{"empty_like", "creation", "elements not set, in the shape and dtype of x", like_parameters, allocated},
       [](bound given) -> argument { return expr(empty_like(given.array(0), given.type(1))); }},
      {{"arange",
        "creation",
        "start, start + step, ... before stop; arange(stop) starts from 0",
        {{"start", kind::number, ""},
         {"stop", kind::number, "None"},
         {"step", kind::number, "1"},
         {"dtype", kind::dtype, "None"}},
        progression},
       &call_arange},
      {{"linspace",
        "creation",
        "num values evenly spaced from start to stop",
        {{"start", kind::number, ""},
         {"stop", kind::number, ""},
         {"num", kind::integer, ""},
         {"dtype", kind::dtype, "None"},
         {"endpoint", kind::boolean, "True"}},
        progression},
       [](bound given) -> argument {
         return expr(linspace(given.number(0), given.number(1), given.integer(2), given.type(3), given.boolean(4)));
       }},
      {{"eye",
        "creation",
        "ones on diagonal k, zeros elsewhere",
        {{"n_rows", kind::integer, ""},
         {"n_cols", kind::integer, "None"},
         {"k", kind::integer, "0"},
         {"dtype", kind::dtype, "float64"}},
        filled},
       [](bound given) -> argument {
         return expr(eye(given.integer(0), given.optional_integer(1), given.integer(2), *given.type(3)));
       }},
      {{"meshgrid",
        "creation",
        "coordinate arrays of a grid",
        {{"arrays", kind::arrays, ""}, {"indexing", kind::text, "'xy'"}},
        view},
       [](bound given) -> argument { return meshgrid(given.arrays(0), given.text(1)); }},
      {{"tril",
        "creation",
        "x with zeros above diagonal k",
        {{"x", kind::array, ""}, {"k", kind::integer, "0"}},
        triangle},
       [](bound given) -> argument { return tril(given.array(0), given.integer(1)); }},
      {{"triu",
        "creation",
        "x with zeros below diagonal k",
        {{"x", kind::array, ""}, {"k", kind::integer, "0"}},
        triangle},
       [](bound given) -> argument { return triu(given.array(0), given.integer(1)); }},

      {{"reshape",
        "manipulation",
        "the elements in another shape; one extent may be -1",
        {{"x", kind::array, ""}, {"shape", kind::integers, ""}},
        reshaped},
       [](bound given) -> argument { return reshape(given.array(0), given.integers(1)); }},
      {{"permute_dims",
        "manipulation",
        "the axes in another order",
        {{"x", kind::array, ""}, {"axes", kind::integers, ""}},
        view},
       [](bound given) -> argument { return permute_dims(given.array(0), given.integers(1)); }},
      {{"moveaxis",
        "manipulation",
        "axes moved to other positions",
        {{"x", kind::array, ""}, {"source", kind::integers, ""}, {"destination", kind::integers, ""}},
        view},
       [](bound given) -> argument { return moveaxis(given.array(0), given.integers(1), given.integers(2)); }},
      {{"matrix_transpose", "manipulation", "the last two axes swapped", {{"x", kind::array, ""}}, view},
       [](bound given) -> argument { return matrix_transpose(given.array(0)); }},
      {{"expand_dims",
        "manipulation",
        "a new axis of extent 1",
        {{"x", kind::array, ""}, {"axis", kind::integer, "0"}},
        view},
       [](bound given) -> argument { return expand_dims(given.array(0), given.integer(1)); }},
      {{"squeeze",
        "manipulation",
        "without the given axes of extent 1",
        {{"x", kind::array, ""}, {"axis", kind::integers, ""}},
        view},
       [](bound given) -> argument { return squeeze(given.array(0), given.integers(1)); }},
      {{"flip",
        "manipulation",
        "elements in reverse order along axes",
        {{"x", kind::array, ""}, {"axis", kind::integers, "None"}},
        view},
       [](bound given) -> argument { return flip(given.array(0), axes_at(given, 1)); }},
      {{"broadcast_to",
        "manipulation",
        "repeated to a larger shape",
        {{"x", kind::array, ""}, {"shape", kind::integers, ""}},
        view},
       [](bound given) -> argument { return broadcast_to(given.array(0), given.integers(1)); }},
      {{"broadcast_arrays",
        "manipulation",
        "all broadcast to their common shape",
        {{"arrays", kind::arrays, ""}},
        view},
       [](bound given) -> argument { return broadcast_arrays(given.arrays(0)); }},
      {{"concat",
        "manipulation",
        "arrays joined along an axis; None flattens them first",
        {{"arrays", kind::arrays, ""}, {"axis", kind::integer, "0", true}},
        copied},
       [](bound given) -> argument { return concat(given.arrays(0), given.optional_integer(1)); }},
      {{"stack",
        "manipulation",
        "arrays joined along a new axis",
        {{"arrays", kind::arrays, ""}, {"axis", kind::integer, "0"}},
        copied},
       [](bound given) -> argument { return stack(given.arrays(0), given.integer(1)); }},
      {{"unstack",
        "manipulation",
        "the sub-arrays along an axis",
        {{"x", kind::array, ""}, {"axis", kind::integer, "0"}},
        view},
       [](bound given) -> argument { return unstack(given.array(0), given.integer(1)); }},
      {{"roll",
        "manipulation",
        "elements shifted along axes, coming in again at the other end",
        {{"x", kind::array, ""}, {"shift", kind::integers, ""}, {"axis", kind::integers, "None"}},
        copied},
       [](bound given) -> argument { return roll(given.array(0), given.integers(1), axes_at(given, 2)); }},
      {{"repeat",
        "manipulation",
        "each element repeated, by one count or a count for each",
        {{"x", kind::array, ""}, {"repeats", kind::array, ""}, {"axis", kind::integer, "None"}},
        repeated},
       &call_repeat},
      {{"tile",
        "manipulation",
        "x laid side by side",
        {{"x", kind::array, ""}, {"repetitions", kind::integers, ""}},
        copied},
       [](bound given) -> argument { return tile(given.array(0), given.integers(1)); }},

      {{"matmul",
        "products",
        "matrix product over the last two axes",
        {{"x", kind::array, ""}, {"y", kind::array, ""}},
        multiplied},
       [](bound given) -> argument { return matmul(given.array(0), given.array(1)); }},
      {{"tensordot",
        "products",
        "sum of products over the last `axes` axes of x and the first of y, or over x_axes and y_axes",
        {{"x", kind::array, ""},
         {"y", kind::array, ""},
         {"axes", kind::integer, "2"},
         {"x_axes", kind::integers, "None"},
         {"y_axes", kind::integers, "None"}},
        contracted},
       &call_tensordot},
      {{"vecdot",
        "products",
        "sum of conj(x) * y over an axis",
        {{"x", kind::array, ""}, {"y", kind::array, ""}, {"axis", kind::integer, "-1"}},
        reduced},
       [](bound given) -> argument { return vecdot(given.array(0), given.array(1), given.integer(2)); }},
  };
  rows.insert(rows.end(), others.begin(), others.end());
  return rows;
}

}  // namespace

std::span<const function_row> function_table() {
  static constinit runtime::made_once<std::vector<function_row>> table;
  return table.get(make_table);
}

}  // namespace tandem::api
