#include <gtest/gtest.h>

#include <set>
#include <string>
#include <variant>
#include <vector>

#include <tandem/tandem.h>

#include "cuda/codegen/lowered.h"
#include "cuda/codegen/ready.h"
#include "ops/compile.h"
#include "ops/op.h"
#include "support/elements.h"

// Which kernels are compiled with the library.
namespace tandem::cuda {
namespace {

using testing::all_dtypes;

std::set<std::string> ready_keys() {
  std::set<std::string> keys;
  for (const auto& code : ready_kernels()) keys.insert(code->key);
  return keys;
}

void expect_ready(const std::set<std::string>& keys, const expr& what, const std::string& title) {
  const lowered_program made = lower(ops::compile(what.node()).code, granularity::single);
  for (const step& next : made.steps) {
    if (const auto* one = std::get_if<launch>(&next)) {
      EXPECT_TRUE(keys.contains(one->code->key)) << one->code->key << " for " << title;
    }
  }
}

TEST(ReadyKernels, AreDifferent) {
  std::set<std::string> keys, names;
  for (const auto& code : ready_kernels()) {
    EXPECT_TRUE(keys.insert(code->key).second) << code->key;
    EXPECT_TRUE(names.insert(code->name).second) << code->name;
  }
  EXPECT_FALSE(keys.empty());
}

TEST(ReadyKernels, AreAllThatSingleOperationsNeed) {
  const std::set<std::string> keys = ready_keys();
  int programs = 0;
  for (int row = 0; row < ops::op_count; ++row) {
    const ops::op_info& about = ops::info(static_cast<ops::op>(row));
    for (const dtype type : all_dtypes) {
      if (!ops::kinds::contains(about.kinds, type)) continue;
      std::vector<argument> operands;
      for (int k = 0; k < about.arity; ++k) {
        const ndarray x = zeros({3, 4}, about.arity == 3 && k == 0 ? dtype::bool_ : type);
        // As it is, and in other layouts.
        operands.emplace_back(k == 0 ? expr(x) : k == 1 ? expr(flip(x)) : expr(broadcast_to(x(0, 0), {3, 4})));
      }
      expect_ready(keys, std::get<expr>(call(about.name, operands)),
                   std::string(about.name) + " of " + std::string(name(type)));
      ++programs;
    }
  }
  EXPECT_GT(programs, ops::op_count);
}

TEST(ReadyKernels, AreAllThatConversionsAndCopiesNeed) {
  const std::set<std::string> keys = ready_keys();
  for (const dtype from : all_dtypes) {
    const ndarray x = zeros({3, 4}, from);
    expect_ready(keys, flip(x) * 1, std::string(name(from)) + " times a number");
    const ndarray target = zeros({3, 4}, from);
    const ops::compiled copy = ops::compile_into(expr(flip(x)).node(), target.layout());
    const lowered_program made = lower(copy.code, granularity::single);
    ASSERT_EQ(made.steps.size(), 1u);
    EXPECT_TRUE(keys.contains(std::get<launch>(made.steps[0]).code->key));
    for (const dtype to : all_dtypes) {
      if (is_complex(from) && !is_complex(to) && to != dtype::bool_) continue;
      expect_ready(keys, astype(x, to), std::string(name(from)) + " to " + std::string(name(to)));
    }
  }
}

TEST(ReadyKernels, AreInOneOfTheParts) {
  const kernels all = ready_kernels();
  const std::vector<std::string> parts = in_parts(all, 7);
  ASSERT_EQ(parts.size(), 7u);
  for (const auto& code : all) {
    int found = 0;
    for (const std::string& part : parts) found += part.find(" " + code->name + "(") != std::string::npos;
    EXPECT_EQ(found, 1) << code->key;
  }
}

}  // namespace
}  // namespace tandem::cuda
