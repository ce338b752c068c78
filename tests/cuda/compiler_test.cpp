#include "cuda/runtime/compiler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include <tandem/errors.h>

#include "cuda/codegen/ready.h"
#include "cuda/runtime/background.h"
#include "cuda/runtime/nvrtc_library.h"
#include "cuda/runtime/process.h"

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

// What a short program does: it asks for kernels and ends. NVRTC, which was opened after the module, takes itself apart
// at the end of the process, and must not do so while it compiles.
[[noreturn]] void end_while_compiling() {
  static std::atomic<int> begun{0};
  static const compiler made(90);
  made.start();
  const auto all = ready_kernels();
  for (std::size_t i = 0; i < 3; ++i) {
    do_in_background([what = all[i]] {
      ++begun;
      made.compile(what->name, what->text());
    });
  }
  while (begun == 0) std::this_thread::yield();
  std::exit(0);
}

TEST(CompilerAtExit, IsWaitedFor) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // in a process of its own, where NVRTC is not open yet
  open_process({nullptr, [] { return std::uint64_t{0}; }, [] { return std::string(); }});
  try {
    nvrtc();
  } catch (const device_error& error) {
    GTEST_SKIP() << error.what();
  }
  for (int i = 0; i < 3; ++i) EXPECT_EXIT(end_while_compiling(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace tandem::cuda
