#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <tandem/errors.h>
#include <tandem/simulation.h>

#include "backend/simulated/profiles.h"
#include "simulated/device.h"
#include "support/elements.h"

// Faults on demand, names of devices, and what becomes of them in a child process.
namespace tandem::testing {
namespace {

constexpr std::int64_t size = 4000;

TEST(SimulatedFaults, FailTheAllocationThatIsCounted) {
  const char* const name = "sim:h200:40";
  memory::device_memory& memory = backend::simulated("h200:40").memory();
  set_simulated_faults(name, {.fail_allocation = 3});
  std::byte* const first = memory.allocate(size);
  std::byte* const second = memory.allocate(size);
  EXPECT_TRUE(mentions(text_of<out_of_memory>([&] { memory.allocate(size); }), {name, "4000"}));
  std::byte* const third = memory.allocate(size);
  for (std::byte* each : {first, second, third}) memory.release(each, size, {});
  memory.synchronize();
  EXPECT_EQ(memory.information().in_use_bytes, 0);
}

TEST(SimulatedFaults, FailTheCopyThatIsCounted) {
  const char* const name = "sim:h200:41";
  memory::device_memory& memory = backend::simulated("h200:41").memory();
  std::byte* const block = memory.allocate(size);
  memory.copy_in(bytes_like(size, 1).data(), block, size);
  set_simulated_faults(name, {.fail_copy = 2});
  EXPECT_EQ(read_back(memory, block, size), bytes_like(size, 1));
  EXPECT_TRUE(mentions(text_of<device_error>([&] { memory.copy_in(bytes_like(size, 2).data(), block, size); }),
                       {name, "copy", "to the device", "4000"}));
  EXPECT_EQ(read_back(memory, block, size), bytes_like(size, 1));
  set_simulated_faults(name, {.fail_copy = 1});
  EXPECT_TRUE(mentions(text_of<device_error>([&] { read_back(memory, block, size); }), {"from the device"}));
  EXPECT_EQ(read_back(memory, block, size), bytes_like(size, 1));
  memory.release(block, size, {});
}

TEST(SimulatedFaults, ARunThatFailsIsFoundByWhoeverWaits) {
  const char* const name = "sim:h200:42";
  backend::backend& device = backend::simulated("h200:42");
  memory::device_memory& memory = device.memory();
  const doubling twice(device, size / 4);
  std::byte* const block = memory.allocate(size);
  memory.copy_in(std::vector<std::byte>(size, std::byte{1}).data(), block, size);
  const memory::mark_ptr before = memory.make_mark();
  set_simulated_faults(name, {.fail_run = 2});
  twice.run(block);
  twice.run(block);
  const memory::mark_ptr after = memory.make_mark();
  memory::mark_ptr others;
  std::thread([&] { others = memory.make_mark(); }).join();
  // Nobody knows yet.
  EXPECT_FALSE(after->is_reached());
  memory.release(memory.allocate(10), 10, {});
  before->wait();

  const std::string text = text_of<device_error>([&] { after->wait(); });
  EXPECT_TRUE(mentions(text, {name, "add failed", "us of its time", "repaired"}));
  EXPECT_TRUE(after->is_reached());
  const auto refused = [&](auto&& what) { EXPECT_EQ(text_of<device_error>(what), text); };
  refused([&] { after->wait(); });
  refused([&] { before->wait(); });
  refused([&] { memory.allocate(10); });
  refused([&] { memory.copy_in(block, block, 1); });
  refused([&] { memory.make_mark(); });
  refused([&] { memory.await(*before); });
  refused([&] { memory.synchronize(); });
  refused([&] { memory.information(); });
  refused([&] { twice.run(block); });
  refused([&] { read_back(memory, block, size); });
  EXPECT_EQ(memory.trim(), 0);
  EXPECT_GT(simulated_time_us(name), 0);

  repair_simulated_device(name);
  before->wait();
  refused([&] { after->wait(); });
  refused([&] { memory.await(*after); });
  // What was done before the failure was done.
  EXPECT_EQ(read_back(memory, block, size), std::vector<std::byte>(size, std::byte{2}));
  memory.release(block, size, {});
  memory.synchronize();
  EXPECT_EQ(memory.information().in_use_bytes, 0);
  EXPECT_EQ(memory.information().cached_bytes, 0);
}

TEST(SimulatedFaults, BlocksReleasedBeforeAFailureComeBack) {
  backend::backend& device = backend::simulated("h200:43");
  memory::device_memory& memory = device.memory();
  const doubling twice(device, size / 4);
  std::byte* const block = memory.allocate(size);
  set_simulated_faults("sim:h200:43", {.fail_run = 1});
  twice.run(block);
  const memory::mark_ptr use = memory.make_mark();
  memory.release(block, size, {&use, 1});
  EXPECT_THROW(memory.synchronize(), device_error);
  repair_simulated_device("sim:h200:43");
  EXPECT_EQ(memory.information().free_bytes, memory.information().total_bytes);
}

TEST(SimulatedFaults, WorkThatThrowsBreaksTheDevice) {
  const auto memory = new_memory();
  memory->run("weaving", [] { throw out_of_memory("no more wool"); }, 1, 100);
  EXPECT_TRUE(mentions(text_of<device_error>([&] { memory->synchronize(); }), {"weaving", "no more wool"}));
}

TEST(SimulatedFaults, RefuseWhatCannotBe) {
  const char* const name = "sim:h200:44";
  for (const simulated_faults& each :
       {simulated_faults{.fail_allocation = -1}, simulated_faults{.fail_copy = -1}, simulated_faults{.fail_run = -1},
        simulated_faults{.link_slowdown = 0}, simulated_faults{.link_slowdown = std::nan("")},
        simulated_faults{.spike_every = -1}, simulated_faults{.spike_factor = INFINITY},
        simulated_faults{.link_contention = -0.1}, simulated_faults{.link_contention = 1.1},
        simulated_faults{.link_contention = std::nan("")}, simulated_faults{.drift = -1}, simulated_faults{.drift = 1},
        simulated_faults{.compile_us = -1}, simulated_faults{.compile_us = INFINITY}}) {
    EXPECT_THROW(set_simulated_faults(name, each), argument_error);
  }
  limit_simulated_memory(name, 1000);
  EXPECT_EQ(backend::simulated("h200:44").memory().information().total_bytes, 1000);
  EXPECT_THROW(limit_simulated_memory(name, -1), argument_error);
}

// A compiler is waited for once for each kind of program.
TEST(SimulatedFaults, ProgramsWaitForACompilerOnce) {
  const char* const name = "sim:h200:45";
  backend::backend& device = backend::simulated("h200:45");
  const doubling twice(device, size / 4);
  const doubling of_fewer(device, 10);
  EXPECT_EQ(device.cold_us(twice.program()), 0);
  set_simulated_faults(name, {.compile_us = 5000});
  std::byte* const block = device.memory().allocate(size);
  const auto time_of = [&](auto&& what) {
    const double before = simulated_time_us(name);
    what();
    return simulated_time_us(name) - before;
  };
  EXPECT_EQ(device.cold_us(twice.program()), 5000);
  EXPECT_GT(time_of([&] { twice.run(block); }), 5000);
  EXPECT_EQ(device.cold_us(twice.program()), 0);
  EXPECT_LT(time_of([&] { twice.run(block); }), 100);
  EXPECT_EQ(device.cold_us(of_fewer.program()), 0);
  const ndarray x = ones({3}, int32);
  EXPECT_EQ(device.cold_us(ops::compile((x * x).node()).code), 5000);
  EXPECT_EQ(device.cold_us(ops::compile((x + x + x).node()).code), 5000);
  set_simulated_faults(name, {.compile_us = 70});
  EXPECT_EQ(device.cold_us(twice.program()), 70);
  device.memory().release(block, size, {});
}

TEST(SimulatedNames, AreOfAProfileAndANumber) {
  EXPECT_EQ(&backend::simulated("h200"), &backend::simulated("h200:0"));
  EXPECT_NE(&backend::simulated("h200"), &backend::simulated("h200:1"));
  EXPECT_EQ(backend::simulated("h200").name(), "sim:h200");
  EXPECT_EQ(backend::simulated("coupled:63").name(), "sim:coupled:63");
  EXPECT_TRUE(mentions(text_of<device_error>([] { backend::simulated("h100"); }),
                       {"h100", "h200", "gen3-card", "coupled", "old-card"}));
  for (const char* each : {"", ":", "h200:", "h200:x", "h200:1x", "h200:-1", "h200:64", "h200: 1", "h200:1:2",
                           "h200:99999999999999999999", "H200", "sim:h200"}) {
    EXPECT_THROW(backend::simulated(each), device_error) << each;
  }
  for (const char* each : {"h200", "gpu:0", "", "sim", "sim:", "sim:h100"}) {
    EXPECT_THROW(simulated_time_us(each), device_error) << each;
    EXPECT_THROW(repair_simulated_device(each), device_error) << each;
  }
}

TEST(SimulatedNames, EachDeviceHasMemoryAndTimeOfItsOwn) {
  memory::device_memory& one = backend::simulated("coupled:1").memory();
  std::byte* const block = one.allocate(size);
  EXPECT_EQ(one.information().in_use_bytes, 4096);
  EXPECT_EQ(backend::simulated("coupled:2").memory().information().in_use_bytes, 0);
  EXPECT_GT(simulated_time_us("sim:coupled:1"), 0);
  EXPECT_EQ(simulated_time_us("sim:coupled:2"), 0);
  std::byte byte{};
  EXPECT_THROW(backend::simulated("coupled:2").memory().copy_in(&byte, block, 1), device_error);
  one.release(block, size, {});
}

TEST(SimulatedProfiles, SayWhereTheirFiguresAreFrom) {
  for (const auto& each : backend::simulation::profiles()) {
    const backend::description said = backend::simulated(each.name).describe();
    EXPECT_TRUE(said.is_simulated);
    EXPECT_EQ(said.device, each.device);
    bool has_source = false;
    for (const auto& [what, text] : said.facts) {
      EXPECT_FALSE(text.empty()) << what;
      has_source = has_source || (what == "source" && text.find("constants") != std::string::npos);
    }
    EXPECT_TRUE(has_source) << each.name;
    const backend::hardware_hints hints = backend::simulated(each.name).hints();
    EXPECT_EQ(hints.source, each.source);
    EXPECT_EQ(hints.identity, (std::vector<std::pair<std::string, std::string>>{{"profile", std::string(each.name)}}));
    EXPECT_GT(hints.float32_flops, hints.float64_flops);
    for (const double figure :
         {hints.bytes_per_s, hints.float64_flops, hints.launch_us, hints.kernel_us, hints.synchronize_us,
          hints.allocate_us, hints.copy_us, hints.pageable_bytes_per_s, hints.pinned_bytes_per_s}) {
      EXPECT_GT(figure, 0) << each.name;
    }
  }
}

// Runs `work` in a child and returns its exit status, -1 for a signal.
template <class Work>
int status_of_child(Work&& work) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    _exit(work());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(SimulatedFork, AChildCannotGoOnWithItsParentsDevice) {
  backend::backend& device = backend::simulated("h200:50");
  memory::device_memory& memory = device.memory();
  std::byte* const block = memory.allocate(size);
  memory.copy_in(bytes_like(size, 1).data(), block, size);
  const memory::mark_ptr end = memory.make_mark();
  const auto refuses = [](auto&& what) {
    try {
      what();
    } catch (const device_error& error) {
      return std::string(error.what()).find("before fork") != std::string::npos;
    }
    return false;
  };
  const int status = status_of_child([&] {
    bool all = refuses([&] { memory.allocate(10); });
    all = refuses([&] { read_back(memory, block, size); }) && all;
    all = refuses([&] { memory.synchronize(); }) && all;
    all = refuses([&] { end->wait(); }) && all;
    all = end->is_reached() && all;
    memory.release(block, size, {});
    all = memory.trim() == 0 && all;
    all = backend::simulated("h200:50").describe().is_simulated && all;
    // One that the parent has not used.
    memory::device_memory& other = backend::simulated("h200:51").memory();
    std::byte* const own = other.allocate(size);
    other.copy_in(bytes_like(size, 2).data(), own, size);
    all = read_back(other, own, size) == bytes_like(size, 2) && all;
    return all ? 0 : 1;
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(read_back(memory, block, size), bytes_like(size, 1));
  memory.release(block, size, {});
}

// Whatever other threads hold at that moment.
TEST(SimulatedFork, WhileOthersWork) {
  backend::backend& device = backend::simulated("h200:52");
  device.memory().synchronize();
  std::atomic<bool> ends{false};
  std::thread other([&] {
    const doubling twice(device, size / 4);
    while (!ends) {
      std::byte* const block = device.memory().allocate(size);
      device.memory().copy_in(bytes_like(size, 1).data(), block, size);
      twice.run(block);
      read_back(device.memory(), block, size);
      device.memory().release(block, size, {});
    }
  });
  for (int i = 0; i < 30; ++i) {
    const int status = status_of_child([&] {
      try {
        device.memory().allocate(10);
      } catch (const device_error&) {
        return 0;
      } catch (...) {
      }
      return 1;
    });
    EXPECT_EQ(status, 0) << i;
  }
  ends = true;
  other.join();
}

}  // namespace
}  // namespace tandem::testing
