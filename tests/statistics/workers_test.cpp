#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/manipulation.h>
#include <tandem/policy.h>
#include <tandem/products.h>
#include <tandem/statistics.h>

#include "statistics/reference.h"
#include "support/exact_array.h"
#include "support/operands.h"

// The same bits for every number of workers, on sizes around those of tiles and chunks and on long thin shapes.
namespace tandem::testing {
namespace {

// Random floats that need all their digits, made by the library's element-wise functions: fast, and just as good here,
// where nothing but two results of the same elements are compared.
ndarray random_floats(dtype type, const dims& shape) {
  const expr counted = reshape(arange(count_of(shape)), shape);
  const expr real_part_of = sin(astype(counted, float64) * 12.9898) * 1.75;
  if (!is_complex(type)) return eval(astype(real_part_of, type));
  return eval(astype(real_part_of + cos(astype(counted, float64) * 78.233) * std::complex<double>(0, 1), type));
}

// The same elements, in memory that lies otherwise.
std::vector<std::pair<std::string, ndarray>> layouts_of(const ndarray& x) {
  std::vector<std::pair<std::string, ndarray>> layouts = {{"row-major", x}};
  dims backward;
  for (const std::int64_t extent : x.shape()) backward.insert(0, extent);
  if (x.rank() > 1) {
    const ndarray turned = empty(backward, x.dtype()).transposed();
    turned.assign(x);
    layouts.emplace_back("transposed", turned);
  }
  dims wider = x.shape();
  wider[wider.size() - 1] *= 2;
  const ndarray gaps = zeros(wider, x.dtype())(ellipsis, slice(none, none, -2));
  gaps.assign(x);
  layouts.emplace_back("every second, reversed", gaps);
  return layouts;
}

bool same_bits(const ndarray& x, const ndarray& y) {
  return x.is_contiguous() && y.is_contiguous() && x.shape() == y.shape() && x.dtype() == y.dtype() &&
         std::memcmp(address_of(x), address_of(y), static_cast<std::size_t>(x.size_bytes())) == 0;
}

using reduction = std::function<expr(const expr&, const axes&)>;

const std::vector<std::pair<std::string, reduction>>& reductions() {
  static const std::vector<std::pair<std::string, reduction>> list = [] {
    std::vector<std::pair<std::string, reduction>> made;
    for (const statistic which : all_statistics) {
      made.emplace_back(name_of(which),
                        [which](const expr& x, const axes& axis) { return call(which, x, {.axis = axis}); });
    }
    const auto one_axis = [](const axes& axis) {
      return axis.list() ? std::optional((*axis.list())[0]) : std::nullopt;
    };
    const auto scanned = [one_axis](const axes& axis) { return scan_options{.axis = one_axis(axis).value_or(-1)}; };
    made.emplace_back("argmin", [=](const expr& x, const axes& axis) { return argmin(x, {.axis = one_axis(axis)}); });
    made.emplace_back("argmax", [=](const expr& x, const axes& axis) { return argmax(x, {.axis = one_axis(axis)}); });
    made.emplace_back("cumulative_sum",
                      [=](const expr& x, const axes& axis) { return cumulative_sum(x, scanned(axis)); });
    made.emplace_back("cumulative_prod",
                      [=](const expr& x, const axes& axis) { return cumulative_prod(x, scanned(axis)); });
    made.emplace_back("sum of a square",
                      [](const expr& x, const axes& axis) { return sum(x * x - x, {.axis = axis}); });
    made.emplace_back("vecdot",
                      [=](const expr& x, const axes& axis) { return vecdot(x, x + x, one_axis(axis).value_or(-1)); });
    return made;
  }();
  return list;
}

// Numbers of workers to compare with one. All of them would take minutes for large arrays: there, one stands for the
// reductions that run as others do.
std::vector<int> counts_for(std::string_view what, std::int64_t size) {
  const bool like_another = what == "mean" || what == "min" || what == "std" || what == "any" || what == "all" ||
                            what == "count_nonzero" || what == "argmin" || what == "prod" || what == "cumulative_prod";
  return size > 300000 && like_another ? std::vector{3} : std::vector{2, 3, 4, 7};
}

void compare_workers(const dims& shape, const std::vector<dtype>& types) {
  for (const dtype type : types) {
    for (const auto& [layout, x] : layouts_of(random_floats(type, shape))) {
      for (const auto& [what, apply] : reductions()) {
        if (is_complex(type) && (what == "min" || what == "max" || what.starts_with("arg"))) continue;
        std::vector<axes> choices = {axes()};
        for (std::int64_t axis = 0; axis < shape.size() && shape.size() > 1; ++axis) choices.emplace_back(axis);
        for (const axes& axis : choices) {
          const ndarray one = eval(apply(x, axis), {.workers = 1});
          for (const int workers : counts_for(what, x.size())) {
            // A new expression, as an evaluated one keeps its result.
            ASSERT_TRUE(same_bits(eval(apply(x, axis), {.workers = workers}), one))
                << what << " of " << name(type) << " " << to_string(shape) << " " << layout << " axis "
                << (axis.list() ? to_string(*axis.list()) : "none") << " by " << workers << " workers";
          }
        }
      }
    }
  }
}

const std::vector<dtype> float_dtypes = {float32, float64, complex64, complex128};

TEST(Workers, DoNotChangeReductionsAroundTileAndChunkSizes) {
  for (const std::int64_t extent : {1, 511, 512, 513, 8191, 32768}) compare_workers({extent}, float_dtypes);
}

TEST(Workers, DoNotChangeReductionsOfALongAxis) { compare_workers({100003}, float_dtypes); }

TEST(Workers, DoNotChangeReductionsOfFewLongRows) { compare_workers({10, 100000}, {float32}); }

TEST(Workers, DoNotChangeReductionsOfManyShortRows) { compare_workers({100000, 10}, {complex64}); }

TEST(Workers, DoNotChangeReductionsOfManyRowsBelowATile) { compare_workers({5000, 100}, {float32, float64}); }

TEST(Workers, DoNotChangeReductionsOfThreeAxes) { compare_workers({3, 5, 7001}, {float64, complex64}); }

TEST(Workers, DoNotChangeReductionsOfThreeColumns) { compare_workers({70001, 3}, {float32, complex128}); }

TEST(Workers, DoNotChangeReductionsAroundATileOfColumns) {
  for (const std::int64_t columns : {511, 513, 1030}) compare_workers({300, columns}, {float32});
}

}  // namespace
}  // namespace tandem::testing
