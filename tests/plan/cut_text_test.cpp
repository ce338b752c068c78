#include "plan/cut_text.h"

#include <gtest/gtest.h>

#include <string>

namespace tandem::plan {
namespace {

TEST(CutText, LeavesWhatIsShortEnough) {
  EXPECT_EQ(middle_cut("", 3), "");
  EXPECT_EQ(middle_cut("12345678", 8), "12345678");
  EXPECT_EQ(end_cut("", 0), "");
  EXPECT_EQ(end_cut("12345678", 8), "12345678");
}

TEST(CutText, CutsTheMiddleOrTheEnd) {
  EXPECT_EQ(middle_cut("123456789", 8), "12...789");
  EXPECT_EQ(middle_cut("123456789", 3), "...");
  EXPECT_EQ(end_cut("123456789", 8), "12345678...");
  EXPECT_EQ(end_cut("123456789", 0), "...");
}

// Each of these characters has three bytes.
TEST(CutText, CutsNoCharacter) {
  const std::string text = "\u20ac\u20ac\u20ac\u20ac";
  EXPECT_EQ(end_cut(text, 5), "\u20ac...");
  EXPECT_EQ(end_cut(text, 6), "\u20ac\u20ac...");
  EXPECT_EQ(middle_cut(text, 11), "\u20ac...\u20ac");
  EXPECT_EQ(middle_cut(text, 9), "\u20ac...\u20ac");
  EXPECT_EQ(middle_cut(text, 7), "...");
}

}  // namespace
}  // namespace tandem::plan
