#include <benchmark/benchmark.h>

#include "raw.h"

// Reductions beside hand-written OpenMP loops over the same data. bytes_per_second counts each operand once.
namespace {

using namespace bench;

void sum_raw(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const td::ndarray a = ramp({n});
  const double* x = a.data<const double>();
  for (auto _ : state) {
    double sum = 0;
#pragma omp parallel for simd schedule(static) reduction(+ : sum) if (n > 32768)
    for (std::int64_t i = 0; i < n; ++i) sum += x[i];
    benchmark::DoNotOptimize(sum);
  }
  state.SetBytesProcessed(state.iterations() * n * 8);
}

void sum(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const td::ndarray a = ramp({n});
  for (auto _ : state) {
    const td::ndarray result = td::sum(a);
    benchmark::DoNotOptimize(result);
  }
  state.SetBytesProcessed(state.iterations() * n * 8);
}

// Beside sum_raw, which reads as much.
void argmax(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const td::ndarray a = ramp({n});
  for (auto _ : state) {
    const td::ndarray result = td::argmax(a);
    benchmark::DoNotOptimize(result);
  }
  state.SetBytesProcessed(state.iterations() * n * 8);
}

// Rows are summed up, each worker taking a share of them; the partial results are added at the end.
void sum_axis0_raw(benchmark::State& state) {
  const std::int64_t rows = state.range(0);
  const std::int64_t columns = state.range(1);
  const td::ndarray a = ramp({rows, columns});
  const td::ndarray b = td::zeros({columns});
  const double* x = a.data<const double>();
  double* out = b.data<double>();
  for (auto _ : state) {
    for (std::int64_t j = 0; j < columns; ++j) out[j] = 0;
#pragma omp parallel for schedule(static) reduction(+ : out[ : columns])
    for (std::int64_t i = 0; i < rows; ++i) {
#pragma omp simd
      for (std::int64_t j = 0; j < columns; ++j) out[j] += x[i * columns + j];
    }
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * rows * columns * 8);
}

void sum_axis1_raw(benchmark::State& state) {
  const std::int64_t rows = state.range(0);
  const std::int64_t columns = state.range(1);
  const td::ndarray a = ramp({rows, columns});
  const td::ndarray b = td::zeros({rows});
  const double* x = a.data<const double>();
  double* out = b.data<double>();
  for (auto _ : state) {
#pragma omp parallel for schedule(static)
    for (std::int64_t i = 0; i < rows; ++i) {
      double total = 0;
#pragma omp simd reduction(+ : total)
      for (std::int64_t j = 0; j < columns; ++j) total += x[i * columns + j];
      out[i] = total;
    }
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * rows * columns * 8);
}

void sum_axis(benchmark::State& state, int axis) {
  const td::ndarray a = ramp({state.range(0), state.range(1)});
  for (auto _ : state) {
    const td::ndarray result = td::sum(a, {.axis = axis});
    benchmark::DoNotOptimize(result);
  }
  state.SetBytesProcessed(state.iterations() * a.size() * 8);
}

void argmax_axis(benchmark::State& state, int axis) {
  const td::ndarray a = ramp({state.range(0), state.range(1)});
  for (auto _ : state) {
    const td::ndarray result = td::argmax(a, {.axis = axis});
    benchmark::DoNotOptimize(result);
  }
  state.SetBytesProcessed(state.iterations() * a.size() * 8);
}

void shapes(benchmark::internal::Benchmark* of) {
  of->Args({3162, 3162})
      ->Args({1'000'000, 3})
      ->Args({1'000'000, 10})
      ->Args({100'000, 100})
      ->Args({10, 1'000'000})
      ->UseRealTime();
}

BENCHMARK(sum_raw)->RangeMultiplier(10)->Range(1000, 10'000'000)->UseRealTime();
BENCHMARK(sum)->RangeMultiplier(10)->Range(1000, 10'000'000)->UseRealTime();
BENCHMARK(sum_axis0_raw)->Args({3162, 3162})->Args({1'000'000, 10})->UseRealTime();
BENCHMARK_CAPTURE(sum_axis, axis0, 0)->Apply(shapes);
BENCHMARK(sum_axis1_raw)->Apply(shapes);
BENCHMARK_CAPTURE(sum_axis, axis1, 1)->Apply(shapes);
BENCHMARK(argmax)->RangeMultiplier(10)->Range(1000, 10'000'000)->UseRealTime();
BENCHMARK_CAPTURE(argmax_axis, axis0, 0)->Apply(shapes);
BENCHMARK_CAPTURE(argmax_axis, axis1, 1)->Apply(shapes);

}  // namespace

BENCHMARK_MAIN();
