#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <tandem/tandem.h>

#include "codegen/emulator/compare.h"
#include "codegen/emulator/run.h"
#include "ops/compile.h"
#include "support/elements.h"
#include "support/operands.h"

// Searches as kernels. The CPU backend is the expectation: positions are exact.
namespace tandem::testing {
namespace {

struct shape_and_axes {
  dims shape;
  std::vector<std::optional<std::int64_t>> axes;
};

const shape_and_axes shapes[] = {
    {{}, {std::nullopt}},
    {{7}, {0}},
    {{30000}, {std::nullopt, 0}},
    {{4, 1500}, {std::nullopt, 0, 1}},
    {{2000, 3}, {std::nullopt, 0, 1}},
    {{5, 6, 7}, {std::nullopt, 0, 1, 2}},
};

TEST(ArgKernels, FindTheFirstOfEquals) {
  random_numbers random(511);
  lowered_cases cases;
  for (const dtype type : all_dtypes) {
    if (is_complex(type)) continue;
    for (const auto& [shape, all_axes] : shapes) {
      for (const std::optional<std::int64_t>& axis : all_axes) {
        const form f = random.one_of(all_forms);
        const bool largest = random.chance(50);
        // Special ones are nan in every row; small ones have none, but ties.
        const operand x = random_operand(type, shape, f, random.chance(50) ? numbers::special : numbers::small, random);
        cases.add(std::string(largest ? "argmax " : "argmin ") + std::string(name(type)) + " " + to_string(shape) +
                      " axis " + (axis ? std::to_string(*axis) : "none") + " " + std::string(name_of(f)),
                  largest ? argmax(x.view, {.axis = axis}) : argmin(x.view, {.axis = axis}));
      }
    }
  }
  cases.check();
}

TEST(ArgKernels, OfComputedElementsIntoStridedTargets) {
  random_numbers random(512);
  lowered_cases cases;
  const operand x = random_operand(float32, {40, 9, 30}, form::shuffled, numbers::special, random);
  const operand y = random_operand(int16, {9, 1}, form::row_major, numbers::small, random);
  const expr sum = x.view * 2 + y.view;
  cases.add_into("reversed", argmax(sum, {.axis = 0}), {{9, 30}, {-60, -2}, 9 * 60});
  cases.add_into("apart", argmin(sum, {.axis = 1}), {{40, 30}, {1, 50}, 3});
  cases.add("whole", argmin(abs(sum)));
  cases.check();
}

// The chunks of a long row are few, their positions in it are not: what searches the chunks must keep all bits of them.
TEST(ArgKernels, KeepPositionsThatTakeMoreThan32Bits) {
  constexpr std::int64_t length = std::int64_t{3} << 32;
  const ndarray one = ones({1}, int8);
  const expr search = argmax(broadcast_to(one, {length}));
  cuda::lowered_program lowered = cuda::lower(ops::compile(search.node()).code, cuda::granularity::fused);
  ASSERT_GE(lowered.steps.size(), 2U);
  const auto last = std::get<cuda::launch>(lowered.steps.back());
  ASSERT_GE(last.words.size(), 2U);
  lowered.steps = {last};

  // As if the steps before had left the best of each chunk.
  std::vector<std::vector<std::int64_t>> memory;
  std::vector<std::byte*> buffers;
  for (cuda::lowered_program::buffer& each : lowered.buffers) {
    const std::int64_t size_bytes = each.use == ops::buffer::role::temporary ? each.size_bytes : 8;
    if (each.use == ops::buffer::role::temporary) each.use = ops::buffer::role::input;
    buffers.push_back(reinterpret_cast<std::byte*>(
        memory.emplace_back(static_cast<std::size_t>((size_bytes + 7) / 8), std::int64_t{0}).data()));
  }
  const auto values = static_cast<std::size_t>(last.words[0].buffer);
  const auto positions = static_cast<std::size_t>(last.words[1].buffer);
  const std::int64_t chunks = lowered.buffers[positions].size_bytes / 8;
  ASSERT_GT(chunks, 2);
  ASSERT_EQ(lowered.buffers[values].size_bytes, chunks);
  const std::int64_t wanted = length - 12345;
  for (std::int64_t i = 0; i < chunks; ++i) {
    buffers[values][i] = std::byte{1};
    memory[positions][static_cast<std::size_t>(i)] = length / chunks * i;
  }
  buffers[values][chunks - 2] = std::byte{2};
  memory[positions][static_cast<std::size_t>(chunks - 2)] = wanted;

  host_kernels kernels;
  const cuda::lowered_program* const list[] = {&lowered};
  kernels.make_ready(list);
  run_lowered(lowered, kernels, buffers);
  std::int64_t found = -1;
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    if (lowered.buffers[i].use == ops::buffer::role::output) found = memory[i].front();
  }
  EXPECT_EQ(found, wanted);
}

}  // namespace
}  // namespace tandem::testing
