#pragma once

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tandem/expr.h>
#include <tandem/ndarray.h>

#include "contract/fixtures.h"
#include "support/elements.h"

// What every backend has to compute, as one list of cases.
namespace tandem::testing {

/// Operands and what is asked of a backend about them.
struct posed {
  expr value;
  /// Where the value is written to; without one, to memory of its own.
  std::optional<ndarray> target = std::nullopt;
  /// Whether a result is right, by a reference that is independent of all backends. Without one, the result must have
  /// the bits of the CPU backend's, which has a test of its own elsewhere.
  std::function<::testing::AssertionResult(const ndarray& result, double extra_ulp)> check;
};

struct contract_case {
  std::string name;
  /// Draws operands.
  std::function<posed(random_numbers& random)> pose;
};

/// Kinds of work, in the order of `names_of_families`.
using family = std::vector<contract_case> (*)();

// Each operation at each of its dtypes, its special numbers among the operands.
std::vector<contract_case> elementwise_cases();
// Each dtype converted to each other that it can be converted to.
std::vector<contract_case> conversion_cases();
// Several operations in one stage, and several stages.
std::vector<contract_case> chain_cases();
// Operands and targets in every layout.
std::vector<contract_case> layout_cases();
std::vector<contract_case> assignment_cases();
std::vector<contract_case> reduction_cases();
std::vector<contract_case> arg_cases();
std::vector<contract_case> scan_cases();
// concat, roll, repeat, tile.
std::vector<contract_case> join_cases();
std::vector<contract_case> product_cases();

struct named_family {
  std::string_view name;
  family cases;
};
inline void PrintTo(const named_family& which, std::ostream* out) { *out << which.name; }

inline constexpr std::array families = {
    named_family{"elementwise", elementwise_cases},
    named_family{"conversions", conversion_cases},
    named_family{"chains", chain_cases},
    named_family{"layouts", layout_cases},
    named_family{"assignment", assignment_cases},
    named_family{"reductions", reduction_cases},
    named_family{"arg", arg_cases},
    named_family{"scans", scan_cases},
    named_family{"joins", join_cases},
    named_family{"products", product_cases},
};

}  // namespace tandem::testing
