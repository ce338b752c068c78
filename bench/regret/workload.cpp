#include "regret/workload.h"

#include <algorithm>
#include <cmath>

#include "memory/storage.h"
#include "ops/compile.h"

namespace bench::regret {

namespace td = tandem;
using td::expr;

namespace {

using chance_type = std::mt19937_64;

std::int64_t between(double low, double high, chance_type& chance) {
  const double at = std::uniform_real_distribution<double>(std::log(low), std::log(high))(chance);
  return std::max<std::int64_t>(1, std::llround(std::exp(at)));
}

td::dtype real_type(chance_type& chance) { return chance() % 2 == 0 ? td::float32 : td::float64; }

expr line(std::int64_t elements, td::dtype type) { return td::placeholder({elements}, type); }

// A table of about so many elements, with rows that chance decides the length of.
td::dims table(std::int64_t elements, chance_type& chance) {
  const std::int64_t columns = std::min(elements, between(4, 4096, chance));
  return {std::max<std::int64_t>(1, elements / columns), columns};
}

// Square matrices with so many elements.
std::int64_t side(std::int64_t elements) {
  return std::max<std::int64_t>(2, std::llround(std::sqrt(static_cast<double>(elements))));
}

const std::vector<family> tuning{
    {"add",
     [](std::int64_t n, chance_type& chance) {
       const td::dtype type = real_type(chance);
       return line(n, type) + line(n, type);
     }},
    {"chain",
     [](std::int64_t n, chance_type& chance) {
       const td::dtype type = real_type(chance);
       const expr a = line(n, type), b = line(n, type);
       return a * b + 0.5 * a - b;
     }},
    {"exp", [](std::int64_t n, chance_type& chance) { return td::exp(line(n, real_type(chance))); }},
    {"divide",
     [](std::int64_t n, chance_type& chance) {
       const td::dtype type = real_type(chance);
       return line(n, type) / line(n, type);
     }},
    {"sum", [](std::int64_t n, chance_type& chance) { return td::sum(line(n, real_type(chance))); }},
    {"sum of rows",
     [](std::int64_t n, chance_type& chance) {
       return td::sum(td::placeholder(table(n, chance), real_type(chance)), {.axis = 1});
     }},
    {"product",
     [](std::int64_t n, chance_type& chance) {
       const td::dtype type = real_type(chance);
       const std::int64_t s = side(std::min<std::int64_t>(n, 64'000'000));
       return td::matmul(td::placeholder({s, s}, type), td::placeholder({s, s}, type));
     }},
    {"running sum",
     [](std::int64_t n, chance_type& chance) { return td::cumulative_sum(line(n, real_type(chance)), {.axis = 0}); }},
};

const std::vector<family> testing{
    {"scaled difference",
     [](std::int64_t n, chance_type& chance) {
       const td::dtype type = real_type(chance);
       return (line(n, type) - line(n, type)) * 0.25;
     }},
    {"gaussian",
     [](std::int64_t n, chance_type& chance) {
       const expr x = line(n, real_type(chance));
       return td::exp(-(x * x) / 2.0) * 0.3989422804;
     }},
    {"hypotenuse",
     [](std::int64_t n, chance_type& chance) {
       const td::dtype type = real_type(chance);
       const expr a = line(n, type), b = line(n, type);
       return td::sqrt(a * a + b * b);
     }},
    {"waves",
     [](std::int64_t n, chance_type& chance) {
       const expr t = line(n, real_type(chance));
       return td::sin(t) * td::cos(2.0 * t) + td::log(t + 2.0);
     }},
    {"choice",
     [](std::int64_t n, chance_type& chance) {
       const td::dtype type = real_type(chance);
       const expr a = line(n, type), b = line(n, type);
       return td::where(a > b, a, b * 2.0);
     }},
    {"integers", [](std::int64_t n, chance_type&) { return line(n, td::int32) * 3 + line(n, td::int32); }},
    {"outer sum",
     [](std::int64_t n, chance_type& chance) {
       const td::dtype type = real_type(chance);
       const std::int64_t s = side(n);
       return td::placeholder({s, 1}, type) + td::placeholder({1, s}, type);
     }},
    {"transposed sum",
     [](std::int64_t n, chance_type& chance) {
       const td::dtype type = real_type(chance);
       const std::int64_t s = side(n);
       return td::matrix_transpose(td::placeholder({s, s}, type)) + td::placeholder({s, s}, type);
     }},
    {"largest", [](std::int64_t n, chance_type& chance) { return td::max(line(n, real_type(chance))); }},
    {"mean of columns",
     [](std::int64_t n, chance_type& chance) {
       return td::mean(td::placeholder(table(n, chance), real_type(chance)), {.axis = 0});
     }},
    {"norms",
     [](std::int64_t n, chance_type& chance) {
       const expr x = td::placeholder(table(n, chance), real_type(chance));
       return td::sqrt(td::sum(x * x, {.axis = 1}));
     }},
    {"spread",
     [](std::int64_t n, chance_type& chance) {
       return td::std(td::placeholder(table(n, chance), real_type(chance)), {.axis = 1});
     }},
    {"nearest",
     [](std::int64_t n, chance_type& chance) {
       return td::argmin(td::placeholder(table(n, chance), real_type(chance)), {.axis = 1});
     }},
    {"layer",
     [](std::int64_t n, chance_type& chance) {
       const td::dtype type = real_type(chance);
       const std::int64_t m = between(8, 4096, chance), k = between(8, 4096, chance);
       const std::int64_t rows = std::clamp<std::int64_t>(n / k, 1, 100'000);
       return td::maximum(
           td::matmul(td::placeholder({rows, k}, type), td::placeholder({k, m}, type)) + td::placeholder({m}, type),
           0.0);
     }},
    {"tall product",
     [](std::int64_t n, chance_type& chance) {
       const td::dtype type = real_type(chance);
       const std::int64_t k = between(2, 64, chance), m = between(2, 64, chance);
       const std::int64_t rows = std::max<std::int64_t>(1, n / k);
       return td::matmul(td::placeholder({rows, k}, type), td::placeholder({k, m}, type));
     }},
    {"square product",
     [](std::int64_t n, chance_type& chance) {
       const td::dtype type = real_type(chance);
       const std::int64_t s = side(std::min<std::int64_t>(n, 100'000'000));
       return td::matmul(td::placeholder({s, s}, type), td::placeholder({s, s}, type));
     }},
    {"running product of columns",
     [](std::int64_t n, chance_type& chance) {
       return td::cumulative_prod(td::placeholder(table(n, chance), real_type(chance)), {.axis = 0});
     }},
    {"shares",
     [](std::int64_t n, chance_type& chance) {
       const expr e = td::exp(td::placeholder(table(n, chance), real_type(chance)));
       return e / td::sum(e, {.axis = 1, .keepdims = true});
     }},
};

double product_size_of(const td::ops::program& what) {
  double size = 0;
  for (const td::ops::stage& each : what.stages) {
    const auto* const product = std::get_if<td::ops::matmul_stage>(&each);
    if (product == nullptr) continue;
    const int rank = product->x.at.shape.size();
    size = std::max(size, std::cbrt(static_cast<double>(product->x.at.shape[rank - 2]) *
                                    static_cast<double>(product->x.at.shape[rank - 1]) *
                                    static_cast<double>(product->y.at.shape[rank - 1])));
  }
  return size;
}

}  // namespace

work work_of(std::string name, const expr& value) {
  td::ops::compiled made = td::ops::compile(value.node());
  work result{std::move(name), {}, {}, value.size() * td::item_size(value.dtype()), 0, 0};
  std::vector<const void*> known;
  for (std::size_t i = 0; i < made.operands.size(); ++i) {
    if (made.code.buffers[i].use != td::ops::buffer::role::input) continue;
    const void* const storage = made.operands[i].storage().get();
    if (std::ranges::find(known, storage) != known.end()) continue;
    known.push_back(storage);
    result.read_bytes.push_back(made.operands[i].storage()->size_bytes());
    result.elements = std::max(result.elements, made.operands[i].size());
  }
  result.product_size = product_size_of(made.code);
  result.program = std::move(made.code);
  return result;
}

const std::vector<family>& families(bool for_testing) { return for_testing ? testing : tuning; }

work random_work(const std::vector<family>& from, std::int64_t most, chance_type& chance) {
  const family& chosen = from[std::uniform_int_distribution<std::size_t>(0, from.size() - 1)(chance)];
  return work_of(chosen.name, chosen.make(between(100, static_cast<double>(most), chance), chance));
}

}  // namespace bench::regret
