#include "codegen/emulator/compare.h"

#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>

#include <tandem/policy.h>

#include "codegen/emulator/memory.h"
#include "codegen/emulator/run.h"
#include "core/layout.h"
#include "memory/storage.h"
#include "support/elements.h"

namespace tandem::testing {

namespace {

std::int64_t output_bytes(const ops::buffer& of, const tandem::detail::layout& target) {
  const std::int64_t elements = of.size > 0 ? of.size : core::range_of(target).end;
  return elements * item_size(of.type);
}

// The result of one run: the memory that it is in, and a view of its elements.
struct outcome {
  std::shared_ptr<std::vector<std::byte>> memory;
  ndarray view;
};

outcome outcome_of(const std::byte* from, std::int64_t size_bytes, dtype type, const tandem::detail::layout& at) {
  auto memory = std::make_shared<std::vector<std::byte>>(from, from + size_bytes);
  const ndarray view = with_dtype(type, [&]<class T>() {
    const T* const first = memory->empty() ? nullptr : reinterpret_cast<const T*>(memory->data()) + at.offset;
    return wrap(first, at.shape, at.strides);
  });
  return {memory, view};
}

// Larger inputs, of which only some pages are ever touched, are read where they are.
constexpr std::int64_t most_copied = 1 << 28;

outcome run(const ops::compiled& what, const cuda::lowered_program& steps, const host_kernels& kernels,
            const emulated_run& how) {
  std::vector<guarded_memory> memory;
  std::vector<std::byte*> buffers;
  for (std::size_t i = 0; i < what.code.buffers.size(); ++i) {
    const ops::buffer& of = what.code.buffers[i];
    if (of.use == ops::buffer::role::temporary) {
      memory.emplace_back();
    } else if (of.use == ops::buffer::role::output) {
      memory.emplace_back(output_bytes(of, what.code.result.at));
    } else if (const tandem::detail::storage& from = *what.operands[i].storage(); from.size_bytes() > most_copied) {
      memory.emplace_back();
      buffers.push_back(from.data());
      continue;
    } else {
      memory.emplace_back(from.size_bytes());
      if (from.size_bytes() > 0) {
        std::memcpy(memory.back().data(), from.data(), static_cast<std::size_t>(from.size_bytes()));
      }
      memory.back().forbid_writing();
    }
    buffers.push_back(memory.back().data());
  }
  run_lowered(steps, kernels, buffers, what.numbers, how);
  for (const guarded_memory& each : memory) {
    if (!each.is_intact()) throw std::runtime_error("a kernel wrote beside a buffer");
  }
  const auto result = static_cast<std::size_t>(what.code.result.buffer);
  return outcome_of(memory[result].data(), memory[result].size_bytes(), what.code.result_type, what.code.result.at);
}

// Whether two runs left the same bytes, also between a target's elements.
::testing::AssertionResult same_bytes(const outcome& given, const outcome& wanted) {
  if (*given.memory == *wanted.memory) return ::testing::AssertionSuccess();
  if (const auto elements = same(given.view, wanted.view); !elements) return elements;
  return ::testing::AssertionFailure() << "bytes differ between the elements, or in the payload of a nan";
}

}  // namespace

void lowered_cases::add(const std::string& title, const expr& what, expectation wanted) {
  entries_.push_back({title, what, false, {}, std::move(wanted)});
}

void lowered_cases::add_into(const std::string& title, const expr& what, const tandem::detail::layout& target,
                             expectation wanted) {
  entries_.push_back({title, what, true, target, std::move(wanted)});
}

void lowered_cases::check() { check(true); }
void lowered_cases::check_once() { check(false); }

void lowered_cases::check(bool in_all_ways) {
  ASSERT_FALSE(entries_.empty());
  // Before anything is evaluated: an expression that was is its result.
  std::vector<prepared> all;
  std::vector<const cuda::lowered_program*> programs;
  for (const entry& each : entries_) {
    ops::compiled code =
        each.is_assigned ? ops::compile_into(each.what.node(), each.target) : ops::compile(each.what.node());
    cuda::lowered_program fused = cuda::lower(code.code, cuda::granularity::fused);
    cuda::lowered_program single = cuda::lower(code.code, cuda::granularity::single);
    all.push_back({std::move(code), std::move(fused), std::move(single)});
  }
  for (const prepared& each : all) {
    programs.push_back(&each.fused);
    programs.push_back(&each.single);
  }
  host_kernels kernels;
  try {
    kernels.make_ready(programs);
  } catch (const std::runtime_error& error) {
    FAIL() << error.what();
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    SCOPED_TRACE(entries_[i].title);
    try {
      check(entries_[i], all[i], kernels, in_all_ways);
    } catch (const std::runtime_error& error) {
      FAIL() << error.what();
    }
    if (::testing::Test::HasFatalFailure()) return;
  }
}

void lowered_cases::check(const entry& each, const prepared& made, const host_kernels& kernels, bool in_all_ways) {
  constexpr emulated_run runs[] = {
      {emulated_order::forward}, {emulated_order::backward, 3}, {emulated_order::shuffled, 7}};
  std::optional<outcome> first;
  for (const cuda::lowered_program* const steps : {&made.fused, &made.single}) {
    for (const emulated_run& how : runs) {
      SCOPED_TRACE(std::string(steps == &made.fused ? "fused" : "single") + ", blocks at most " +
                   std::to_string(how.most_blocks));
      outcome given = run(made.code, *steps, kernels, how);
      if (first) {
        ASSERT_TRUE(same_bytes(given, *first));
        continue;
      }
      if (each.wanted) {
        ASSERT_TRUE(each.wanted(given.view));
      } else {
        ASSERT_TRUE(same(given.view, eval(each.what, {.workers = 1})));
      }
      if (!in_all_ways) return;
      first = std::move(given);
    }
  }
}

}  // namespace tandem::testing
