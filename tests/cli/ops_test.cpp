#include <tandem/call.h>

#include <set>
#include <sstream>
#include <string>

#include "cli/command.h"

TEST(ops, lists_every_function_with_its_signature) {
  const outcome result = run({"ops"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err, "");
  for (const tandem::function_info& function : tandem::functions()) {
    EXPECT_NE(result.out.find("\n  " + std::string(function.name) + "("), std::string::npos) << function.name;
    EXPECT_NE(result.out.find(function.summary), std::string::npos) << function.name;
  }
  EXPECT_NE(result.out.find("\n  sum(x, axis=None, keepdims=False, dtype=None)  sum of elements"), std::string::npos);
}

namespace {

// Bars in a line of a Markdown table but those that are escaped.
int bars_of(const std::string& line) {
  int bars = 0;
  for (std::size_t i = 0; i < line.size(); ++i) bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
  return bars;
}

}  // namespace

TEST(ops, markdown_has_a_row_for_every_function) {
  const outcome result = run({"ops", "--markdown"});
  EXPECT_EQ(result.status, 0);
  for (const tandem::function_info& function : tandem::functions()) {
    EXPECT_NE(result.out.find("\n| `" + std::string(function.name) + "("), std::string::npos) << function.name;
  }
  std::istringstream lines(result.out);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("|")) {
      EXPECT_EQ(bars_of(line), 3) << line;
    }
  }
}

TEST(ops, parallel_says_what_every_function_shares_out) {
  const outcome result = run({"ops", "--parallel"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err, "");
  std::istringstream lines(result.out);
  std::set<std::string> rows;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("|")) continue;
    EXPECT_EQ(bars_of(line), 4) << line;
    EXPECT_EQ(line.find("|  |"), std::string::npos) << line;
    rows.insert(line);
  }
  for (const tandem::function_info& function : tandem::functions()) {
    const std::string begin = "| `" + std::string(function.name) + "` | ";
    const auto row = rows.lower_bound(begin);
    EXPECT_TRUE(row != rows.end() && row->starts_with(begin)) << function.name;
  }
  EXPECT_TRUE(rows.contains("| `exp` | element-wise | tiles of 512 elements |"));
  EXPECT_TRUE(rows.contains("| `flip` | view | nothing |"));
  EXPECT_TRUE(rows.contains(
      "| `matmul` | product; two vectors: reduction | blocks of the result, or the products of a batch |"));
}

TEST(ops, takes_one_option) {
  EXPECT_EQ(run({"ops", "--parallel", "--markdown"}).status, 2);
  const outcome wrong = run({"ops", "--paralel"});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_NE(wrong.err.find("--parallel"), std::string::npos) << wrong.err;
}
