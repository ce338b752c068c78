#include <Eigen/Dense>
#include <unsupported/Eigen/CXX11/Tensor>

#include "inputs.h"
#include "protocol.h"

// Eigen's element-wise work and reductions run on one thread; its matrix products use OpenMP.
namespace {

using peers::operand;
using peers::task;

constexpr auto dynamic = Eigen::Dynamic;
template <class T>
using vector = Eigen::Array<T, dynamic, 1>;
template <class T>
using table = Eigen::Array<T, dynamic, dynamic, Eigen::RowMajor>;
template <class T, int Side = dynamic>
using matrix = Eigen::Matrix<T, Side, Side, Eigen::RowMajor>;

template <class Value>
std::vector<double> numbers(const Value& value) {
  if constexpr (std::is_arithmetic_v<Value>) {
    return {static_cast<double>(value)};
  } else {
    return {value.data(), value.data() + value.size()};
  }
}

template <class Evaluate>
task of_values(Evaluate evaluate) {
  return peers::make_task(std::move(evaluate), [](const auto& value) { return numbers(value); });
}

/// Behind a pointer, so that no task holds a copy.
template <class Array, class... Extents>
std::shared_ptr<const Array> input(operand which, Extents... extents) {
  const auto array = std::make_shared<Array>(extents...);
  peers::fill(array->data(), array->size(), which);
  return array;
}

template <class T>
std::optional<task> prepare_vectors(const peers::work& of) {
  using values = vector<T>;
  const auto a = input<values>(operand::a, of.size());
  if (of.is("exp")) return of_values([a]() -> values { return a->exp(); });
  const auto b = input<values>(operand::b, of.size());
  const T half(0.5);
  if (of.is("add")) return of_values([a, b]() -> values { return *a + *b; });
  if (of.is("chain")) return of_values([a, b, half]() -> values { return *a * *b + half * *a - *b; });
  // A pointer to the target: a result returned by value would be a copy.
  const auto c = std::make_shared<values>(values::Zero(of.size()));
  const auto into = [c](auto assign) { return peers::make_task_into(assign, [c] { return numbers(*c); }); };
  if (of.is("add_into")) return into([a, b, c] { *c = *a + *b; });
  if (of.is("chain_into")) return into([a, b, c, half] { *c = *a * *b + half * *a - *b; });
  return std::nullopt;
}

template <class T>
std::optional<task> prepare_tables(const peers::work& of) {
  using values = table<T>;
  using list = vector<T>;
  const auto columns = static_cast<Eigen::Index>(of.shape[1]);
  const auto a = input<values>(operand::a, of.shape[0], columns);
  if (of.is("sum")) return of_values([a] { return a->sum(); });
  if (of.is("sum0")) return of_values([a]() -> list { return a->colwise().sum(); });
  if (of.is("sum1")) return of_values([a]() -> list { return a->rowwise().sum(); });
  if (of.is("mean")) return of_values([a] { return a->mean(); });
  if (of.is("var")) return of_values([a] { return (*a - a->mean()).square().mean(); });
  if (of.is("max")) return of_values([a] { return a->maxCoeff(); });
  if (of.is("argmax")) {
    return of_values([a, columns] {
      Eigen::Index row = 0;
      Eigen::Index column = 0;
      a->maxCoeff(&row, &column);
      return row * columns + column;
    });
  }
  if (of.is("strided")) {
    return of_values([a]() -> values { return (*a)(Eigen::all, Eigen::seq(0, Eigen::last, Eigen::fix<2>)) * T(2); });
  }
  const auto b = input<values>(operand::b, of.shape[0], columns);
  if (of.is("transposed")) return of_values([a, b]() -> values { return a->transpose() + *b; });
  if (of.is("matmul")) {
    return of_values([a, b]() -> matrix<T> { return a->matrix() * b->matrix(); });
  }
  return std::nullopt;
}

/// A batch is an array of matrices whose size the program knows, as it would be in Eigen's manner.
template <class T, int Side>
task multiply_batch(const peers::work& of) {
  const auto a = input<vector<T>>(operand::a, of.size());
  const auto b = input<vector<T>>(operand::b, of.size());
  return of_values([a, b]() -> vector<T> {
    vector<T> c(a->size());
    for (Eigen::Index at = 0; at < a->size(); at += Side * Side) {
      Eigen::Map<matrix<T, Side>>(c.data() + at).noalias() =
          Eigen::Map<const matrix<T, Side>>(a->data() + at) * Eigen::Map<const matrix<T, Side>>(b->data() + at);
    }
    return c;
  });
}

template <class T>
std::optional<task> prepare_tensors(const peers::work& of) {
  if (of.is("matmul") && of.shape[1] == 4) return multiply_batch<T, 4>(of);
  if (of.is("matmul") && of.shape[1] == 32) return multiply_batch<T, 32>(of);
  using tensor = Eigen::Tensor<T, 3, Eigen::RowMajor>;
  using plane = Eigen::Tensor<T, 2, Eigen::RowMajor>;
  const auto a = input<tensor>(operand::a, of.shape[0], of.shape[1], of.shape[2]);
  const auto along = [a](int axis) {
    return of_values([a, axis]() -> plane { return a->sum(Eigen::array<int, 1>{axis}); });
  };
  if (of.is("sum")) {
    return of_values([a]() -> Eigen::Tensor<T, 0, Eigen::RowMajor> { return a->sum(); });
  }
  if (of.is("sum0")) return along(0);
  if (of.is("sum1")) return along(1);
  if (of.is("sum2")) return along(2);
  return std::nullopt;
}

template <class T>
std::optional<task> prepare(const peers::work& of) {
  if (of.shape.size() == 1) return prepare_vectors<T>(of);
  if (of.shape.size() == 2) return prepare_tables<T>(of);
  return prepare_tensors<T>(of);
}

#define TEXT_OF(value) #value
#define TEXT(value) TEXT_OF(value)
constexpr const char* version = TEXT(EIGEN_WORLD_VERSION) "." TEXT(EIGEN_MAJOR_VERSION) "." TEXT(EIGEN_MINOR_VERSION);

}  // namespace

int main() { return peers::serve(version, prepare<float>, prepare<double>); }
