#include <benchmark/benchmark.h>

#include "raw.h"

// Element-wise work beside hand-written OpenMP loops over the same data. bytes_per_second counts each operand and the
// result once, whatever the code really moves.
namespace {

using namespace bench;

void add_raw(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const td::ndarray a = ramp({n});
  const td::ndarray b = ramp({n});
  const td::ndarray c = td::zeros({n});
  const double* x = a.data<const double>();
  const double* y = b.data<const double>();
  double* z = c.data<double>();
  for (auto _ : state) {
#pragma omp parallel for simd schedule(static) if (n > 32768)
    for (std::int64_t i = 0; i < n; ++i) z[i] = x[i] + y[i];
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * n * 24);
}

void add_into(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const td::ndarray a = ramp({n});
  const td::ndarray b = ramp({n});
  const td::ndarray c = td::zeros({n});
  for (auto _ : state) c.assign(a + b);
  state.SetBytesProcessed(state.iterations() * n * 24);
}

void add_fresh(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const td::ndarray a = ramp({n});
  const td::ndarray b = ramp({n});
  for (auto _ : state) {
    const td::ndarray c = a + b;
    benchmark::DoNotOptimize(c);
  }
  state.SetBytesProcessed(state.iterations() * n * 24);
}

void chain_raw(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const td::ndarray a = ramp({n});
  const td::ndarray b = ramp({n});
  const td::ndarray c = td::zeros({n});
  const double* x = a.data<const double>();
  const double* y = b.data<const double>();
  double* z = c.data<double>();
  for (auto _ : state) {
#pragma omp parallel for simd schedule(static) if (n > 32768)
    for (std::int64_t i = 0; i < n; ++i) z[i] = x[i] * y[i] + 0.5 * x[i] - y[i];
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * n * 24);
}

void chain_into(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const td::ndarray a = ramp({n});
  const td::ndarray b = ramp({n});
  const td::ndarray c = td::zeros({n});
  for (auto _ : state) c.assign(a * b + 0.5 * a - b);
  state.SetBytesProcessed(state.iterations() * n * 24);
}

BENCHMARK(add_raw)->RangeMultiplier(10)->Range(1, 10'000'000)->UseRealTime();
BENCHMARK(add_into)->RangeMultiplier(10)->Range(1, 10'000'000)->UseRealTime();
BENCHMARK(add_fresh)->RangeMultiplier(10)->Range(1, 10'000'000)->UseRealTime();
BENCHMARK(chain_raw)->RangeMultiplier(10)->Range(1000, 10'000'000)->UseRealTime();
BENCHMARK(chain_into)->RangeMultiplier(10)->Range(1000, 10'000'000)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
