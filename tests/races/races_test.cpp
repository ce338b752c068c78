#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include <tandem/errors.h>
#include <tandem/simulation.h>

#include "backend/backend.h"
#include "memory/storage.h"

// Storages and the memory of a device under the thread sanitizer, which sees every access of theirs. Programs do not
// run here: OpenMP's runtime and OpenBLAS are not built for the sanitizer.
namespace tandem::backend {

backend& cpu() { throw std::logic_error("no program runs in this test"); }

}  // namespace tandem::backend

namespace tandem::detail {
namespace {

constexpr std::int64_t count = 500;
constexpr std::int64_t size_bytes = count * 8;

memory::device_memory& device(const char* name) { return backend::simulated(name).memory(); }

void in_threads(int threads, const std::function<void(int)>& work) {
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i) all.emplace_back(work, i);
  for (std::thread& each : all) each.join();
}

std::shared_ptr<storage> filled(double value) {
  auto made = storage::allocate(size_bytes);
  auto* const numbers = reinterpret_cast<double*>(made->data());
  for (std::int64_t i = 0; i < count; ++i) numbers[i] = value;
  made->mark_written();
  return made;
}

// What work on a device does: writes `value` everywhere.
void write_there(storage& of, memory::device_memory& where, double value) {
  const std::vector<double> numbers(count, value);
  device_use use(of, where, access::overwrite);
  where.copy_in(reinterpret_cast<const std::byte*>(numbers.data()), use.data(), size_bytes);
  use.given(where.make_mark());
}

bool holds_there(storage& of, memory::device_memory& where, double value) {
  std::vector<double> numbers(count);
  device_use use(of, where, access::read);
  where.copy_out(use.data(), reinterpret_cast<std::byte*>(numbers.data()), size_bytes);
  use.given(where.make_mark());
  return numbers == std::vector<double>(count, value);
}

bool holds_here(const storage& of, double value) {
  const auto* const numbers = reinterpret_cast<const double*>(of.data());
  for (std::int64_t i = 0; i < count; ++i) {
    if (numbers[i] != value) return false;
  }
  return true;
}

TEST(Races, ManyReadOnSeveralDevices) {
  memory::device_memory& first = device("h200:50");
  memory::device_memory& second = device("coupled:50");
  for (int round = 0; round < 30; ++round) {
    const auto shared = filled(round);
    std::atomic<int> wrong{0};
    in_threads(6, [&](int i) {
      for (int k = 0; k < 4; ++k) {
        const bool right = (i + k) % 3 == 0   ? holds_here(*shared, round)
                           : (i + k) % 3 == 1 ? holds_there(*shared, first, round)
                                              : holds_there(*shared, second, round);
        wrong += right ? 0 : 1;
      }
    });
    EXPECT_EQ(wrong, 0);
  }
}

TEST(Races, ReadersAfterAWriter) {
  memory::device_memory& where = device("h200:51");
  for (int round = 0; round < 30; ++round) {
    const auto shared = storage::unplaced(size_bytes);
    std::thread([&] { write_there(*shared, where, round); }).join();
    std::atomic<int> wrong{0};
    in_threads(4, [&](int i) {
      const bool right = i % 2 == 0 ? holds_here(*shared, round) : holds_there(*shared, where, round);
      wrong += right ? 0 : 1;
    });
    EXPECT_EQ(wrong, 0);
    std::thread([&] { write_there(*shared, where, -round); }).join();
    EXPECT_TRUE(holds_here(*shared, -round));
  }
}

TEST(Races, WhoeverMakesRoomAndWhoeverUses) {
  constexpr const char* name = "gen3-card:52";
  memory::device_memory& small = device(name);
  limit_simulated_memory(std::string("sim:") + name, 3 * size_bytes);
  std::vector<std::shared_ptr<storage>> all;
  for (int i = 0; i < 8; ++i) all.push_back(filled(i));
  std::atomic<int> wrong{0};
  std::atomic<int> refused{0};
  in_threads(4, [&](int i) {
    for (int k = 0; k < 60; ++k) {
      const int which = (i * 3 + k * 5) % 8;
      try {
        wrong += holds_there(*all[static_cast<std::size_t>(which)], small, which) ? 0 : 1;
      } catch (const out_of_memory&) {
        ++refused;  // three others had the room
      }
    }
  });
  EXPECT_EQ(wrong, 0);
  EXPECT_LT(refused, 240);
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(holds_here(*all[static_cast<std::size_t>(i)], i));
}

TEST(Races, StoragesEndWhileOthersMakeRoom) {
  constexpr const char* name = "gen3-card:53";
  memory::device_memory& small = device(name);
  limit_simulated_memory(std::string("sim:") + name, 3 * size_bytes);
  std::atomic<int> wrong{0};
  in_threads(4, [&](int i) {
    for (int k = 0; k < 60; ++k) {
      try {
        const auto mine = filled(i);
        wrong += holds_there(*mine, small, i) ? 0 : 1;
        const auto result = storage::unplaced(size_bytes);
        write_there(*result, small, k);
        wrong += holds_here(*result, k) ? 0 : 1;
      } catch (const out_of_memory&) {
      }
    }
  });
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace tandem::detail
