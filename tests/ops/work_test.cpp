#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <tandem/tandem.h>

#include "core/layout.h"
#include "memory/storage.h"
#include "ops/compile.h"
#include "ops/node.h"

// Whether functions are made of the work that functions() says: each is called with small operands, and the stages that
// its result is compiled to are compared with its row. What is done in the call itself is seen by the arrays that the
// result reads and that are no operands.
namespace {

using namespace tandem;
using named_arguments = std::vector<std::pair<std::string, argument>>;

/// Operands for one case of one function.
struct sample {
  std::string_view function;
  std::string_view when;
  std::vector<argument> positional;
  named_arguments named = {};
};

// Numbers at no equal distances, so that nothing takes them for a progression.
ndarray numbers(const dims& shape) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < core::size_of(shape); ++i) values.push_back(static_cast<double>(i * i % 11) + 1);
  return array(std::span<const double>(values), shape);
}

dims extents(std::initializer_list<std::int64_t> list) { return dims(list); }
argument whole(std::int64_t value) { return scalar(value); }
argument list(std::initializer_list<argument> values) {
  std::vector<expr> all;
  for (const argument& each : values) all.push_back(std::get<expr>(each));
  return all;
}

std::vector<sample> samples() {
  const argument a = expr(numbers({3, 4}));
  const argument b = expr(ndarray(numbers({3, 4}) + 2.0));
  const argument square = expr(ndarray(numbers({4, 3})));
  const argument v = expr(ndarray(numbers({4})));
  const argument w = expr(ndarray(numbers({5})));
  const argument turned = expr(numbers({3, 4}).transposed());
  const argument truths = expr(ndarray(numbers({3, 4}) > 4.0));
  const argument cube = expr(numbers({2, 3, 4}));
  const argument counts = expr(array<std::int64_t>({2, 0, 1, 3}));
  const argument one_by_four = expr(numbers({1, 4}));
  const argument shape = extents({3, 4});
  const named_arguments along{{"axis", whole(0)}};
  return {
      {"where", "", {truths, a, b}},
      {"clip", "", {a, scalar(2.0), scalar(5.0)}},
      {"astype", "", {a, dtype::float32}},
      {"sum", "", {a}, along},
      {"prod", "", {a}},
      {"min", "", {a}, along},
      {"max", "", {a}},
      {"mean", "", {a}, along},
      {"var", "", {a}, along},
      {"std", "", {a}, along},
      {"all", "", {a}},
      {"any", "", {a}, along},
      {"count_nonzero", "", {a}},
      {"argmin", "", {a}},
      {"argmax", "", {a}, along},
      {"cumulative_sum", "", {v}},
      {"cumulative_sum", "include_initial", {v}, {{"include_initial", scalar(true)}}},
      {"cumulative_prod", "", {a}, along},
      {"cumulative_prod", "include_initial", {v}, {{"include_initial", scalar(true)}}},
      {"zeros", "", {shape}},
      {"ones", "", {shape}},
      {"full", "", {shape, scalar(2.5)}},
      {"empty", "", {shape}},
      {"zeros_like", "", {a}},
      {"ones_like", "", {a}},
      {"full_like", "", {a, scalar(2.5)}},
      {"empty_like", "", {a}},
      {"arange", "", {whole(12)}},
      {"linspace", "", {scalar(0.5), scalar(3.0), whole(6)}},
      {"eye", "", {whole(4)}},
      {"meshgrid", "", {list({v, w})}},
      {"tril", "", {a}},
      {"triu", "", {cube}},
      {"reshape", "", {a, extents({2, 6})}},
      {"reshape", "strides that do not allow it", {turned, extents({12})}},
      {"permute_dims", "", {cube, extents({2, 0, 1})}},
      {"moveaxis", "", {cube, extents({0}), extents({2})}},
      {"matrix_transpose", "", {a}},
      {"expand_dims", "", {a}},
      {"squeeze", "", {one_by_four, extents({0})}},
      {"flip", "", {a}},
      {"broadcast_to", "", {v, shape}},
      {"broadcast_arrays", "", {list({a, v})}},
      {"concat", "", {list({a, b})}},
      {"stack", "", {list({a, b})}},
      {"unstack", "", {a}},
      {"roll", "", {a, extents({1}), extents({1})}},
      {"repeat", "", {v, whole(3)}},
      {"repeat", "a count for each", {v, counts}},
      {"tile", "", {a, extents({2, 2})}},
      {"matmul", "", {a, square}},
      {"matmul", "two vectors", {v, v}},
      {"tensordot", "", {a, square}, {{"axes", whole(1)}}},
      {"tensordot",
       "axes that strides do not let merge",
       {cube, cube},
       {{"x_axes", extents({2, 1})}, {"y_axes", extents({2, 1})}}},
      {"vecdot", "", {a, b}},
  };
}

const detail::storage* memory_of(const ndarray& of) { return of.storage().get(); }

// The memory of the arrays among a call's arguments.
std::set<const detail::storage*> operands_of(const sample& of) {
  std::set<const detail::storage*> found;
  const auto add = [&](const expr& each) {
    if (const auto* leaf = std::get_if<ops::array_leaf>(&each.node()->detail)) found.insert(memory_of(leaf->value));
  };
  for (const argument& each : of.positional) {
    if (const auto* one = std::get_if<expr>(&each)) add(*one);
    if (const auto* many = std::get_if<std::vector<expr>>(&each)) std::ranges::for_each(*many, add);
  }
  return found;
}

bool is_progression(const ndarray& of) {
  const std::vector<double> values = ndarray(astype(of, dtype::float64)).to_vector<double>();
  if (values.size() < 3 || values[0] == values[1]) return false;
  for (std::size_t i = 2; i < values.size(); ++i) {
    if (values[i] - values[i - 1] != values[1] - values[0]) return false;
  }
  return true;
}

work_kind kind_of_stage(const ops::stage& of) {
  struct visitor {
    work_kind operator()(const ops::elementwise_stage& s) const {
      if (!s.chain.code.empty()) return work_kind::elementwise;
      return s.chain.sources.empty() ? work_kind::fill : work_kind::copy;
    }
    work_kind operator()(const ops::reduce_stage&) const { return work_kind::reduction; }
    work_kind operator()(const ops::arg_stage&) const { return work_kind::search; }
    work_kind operator()(const ops::scan_stage&) const { return work_kind::scan; }
    work_kind operator()(const ops::matmul_stage&) const { return work_kind::product; }
    work_kind operator()(const ops::repeat_stage&) const { return work_kind::repetition; }
  };
  return std::visit(visitor(), of);
}

// Whether a buffer holds where copies end, which repeat keeps for itself.
bool is_ends(const ops::program& of, std::size_t buffer) {
  return std::ranges::any_of(of.stages, [&](const ops::stage& each) {
    const auto* repeat = std::get_if<ops::repeat_stage>(&each);
    return repeat != nullptr && repeat->ends.buffer == static_cast<int>(buffer);
  });
}

// What a result was, or is, made by. `filled`: the call wrote elements by an evaluation.
std::vector<work_kind> steps_of(const expr& result, const std::set<const detail::storage*>& operands, bool filled) {
  std::vector<work_kind> steps;
  const auto add = [&](work_kind kind) {
    if (steps.empty() || steps.back() != kind) steps.push_back(kind);
  };
  const ops::compiled made = ops::compile(result.node());
  for (std::size_t i = 0; i < made.operands.size(); ++i) {
    if (made.code.buffers[i].use != ops::buffer::role::input || operands.contains(memory_of(made.operands[i])))
      continue;
    if (is_ends(made.code, i)) continue;
    if (is_progression(made.operands[i])) {
      add(work_kind::progression);
    } else {
      add(filled ? work_kind::fill : work_kind::allocation);
    }
  }
  for (const ops::stage& each : made.code.stages) add(kind_of_stage(each));
  if (steps.empty()) steps.push_back(work_kind::view);
  return steps;
}

// Leaves freed blocks whose elements are no progression where the next small arrays come from.
void spoil_free_memory() {
  std::vector<ndarray> taken;
  for (int i = 0; i < 64; ++i) taken.push_back(ndarray(numbers({3, 4}) + 0.5));
}

// Each result's steps: one result but for functions that give several.
std::vector<std::vector<work_kind>> steps_of(const sample& of) {
  spoil_free_memory();
  progress counted;
  argument result;
  {
    const scoped_policy counting({.progress = &counted});
    result = call(of.function, of.positional, of.named);
  }
  const std::set<const detail::storage*> operands = operands_of(of);
  std::vector<std::vector<work_kind>> steps;
  if (const auto* one = std::get_if<expr>(&result)) {
    steps.push_back(steps_of(*one, operands, counted.total() > 0));
  } else {
    for (const expr& each : std::get<std::vector<expr>>(result)) {
      steps.push_back(steps_of(each, operands, counted.total() > 0));
    }
  }
  return steps;
}

// Operands for a row of the element-wise table, of the first dtype that it takes.
sample sample_of_table(const ops::op_info& row) {
  const ndarray truths = numbers({3, 4}) > 4.0;
  for (const dtype type : {dtype::float64, dtype::complex128, dtype::int64, dtype::bool_}) {
    if (!ops::kinds::contains(row.kinds, type)) continue;
    std::vector<argument> operands(static_cast<std::size_t>(row.arity), expr(ndarray(astype(truths, type))));
    return {row.name, "", std::move(operands)};
  }
  return {row.name, "", {}};
}

std::vector<sample> all_samples() {
  std::vector<sample> all = samples();
  const std::size_t written = all.size();
  for (int i = 0; i < ops::op_count; ++i) {
    const ops::op_info& row = ops::info(static_cast<ops::op>(i));
    const auto is_same = [&](const sample& each) { return each.function == row.name; };
    if (std::none_of(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(written), is_same))
      all.push_back(sample_of_table(row));
  }
  return all;
}

std::string text_of(const std::vector<work_kind>& steps) {
  std::string text;
  for (const work_kind each : steps) text += (text.empty() ? "" : ", ") + std::string(to_string(each));
  return text;
}

TEST(Work, EveryRowSaysWhatTheFunctionIsMadeOf) {
  const std::vector<sample> all = all_samples();
  std::size_t used = 0;
  for (const function_info& function : functions()) {
    ASSERT_FALSE(function.work.empty()) << function.name;
    EXPECT_EQ(function.work.front().when, "") << function.name;
    for (const work_case& row : function.work) {
      const auto found = std::ranges::find_if(
          all, [&](const sample& each) { return each.function == function.name && each.when == row.when; });
      if (found == all.end()) {
        ADD_FAILURE() << function.name << " has no operands here for the case '" << row.when << "'";
        continue;
      }
      ++used;
      for (const std::vector<work_kind>& steps : steps_of(*found)) {
        EXPECT_EQ(text_of(steps), text_of(row.steps)) << function.name << " " << row.when;
      }
    }
  }
  EXPECT_EQ(used, all.size()) << "operands for cases that no row has";
}

TEST(Work, EveryKindHasAName) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(work_kind::view); ++i) names.insert(to_string(static_cast<work_kind>(i)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(work_kind::view) + 1);
}

}  // namespace
