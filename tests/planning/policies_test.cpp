#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "planning/candidates.h"
#include "support/elements.h"

// Policies that contradict what there is, and lists of candidates that cannot be.
namespace tandem::testing {
namespace {

TEST(Contradictions, ADeviceIsDemandedThatHasTooLittleMemory) {
  const ndarray a = ones({1000, 1000});
  const ndarray target = zeros({1000, 1000});
  limit_simulated_memory(to_string(small), 1'000'000);
  const auto refuses = [&](const char* name, const std::function<void()>& attempt) {
    const std::string text = text_of<out_of_memory>(attempt);
    EXPECT_TRUE(mentions(text, {name, to_string(small).c_str(), "8000000", "1000000"})) << text;
  };
  refuses("matmul: ", [&] { eval(matmul(a, a), {.device = small}); });
  refuses("multiply: ", [&] { target.assign(expr(a) * 2, {.device = small}); });
  EXPECT_TRUE(mentions(to_string(explain(matmul(a, a), {.device = small})), {"(forced)", "it cannot be done"}));
  limit_simulated_memory(to_string(small), std::int64_t{1} << 30);
  EXPECT_FALSE(a.is_on(small));
  EXPECT_EQ(eval(sum(a)).item<double>(), 1e6);
  EXPECT_EQ(eval(sum(target)).item<double>(), 0);
}

TEST(Contradictions, ADeviceIsDemandedAndItsMemoryForbidden) {
  const ndarray a = ones({1000});
  const std::string text =
      text_of<out_of_memory>([&] { eval(expr(a) + 1, {.device = sim, .device_memory_bytes = 15'999}); });
  EXPECT_TRUE(mentions(text, {"add", "sim:h200:30", "8000", "15999", "call"})) << text;
  EXPECT_FALSE(a.is_on(sim));
}

TEST(Contradictions, ADeviceIsDemandedAndTransfersForbidden) {
  const with_candidates candidates{sim};
  const ndarray a = ones({1000, 3}, float32);
  const ndarray target = zeros({1000, 3}, float32);
  const policy rules{.device = sim, .transfers = transfers::forbidden};
  const std::string text = text_of<device_error>([&] { eval(expr(a) + 1, rules); });
  EXPECT_TRUE(mentions(text, {"add", "float32 (1000, 3)", "on cpu", "sim:h200:30", "call", "forbids"})) << text;
  EXPECT_THROW(target.assign(expr(a) + 1, rules), device_error);
  EXPECT_FALSE(a.is_on(sim));
  EXPECT_EQ(elements_of<float>(target), std::vector<float>(3000, 0));
}

TEST(Contradictions, OperandsOfTwoPlacesAndTransfersForbidden) {
  const with_candidates candidates{sim};
  const ndarray here = ones({10});
  const ndarray there = eval(ones({10}) * 2, {.device = sim});
  const std::string text =
      text_of<device_error>([&] { eval(expr(here) + there, {.transfers = transfers::forbidden}); });
  EXPECT_TRUE(mentions(text, {"add", "sim:h200:30", "cpu", "forbids"})) << text;
  EXPECT_FALSE(here.is_on(sim));
  EXPECT_FALSE(there.is_on(device::cpu));
}

TEST(Contradictions, APreferredDeviceGivesWay) {
  limit_simulated_memory(to_string(small), 1000);
  const ndarray a = ones({1000});
  const ndarray made = eval(expr(a) + 1, {.device = small, .strictness = strictness::preferred});
  limit_simulated_memory(to_string(small), std::int64_t{1} << 30);
  EXPECT_TRUE(made.is_on(device::cpu));
  EXPECT_EQ(eval(sum(made)).item<double>(), 2000);
}

TEST(Candidates, ThatCannotBe) {
  const with_candidates before{sim};
  const auto set = [](std::initializer_list<device> devices) {
    set_candidate_devices(std::span<const device>(devices.begin(), devices.size()));
  };
  EXPECT_TRUE(mentions(text_of<argument_error>([&] { set({device::automatic}); }), {"auto"}));
  EXPECT_TRUE(mentions(text_of<argument_error>([&] { set({sim, device::cpu}); }), {"cpu"}));
  EXPECT_TRUE(mentions(text_of<device_error>([&] { set({device::simulated("no-such-machine")}); }),
                       {"no-such-machine", "h200", "coupled"}));
  EXPECT_THROW(set({device::gpu(97)}), device_error);
  const ndarray a = ones({3});
  EXPECT_EQ(explain(expr(a) + 1).candidates.size(), 2U) << "as before";
}

TEST(Candidates, TwiceIsOnce) {
  const with_candidates twice{sim, sim};
  const ndarray a = ones({3});
  EXPECT_EQ(explain(expr(a) + 1).candidates.size(), 2U);
}

}  // namespace
}  // namespace tandem::testing
