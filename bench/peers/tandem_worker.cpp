#include <tandem/tandem.h>

#include "inputs.h"
#include "protocol.h"

namespace {

namespace td = tandem;
using peers::task;

template <class T>
td::ndarray input(const peers::work& of, peers::operand which) {
  td::ndarray array = td::empty(td::dims(of.shape), td::dtype_of<T>);
  peers::fill(array.data<T>(), array.size(), which);
  return array;
}

std::vector<double> numbers(const td::ndarray& array) {
  return td::eval(td::astype(array, td::float64)).to_vector<double>();
}

/// A result in a fresh array.
template <class Evaluate>
task fresh(Evaluate evaluate) {
  return peers::make_task([evaluate] { return td::ndarray(evaluate()); }, numbers);
}

/// A result in an array that is there already.
template <class Evaluate>
task into(td::ndarray target, Evaluate evaluate) {
  return peers::make_task_into([target, evaluate] { target.assign(evaluate()); }, [target] { return numbers(target); });
}

template <class T>
std::optional<task> prepare(const peers::work& of) {
  const td::ndarray a = input<T>(of, peers::operand::a);
  if (of.is("exp")) return fresh([=] { return td::exp(a); });
  if (of.is("sum")) return fresh([=] { return td::sum(a); });
  if (of.is("sum0")) return fresh([=] { return td::sum(a, {.axis = 0}); });
  if (of.is("sum1")) return fresh([=] { return td::sum(a, {.axis = 1}); });
  if (of.is("sum2")) return fresh([=] { return td::sum(a, {.axis = 2}); });
  if (of.is("mean")) return fresh([=] { return td::mean(a); });
  if (of.is("var")) return fresh([=] { return td::var(a); });
  if (of.is("max")) return fresh([=] { return td::max(a); });
  if (of.is("argmax")) return fresh([=] { return td::argmax(a); });
  if (of.is("strided")) return fresh([=] { return a(td::all, td::slice(td::none, td::none, 2)) * 2; });

  const td::ndarray b = input<T>(of, peers::operand::b);
  if (of.is("add")) return fresh([=] { return a + b; });
  if (of.is("chain")) return fresh([=] { return a * b + 0.5 * a - b; });
  if (of.is("transposed")) return fresh([=] { return a.transposed() + b; });
  if (of.is("matmul")) return fresh([=] { return td::matmul(a, b); });

  const td::ndarray c = td::zeros(td::dims(of.shape), td::dtype_of<T>);
  if (of.is("add_into")) return into(c, [=] { return a + b; });
  if (of.is("chain_into")) return into(c, [=] { return a * b + 0.5 * a - b; });
  return std::nullopt;
}

}  // namespace

int main() { return peers::serve(TANDEM_VERSION, prepare<float>, prepare<double>); }
