#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include <tandem/simulation.h>
#include <tandem/tandem.h>

#include "support/elements.h"

// Where evaluations are done, what policies forbid, and what happens where a device cannot.
namespace tandem::testing {
namespace {

const device sim = device::simulated("h200:20");
const device other = device::simulated("coupled:20");

TEST(Placement, AutomaticGoesWhereCopiesAndWorkEndSoonest) {
  const ndarray large = eval(ones({4'000'000}) * 2, {.device = sim});
  const ndarray c = eval(expr(large) + 1);
  EXPECT_TRUE(c.is_on(sim));
  EXPECT_FALSE(c.is_on(device::cpu));
  EXPECT_EQ(c.at<const double>({3'999'999}), 3);
  const ndarray b = ones({10});
  const ndarray d = eval(expr(b) + 1);
  EXPECT_TRUE(d.is_on(device::cpu));
  EXPECT_FALSE(d.is_on(sim));
  const ndarray here = ones({4'000'000});
  EXPECT_TRUE(eval(expr(here) + large(0)).is_on(device::cpu)) << "nothing is saved by copying an array there and back";
  const ndarray few = eval(ones({10}) * 2, {.device = sim});
  EXPECT_TRUE(eval(expr(few) + 1).is_on(device::cpu)) << "a launch takes longer than copying ten elements";
}

TEST(Placement, AutomaticWithoutTransfersStaysWhereOperandsAre) {
  const ndarray few = eval(ones({10}) * 2, {.device = sim});
  const ndarray made = eval(expr(few) + 1, {.transfers = transfers::forbidden});
  EXPECT_TRUE(made.is_on(sim));
  EXPECT_EQ(made.at<const double>({9}), 3);
  const ndarray here = ones({10});
  EXPECT_THROW(eval(expr(few) + here, {.transfers = transfers::forbidden}), device_error);
}

TEST(Placement, TransfersThatAreForbidden) {
  const ndarray a = ones({3, 4}, float32);
  const policy strict{.device = sim, .transfers = transfers::forbidden};
  const std::string text = text_of<device_error>([&] { eval(sum(a), strict); });
  EXPECT_TRUE(mentions(text, {"sum", "float32", "(3, 4)", "cpu", "sim:h200:20", "call", "to(device)"})) << text;
  EXPECT_FALSE(a.is_on(sim));
  a.to(sim);
  const ndarray s = eval(sum(a), strict);
  EXPECT_EQ(s.item<float>(), 12) << "reading a result is no evaluation";
  const ndarray there = eval(expr(a) + 1, strict);
  EXPECT_THROW(eval(expr(there) + 1, {.device = device::cpu, .transfers = transfers::forbidden}), device_error);
  const ndarray target = zeros({3, 4}, float32);
  EXPECT_THROW(target(0).assign(a(0), strict), device_error) << "a part of an array that is not there";
  EXPECT_NO_THROW(target.assign(a, strict)) << "all of it";
}

TEST(Placement, MemoryLimitsOfThePolicy) {
  const ndarray a = ones({1000});
  const ndarray target = zeros({1000});
  const auto limited = [](std::int64_t bytes) { return policy{.device = sim, .device_memory_bytes = bytes}; };
  const std::string text = text_of<out_of_memory>([&] { eval(expr(a) * 2, limited(15999)); });
  EXPECT_TRUE(mentions(text, {"multiply", "sim:h200:20", "8000", "15999", "call"})) << text;
  EXPECT_EQ(eval(sum(expr(a) * 2), limited(8008)).item<double>(), 2000);
  const ndarray b = ones({1000});
  EXPECT_THROW(target.assign(expr(b) + 1, limited(100)), out_of_memory);
  EXPECT_EQ(eval(sum(target)).item<double>(), 0);
}

TEST(Placement, TheHostHelpsOutWhereThePolicyOnlyPrefers) {
  const std::string name = to_string(sim);
  const ndarray a = ones({100'000});
  const policy prefers{.device = sim, .strictness = strictness::preferred};
  limit_simulated_memory(name, 1000);
  EXPECT_THROW(eval(expr(a) + 1, {.device = sim}), out_of_memory);
  const ndarray b = eval(expr(a) + 1, prefers);
  EXPECT_TRUE(b.is_on(device::cpu));
  EXPECT_EQ(b.at<const double>({99'999}), 2);
  a.assign(expr(a) * 3, prefers);
  EXPECT_EQ(a.at<const double>({7}), 3);
  limit_simulated_memory(name, std::int64_t{1} << 30);
  EXPECT_TRUE(eval(expr(a) + 1, prefers).is_on(sim));
  set_simulated_faults(name, {.fail_copy = 1});
  const ndarray fresh = ones({10});
  EXPECT_TRUE(eval(expr(fresh) + 1, prefers).is_on(device::cpu));
  set_simulated_faults(name, {});
}

TEST(Placement, ReplicasThatTheHostHasMakeRoom) {
  const device small = device::simulated("gen3-card:21");
  limit_simulated_memory(to_string(small), 4 << 20);
  const policy there{.device = small};
  ndarray a[6];
  for (ndarray& each : a) {
    each = ones({131'072});  // 1 MiB
    static_cast<void>(eval(sum(each), there));
  }
  EXPECT_FALSE(a[0].is_on(small)) << "the least recently used went";
  EXPECT_TRUE(a[5].is_on(small));
  static_cast<void>(eval(sum(a[3]), there));
  static_cast<void>(eval(sum(a[0]), there));
  EXPECT_TRUE(a[3].is_on(small)) << "used again meanwhile";
  for (const ndarray& each : a) EXPECT_EQ(eval(sum(each), there).item<double>(), 131'072);
  // What is there alone does not go.
  ndarray results[3];
  for (ndarray& each : results) each = eval(expr(a[0]) + 1, there);
  const std::string text = text_of<out_of_memory>([&] { static_cast<void>(eval(expr(a[0]) + results[0], there)); });
  EXPECT_TRUE(mentions(text, {"gen3-card:21", "1048576"})) << text;
  for (const ndarray& each : results) EXPECT_EQ(each.at<const double>({131'071}), 2);
}

TEST(Placement, ADeviceThatFailsLeavesTheHostAlone) {
  const device broken = device::simulated("h200:22");
  const ndarray a = ones({100});
  const ndarray kept = eval(expr(a) + 1, {.device = broken}).to(device::cpu);
  set_simulated_faults(to_string(broken), {.fail_run = 1});
  const ndarray lost = eval(expr(kept) * 2, {.device = broken});
  const std::string text = text_of<device_error>([&] { static_cast<void>(lost.to_vector<double>()); });
  EXPECT_TRUE(mentions(text, {"sim:h200:22", "multiply"})) << text;
  EXPECT_THROW(eval(sum(a), {.device = broken}), device_error) << "it stays so";
  EXPECT_EQ(eval(sum(kept)).item<double>(), 200) << "the CPU goes on";
  EXPECT_EQ(eval(sum(kept), {.device = broken, .strictness = strictness::preferred}).item<double>(), 200);
  EXPECT_THROW(synchronize(broken), device_error);
  repair_simulated_device(to_string(broken));
  EXPECT_EQ(eval(sum(a), {.device = broken}).item<double>(), 100);
  EXPECT_THROW(static_cast<void>(lost.to_vector<double>()), device_error) << "what was lost stays so";
}

TEST(Placement, ContradictionsAreSaid) {
  EXPECT_THROW(eval(ones({2}), {.device = device::simulated("no-such-machine")}), device_error);
  EXPECT_THROW(static_cast<void>(device::simulated("")), argument_error);
  EXPECT_THROW(static_cast<void>(device::simulated("a b")), argument_error);
  EXPECT_EQ(device::named("sim:h200"), device::simulated("h200"));
  EXPECT_EQ(to_string(device::simulated("h200:3")), "sim:h200:3");
  EXPECT_THROW(static_cast<void>(device::named("tpu")), argument_error);
  EXPECT_THROW(eval(ones({2}) + 1, {.device = sim, .stream = 12345}), device_error);
}

}  // namespace
}  // namespace tandem::testing
