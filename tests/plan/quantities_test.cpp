#include "plan/quantities.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

// Numbers of reports, at the edges where the unit or the number of digits changes.
namespace tandem::plan {
namespace {

TEST(Quantities, HaveThreeDigits) {
  EXPECT_EQ(three_digits(0), "0.00");
  EXPECT_EQ(three_digits(9.994), "9.99");
  EXPECT_EQ(three_digits(9.996), "10.0");
  EXPECT_EQ(three_digits(99.94), "99.9");
  EXPECT_EQ(three_digits(99.96), "100");
  EXPECT_EQ(three_digits(1234.5), "1234");
  EXPECT_EQ(speedup_text(3.1), "3.10 x");
  EXPECT_EQ(speedup_text(128), "128 x");
}

TEST(Quantities, HaveThePrefixThatLeavesOneOrMore) {
  EXPECT_EQ(with_prefix(0), "0.00 ");
  EXPECT_EQ(with_prefix(999.4), "999 ");
  EXPECT_EQ(with_prefix(999.6), "1.00 k");
  EXPECT_EQ(with_prefix(1.234e9), "1.23 G");
  EXPECT_EQ(with_prefix(4e15), "4.00 P");
  EXPECT_EQ(with_prefix(5e21), "5000 E");
}

TEST(Quantities, TimesHaveTheLargestUnit) {
  EXPECT_EQ(duration_text(0), "0.00 us");
  EXPECT_EQ(duration_text(12.34), "12.3 us");
  EXPECT_EQ(duration_text(999.4), "999 us");
  EXPECT_EQ(duration_text(999.6), "1.00 ms");
  EXPECT_EQ(duration_text(4560), "4.56 ms");
  EXPECT_EQ(duration_text(7.89e6), "7.89 s");
  EXPECT_EQ(duration_text(3.2 * 3600e6), "3.20 h");
}

TEST(Quantities, BytesAreWholeBelowAThousand) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(1000), "1.00 kB");
  EXPECT_EQ(bytes_text(999'499), "999 kB");
  EXPECT_EQ(bytes_text(999'500), "1.00 MB");
  EXPECT_EQ(bytes_text(1'500'000'000), "1.50 GB");
  EXPECT_EQ(bytes_text(std::numeric_limits<std::int64_t>::max()), "9.22 EB");
}

TEST(Quantities, OneIsNotSeveral) {
  EXPECT_EQ(counted(0, "core"), "0 cores");
  EXPECT_EQ(counted(1, "core"), "1 core");
  EXPECT_EQ(counted(2, "core"), "2 cores");
}

}  // namespace
}  // namespace tandem::plan
