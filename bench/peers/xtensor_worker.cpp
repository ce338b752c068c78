#include <xtensor/xbuilder.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xnoalias.hpp>
#include <xtensor/xsort.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xtensor_config.hpp>
#include <xtensor/xview.hpp>

#include <memory>
#include <numeric>

#include "inputs.h"
#include "protocol.h"

// xtensor's contiguous assignments are parallel where its OpenMP option compiles; its reductions run on one thread. Its
// matrix products are those of another library, xtensor-blas, and not in this comparison.
namespace {

constexpr auto now = xt::evaluation_strategy::immediate;
using peers::operand;
using peers::task;

template <class Value>
std::vector<double> numbers(const Value& value) {
  if constexpr (std::is_arithmetic_v<Value>) {
    return {static_cast<double>(value)};
  } else {
    return {value.begin(), value.end()};
  }
}

template <class Evaluate>
task of_values(Evaluate evaluate) {
  return peers::make_task(std::move(evaluate), [](const auto& value) { return numbers(value); });
}

/// Behind a pointer, so that no task holds a copy.
template <class T, std::size_t Rank>
std::shared_ptr<const xt::xtensor<T, Rank>> input(const peers::work& of, operand which) {
  std::array<std::size_t, Rank> shape;
  std::copy(of.shape.begin(), of.shape.end(), shape.begin());
  const auto array = std::make_shared<xt::xtensor<T, Rank>>(shape);
  peers::fill(array->data(), static_cast<std::int64_t>(array->size()), which);
  return array;
}

template <class T>
std::optional<task> prepare_vectors(const peers::work& of) {
  using values = xt::xtensor<T, 1>;
  const auto a = input<T, 1>(of, operand::a);
  if (of.is("exp")) return of_values([a]() -> values { return xt::exp(*a); });
  const auto b = input<T, 1>(of, operand::b);
  const T half(0.5);
  if (of.is("add")) return of_values([a, b]() -> values { return *a + *b; });
  if (of.is("chain")) return of_values([a, b, half]() -> values { return *a * *b + half * *a - *b; });
  // A pointer to the target: a result returned by value would be a copy.
  const auto c = std::make_shared<values>(*a);
  const auto into = [c](auto assign) { return peers::make_task_into(assign, [c] { return numbers(*c); }); };
  if (of.is("add_into")) return into([a, b, c] { xt::noalias(*c) = *a + *b; });
  if (of.is("chain_into")) return into([a, b, c, half] { xt::noalias(*c) = *a * *b + half * *a - *b; });
  return std::nullopt;
}

template <class T, std::size_t Rank>
std::optional<task> prepare_sums(const peers::work& of, const std::shared_ptr<const xt::xtensor<T, Rank>>& a) {
  const auto along = [&](std::size_t axis) {
    return of_values([a, axis]() -> xt::xtensor<T, Rank - 1> { return xt::sum(*a, {axis}, now); });
  };
  if (of.is("sum")) return of_values([a]() -> T { return xt::sum(*a, now)(); });
  if (of.is("sum0")) return along(0);
  if (of.is("sum1")) return along(1);
  if (of.is("sum2")) return along(2);
  return std::nullopt;
}

template <class T>
std::optional<task> prepare_tables(const peers::work& of) {
  using values = xt::xtensor<T, 2>;
  const auto a = input<T, 2>(of, operand::a);
  if (auto sums = prepare_sums<T, 2>(of, a)) return sums;
  if (of.is("mean")) return of_values([a]() -> T { return xt::mean(*a, now)(); });
  if (of.is("var")) return of_values([a]() -> T { return xt::variance(*a, now)(); });
  if (of.is("max")) return of_values([a]() -> T { return xt::amax(*a, now)(); });
  if (of.is("argmax")) return of_values([a] { return static_cast<std::int64_t>(xt::argmax(*a)()); });
  if (of.is("strided")) {
    return of_values([a]() -> values { return xt::view(*a, xt::all(), xt::range(0, a->shape(1), 2)) * T(2); });
  }
  if (of.is("transposed")) {
    const auto b = input<T, 2>(of, operand::b);
    return of_values([a, b]() -> values { return xt::transpose(*a) + *b; });
  }
  return std::nullopt;
}

template <class T>
std::optional<task> prepare(const peers::work& of) {
  if (of.is("matmul")) return std::nullopt;
  if (of.shape.size() == 1) return prepare_vectors<T>(of);
  if (of.shape.size() == 2) return prepare_tables<T>(of);
  return prepare_sums<T, 3>(of, input<T, 3>(of, operand::a));
}

#define TEXT_OF(value) #value
#define TEXT(value) TEXT_OF(value)
constexpr const char* version =
    TEXT(XTENSOR_VERSION_MAJOR) "." TEXT(XTENSOR_VERSION_MINOR) "." TEXT(XTENSOR_VERSION_PATCH);

}  // namespace

int main() { return peers::serve(version, prepare<float>, prepare<double>); }
