#include <tandem/tandem.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string_view>
#include <thread>
#include <vector>

// What sharing out work costs beside the work itself: changing between products and loops, calling functions of the
// user, resolving a policy, many threads that evaluate at once. Figures are medians of rounds, in each of which all
// measurements of a comparison have their turn.
namespace td = tandem;

namespace {

using clock_type = std::chrono::steady_clock;

double seconds_since(clock_type::time_point begin) {
  return std::chrono::duration<double>(clock_type::now() - begin).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Seconds that one call takes, from as many calls as fill 50 ms.
double time_of(const std::function<void()>& call) {
  constexpr double enough = 0.05;
  const auto begin = clock_type::now();
  std::int64_t calls = 0;
  do {
    call();
    ++calls;
  } while (seconds_since(begin) < enough);
  return seconds_since(begin) / static_cast<double>(calls);
}

constexpr int rounds = 15;

void alternation() {
  const td::ndarray a = td::eval(td::ones({256, 256}) * 0.5);
  const td::ndarray x = td::ones({1'000'000});
  const td::ndarray product = td::zeros({256, 256});
  const td::ndarray chain = td::zeros({1'000'000});
  const auto multiply = [&] { td::eval(td::matmul(a, a), product); };
  const auto loop = [&] { td::eval(x * 2.0 + x * 0.5, chain); };
  std::vector<double> products, loops, pairs, ratios;
  for (int round = 0; round < rounds; ++round) {
    products.push_back(time_of(multiply));
    loops.push_back(time_of(loop));
    pairs.push_back(time_of([&] {
      multiply();
      loop();
    }));
    ratios.push_back(pairs.back() / (products.back() + loops.back()));
  }
  std::printf(
      "256 x 256 float64 product %.1f us, loop over 1M float64 %.1f us, one after the other %.1f us: %.3f of the sum\n",
      1e6 * median(products), 1e6 * median(loops), 1e6 * median(pairs), median(ratios));
}

void calls() {
  constexpr std::int64_t count = 1'000'000;
  std::vector<double> loops, maps, elements, lazy;
  const td::ndarray x = td::ones({count});
  for (int round = 0; round < rounds; ++round) {
    loops.push_back(time_of([] { td::parallel_for(count, [](std::int64_t i) { asm volatile("" ::"r"(i)); }); }));
    maps.push_back(time_of([] { td::parallel_map(count, [](std::int64_t i) { return i; }); }));
    elements.push_back(time_of([&] { td::parallel_map(x, [](double value) { return value; }); }));
    lazy.push_back(time_of([] {
                     for (auto& each :
                          td::parallel_imap(count / 100, [](std::int64_t i) { return i; }, {.chunk = 64})) {
                       asm volatile("" ::"r"(each.value));
                     }
                   }) *
                   100);
  }
  const auto ns = [&](const std::vector<double>& of) { return 1e9 * median(of) / count; };
  std::printf("ns a call, 1M empty ones: parallel_for %.2f, parallel_map %.2f, of elements %.2f, parallel_imap %.0f\n",
              ns(loops), ns(maps), ns(elements), ns(lazy));
}

void policies() {
  constexpr int count = 1'000'000;
  std::vector<double> plain, with_call;
  const td::scoped_policy outer({.fast_math = false});
  for (int round = 0; round < rounds; ++round) {
    plain.push_back(time_of([] {
      for (int i = 0; i < count; ++i) {
        const td::resolved_policy found = td::policy_of_this_thread();
        asm volatile("" ::"m"(found));
      }
    }));
    with_call.push_back(time_of([] {
      for (int i = 0; i < count; ++i) {
        const td::resolved_policy found = td::policy_of_this_thread({.workers = 2, .device = td::device::cpu});
        asm volatile("" ::"m"(found));
      }
    }));
  }
  std::printf("ns to resolve a policy: %.1f, with one of the call's %.1f\n", 1e9 * median(plain) / count,
              1e9 * median(with_call) / count);
}

// Evaluations a second of threads that go on for 200 ms.
double throughput(int threads, const std::function<void(int)>& evaluate) {
  constexpr double duration = 0.2;
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> done{0};
  std::vector<std::thread> all;
  const auto begin = clock_type::now();
  for (int number = 0; number < threads; ++number) {
    all.emplace_back([&, number] {
      while (!stop) {
        evaluate(number);
        ++done;
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::duration<double>(duration));
  stop = true;
  for (std::thread& each : all) each.join();
  return static_cast<double>(done) / seconds_since(begin);
}

void many_threads(std::string_view what, const std::function<void(int)>& evaluate) {
  const int cores = td::workers_of_this_thread();
  std::vector<double> ones, fews, manys, ratios;
  for (int round = 0; round < rounds; ++round) {
    ones.push_back(throughput(1, evaluate));
    fews.push_back(throughput(cores, evaluate));
    manys.push_back(throughput(8, evaluate));
    ratios.push_back(manys.back() / fews.back());
  }
  std::printf("%.*s: %.0f evaluations/s by 1 thread, %.0f by %d, %.0f by 8: 8 do %.3f of what %d do\n",
              static_cast<int>(what.size()), what.data(), median(ones), median(fews), cores, median(manys),
              median(ratios), cores);
}

}  // namespace

int main() {
  alternation();
  calls();
  policies();
  const td::ndarray a = td::eval(td::ones({256, 256}) * 0.5);
  const td::ndarray x = td::ones({200'000});
  std::vector<td::ndarray> products, chains;
  for (int i = 0; i < 8; ++i) {
    products.push_back(td::zeros({256, 256}));
    chains.push_back(td::zeros({200'000}));
  }
  many_threads("256 x 256 products", [&](int i) { td::eval(td::matmul(a, a), products[static_cast<std::size_t>(i)]); });
  many_threads("loops over 200,000 float64",
               [&](int i) { td::eval(x * 2.0 + x * 0.5, chains[static_cast<std::size_t>(i)]); });
}
