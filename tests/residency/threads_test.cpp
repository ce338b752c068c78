#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <tandem/simulation.h>
#include <tandem/tandem.h>

#include "support/elements.h"

// Arrays on devices that several threads use.
namespace tandem::testing {
namespace {

const device sim = device::simulated("h200:40");
const device other = device::simulated("coupled:40");

void in_threads(int count, const std::function<void(int)>& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back(work, i);
  for (std::thread& each : threads) each.join();
}

TEST(Threads, ReadOneArrayOnAllDevices) {
  for (int round = 0; round < 20; ++round) {
    const ndarray a = arange(1000.0);
    const std::int64_t before = transfers_so_far().to_devices;
    std::atomic<int> right{0};
    in_threads(6, [&](int i) {
      const device where = i % 3 == 0 ? device::cpu : i % 3 == 1 ? sim : other;
      for (int k = 0; k < 5; ++k) right += eval(sum(a), {.device = where}).item<double>() == 499'500 ? 1 : 0;
    });
    EXPECT_EQ(right, 30);
    EXPECT_EQ(transfers_so_far().to_devices - before, 2) << "once to each device";
  }
}

TEST(Threads, ReadWhatAnotherThreadHasJustMade) {
  for (int round = 0; round < 50; ++round) {
    ndarray made;
    std::thread([&] { made = eval(expr(arange(500.0)) + round, {.device = sim}); }).join();
    std::atomic<int> right{0};
    in_threads(3, [&](int i) {
      const ndarray mine = eval(expr(made) * (i + 1), {.device = sim});
      right += mine.at<const double>({499}) == (499.0 + round) * (i + 1) ? 1 : 0;
    });
    EXPECT_EQ(right, 3);
  }
}

TEST(Threads, FetchOneResultOnce) {
  for (int round = 0; round < 50; ++round) {
    const ndarray made = eval(expr(arange(500.0)) * 2, {.device = sim});
    const std::int64_t before = transfers_so_far().to_host;
    std::atomic<int> right{0};
    in_threads(4, [&](int i) { right += made.at<const double>({i}) == 2.0 * i ? 1 : 0; });
    EXPECT_EQ(right, 4);
    EXPECT_EQ(transfers_so_far().to_host - before, 1);
  }
}

TEST(Threads, WorkThatAnotherThreadOverwritesIsDoneBefore) {
  // The reader's work is given first and done when somebody asks; the writer's must not overtake it.
  const ndarray a = eval(expr(arange(100.0)) + 0, {.device = sim});
  std::vector<ndarray> copies;
  for (int round = 0; round < 20; ++round) {
    copies.push_back(eval(expr(a) + 0, {.device = sim}));
    std::thread([&] { a.assign(expr(a) + 1, {.device = sim}); }).join();
  }
  for (std::size_t i = 0; i < copies.size(); ++i) {
    EXPECT_EQ(copies[i].at<const double>({5}), 5.0 + static_cast<double>(i));
  }
}

TEST(Threads, AreMoreThanTheMemoryHasRoomFor) {
  const device small = device::simulated("gen3-card:41");
  std::vector<ndarray> arrays;
  for (int i = 0; i < 12; ++i) arrays.push_back(full({32'768}, static_cast<double>(i)));  // 256 KiB
  limit_simulated_memory(to_string(small), 2 << 20);
  std::atomic<int> right{0};
  in_threads(4, [&](int i) {
    for (int k = 0; k < 30; ++k) {
      const auto which = static_cast<std::size_t>((i * 7 + k * 5) % 12);
      const policy rules{.device = small, .strictness = strictness::preferred};
      const double got = eval(max(arrays[which]), rules).item<double>();
      right += got == static_cast<double>(which) ? 1 : 0;
    }
  });
  EXPECT_EQ(right, 120);
}

TEST(Fork, AChildCannotUseADeviceOfItsParent) {
  const ndarray a = arange(10.0);
  const ndarray there = eval(expr(a) * 2, {.device = sim});
  const ndarray both = eval(expr(a) * 3, {.device = sim}).to(device::cpu);
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 0;
    try {
      static_cast<void>(eval(sum(a), {.device = sim}));
      status |= 1;
    } catch (const device_error& refused) {
      if (std::string(refused.what()).find("fork") == std::string::npos) status |= 2;
    }
    try {
      static_cast<void>(there.to_vector<double>());
      status |= 4;
    } catch (const device_error&) {
    }
    if (eval(sum(both), {.device = device::cpu}).item<double>() != 135) status |= 8;
    ::_exit(status);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(there.at<const double>({9}), 18) << "the parent goes on";
}

}  // namespace
}  // namespace tandem::testing
