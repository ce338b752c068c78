#include <benchmark/benchmark.h>
#include <cblas.h>

#include "raw.h"

// Square f64 products beside cblas_dgemm with the same threads. bytes_per_second counts the three matrices once;
// the counter is the usual figure, 2 n^3 operations.
namespace {

using namespace bench;

void count(benchmark::State& state, std::int64_t n) {
  state.SetBytesProcessed(state.iterations() * n * n * 24);
  const double operations = 2.0 * static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n);
  state.counters["flop/s"] = benchmark::Counter(operations, benchmark::Counter::kIsIterationInvariantRate);
}

void matmul_raw(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const td::ndarray a = ramp({n, n});
  const td::ndarray b = ramp({n, n});
  const td::ndarray c = td::zeros({n, n});
  const int side = static_cast<int>(n);
  for (auto _ : state) {
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, side, side, side, 1.0, a.data<const double>(), side,
                b.data<const double>(), side, 0.0, c.data<double>(), side);
    benchmark::ClobberMemory();
  }
  count(state, n);
}

void matmul(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const td::ndarray a = ramp({n, n});
  const td::ndarray b = ramp({n, n});
  const td::ndarray c = td::zeros({n, n});
  for (auto _ : state) c.assign(td::matmul(a, b));
  count(state, n);
}

void matmul_transposed(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const td::ndarray a = ramp({n, n});
  const td::ndarray b = ramp({n, n});
  const td::ndarray c = td::zeros({n, n});
  for (auto _ : state) c.assign(td::matmul(a.transposed(), b));
  count(state, n);
}

BENCHMARK(matmul_raw)->Arg(64)->Arg(256)->Arg(1024)->Arg(2048)->UseRealTime();
BENCHMARK(matmul)->Arg(64)->Arg(256)->Arg(1024)->Arg(2048)->UseRealTime();
BENCHMARK(matmul_transposed)->Arg(1024)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
