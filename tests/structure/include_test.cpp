#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "structure/include_check.h"

namespace tandem::structure {
namespace {

std::string lines(const std::vector<std::string>& problems) {
  std::string text;
  for (const std::string& problem : problems) text += problem + "\n";
  return text;
}

TEST(Includes, FollowTheRooms) { EXPECT_EQ(lines(wrong_arrows(read_tree(TANDEM_SOURCE_DIR))), ""); }

TEST(Includes, HaveNoCircle) { EXPECT_EQ(lines(circles(read_tree(TANDEM_SOURCE_DIR))), ""); }

TEST(Includes, NeedEveryEntryOfTheTable) { EXPECT_EQ(lines(unused_entries(read_tree(TANDEM_SOURCE_DIR))), ""); }

TEST(Includes, OfTheRealTreeAreSeen) {
  const tree files = read_tree(TANDEM_SOURCE_DIR);
  ASSERT_TRUE(files.contains("include/tandem/tandem.h"));
  ASSERT_TRUE(files.contains("src/core/layout.cpp"));
  EXPECT_GE(includes_of(files.at("include/tandem/tandem.h")).size(), 10u);
  ASSERT_FALSE(includes_of(files.at("src/core/layout.cpp")).empty());
  EXPECT_EQ(includes_of(files.at("src/core/layout.cpp")).front().name, "core/layout.h");
}

// From here on the checker itself is tested, on trees that are wrong in one place.

TEST(IncludeCheck, AcceptsArrowsThatPointDown) {
  EXPECT_EQ(lines(wrong_arrows({
                {"include/tandem/dims.h", "#include <vector>\n"},
                {"include/tandem/expr.h", "#include <tandem/dims.h>\n"},
                {"src/core/layout.h", "#include <tandem/dims.h>\n"},
                {"src/ops/node.h", "#include <tandem/expr.h>\n#include \"core/layout.h\"\n"},
                {"src/backend/backend.h", "#include \"ops/node.h\"\n"},
                {"src/backend/cpu/run.cpp", "#include \"backend/backend.h\"\n#include <cblas.h>\n"},
                {"src/api/sum.cpp", "#include <fmt/format.h>\n#include \"ops/node.h\"\n"},
                {"src/cli/main.cpp", "#include <tandem/expr.h>\n#include <tao/pegtl.hpp>\n"},
            })),
            "");
}

TEST(IncludeCheck, RefusesAnArrowUp) {
  EXPECT_EQ(lines(wrong_arrows({
                {"src/core/layout.h", "\n  #  include \"ops/node.h\"\n"},
                {"src/ops/node.h", ""},
            })),
            "src/core/layout.h:2: is in room core and includes src/ops/node.h of room ops\n");
}

TEST(IncludeCheck, RefusesOneBackendInAnother) {
  EXPECT_EQ(
      lines(wrong_arrows({
          {"src/backend/cpu/tiles.h", ""},
          {"src/backend/simulated/clock.cpp", "#include \"backend/cpu/tiles.h\"\n"},
          {"cuda/kernels.cpp", "#include <backend/cpu/tiles.h>\n"},
      })),
      "cuda/kernels.cpp:1: is in room cuda and includes src/backend/cpu/tiles.h of room backend/cpu\n"
      "src/backend/simulated/clock.cpp:1: is in room backend/simulated and includes src/backend/cpu/tiles.h of room "
      "backend/cpu\n");
}

TEST(IncludeCheck, RefusesABackendAboveTheInterface) {
  EXPECT_EQ(lines(wrong_arrows({
                {"src/backend/cpu/tiles.h", ""},
                {"src/exec/run.cpp", "#include \"../backend/cpu/tiles.h\"\n"},
            })),
            "src/exec/run.cpp:1: is in room exec and includes src/backend/cpu/tiles.h of room backend/cpu\n");
}

TEST(IncludeCheck, RefusesTheInsideInTheCommand) {
  EXPECT_EQ(lines(wrong_arrows({
                {"src/cli/main.cpp", "#include \"core/layout.h\"\n"},
                {"src/core/layout.h", ""},
            })),
            "src/cli/main.cpp:1: is in room cli and includes src/core/layout.h of room core\n");
}

TEST(IncludeCheck, RefusesTheInsideInAPublicHeader) {
  EXPECT_EQ(lines(wrong_arrows({
                {"include/tandem/dims.h", "#include \"core/layout.h\"\n"},
                {"src/core/layout.h", ""},
            })),
            "include/tandem/dims.h:1: is public and includes src/core/layout.h, which is not\n");
}

TEST(IncludeCheck, RefusesDependenciesOutsideTheirRooms) {
  EXPECT_EQ(lines(wrong_arrows({
                {"include/tandem/dims.h", "#include <fmt/format.h>\n"},
                {"src/core/layout.h", "#include <omp.h>\n"},
            })),
            "include/tandem/dims.h:1: is public and includes fmt/format.h of a dependency\n"
            "src/core/layout.h:1: is in room core and includes omp.h, which is for runtime backend/cpu\n");
}

TEST(IncludeCheck, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(lines(wrong_arrows({
                {"include/tandem/novel.h", ""},
                {"src/attic/old.h", ""},
                {"src/backend/tpu/run.cpp", ""},
                {"src/core/layout.h", "#include \"core/gone.h\"\n#include <tandem/gone.h>\n#include CHOSEN\n"},
            })),
            "include/tandem/novel.h: in no room of tests/structure/rooms.h\n"
            "src/attic/old.h: in no room of tests/structure/rooms.h\n"
            "src/backend/tpu/run.cpp: in no room of tests/structure/rooms.h\n"
            "src/core/layout.h:1: includes core/gone.h, which does not exist\n"
            "src/core/layout.h:2: includes tandem/gone.h, which does not exist\n"
            "src/core/layout.h:3: includes what a macro names: CHOSEN\n");
}

TEST(IncludeCheck, FindsCircles) {
  const tree files{
      {"src/core/a.h", "#include \"core/b.h\"\n"},
      {"src/core/b.h", "#include \"c.h\"\n"},
      {"src/core/c.h", "#include \"core/b.h\"\n"},
      {"src/core/self.h", "#include \"core/self.h\"\n"},
  };
  EXPECT_EQ(lines(wrong_arrows(files)), "");
  EXPECT_EQ(lines(circles(files)),
            "src/core/b.h -> src/core/c.h -> src/core/b.h\nsrc/core/self.h -> src/core/self.h\n");
}

TEST(IncludeCheck, AFileIncludedTwiceIsNoCircle) {
  EXPECT_EQ(lines(circles({
                {"src/core/a.cpp", "#include \"core/b.h\"\n#include \"core/c.h\"\n#include \"core/c.h\"\n"},
                {"src/core/b.h", "#include \"core/c.h\"\n"},
                {"src/core/c.h", ""},
            })),
            "");
}

TEST(IncludeCheck, SeesDirectivesOnlyInCode) {
  const std::vector<include> found = includes_of(
      "// #include \"a.h\"\n"
      "/*\n#include \"b.h\"\n*/ #include \"c.h\" // why\n"
      "const char* text = \"/*\";\n"
      "#include <d/e.h>\n"
      "const char* raw = R\"x(\n#include \"f.h\"\n)x\";\n"
      "char quote = '\"';\n"
      "int million = 1'000'000; int thousand = 1'000; /*\n#include \"g.h\"\n*/\n"
      "#if 0\n"
      "#include \"h.h\"\n"
      "#endif\n"
      "#include_next <i.h>");
  std::string names;
  for (const include& each : found) names += each.name + ":" + std::to_string(each.line) + " ";
  EXPECT_EQ(names, "c.h:4 d/e.h:6 h.h:15 i.h:17 ");
}

TEST(IncludeCheck, ReportsEntriesThatNothingNeeds) {
  const std::string problems = lines(unused_entries({{"include/tandem/dims.h", ""}}));
  EXPECT_EQ(problems.find("include/tandem/dims.h"), std::string::npos);
  EXPECT_NE(problems.find("include/tandem/ndarray.h: named in tests/structure/rooms.h and does not exist"),
            std::string::npos);
  EXPECT_NE(problems.find("exception from include/tandem/expr.h to include/tandem/policy.h: nothing needs it"),
            std::string::npos);
}

}  // namespace
}  // namespace tandem::structure
