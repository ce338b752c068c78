#include <gtest/gtest.h>

#include <string>

#include "cli/command.h"

// What the library takes from the environment.

TEST(environment, an_unknown_instruction_set_is_an_error) {
  const with_variable isa("TANDEM_ISA", "sse9");
  const outcome result = evaluate({"x + 1", "x=[1.5]"});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_NE(result.err.find("TANDEM_ISA is 'sse9'; expected one of "), std::string::npos) << result.err;
}

#if defined(__x86_64__)
TEST(environment, an_instruction_set_can_be_forced) {
  const with_variable isa("TANDEM_ISA", "x86-64-v2");
  EXPECT_EQ(evaluate({"x + 1", "x=[1.5]"}).out, "[2.5]\n");
}
#endif

TEST(environment, the_memory_pool_is_on_or_off) {
  for (const char* word : {"on", "off"}) {
    const with_variable pool("TANDEM_MEMORY_POOL", word);
    EXPECT_EQ(evaluate({"x + 1", "x=[1.5]"}).out, "[2.5]\n");
  }
  const with_variable pool("TANDEM_MEMORY_POOL", "maybe");
  const outcome result = evaluate({"x + 1", "x=[1.5]"});
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.err.find("TANDEM_MEMORY_POOL is 'maybe'; expected on or off"), std::string::npos) << result.err;
}
