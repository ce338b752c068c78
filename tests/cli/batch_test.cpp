#include <tandem/tandem.h>

#include <string>
#include <vector>

#include "cli/command.h"

TEST(batch, lines_are_commands) {
  const temporary_folder folder;
  write_text(folder / "lines",
             "1 + 1\n# a comment\n\nx * y\tx=[1, 2]\ty=3\r\n2 * 3\t-o\t" + (folder / "r.npy") + "\n-x\t--\tx=1\n");
  const outcome result = run({"eval", "--batch", folder / "lines"});
  EXPECT_EQ(result.out, "2\n[3 6]\n");
  EXPECT_EQ(result.err, "tandem: line 6: there is no option '-x'; put -- before an expression that begins with '-'\n");
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(to_string(tandem::load(folder / "r.npy")), "6");
}

TEST(batch, goes_on_after_a_failure) {
  const outcome result = run({"eval", "--batch", "-"}, "1\n1 +\nx\tx=no.npy\n\n2\ty\n3");
  EXPECT_EQ(result.out, "1\n3\n");
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.err.find("tandem: line 2: column 4: expected a value"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("tandem: line 3: "), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("tandem: line 5: 'y' is not NAME=VALUE"), std::string::npos) << result.err;
}

TEST(batch, status_is_0_if_all_succeed) {
  EXPECT_EQ(run({"eval", "--batch", "-"}, "1\n2\n").status, 0);
  EXPECT_EQ(run({"eval", "--batch", "-"}, "").status, 0);
}

TEST(batch, options_of_the_command_hold_for_all_lines) {
  const outcome result = run({"eval", "--batch", "-", "--time", "--workers", "1"}, "1\n[2, 3]\n");
  EXPECT_NE(result.err.find("1 element, int64 ()\n"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("2 elements, int64 (2,)\n"), std::string::npos) << result.err;
}

TEST(batch, missing_file) {
  const outcome result = run({"eval", "--batch", "/nonexistent/lines"});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.err, "tandem: cannot read /nonexistent/lines\n");
  EXPECT_EQ(run({"eval", "--batch", "/"}).status, 1);
}
