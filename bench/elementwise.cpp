#include <benchmark/benchmark.h>

#include <algorithm>

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

// A step of a solver, whose length is another number each time if `changes`.
void numbers(benchmark::State& state, bool changes) {
  const std::int64_t n = state.range(0);
  const td::ndarray a = ramp({n});
  const td::ndarray b = ramp({n});
  double alpha = 0.5;
  for (auto _ : state) {
    const td::ndarray c = a + alpha * b;
    benchmark::DoNotOptimize(c);
    if (changes) alpha += 1e-9;
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

// a.T + b for n x n arrays, in blocks of 8 x 8, which bring whole lines of both.
void transposed_raw(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const td::ndarray a = ramp({n, n});
  const td::ndarray b = ramp({n, n});
  const td::ndarray c = td::zeros({n, n});
  const double* x = a.data<const double>();
  const double* y = b.data<const double>();
  double* z = c.data<double>();
  constexpr std::int64_t block = 8;
  for (auto _ : state) {
#pragma omp parallel for schedule(static) if (n > 181)
    for (std::int64_t i0 = 0; i0 < n; i0 += block) {
      for (std::int64_t j0 = 0; j0 < n; j0 += block) {
        for (std::int64_t i = i0; i < std::min(i0 + block, n); ++i) {
          for (std::int64_t j = j0; j < std::min(j0 + block, n); ++j) z[i * n + j] = x[j * n + i] + y[i * n + j];
        }
      }
    }
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * n * n * 24);
}

void transposed_into(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const td::ndarray a = ramp({n, n});
  const td::ndarray b = ramp({n, n});
  const td::ndarray c = td::zeros({n, n});
  for (auto _ : state) c.assign(a.transposed() + b);
  state.SetBytesProcessed(state.iterations() * n * n * 24);
}

// a[:, ::2] * 2 for an n x n array; the bytes of a are counted whole.
void strided_raw(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const td::ndarray a = ramp({n, n});
  const td::ndarray c = td::zeros({n, n / 2});
  const double* x = a.data<const double>();
  double* z = c.data<double>();
  for (auto _ : state) {
#pragma omp parallel for schedule(static) if (n > 181)
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < n / 2; ++j) z[i * (n / 2) + j] = x[i * n + 2 * j] * 2;
    }
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * n * n * 12);
}

void strided_into(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const td::ndarray a = ramp({n, n});
  const td::ndarray c = td::zeros({n, n / 2});
  for (auto _ : state) c.assign(a(td::all, td::slice(td::none, td::none, 2)) * 2);
  state.SetBytesProcessed(state.iterations() * n * n * 12);
}

BENCHMARK(transposed_raw)->Arg(100)->Arg(316)->Arg(1000)->Arg(1024)->Arg(3162)->UseRealTime();
BENCHMARK(transposed_into)->Arg(100)->Arg(316)->Arg(1000)->Arg(1024)->Arg(3162)->UseRealTime();
BENCHMARK(strided_raw)->Arg(100)->Arg(316)->Arg(1000)->Arg(3162)->UseRealTime();
BENCHMARK(strided_into)->Arg(100)->Arg(316)->Arg(1000)->Arg(3162)->UseRealTime();
BENCHMARK(add_raw)->RangeMultiplier(10)->Range(1, 10'000'000)->UseRealTime();
BENCHMARK(add_into)->RangeMultiplier(10)->Range(1, 10'000'000)->UseRealTime();
BENCHMARK(add_fresh)->RangeMultiplier(10)->Range(1, 10'000'000)->UseRealTime();
BENCHMARK_CAPTURE(numbers, same, false)->RangeMultiplier(1000)->Range(1, 1000)->UseRealTime();
BENCHMARK_CAPTURE(numbers, new_each_time, true)->RangeMultiplier(1000)->Range(1, 1000)->UseRealTime();
BENCHMARK(chain_raw)->RangeMultiplier(10)->Range(1000, 10'000'000)->UseRealTime();
BENCHMARK(chain_into)->RangeMultiplier(10)->Range(1000, 10'000'000)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
