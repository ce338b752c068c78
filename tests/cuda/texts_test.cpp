#include <gtest/gtest.h>

#include <array>

#include <tandem/errors.h>

#include "cuda/runtime/compile_mode.h"
#include "cuda/runtime/compiler.h"
#include "cuda/runtime/errors.h"
#include "cuda/runtime/program_name.h"
#include "cuda/runtime/shared_library.h"
#include "cuda/runtime/why_none.h"

namespace tandem::cuda {
namespace {

/// The text of what a call throws.
template <class Error, class Call>
std::string thrown(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(WhyNone, TellsWhatToDo) {
  EXPECT_EQ(why_none(cudaSuccess, 2, 13000, 13000, nullptr), "");
  EXPECT_EQ(why_none(cudaErrorInsufficientDriver, 0, 0, 13000, nullptr),
            "there is no NVIDIA driver: its library libcuda.so.1 cannot be opened");
  EXPECT_EQ(why_none(cudaErrorInsufficientDriver, 0, 12080, 13000, nullptr),
            "the NVIDIA driver supports CUDA up to 12.8, and tandem was built with CUDA 13.0; install a newer driver");
  EXPECT_EQ(why_none(cudaErrorNoDevice, 0, 13000, 13000, nullptr), "the NVIDIA driver finds no GPU");
  EXPECT_EQ(why_none(cudaErrorNoDevice, 0, 13000, 13000, "-1"),
            "the NVIDIA driver finds no GPU; CUDA_VISIBLE_DEVICES is '-1', which may hide them");
  EXPECT_EQ(why_none(cudaSuccess, 0, 13000, 13000, nullptr), "the NVIDIA driver finds no GPU");
  const std::string other = why_none(cudaErrorSystemNotReady, 0, 13000, 13000, nullptr);
  EXPECT_NE(other.find("cudaErrorSystemNotReady"), std::string::npos) << other;
}

TEST(CudaErrors, SayWhatCudaSays) {
  EXPECT_EQ(describe(cudaErrorInvalidValue), "cudaErrorInvalidValue: invalid argument");
  EXPECT_TRUE(is_sticky(cudaErrorIllegalAddress));
  EXPECT_TRUE(is_sticky(cudaErrorLaunchFailure));
  EXPECT_FALSE(is_sticky(cudaErrorMemoryAllocation));
  EXPECT_FALSE(is_sticky(cudaErrorInvalidValue));
  EXPECT_FALSE(is_sticky(cudaErrorNotReady));
  EXPECT_EQ(version_text(13000), "13.0");
  EXPECT_EQ(version_text(12080), "12.8");
}

TEST(CompileMode, KnowsItsNames) {
  EXPECT_EQ(compile_mode_of(nullptr), compile_mode::background);
  EXPECT_EQ(compile_mode_of("background"), compile_mode::background);
  EXPECT_EQ(compile_mode_of("wait"), compile_mode::wait);
  EXPECT_EQ(thrown<policy_error>([] { compile_mode_of("Wait"); }),
            "TANDEM_CUDA_COMPILE is 'Wait'; it can be 'background' or 'wait'");
  EXPECT_THROW(compile_mode_of(""), policy_error);
}

TEST(CompileTarget, IsTheArchitectureOrTheNewestBefore) {
  constexpr std::array known{75, 80, 90, 120};
  const auto expect = [&](int architecture, int target, bool is_machine_code) {
    const compile_target found = target_for(architecture, known);
    EXPECT_EQ(found.architecture, target) << architecture;
    EXPECT_EQ(found.is_machine_code, is_machine_code) << architecture;
  };
  expect(75, 75, true);
  expect(90, 90, true);
  expect(86, 80, false);
  expect(121, 120, false);
  EXPECT_EQ(thrown<device_error>([&] { target_for(70, known); }),
            "NVRTC compiles for none of the compute capabilities up to 7.0; it knows 75, 80, 90, 120");
}

TEST(SharedLibrary, SaysWhatIsMissing) {
  const std::string text = thrown<device_error>([] { shared_library("libtandem_has_no_such.so.13"); });
  EXPECT_EQ(text.rfind("libtandem_has_no_such.so.13 cannot be opened (", 0), 0U) << text;
  EXPECT_NE(text.find("; install CUDA "), std::string::npos) << text;
  const shared_library library("libm.so.6");
  double (*function)(double) = nullptr;
  library.find(function, "sqrt");
  ASSERT_NE(function, nullptr);
  EXPECT_THROW(library.find(function, "no_such_function"), device_error);
}

TEST(ProgramName, ListsStages) {
  ops::program what;
  EXPECT_EQ(program_name(what), "");
  ops::elementwise_stage copy;
  ops::elementwise_stage sum;
  ops::instruction add{};
  add.which = ops::op::add;
  sum.chain.code = {add};
  ops::reduce_stage reduce;
  reduce.which = ops::reduction::prod;
  ops::scan_stage scan;
  scan.which = ops::reduction::sum;
  what.stages = {copy, sum, reduce, scan};
  EXPECT_EQ(program_name(what), "copy, add, prod, scan of sum");
  what.stages.emplace_back(ops::matmul_stage());
  EXPECT_EQ(program_name(what), "copy, add, prod, scan of sum, ...");
  EXPECT_EQ(&kept_name("a"), &kept_name("a"));
  EXPECT_NE(&kept_name("a"), &kept_name("b"));
}

}  // namespace
}  // namespace tandem::cuda
