#pragma once

#include <complex>
#include <cstdint>

#include <tandem/tandem.h>

#include "support/elements.h"
#include "support/sanitized.h"
#include "support/threads.h"

// What parents and children of the fork tests compute. All results are known by counting.
namespace tandem::testing {

/// Children of an ordinary test. With the address sanitizer a fork takes some ten times as long.
inline constexpr int child_count = is_sanitized ? 50 : 200;

/// Operands for each kind of work, large enough for several workers.
class fork_work {
 public:
  fork_work()
      : line_(full({180000}, 1.5)),
        a_(full({96, 80}, 2.0)),
        b_(full({80, 96}, 3.0)),
        za_(eval(astype(a_, complex128))),
        zb_(eval(astype(b_, complex128))),
        vector_(full({80}, 3.0)) {}

  bool loop(const policy& rules) const { return all_are(eval(expr(line_) * 4 - line_, rules), 4.5); }
  bool reduction(const policy& rules) const {
    return *eval(sum(expr(line_) * 2), rules).data<const double>() == 540000 &&
           *eval(max(line_), rules).data<const double>() == 1.5;
  }
  bool product(const policy& rules) const { return all_are(eval(matmul(a_, b_), rules), 480.0); }
  bool blas(const policy& rules) const {
    return all_are(eval(matmul(za_, zb_), rules), std::complex<double>(480)) &&
           all_are(eval(matmul(za_, astype(vector_, complex128)), rules), std::complex<double>(480));
  }
  /// New arrays of many sizes, in pieces that the pool keeps for the thread and in ones that it shares.
  bool memory() const {
    for (std::int64_t size = 1; size < 150000; size = size * 4 + 1) {
      ndarray first = full({size}, 7.0);
      ndarray second = full({size}, 8.0);
      first = ndarray();
      const ndarray third = full({size}, 9.0);
      if (second.at<double>({size - 1}) != 8 || third.at<double>({size / 2}) != 9) return false;
    }
    return host_memory().in_use_bytes > 0;
  }
  bool each(const policy& rules) const {
    return loop(rules) && reduction(rules) && product(rules) && blas(rules) && memory();
  }

 private:
  template <class T>
  static bool all_are(const ndarray& given, T expected) {
    const T* const from = given.data<const T>();
    for (std::int64_t i = 0; i < given.size(); ++i) {
      if (from[i] != expected) return false;
    }
    return true;
  }

  ndarray line_;
  ndarray a_;
  ndarray b_;
  ndarray za_;
  ndarray zb_;
  ndarray vector_;
};

}  // namespace tandem::testing
