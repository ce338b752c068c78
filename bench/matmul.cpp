#include <benchmark/benchmark.h>
#include <cblas.h>

#include <string>

#include "raw.h"

// Products into an existing array beside OpenBLAS, called as a program would that knows shapes and dtype.
// bytes_per_second counts the three matrices once; the counter is the usual figure, 2 m n k operations.
namespace {

using namespace bench;

/// `count` products of (rows, depth) and (depth, columns).
struct shape {
  std::int64_t count;
  std::int64_t rows;
  std::int64_t depth;
  std::int64_t columns;
};

template <class T>
struct matrices {
  td::ndarray a, b, c;

  explicit matrices(const shape& of)
      : a(operand(of, of.rows, of.depth)), b(operand(of, of.depth, of.columns)), c(operand(of, of.rows, of.columns)) {}

  static td::ndarray operand(const shape& of, std::int64_t rows, std::int64_t columns) {
    const td::dims full = of.count == 1 ? td::dims{rows, columns} : td::dims{of.count, rows, columns};
    return td::eval(td::astype(ramp(full), td::dtype_of<T>));
  }
};

void count(benchmark::State& state, const shape& of, std::int64_t item_bytes) {
  const std::int64_t elements = of.rows * of.depth + of.depth * of.columns + of.rows * of.columns;
  state.SetBytesProcessed(state.iterations() * of.count * elements * item_bytes);
  const double operations = 2.0 * static_cast<double>(of.count * of.rows * of.depth) * static_cast<double>(of.columns);
  state.counters["flop/s"] = benchmark::Counter(operations, benchmark::Counter::kIsIterationInvariantRate);
}

void gemm(const shape& of, const double* a, const double* b, double* c) {
  const auto [m, k, n] =
      std::array{static_cast<int>(of.rows), static_cast<int>(of.depth), static_cast<int>(of.columns)};
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1.0, a, k, b, n, 0.0, c, n);
}
void gemm(const shape& of, const float* a, const float* b, float* c) {
  const auto [m, k, n] =
      std::array{static_cast<int>(of.rows), static_cast<int>(of.depth), static_cast<int>(of.columns)};
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1.0F, a, k, b, n, 0.0F, c, n);
}

/// OpenBLAS; a batch in a parallel loop, where OpenBLAS takes one thread for each product.
template <class T>
void raw(benchmark::State& state, const shape& of) {
  const matrices<T> at(of);
  const T* const a = at.a.template data<const T>();
  const T* const b = at.b.template data<const T>();
  T* const c = const_cast<T*>(at.c.template data<const T>());
  for (auto _ : state) {
    if (of.count == 1) {
      gemm(of, a, b, c);
    } else {
#pragma omp parallel for schedule(static)
      for (std::int64_t i = 0; i < of.count; ++i) {
        gemm(of, a + i * of.rows * of.depth, b + i * of.depth * of.columns, c + i * of.rows * of.columns);
      }
    }
    benchmark::ClobberMemory();
  }
  count(state, of, sizeof(T));
}

template <class T>
void ours(benchmark::State& state, const shape& of) {
  matrices<T> at(of);
  for (auto _ : state) at.c.assign(td::matmul(at.a, at.b));
  count(state, of, sizeof(T));
}

/// The left operand as it lies when it is transposed.
template <class T>
void ours_transposed(benchmark::State& state, const shape& of) {
  matrices<T> at(of);
  const td::ndarray a = td::eval(td::reshape(at.a, {of.depth, of.rows})).transposed();
  for (auto _ : state) at.c.assign(td::matmul(a, at.b));
  count(state, of, sizeof(T));
}

template <class T>
void add(const shape& of) {
  const auto text = [&](const char* who) {
    const std::string batch = of.count == 1 ? "" : std::to_string(of.count) + "x";
    return std::string(who) + "/" + td::name(td::dtype_of<T>).data() + "/" + batch + std::to_string(of.rows) + "x" +
           std::to_string(of.depth) + "x" + std::to_string(of.columns);
  };
  benchmark::RegisterBenchmark(text("raw").c_str(), raw<T>, of)->UseRealTime();
  benchmark::RegisterBenchmark(text("matmul").c_str(), ours<T>, of)->UseRealTime();
  if (of.count == 1 && of.rows == of.columns && of.rows >= 16) {
    benchmark::RegisterBenchmark(text("transposed").c_str(), ours_transposed<T>, of)->UseRealTime();
  }
}

void add_both(const shape& of) {
  add<double>(of);
  add<float>(of);
}

}  // namespace

int main(int argc, char** argv) {
  for (const std::int64_t n : {2, 3, 4, 8, 12, 16, 24, 32, 48, 64, 80, 96, 128, 192, 256, 512, 1024, 2048})
    add_both({1, n, n, n});
  for (const std::int64_t n : {2, 3, 4, 5, 8, 12, 16, 24, 32, 64}) add_both({10000, n, n, n});
  // Tall, flat, with a short sum, and matrices times vectors.
  add_both({1, 100000, 4, 4});
  add_both({1, 4, 4, 100000});
  add_both({1, 4, 100000, 4});
  add_both({1, 2000, 16, 2000});
  add_both({1, 1000, 1000, 1});
  add_both({1, 1, 1000, 1000});
  add_both({10000, 4, 4, 1});
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
