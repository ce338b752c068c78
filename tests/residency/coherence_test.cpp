#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include <tandem/tandem.h>

#include "support/elements.h"

// Arrays whose elements are on the host, on a device, or on several.
namespace tandem::testing {
namespace {

const device sim = device::simulated("h200:10");
const device other = device::simulated("gen3-card:10");

// What was copied since the last look.
class transfer_watch {
 public:
  transfer_count since() {
    const transfer_count now = transfers_so_far();
    const transfer_count passed{now.to_devices - before_.to_devices, now.to_devices_bytes - before_.to_devices_bytes,
                                now.to_host - before_.to_host, now.to_host_bytes - before_.to_host_bytes,
                                now.hits - before_.hits};
    before_ = now;
    return passed;
  }

 private:
  transfer_count before_ = transfers_so_far();
};

ndarray counting(std::int64_t size) { return arange(static_cast<double>(size)); }

TEST(Coherence, ReadingOnADeviceCopiesOnce) {
  const ndarray a = counting(1000);
  transfer_watch watch;
  EXPECT_TRUE(a.is_on(device::cpu));
  EXPECT_FALSE(a.is_on(sim));
  const ndarray twice = eval(expr(a) * 2, {.device = sim});
  EXPECT_TRUE(a.is_on(sim));
  EXPECT_TRUE(a.is_on(device::cpu)) << "reading there does not make the host's stale";
  EXPECT_TRUE(twice.is_on(sim));
  EXPECT_FALSE(twice.is_on(device::cpu)) << "nobody has asked for it";
  const transfer_count first = watch.since();
  EXPECT_EQ(first.to_devices, 1);
  EXPECT_EQ(first.to_devices_bytes, 8000);
  EXPECT_EQ(first.to_host, 0);
  const ndarray thrice = eval(expr(a) * 3 + twice, {.device = sim});
  const transfer_count second = watch.since();
  EXPECT_EQ(second.to_devices, 0);
  EXPECT_EQ(second.hits, 2);
  EXPECT_EQ(thrice.at<const double>({999}), 5 * 999);
  EXPECT_EQ(thrice.at<const double>({1}), 5);
  const transfer_count third = watch.since();
  EXPECT_EQ(third.to_host, 1) << "the second look finds it";
  EXPECT_EQ(third.to_host_bytes, 8000);
  EXPECT_TRUE(thrice.is_on(device::cpu));
  EXPECT_TRUE(thrice.is_on(sim));
}

TEST(Coherence, WritingOnTheHostMakesDevicesStale) {
  const ndarray a = counting(10);
  a.to(sim);
  a.to(other);
  EXPECT_TRUE(a.is_on(sim) && a.is_on(other) && a.is_on(device::cpu));
  a.data<double>()[3] = 100;
  EXPECT_FALSE(a.is_on(sim) || a.is_on(other));
  EXPECT_EQ(eval(sum(a), {.device = sim}).item<double>(), 45 + 97);
  a(4).assign(50, {.device = device::cpu});
  EXPECT_FALSE(a.is_on(sim));
  EXPECT_EQ(eval(sum(a), {.device = other}).item<double>(), 45 + 97 + 46);
}

TEST(Coherence, WritingOnADeviceMakesTheOthersStale) {
  const ndarray a = counting(10);
  a.to(other);
  a.assign(expr(a) + 1, {.device = sim});
  EXPECT_TRUE(a.is_on(sim));
  EXPECT_FALSE(a.is_on(device::cpu) || a.is_on(other));
  EXPECT_EQ(eval(sum(a), {.device = other}).item<double>(), 55);
  EXPECT_TRUE(a.is_on(other)) << "by way of the host";
  EXPECT_TRUE(a.is_on(device::cpu));
  EXPECT_EQ(a.to_vector<double>().back(), 10);
}

TEST(Coherence, WritingAPartKeepsTheRest) {
  for (const bool host_last : {false, true}) {
    const ndarray a = counting(12);
    const ndarray rows = reshape(a, {3, 4});
    rows(1).assign(100, {.device = sim});
    rows(all, slice(none, none, 2)).assign(-1, {.device = other});
    rows(slice(none, none, -1), 3).assign(array<double>({7, 8, 9}), {.device = host_last ? device::cpu : sim});
    EXPECT_EQ(rows.to_vector<double>(), (std::vector<double>{-1, 1, -1, 9, -1, 100, -1, 8, -1, 9, -1, 7}));
    EXPECT_EQ(a.to_vector<double>(), rows.to_vector<double>());
  }
}

TEST(Coherence, WritingAllOfItCopiesNothing) {
  const ndarray a = zeros({100});
  transfer_watch watch;
  a.assign(5, {.device = sim});
  EXPECT_EQ(watch.since().to_devices, 0);
  EXPECT_EQ(eval(sum(a), {.device = sim}).item<double>(), 500);
  a(slice(1, none)).assign(6, {.device = other});
  EXPECT_EQ(a.at<const double>({0}), 5) << "a part needs the rest";
  EXPECT_EQ(a.at<const double>({99}), 6);
}

TEST(Coherence, OverlappingAssignmentsAreAsIfComputedFirst) {
  const ndarray a = counting(9);
  a(slice(1, none)).assign(a(slice(none, -1)), {.device = sim});
  EXPECT_EQ(a.to_vector<double>(), (std::vector<double>{0, 0, 1, 2, 3, 4, 5, 6, 7}));
  a.assign(a(slice(none, none, -1)), {.device = sim});
  EXPECT_EQ(a.to_vector<double>(), (std::vector<double>{7, 6, 5, 4, 3, 2, 1, 0, 0}));
}

TEST(Coherence, MemoryOfTheApplicationIsWrittenBack) {
  std::vector<double> mine(6);
  std::iota(mine.begin(), mine.end(), 0.0);
  const ndarray a = wrap(mine.data(), {2, 3});
  a(1).assign(expr(a(0)) * 10, {.device = sim});
  EXPECT_EQ(mine, (std::vector<double>{0, 1, 2, 0, 10, 20})) << "when the assignment returns";
  EXPECT_TRUE(a.is_on(device::cpu));
  EXPECT_EQ(eval(sum(a), {.device = sim}).item<double>(), 33);
}

TEST(Coherence, ExpressionsSeeWritesOnDevices) {
  const ndarray a = counting(4);
  const expr e = expr(a) + 1;
  a.assign(0, {.device = sim});
  EXPECT_THROW(eval(e), stale_expression);
  const expr kept = expr(a) + 1;
  const ndarray result = eval(kept, {.device = sim});
  EXPECT_EQ(eval(kept, {.device = sim}).storage(), result.storage()) << "a kept result stays where it is";
  EXPECT_EQ(eval(sum(kept)).item<double>(), 4);
}

TEST(Coherence, ReplacingAnArrayThereUsesItsMemory) {
  ndarray a = eval(expr(counting(1 << 16)) + 0, {.device = sim});
  const scoped_policy on({.device = sim});
  synchronize(sim);
  static_cast<void>(trim_device_memory(sim));
  const std::int64_t before = device_memory(sim).in_use_bytes;
  for (int i = 0; i < 5; ++i) a = expr(a) + 1;
  EXPECT_EQ(device_memory(sim).in_use_bytes, before);
  EXPECT_EQ(a.at<const double>({10}), 15);
}

TEST(Coherence, ToAndPrefetch) {
  const ndarray a = counting(100);
  const ndarray there = a.to(sim);
  EXPECT_EQ(there.storage(), a.storage());
  transfer_watch watch;
  a.to(sim);
  a.prefetch(sim);
  EXPECT_EQ(watch.since().to_devices, 0) << "it was there";
  a.prefetch(other);
  EXPECT_EQ(watch.since().to_devices, 1);
  EXPECT_EQ(eval(sum(a), {.device = other}).item<double>(), 4950);
  const ndarray result = eval(expr(a) * 2, {.device = sim});
  result.to(device::cpu);
  EXPECT_TRUE(result.is_on(device::cpu) && result.is_on(sim));
  EXPECT_THROW(a.to(device::automatic), argument_error);
  EXPECT_THROW(a.to(device::simulated("no-such-machine")), device_error);
  EXPECT_FALSE(a.is_on(device::simulated("no-such-machine")));
}

TEST(Coherence, EmptyArraysAndSingleElements) {
  for (const dims& shape : {dims{0}, dims{3, 0, 2}, dims{}, dims{1, 1}}) {
    const ndarray a = full(shape, 2.5);
    const ndarray twice = eval(expr(a) * 2, {.device = sim});
    EXPECT_EQ(twice.shape(), shape);
    for (const double each : elements_of<double>(twice)) EXPECT_EQ(each, 5);
    a.assign(twice, {.device = sim});
    for (const double each : elements_of<double>(a)) EXPECT_EQ(each, 5);
  }
}

TEST(Coherence, OfArraysThatNothingHasWritten) {
  const scoped_policy on({.device = sim});
  const ndarray a = empty({4});
  a(0) = 1.0;
  a(slice(1, none)) = 2.0;
  EXPECT_EQ(a.to_vector<double>(), (std::vector<double>{1, 2, 2, 2}));
  const ndarray b = empty({4});
  b.data<double>()[2] = 7;
  EXPECT_EQ(b.at<const double>({2}), 7);
}

// Programs are kept for expressions of one structure. On a device, what is aligned there must be so wherever views
// begin: the simulated one refuses operands that are not.
TEST(Coherence, ViewsThatBeginAnywhereHaveAlignedOperands) {
  const ndarray a = eval(reshape(arange(40 * 32.0), {40, 32}), {.device = sim});
  const ndarray into = zeros({40, 32});
  for (std::int64_t first = 0; first < 9; ++first) {
    const ndarray view = a(slice(0, 40), slice(first, first + 16));
    const ndarray sum = eval(view + view, {.device = sim});
    EXPECT_EQ((sum.at<const double>({3, 5})), 2 * (3 * 32 + first + 5)) << first;
    const scoped_policy there({.device = sim});
    into(slice(0, 40), slice(first, first + 16)) = a(slice(0, 40), slice(0, 16)) * 3;
    EXPECT_EQ((into.at<const double>({2, first})), 3 * 2 * 32) << first;
  }
}

}  // namespace
}  // namespace tandem::testing
