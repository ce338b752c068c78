#include <tandem/call.h>

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

TEST(ops, markdown_has_a_row_for_every_function) {
  const outcome result = run({"ops", "--markdown"});
  EXPECT_EQ(result.status, 0);
  for (const tandem::function_info& function : tandem::functions()) {
    EXPECT_NE(result.out.find("\n| `" + std::string(function.name) + "("), std::string::npos) << function.name;
  }
  // Three bars in every row of a table but those that are escaped.
  std::string line;
  for (const char c : result.out + "\n") {
    if (c != '\n') {
      line += c;
      continue;
    }
    int bars = 0;
    for (std::size_t i = 0; i < line.size(); ++i) bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
    if (line.starts_with("|")) {
      EXPECT_EQ(bars, 3) << line;
    }
    line.clear();
  }
}
