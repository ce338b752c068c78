#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include <tandem/expr.h>
#include <tandem/ndarray.h>

#include "codegen/emulator/kernels.h"
#include "cuda/codegen/lowered.h"
#include "ops/compile.h"

// Programs as a GPU would run them, beside what they are to give.
namespace tandem::testing {

/// What a GPU's result is to be; the default of `lowered_cases` is the bits of the CPU backend.
using expectation = std::function<::testing::AssertionResult(const ndarray& given)>;

/// Programs that are lowered, whose kernels are compiled together, and that are then run in several ways.
class lowered_cases {
 public:
  /// The result is new memory.
  void add(const std::string& title, const expr& what, expectation wanted = {});
  /// The result is written to an array of this layout, whose other elements must stay what they are. `wanted` is given
  /// the view.
  void add_into(const std::string& title, const expr& what, const tandem::detail::layout& target,
                expectation wanted = {});

  /// Runs all cases in both granularities and with blocks in different orders and numbers; fails if there is none.
  /// All runs of a case must give the same bits, and those must be as expected.
  void check();
  /// Runs each case once, fused: for arrays of millions of elements.
  void check_once();

 private:
  struct entry {
    std::string title;
    expr what;
    bool is_assigned;
    tandem::detail::layout target;
    expectation wanted;
  };

  struct prepared {
    ops::compiled code;
    cuda::lowered_program fused;
    cuda::lowered_program single;
  };

  void check(bool in_all_ways);
  static void check(const entry& each, const prepared& made, const host_kernels& kernels, bool in_all_ways);

  std::vector<entry> entries_;
};

}  // namespace tandem::testing
