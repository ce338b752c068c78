#include <gtest/gtest.h>

#include <set>
#include <string>
#include <variant>

#include <tandem/tandem.h>

#include "cuda/codegen/lowered.h"
#include "cuda/codegen/ready.h"
#include "ops/compile.h"
#include "support/elements.h"
#include "support/operands.h"

// Reductions and their relatives need no kernel that is not compiled with the library, whatever the layout.
namespace tandem::testing {
namespace {

class keys {
 public:
  keys() {
    for (const auto& code : cuda::ready_kernels()) all_.insert(code->key);
  }

  void expect_ready(const expr& what, const std::string& title) {
    const auto made = cuda::lower(ops::compile(what.node()).code, cuda::granularity::single);
    for (const cuda::step& next : made.steps) {
      const auto* const one = std::get_if<cuda::launch>(&next);
      if (one == nullptr) continue;
      ++launches_;
      EXPECT_TRUE(all_.contains(one->code->key)) << one->code->key << " for " << title;
    }
  }

  int launches() const { return launches_; }

 private:
  std::set<std::string> all_;
  int launches_ = 0;
};

TEST(ReadyRows, AreAllThatStagesNeed) {
  random_numbers random(551);
  keys ready;
  for (const dtype type : all_dtypes) {
    for (const form f : all_forms) {
      for (const dims& shape :
           {dims{1}, dims{7}, dims{5000}, dims{3, 1}, dims{20, 30}, dims{3, 5, 4}, dims{2, 3, 4, 5}}) {
        const ndarray x = random_operand(type, shape, f, numbers::small, random).view;
        const std::int64_t axis = random.between(0, shape.size() - 1);
        const std::string title = std::string(name(type)) + " " + to_string(shape) + " " + std::string(name_of(f)) +
                                  " " + std::to_string(axis);
        ready.expect_ready(sum(x, {.axis = axis}), "sum " + title);
        ready.expect_ready(prod(x), "prod " + title);
        ready.expect_ready(all(x, {.axis = axis}), "all " + title);
        ready.expect_ready(any(x, {.axis = axis}), "any " + title);
        ready.expect_ready(mean(x, {.axis = axis}), "mean " + title);
        ready.expect_ready(repeat(x, ones({shape[axis]}, int64), axis), "repeat " + title);
        if (!is_complex(type)) {
          ready.expect_ready(max(x, {.axis = axis}), "max " + title);
          ready.expect_ready(min(x, {.axis = axis}), "min " + title);
          ready.expect_ready(argmax(x, {.axis = axis}), "argmax " + title);
          ready.expect_ready(argmin(x), "argmin " + title);
        }
        ready.expect_ready(cumulative_sum(x, {.axis = axis}), "cumulative_sum " + title);
        ready.expect_ready(cumulative_prod(x, {.axis = axis}), "cumulative_prod " + title);
        if (shape.size() >= 2) ready.expect_ready(matmul(x, matrix_transpose(x)), "matmul " + title);
      }
    }
  }
  EXPECT_GT(ready.launches(), 0);
}

TEST(ReadyRows, AreAllThatLongRowsNeed) {
  keys ready;
  for (const dtype type : all_dtypes) {
    // Views that take no memory; they are copied where a kernel needs rows of neighbours.
    const ndarray line = broadcast_to(ones({1}, type), {std::int64_t{1} << 24});
    const ndarray rows = broadcast_to(ones({1, 5}, type), {std::int64_t{1} << 22, 5});
    const std::string title(name(type));
    for (const expr& x : {expr(line), expr(rows)}) {
      ready.expect_ready(sum(x, {.axis = 0}), title);
      ready.expect_ready(cumulative_sum(x, {.axis = 0}), title);
      if (!is_complex(type)) {
        ready.expect_ready(argmax(x, {.axis = 0}), title);
        ready.expect_ready(min(x), title);
      }
    }
  }
  EXPECT_GT(ready.launches(), 0);
}

}  // namespace
}  // namespace tandem::testing
