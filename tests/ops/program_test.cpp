#include "ops/program.h"

#include <gtest/gtest.h>

#include <tandem/tandem.h>

#include "ops/compile.h"
#include "ops/node.h"
#include "ops/number_words.h"
#include "ops/structure.h"

namespace td = tandem;
using namespace tandem::ops;

namespace {

template <class Stage>
int count(const program& of) {
  int n = 0;
  for (const stage& each : of.stages) n += std::holds_alternative<Stage>(each);
  return n;
}

int temporaries(const program& of) {
  int n = 0;
  for (const buffer& each : of.buffers) n += each.use == buffer::role::temporary;
  return n;
}

program compiled_of(const td::expr& e) { return compile(e.node()).code; }

TEST(Program, ChainIsOneStageWithoutTemporaries) {
  const td::ndarray a = td::ones({4, 5});
  const td::ndarray b = td::ones({5});
  const program p = compiled_of(a * b + td::sin(a) - 2.0);
  ASSERT_EQ(p.stages.size(), 1U);
  const auto& chain = std::get<elementwise_stage>(p.stages[0]).chain;
  EXPECT_EQ(chain.code.size(), 4U);
  EXPECT_EQ(chain.sources.size(), 2U);
  EXPECT_EQ(chain.constants.size(), 1U);
  EXPECT_EQ(temporaries(p), 0);
}

TEST(Program, SharedNodeIsComputedOnce) {
  const td::ndarray a = td::ones({7});
  const td::expr s = td::sin(a);
  const program p = compiled_of(s * s + s);
  EXPECT_EQ(std::get<elementwise_stage>(p.stages.at(0)).chain.code.size(), 3U);
}

TEST(Program, EqualWorkWrittenTwiceIsComputedOnce) {
  const td::ndarray a = td::ones({4, 7});
  const td::ndarray b = td::ones({4, 7});
  const program chain = compiled_of((a + b) * td::sqrt(a + b));
  EXPECT_EQ(std::get<elementwise_stage>(chain.stages.at(0)).chain.code.size(), 3U);

  const program sums = compiled_of(td::sum(a, {.axis = 1}) / td::sqrt(td::sum(a, {.axis = 1})));
  EXPECT_EQ(count<reduce_stage>(sums), 1);

  const program join =
      compiled_of(td::concat({td::matmul(a, td::matrix_transpose(b)), td::matmul(a, td::matrix_transpose(b))}));
  EXPECT_EQ(count<matmul_stage>(join), 1);
  EXPECT_EQ(count<elementwise_stage>(join), 1) << "a copy";
}

TEST(Program, WorkThatDiffersSomewhereIsNotTheSame) {
  const td::ndarray a = td::ones({4, 4});
  const td::ndarray b = td::ones({4, 4});
  EXPECT_EQ(count<reduce_stage>(compiled_of(td::sum(a, {.axis = 0}) + td::sum(a, {.axis = 1}))), 2);
  EXPECT_EQ(count<reduce_stage>(compiled_of(td::sum(a, {.axis = 0}) + td::sum(b, {.axis = 0}))), 2);
  EXPECT_EQ(count<reduce_stage>(compiled_of(td::sum(a, {.axis = 0}) + td::max(a, {.axis = 0}))), 2);
  const auto steps = [](const td::expr& of) {
    return std::get<elementwise_stage>(compiled_of(of).stages.at(0)).chain.code.size();
  };
  EXPECT_EQ(steps((a + 0.0) * (a + -0.0)), 3U);
  EXPECT_EQ(steps((a - b) * (b - a)), 3U);
  EXPECT_EQ(steps(td::astype(a, td::dtype::float32) + td::astype(a, td::dtype::int8)), 4U) << "three casts, one sum";
}

// Numbers do not decide a program, but which of them are the same does.
TEST(Program, StructuresAreFreeOfNumbers) {
  const td::ndarray a = td::ones({4, 4});
  const auto key = [](const td::expr& of) {
    structure described;
    EXPECT_TRUE(described.describe(*of.node()));
    return std::vector<std::int64_t>(described.key().begin(), described.key().end());
  };
  EXPECT_EQ(key(a * 2.0 + 3.0), key(a * 2.5 + -0.0));
  EXPECT_NE(key(a * 2.0 + 3.0), key(a * 2.0 + 2.0));
  EXPECT_EQ(key(a * 2.0 + 2.0), key(a * 3.0 + 3.0));
  EXPECT_NE(key(a * 0.0 + 0.0), key(a * 0.0 + -0.0));
  EXPECT_NE(key(td::pow(a, 2.0)), key(a * 2.0));

  structure described;
  const td::expr sum = a * 2.0 + 3.0 - a * 2.0;
  ASSERT_TRUE(described.describe(*sum.node()));
  ASSERT_EQ(described.numbers().size(), 2U);
  EXPECT_TRUE(is_same_number(*described.numbers()[0], 2.0));
  EXPECT_TRUE(is_same_number(*described.numbers()[1], 3.0));
  const compiled made = compile(sum.node());
  EXPECT_EQ(made.code.number_count, 2);
  EXPECT_EQ(made.numbers.size(), 2U);
}

TEST(Program, ReductionIsFedByItsChain) {
  const td::ndarray a = td::ones({3, 4});
  const td::ndarray b = td::ones({3, 4});
  const program p = compiled_of(td::sum(td::square(a - b), {.axis = 1}));
  ASSERT_EQ(p.stages.size(), 1U);
  EXPECT_EQ(std::get<reduce_stage>(p.stages[0]).chain.code.size(), 2U);
  EXPECT_EQ(temporaries(p), 0);
}

TEST(Program, SharedReductionIsComputedOnce) {
  const td::ndarray a = td::ones({30, 4});
  const td::expr m = td::sum(a, {.axis = 0});
  const program p = compiled_of((a - m) / (m + 1.0));
  EXPECT_EQ(count<reduce_stage>(p), 1);
}

TEST(Program, WorkOnFewerElementsIsAStageOfItsOwn) {
  const td::ndarray a = td::ones({300, 4});
  const td::ndarray row = td::ones({4});
  const program p = compiled_of(a * td::exp(row));
  EXPECT_EQ(count<elementwise_stage>(p), 2);
  EXPECT_EQ(temporaries(p), 1);
}

TEST(Program, JoinedPartsAreWrittenInPlace) {
  const td::ndarray a = td::ones({3, 4});
  const program p = compiled_of(td::concat({a + 1.0, td::sin(a), td::matmul(a, td::matrix_transpose(a))}, 1));
  EXPECT_EQ(count<elementwise_stage>(p), 2);
  EXPECT_EQ(count<matmul_stage>(p), 1);
  EXPECT_EQ(temporaries(p), 0);
}

TEST(Program, ReshapedWorkIsWrittenInPlace) {
  const td::ndarray a = td::ones({3, 4});
  EXPECT_EQ(temporaries(compiled_of(td::concat({td::reshape(a + 1.0, {12}), td::reshape(a.transposed(), {12})}))), 0);
}

TEST(Program, TemporariesEndWithTheirLastReader) {
  const td::ndarray a = td::ones({30, 30});
  const program p = compiled_of(td::matmul(td::matmul(td::matmul(a, a), a), a));
  for (const buffer& each : p.buffers) {
    if (each.use == buffer::role::temporary) {
      EXPECT_LT(each.last_stage, static_cast<int>(p.stages.size()));
      EXPECT_GE(each.last_stage, 1);
    }
  }
}

TEST(Program, RegistersAreReused) {
  const td::ndarray a = td::ones({8});
  td::expr e = a;
  for (int i = 0; i < 1000; ++i) e = e + a;
  const program p = compiled_of(e);
  EXPECT_LE(std::get<elementwise_stage>(p.stages.at(0)).chain.scratch_registers, 2);
}

TEST(Program, NoInstructionWritesARegisterThatItReads) {
  const td::ndarray a = td::ones({8}, td::int8);
  const td::expr x = td::astype(a, td::float64);
  const program p = compiled_of(td::where(x > 1.0, td::sqrt(x), td::astype(x, td::complex128)));
  for (const instruction& step : std::get<elementwise_stage>(p.stages.at(0)).chain.code) {
    for (int i = 0; i < step.arity; ++i) EXPECT_NE(step.result, step.operands[i]);
  }
}

TEST(OpTable, NamesAreDistinctAndKindsAreSaid) {
  for (int i = 0; i < op_count; ++i) {
    const op_info& row = info(static_cast<op>(i));
    EXPECT_NE(describe_kinds(row.kinds), "some dtypes") << row.name;
    EXPECT_FALSE(row.summary.empty()) << row.name;
    for (int k = 0; k < i; ++k) EXPECT_NE(row.name, info(static_cast<op>(k)).name);
  }
}

}  // namespace
