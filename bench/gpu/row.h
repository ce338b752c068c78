#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gpu/turns.h"

namespace bench {

/// What a piece of work amounts to.
struct amount {
  enum class kind { none, bytes, flops };
  kind of = kind::none;
  /// Bytes that it must read and write at least, or floating-point operations.
  double count = 0;
};

/// What tandem is measured by.
struct yardstick {
  std::string name;
  bench::amount amount;
  timing time;
};

/// One line of the table.
struct row {
  std::string name;
  timing time;
  bench::amount amount;
  /// Where there is none, why not.
  std::optional<yardstick> by;
  std::string why_no_yardstick;
  /// The least part of the yardstick's rate, such as 0.9.
  std::optional<double> target_share;
  /// The most time.
  std::optional<double> target_us;
  /// What went wrong instead.
  std::string failure;
};

/// Bytes or operations a second; 0 where the amount is none.
double rate(const amount& of, const timing& time);
/// Tandem's rate as a part of the yardstick's, if there are both.
std::optional<double> share(const row& of);
/// Whether the target was met; nothing where there is none, or what it is compared with was not measured.
std::optional<bool> is_met(const row& of);

}  // namespace bench
