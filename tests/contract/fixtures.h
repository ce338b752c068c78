#pragma once

#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"

// The backends that the contract suite is about. Another one joins by a row in fixtures.cpp.
namespace tandem::testing {

struct fixture {
  std::string_view name;
  /// The kind that `--require` and TANDEM_TEST_REQUIRE_GPU ask for.
  std::string_view kind;
  /// Why there is no such device on this machine; "" if there is one.
  std::string (*why_missing)();
  backend::backend& (*device)();
  /// It runs programs by the CPU backend's own kernels, so that all results have the same bits.
  bool same_bits_as_cpu = false;
  /// What its floating results may be off beyond the bound of an operation's row, in units in the last place, and the
  /// reason for that is beside the row in fixtures.cpp.
  double extra_ulp = 0;
  /// Bytes that it cannot allocate. 0 if nothing is known to be too much (the host overcommits).
  std::int64_t too_many_bytes = 0;
};

inline void PrintTo(const fixture& which, std::ostream* out) { *out << which.name; }

const std::vector<fixture>& fixtures();

/// How many tests have used a device of each kind so far.
std::map<std::string, int, std::less<>>& tests_by_kind();

}  // namespace tandem::testing
