#include "cuda/runtime/compiler.h"

#include <gtest/gtest.h>

#include <tandem/errors.h>

#include "cuda/codegen/ready.h"
#include "cuda/runtime/nvrtc_library.h"

namespace tandem::cuda {
namespace {

class Compiler : public testing::Test {
 protected:
  void SetUp() override {
    try {
      nvrtc();
    } catch (const device_error& error) {
      GTEST_SKIP() << error.what();
    }
  }
};

std::shared_ptr<const kernel> some_kernel() { return ready_kernels().front(); }

TEST_F(Compiler, MakesMachineCodeOfAKernel) {
  const compiler of_hopper(90);
  EXPECT_TRUE(of_hopper.target().is_machine_code);
  const auto what = some_kernel();
  const std::string code = of_hopper.compile(what->name, what->text());
  ASSERT_GT(code.size(), 100U);
  EXPECT_EQ(code.substr(0, 4),
            "\x7f"
            "ELF");
  EXPECT_NE(code.find(what->name), std::string::npos) << "the function has its name";
}

TEST_F(Compiler, MakesPtxForGpusThatAreNewer) {
  const compiler of_tomorrow(990);
  EXPECT_FALSE(of_tomorrow.target().is_machine_code);
  const auto what = some_kernel();
  const std::string code = of_tomorrow.compile(what->name, what->text());
  ASSERT_FALSE(code.empty());
  EXPECT_EQ(code.back(), '\0');
  EXPECT_NE(code.find(".entry " + what->name), std::string::npos);
}

TEST_F(Compiler, TellsKernelsAndArchitecturesApart) {
  const compiler hopper(90);
  const compiler turing(75);
  EXPECT_NE(hopper.identity("text"), hopper.identity("text "));
  EXPECT_NE(hopper.identity("text"), turing.identity("text"));
  EXPECT_EQ(hopper.identity("text"), compiler(90).identity("text"));
}

TEST_F(Compiler, SaysWhatIsWrong) {
  try {
    compiler(90).compile("td_wrong", "extern \"C\" __global__ void td_wrong() { no_such_name(); }\n");
    FAIL() << "it compiles";
  } catch (const device_error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("kernel td_wrong does not compile"), std::string::npos) << text;
    EXPECT_NE(text.find("no_such_name"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace tandem::cuda
