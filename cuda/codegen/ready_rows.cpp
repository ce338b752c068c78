#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/layout.h"
#include "cuda/codegen/lower_stage.h"
#include "cuda/codegen/ready.h"
#include "cuda/codegen/rows.h"
#include "ops/op.h"

// The kernels of reductions, searches, scans, repetitions and products of integers that `granularity::single` uses:
// those of programs that have all forms.
namespace tandem::cuda {

namespace {

// Collects the kernels of stages, each once. Buffer 0 is read, buffer 1 written, buffer 2 has the ends of a repetition.
class collection {
 public:
  explicit collection(kernels& to) : to_(to) {
    for (const auto& known : to_) names_.insert(known->name);
  }

  template <class Stage>
  void add(const Stage& stage) {
    ops::program program;
    for (int i = 0; i < 3; ++i) program.buffers.push_back({ops::buffer::role::input, dtype::bool_});
    lowering made(program, granularity::single);
    lower_stage(made, stage);
    for (const step& each : made.finish().steps) {
      const auto* const one = std::get_if<launch>(&each);
      if (one != nullptr && names_.insert(one->code->name).second) to_.push_back(one->code);
    }
  }

 private:
  kernels& to_;
  std::set<std::string> names_;
};

// Rows of neighbours and rows side by side, each with so few elements that they are not cut and with so many that the
// results of chunks are cut again.
struct form {
  dims shape;
  int axis;
};
constexpr std::int64_t few = 8;
constexpr std::int64_t many = std::int64_t{1} << 26;
const std::vector<form> forms{{{3, few}, 1}, {{1, many}, 1}, {{few, 3}, 0}, {{many, 3}, 0}};

ops::fused_chain chain_of(const dims& shape, dtype type) { return chain_reading({0, core::contiguous(shape)}, type); }

void add_reductions(collection& to, ops::reduction which, dtype type) {
  for (const auto& [shape, axis] : forms) {
    dims kept = shape;
    kept.erase(axis);
    to.add(ops::reduce_stage{chain_of(shape, type), which, {axis}, {1, core::contiguous(kept)}});
  }
}

void add_scans(collection& to, ops::reduction which, dtype type) {
  for (const auto& [shape, axis] : forms) {
    to.add(ops::scan_stage{chain_of(shape, type), which, axis, {1, core::contiguous(shape)}});
  }
}

void add_searches(collection& to, bool largest, dtype type) {
  for (const auto& [shape, axis] : forms) {
    dims kept = shape;
    kept.erase(axis);
    to.add(ops::arg_stage{chain_of(shape, type), largest, axis, {1, core::contiguous(kept)}});
  }
}

// Of one to three axes.
void add_repetitions(collection& to, dtype type) {
  for (const auto& [shape, axis] : {form{{2}, 0}, form{{2, 3}, 0}, form{{2, 3, 4}, 1}}) {
    dims made = shape;
    made[axis] *= 2;
    to.add(ops::repeat_stage{
        type, {0, core::contiguous(shape)}, {2, core::contiguous({shape[axis]})}, axis, {1, core::contiguous(made)}});
  }
}

// Of no batch axis, of one and of two.
void add_products(collection& to, dtype type) {
  for (const dims& batch : {dims{}, dims{3}, dims{3, 4}}) {
    dims shape = batch;
    shape.push_back(2);
    shape.push_back(2);
    const detail::layout at = core::contiguous(shape);
    detail::layout broadcast = at;
    if (!batch.empty()) broadcast.strides[0] = 0;
    to.add(ops::matmul_stage{type, {0, broadcast}, {0, at}, {1, at}});
  }
}

}  // namespace

void append_ready_rows(kernels& to) {
  collection all(to);
  for (int number = 0; number < dtype_count; ++number) {
    const auto type = static_cast<dtype>(number);
    for (const ops::reduction which : {ops::reduction::sum, ops::reduction::prod}) {
      add_reductions(all, which, type);
      add_scans(all, which, type);
    }
    if (!is_complex(type)) {
      add_reductions(all, ops::reduction::min, type);
      add_reductions(all, ops::reduction::max, type);
      add_searches(all, false, type);
      add_searches(all, true, type);
    }
    add_repetitions(all, type);
    if (!is_floating(type)) add_products(all, type);
  }
  add_reductions(all, ops::reduction::all, dtype::bool_);
  add_reductions(all, ops::reduction::any, dtype::bool_);
}

}  // namespace tandem::cuda
