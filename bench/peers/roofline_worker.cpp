#include <stdexcept>

#include "protocol.h"
#include "roofline_map.h"
#include "roofline_matmul.h"
#include "roofline_reduce.h"
#include "roofline_variants.h"

// What the machine can do: loops written by hand for each work, into memory that is there already. Each is tried in
// several variants when it is prepared, and the fastest is the one that counts: one thread or all of them, ordinary
// stores or streaming ones.
namespace {

using namespace roofline;
using peers::task;

template <class T, class Operation>
task prepare_map(const peers::work& of, bool second, Operation operation) {
  const auto here = allocate_for<T>(of, second, of.size());
  const T* const a = here->a.get();
  const T* const b = second ? here->b.get() : a;
  T* const c = here->c.get();
  const auto ordinary = [=](range r) {
    map<stores::ordinary>(a + r.begin, b + r.begin, c + r.begin, r.end - r.begin, operation);
  };
  const auto streaming = [=](range r) {
    map<stores::streaming>(a + r.begin, b + r.begin, c + r.begin, r.end - r.begin, operation);
  };
  return fastest<T>(loop_candidates<T>(here->size, ordinary, streaming), here, here->size);
}

template <class T>
std::optional<task> prepare_transposed(const peers::work& of) {
  const std::int64_t n = of.shape[0];
  if (n % tile != 0 || of.shape[1] != n) throw std::runtime_error("the side must be a multiple of 8");
  const auto here = allocate_for<T>(of, true, of.size());
  const T* const a = here->a.get();
  const T* const b = here->b.get();
  T* const c = here->c.get();
  const auto ordinary = [=](range rows) { add_transposed<stores::ordinary>(a, b, c, n, rows); };
  const auto streaming = [=](range rows) { add_transposed<stores::streaming>(a, b, c, n, rows); };
  std::vector<candidate> all;
  all.push_back({"threads", [=] { on_threads([&](int t) { ordinary(share<T>(n, t, threads)); }); }});
  all.push_back({"threads-streaming", [=] { on_threads([&](int t) { streaming(share<T>(n, t, threads)); }); }});
  return fastest<T>(all, here, of.size());
}

template <class T>
std::optional<task> prepare_strided(const peers::work& of) {
  if (of.shape[1] % 2 != 0) throw std::runtime_error("the number of columns must be even");
  const std::int64_t results = of.size() / 2;
  const auto here = allocate_for<T>(of, false, results);
  const T* const a = here->a.get();
  T* const c = here->c.get();
  const auto ordinary = [=](range r) {
    double_every_second<stores::ordinary>(a + 2 * r.begin, c + r.begin, r.end - r.begin);
  };
  const auto streaming = [=](range r) {
    double_every_second<stores::streaming>(a + 2 * r.begin, c + r.begin, r.end - r.begin);
  };
  return fastest<T>(loop_candidates<T>(results, ordinary, streaming), here, results);
}

/// A reduction to one number: `partial(a, count)` of each part, joined by `join(list of them)` to a number.
template <class T, class Partial, class Join>
task prepare_total(const peers::work& of, Partial partial, Join join) {
  const auto here = allocate_for<T>(of, false, 1);
  const T* const a = here->a.get();
  T* const c = here->c.get();
  const std::int64_t size = here->size;
  using part = decltype(partial(a, size, std::int64_t{}));
  // A cache line for each, so that threads do not write to one another's.
  struct alignas(line_bytes) padded {
    part value;
  };
  const auto parts = std::make_shared<std::vector<padded>>(static_cast<std::size_t>(threads));
  std::vector<candidate> all;
  all.push_back({"threads", [=] {
                   on_threads([&](int thread) {
                     const range r = share<T>(size, thread, threads);
                     (*parts)[static_cast<std::size_t>(thread)].value = partial(a + r.begin, r.end - r.begin, r.begin);
                   });
                   *c = static_cast<T>(join(*parts));
                 }});
  return fastest<T>(all, here, 1);
}

template <class T>
std::optional<task> prepare_totals(const peers::work& of) {
  const auto add_up = [](const auto& parts) {
    T total = 0;
    for (const auto& each : parts) total += each.value;
    return total;
  };
  const auto sum_of = [](const T* a, std::int64_t count, std::int64_t) { return sum(a, count); };
  if (of.is("sum")) return prepare_total<T>(of, sum_of, add_up);
  if (of.is("mean")) {
    return prepare_total<T>(of, sum_of, [=, n = static_cast<T>(of.size())](const auto& p) { return add_up(p) / n; });
  }
  if (of.is("var")) {
    return prepare_total<T>(
        of, [](const T* a, std::int64_t count, std::int64_t) { return variance_moments(a, count); },
        [](const auto& parts) {
          moments all;
          for (const auto& each : parts) all.include(each.value);
          return all.squares / all.count;
        });
  }
  if (of.is("max")) {
    return prepare_total<T>(
        of, [](const T* a, std::int64_t count, std::int64_t) { return largest(a, count); },
        [](const auto& parts) {
          T best = parts[0].value;
          for (const auto& each : parts) best = std::max(best, each.value);
          return best;
        });
  }
  return std::nullopt;
}

struct place {
  double value;
  std::int64_t index;
};

template <class T>
task prepare_argmax(const peers::work& of) {
  return prepare_total<T>(
      of,
      [](const T* a, std::int64_t count, std::int64_t begin) {
        if (count == 0) return place{-std::numeric_limits<double>::infinity(), 0};
        const std::int64_t at = first_largest(a, count);
        return place{static_cast<double>(a[at]), begin + at};
      },
      [](const auto& parts) {
        place best = parts[0].value;
        for (const auto& each : parts) {
          if (each.value.value > best.value) best = each.value;
        }
        // An index below 2^24 is exact in a float32, too.
        return best.index;
      });
}

/// Sums over the middle one of three axes.
template <class T>
task prepare_axis_sum(const peers::work& of, std::int64_t outer, std::int64_t middle, std::int64_t inner) {
  const std::int64_t results = outer * inner;
  const auto here = allocate_for<T>(of, false, results);
  const T* const a = here->a.get();
  T* const c = here->c.get();
  std::vector<candidate> all;
  if (inner == 1) {
    all.push_back({"rows", [=] {
                     on_threads([&](int thread) {
                       const range r = share<T>(outer, thread, threads);
                       row_sums(a + r.begin * middle, r.end - r.begin, middle, c + r.begin);
                     });
                   }});
    if (outer < 64) {
      all.push_back({"within-rows", [=] {
                       std::fill_n(c, outer, T(0));
                       on_threads([&](int thread) {
                         const range r = share<T>(middle, thread, threads);
                         for (std::int64_t i = 0; i < outer; ++i) {
                           const T total = sum(a + i * middle + r.begin, r.end - r.begin);
#pragma omp atomic
                           c[i] += total;
                         }
                       });
                     }});
    }
    return fastest<T>(all, here, results);
  }
  const auto add_block = [=](std::int64_t o, range columns) {
    // Totals that stay in the first cache.
    constexpr std::int64_t block = 8192 / static_cast<std::int64_t>(sizeof(T));
    for (std::int64_t j = columns.begin; j < columns.end; j += block) {
      const std::int64_t width = std::min(block, columns.end - j);
      std::fill_n(c + o * inner + j, width, T(0));
      add_rows(a + o * middle * inner + j, middle, inner, width, c + o * inner + j);
    }
  };
  if (outer > 1) {
    all.push_back({"outer", [=] {
#pragma omp parallel for schedule(static) num_threads(threads)
                     for (std::int64_t o = 0; o < outer; ++o) add_block(o, {0, inner});
                   }});
    return fastest<T>(all, here, results);
  }
  all.push_back({"columns", [=] { on_threads([&](int t) { add_block(0, share<T>(inner, t, threads)); }); }});
  if (inner * threads < middle * inner) {
    all.push_back({"rows", [=] {
                     std::fill_n(c, inner, T(0));
                     on_threads([&](int thread) {
                       std::vector<T> totals(static_cast<std::size_t>(inner));
                       const std::int64_t first = middle * thread / threads;
                       const std::int64_t rows = middle * (thread + 1) / threads - first;
                       if (inner < 4 * lanes<T>) {
                         add_short_rows(a + first * inner, rows, inner, totals.data());
                       } else {
                         add_rows(a + first * inner, rows, inner, inner, totals.data());
                       }
#pragma omp critical
                       for (std::int64_t j = 0; j < inner; ++j) c[j] += totals[static_cast<std::size_t>(j)];
                     });
                   }});
  }
  return fastest<T>(all, here, results);
}

template <class T>
task prepare_matmul(const peers::work& of) {
  const auto here = allocate_for<T>(of, true, of.size());
  const T* const a = here->a.get();
  const T* const b = here->b.get();
  T* const c = here->c.get();
  const std::int64_t side = of.shape.back();
  const std::int64_t each = side * side;
  const std::int64_t count = of.size() / each;
  std::vector<candidate> all;
  const auto add_variants = [&](const char* one, const char* many, auto multiply) {
    all.push_back({one, [=] {
                     for (std::int64_t i = 0; i < of.size(); i += each) multiply(a + i, b + i, c + i);
                   }});
    if (count == 1) return;
    // Within a parallel region OpenBLAS uses the calling thread only.
    all.push_back({many, [=] {
#pragma omp parallel for schedule(static) num_threads(threads)
                     for (std::int64_t i = 0; i < count; ++i) multiply(a + i * each, b + i * each, c + i * each);
                   }});
  };
  add_variants("blas", "blas-threads",
               [side](const T* x, const T* y, T* z) { multiply_blas(x, y, z, static_cast<int>(side)); });
  if (const multiply_function<T> loops = loops_for<T>(side)) add_variants("loops", "loops-threads", loops);
  return fastest<T>(all, here, of.size());
}

template <class T>
std::optional<task> prepare(const peers::work& of) {
  if (of.is("add") || of.is("add_into")) return prepare_map<T>(of, true, add());
  if (of.is("chain") || of.is("chain_into")) return prepare_map<T>(of, true, chain<T>());
  if (of.is("exp")) return prepare_map<T>(of, false, exponent());
  if (of.is("transposed")) return prepare_transposed<T>(of);
  if (of.is("strided")) return prepare_strided<T>(of);
  if (of.is("argmax")) return prepare_argmax<T>(of);
  if (of.is("matmul")) return prepare_matmul<T>(of);
  if (of.name.starts_with("sum") && of.name.size() == 4) {
    const auto axis = static_cast<std::size_t>(of.name[3] - '0');
    std::int64_t extents[3] = {1, of.shape.at(axis), 1};
    for (std::size_t i = 0; i < of.shape.size(); ++i) {
      if (i != axis) extents[i < axis ? 0 : 2] *= of.shape[i];
    }
    return prepare_axis_sum<T>(of, extents[0], extents[1], extents[2]);
  }
  return prepare_totals<T>(of);
}

}  // namespace

int main() { return peers::serve("1", prepare<float>, prepare<double>); }
