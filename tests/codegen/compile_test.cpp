#include <gtest/gtest.h>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "codegen/nvrtc/nvrtc.h"
#include "cuda/codegen/elementwise.h"
#include "cuda/codegen/ready.h"
#include "ops/op.h"
#include "support/elements.h"

// NVRTC compiles every kernel to machine code, for the oldest and the newest GPUs that it knows and for Hopper.
namespace tandem::cuda {
namespace {

// Where the operands of a kernel lie.
enum class access { neighbours, rows, strided };

ops::region region_of(access how) {
  // No address is needed, so that a buffer's number is any.
  if (how == access::neighbours) return {0, {{6, 8}, {8, 1}, 0}};
  if (how == access::rows) return {0, {{6, 8}, {16, 1}, 0}};
  return {0, {{6, 8}, {1, 6}, 3}};
}

launch launch_of(const ops::instruction& what, access how) {
  ops::fused_chain chain;
  chain.shape = {6, 8};
  chain.type = what.result_type;
  for (int k = 0; k < what.arity; ++k) {
    chain.sources.push_back(region_of(how));
    chain.source_types.push_back(what.arity == 3 && k == 0 ? dtype::bool_ : what.operand_type);
  }
  ops::instruction code = what;
  for (int k = 0; k < what.arity; ++k) code.operands[k] = k;
  code.result = what.arity;
  chain.code = {code};
  chain.scratch_registers = 1;
  chain.result = code.result;
  return elementwise(chain, region_of(how == access::strided ? access::neighbours : how));
}

// Kernels by the architectures to compile them for, many in one translation unit.
class batch {
 public:
  void add(const kernel& code) {
    if (known_.emplace(code.name, code.key).second) texts_.push_back(code.text());
  }

  void compile_for(const std::vector<std::string>& architectures) const {
    ASSERT_FALSE(texts_.empty());
    constexpr std::size_t at_once = 64;
    for (std::size_t begin = 0; begin < texts_.size(); begin += at_once) {
      std::string unit;
      for (std::size_t i = begin; i < std::min(begin + at_once, texts_.size()); ++i) unit += texts_[i];
      for (const std::string& architecture : architectures) {
        ASSERT_EQ(complaints(unit, architecture), "") << architecture;
      }
    }
  }

 private:
  std::map<std::string, std::string> known_;
  std::vector<std::string> texts_;
};

// What decides whether a row or dtype was left out.
struct coverage {
  std::map<std::string_view, int> operations;
  std::map<dtype, int> dtypes;

  void add(const ops::instruction& code) {
    ++operations[code.converts ? std::string_view("conversion") : ops::info(code.which).name];
    ++dtypes[code.operand_type];
    ++dtypes[code.result_type];
  }
  void check() const {
    EXPECT_EQ(operations.size(), static_cast<std::size_t>(ops::op_count) + 1);
    EXPECT_EQ(dtypes.size(), static_cast<std::size_t>(dtype_count));
  }
};

const std::vector<std::string> all_architectures{"sm_75", "sm_90", "sm_120"};

// Each operation with one of its dtypes, another one for each row; each dtype is converted to one other.
std::vector<ops::instruction> sample() {
  std::vector<ops::instruction> chosen;
  std::map<ops::op, std::vector<ops::instruction>> by_operation;
  std::map<dtype, std::vector<ops::instruction>> conversions;
  for (const ops::instruction& code : ready_instructions()) {
    if (code.converts) {
      conversions[code.operand_type].push_back(code);
    } else {
      by_operation[code.which].push_back(code);
    }
  }
  std::size_t turn = 0;
  for (const auto& [which, all] : by_operation) chosen.push_back(all[turn++ % all.size()]);
  for (const auto& [from, all] : conversions) chosen.push_back(all[turn++ % all.size()]);
  return chosen;
}

class Compiled : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_nvrtc(); !why.empty()) GTEST_SKIP() << why;
  }
};

TEST_F(Compiled, ASample) {
  batch kernels, few;
  coverage covered;
  int number = 0;
  for (const ops::instruction& code : sample()) {
    covered.add(code);
    const auto how = static_cast<access>(number % 3);
    kernels.add(*launch_of(code, how).code);
    if (number % 8 == 0) few.add(*launch_of(code, how).code);
    ++number;
  }
  covered.check();
  kernels.compile_for({"sm_90"});
  few.compile_for(all_architectures);
}

TEST_F(Compiled, ASampleOfReadyKernels) {
  batch kernels;
  const auto all = ready_kernels();
  for (std::size_t i = 0; i < all.size(); i += 11) kernels.add(*all[i]);
  kernels.compile_for({"sm_90"});
}

TEST_F(Compiled, Complaints) {
  EXPECT_NE(complaints("extern \"C\" __global__ void k() { missing(); }", "sm_90"), "");
  EXPECT_EQ(complaints("extern \"C\" __global__ void k() {}", "sm_90"), "");
}

// A quarter of an hour.
TEST_F(Compiled, DISABLED_EveryElementwiseKernel) {
  for (const access how : {access::neighbours, access::rows, access::strided}) {
    batch kernels;
    coverage covered;
    for (const ops::instruction& code : ready_instructions()) {
      covered.add(code);
      kernels.add(*launch_of(code, how).code);
    }
    covered.check();
    kernels.compile_for(all_architectures);
  }
}

TEST_F(Compiled, DISABLED_EveryReadyKernel) {
  batch kernels;
  for (const auto& code : ready_kernels()) kernels.add(*code);
  kernels.compile_for(all_architectures);
}

}  // namespace
}  // namespace tandem::cuda
