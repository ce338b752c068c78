#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>

#include <tandem/tandem.h>

#include "cuda/codegen/chain.h"
#include "cuda/codegen/headers.h"
#include "ops/compile.h"

// Chains as text.
namespace tandem::cuda {
namespace {

ops::fused_chain chain_of(const expr& what) {
  return std::get<ops::elementwise_stage>(ops::compile(what.node()).code.stages.back()).chain;
}

std::string body_of(const ops::fused_chain& chain) {
  const std::string text = chain_text(chain);
  const std::string_view head = "compute([[maybe_unused]] const Words& w";
  return text.substr(text.find(head) + head.size());
}

class Chains : public ::testing::Test {
 protected:
  ndarray a = arange(6.0);
  ndarray b = arange(6.0);
};

TEST_F(Chains, NumbersAndShapesAreNotInTheKey) {
  EXPECT_EQ(chain_key(chain_of(a * 2.0)), chain_key(chain_of(a * 3.0)));
  EXPECT_EQ(chain_key(chain_of(a * 2.0)), chain_key(chain_of(ones({2, 3}) * 2.0)));
  EXPECT_NE(chain_key(chain_of(a * 2.0)), chain_key(chain_of(2.0 * a)));
  EXPECT_NE(chain_key(chain_of(a * 2.0)), chain_key(chain_of(a + 2.0)));
  EXPECT_NE(chain_key(chain_of(a * a)), chain_key(chain_of(a * b)));
  EXPECT_NE(chain_key(chain_of(a * b)), chain_key(chain_of(astype(a, dtype::float32) * astype(b, dtype::float32))));
}

TEST_F(Chains, NumbersAreWords) {
  const ops::fused_chain chain = chain_of(astype(a, dtype::complex128) * scalar(std::complex<double>(2, -0.5)));
  EXPECT_EQ(chain_words(chain), 3);
  std::vector<word> words;
  append_chain(chain, words);
  ASSERT_EQ(words.size(), 3u);
  EXPECT_EQ(words[0].buffer, chain.sources[0].buffer);
  const scalar numbers[] = {std::complex<double>(2, -0.5), -1, std::complex<float>(1, -1), true};
  EXPECT_EQ(bits_of(words[1], {}, numbers), 0x4000000000000000u);
  EXPECT_EQ(bits_of(words[2], {}, numbers), 0xbfe0000000000000u);
  EXPECT_NE(chain_text(chain).find("td::number(w.at[1], w.at[2])"), std::string::npos) << chain_text(chain);

  const auto expect_word = [&](int number, dtype type, std::uint64_t wanted) {
    const std::vector<word> given = words_of({number, type});
    const std::vector<word> known = words_of(numbers[number], type);
    ASSERT_EQ(given.size(), 1u);
    ASSERT_EQ(known.size(), 1u);
    EXPECT_EQ(bits_of(given[0], {}, numbers), wanted);
    EXPECT_EQ(bits_of(known[0], {}, {}), wanted);
  };
  expect_word(1, dtype::int8, 0xff);
  expect_word(2, dtype::complex64, 0xbf8000003f800000);
  expect_word(3, dtype::bool_, 1);
}

TEST_F(Chains, AddressesAreThoseOfTheFirstElement) {
  std::vector<word> words;
  append_chain(chain_of(flip(a) + 1.0), words);
  ASSERT_EQ(words.size(), 2u);
  EXPECT_EQ(words[0].value, 5 * 8);
}

TEST_F(Chains, ContractOnlyWhatMay) {
  ops::fused_chain chain = chain_of(a * b + a);
  EXPECT_EQ(body_of(chain).find("fma"), std::string::npos);
  chain.contracts = true;
  EXPECT_NE(body_of(chain).find("td::math::fma(x0, x1, x0)"), std::string::npos) << body_of(chain);
  const auto contracted = [](const expr& what) {
    ops::fused_chain made = chain_of(what);
    made.contracts = true;
    return body_of(made);
  };
  EXPECT_NE(contracted(a * b - a).find("td::math::fma(x0, x1, -x0)"), std::string::npos);
  EXPECT_NE(contracted(a - a * b).find("td::math::fma(-x0, x1, x0)"), std::string::npos);
  EXPECT_NE(contracted(square(a) + b).find("td::math::fma(x0, x0, x1)"), std::string::npos);
  const expr product = a * b;
  EXPECT_EQ(contracted(product / (product + a)).find("fma"), std::string::npos) << "read twice";
  EXPECT_EQ(contracted(astype(a, dtype::int64) * 2 + 1).find("fma"), std::string::npos) << "exact anyway";
}

TEST(Headers, AreComplete) {
  bool rows = false;
  for (const header& of : headers()) {
    rows = rows || std::string_view(of.name) == "tandem/tables/elementwise.inc";
    EXPECT_FALSE(std::string_view(of.text).empty()) << of.name;
    // What each includes is there, too.
    std::string_view rest = of.text;
    for (std::size_t at = rest.find("\n#include "); at != std::string_view::npos; at = rest.find("\n#include ")) {
      rest.remove_prefix(at + 11);
      const std::string_view included = rest.substr(0, rest.find_first_of("\">"));
      if (included.find('/') == std::string_view::npos) continue;  // of the host
      bool known = false;
      for (const header& other : headers()) known = known || other.name == included;
      EXPECT_TRUE(known) << included << " in " << of.name;
    }
  }
  EXPECT_TRUE(rows);
}

}  // namespace
}  // namespace tandem::cuda
