#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstdint>
#include <string>
#include <vector>

#include <tandem/ndarray.h>

#include "made_array.h"

namespace {

namespace td = tandem;
using print_test::made;
using print_test::ramp;

struct golden_case {
  const char* label;
  td::ndarray array;
  td::print_options options;
  const char* text;
};

void expect_texts(const std::vector<golden_case>& cases) {
  ASSERT_FALSE(cases.empty());
  for (const golden_case& one : cases) {
    EXPECT_EQ(td::to_string(one.array, one.options), one.text)
        << one.label << ", " << td::name(one.array.dtype()) << " " << td::to_string(one.array.shape());
  }
}

TEST(PrintedAsNumPy, Numbers) {
  expect_texts({
#include "golden_numbers.inc"
  });
}

TEST(PrintedAsNumPy, Layout) {
  expect_texts({
#include "golden_layout.inc"
  });
}

TEST(PrintedAsNumPy, SingleElements) {
  expect_texts({
#include "golden_single.inc"
  });
}

}  // namespace
