#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/version.h>

#include <cstdlib>

#include "inputs.h"
#include "protocol.h"

namespace {

using peers::task;

template <class T>
at::Tensor input(const peers::work& of, peers::operand which) {
  at::Tensor tensor = at::empty(of.shape, at::TensorOptions().dtype(c10::CppTypeToScalarType<T>::value));
  peers::fill(tensor.data_ptr<T>(), tensor.numel(), which);
  return tensor;
}

std::vector<double> numbers(const at::Tensor& tensor) {
  const at::Tensor all = tensor.to(at::kDouble).contiguous();
  return {all.data_ptr<double>(), all.data_ptr<double>() + all.numel()};
}

template <class Evaluate>
task of_tensor(Evaluate evaluate) {
  return peers::make_task(evaluate, numbers);
}

template <class T>
std::optional<task> prepare(const peers::work& of) {
  const at::Tensor a = input<T>(of, peers::operand::a);
  if (of.is("exp")) return of_tensor([=] { return at::exp(a); });
  if (of.is("sum")) return of_tensor([=] { return at::sum(a); });
  if (of.is("sum0")) return of_tensor([=] { return at::sum(a, {0}); });
  if (of.is("sum1")) return of_tensor([=] { return at::sum(a, {1}); });
  if (of.is("sum2")) return of_tensor([=] { return at::sum(a, {2}); });
  if (of.is("mean")) return of_tensor([=] { return at::mean(a); });
  if (of.is("var")) return of_tensor([=] { return at::var(a, /*unbiased=*/false); });
  if (of.is("max")) return of_tensor([=] { return at::max(a); });
  if (of.is("argmax")) return of_tensor([=] { return at::argmax(a); });
  if (of.is("strided")) return of_tensor([=] { return at::slice(a, 1, c10::nullopt, c10::nullopt, 2) * 2; });

  const at::Tensor b = input<T>(of, peers::operand::b);
  if (of.is("add")) return of_tensor([=] { return a + b; });
  if (of.is("chain")) return of_tensor([=] { return a * b + 0.5 * a - b; });
  if (of.is("transposed")) return of_tensor([=] { return a.t() + b; });
  if (of.is("matmul")) return of_tensor([=] { return at::matmul(a, b); });

  at::Tensor c = at::zeros_like(a);
  if (of.is("add_into")) return of_tensor([=]() mutable { return at::add_out(c, a, b); });
  // Without temporaries: the product goes to the target, the rest is added in place with a factor.
  if (of.is("chain_into")) return of_tensor([=]() mutable { return at::mul_out(c, a, b).add_(a, 0.5).sub_(b); });
  return std::nullopt;
}

}  // namespace

int main() {
  // Nobody asks for gradients: without this, every operation pays for being able to give them.
  const c10::InferenceMode guard;
  if (const char* workers = std::getenv("OMP_NUM_THREADS")) at::set_num_threads(std::atoi(workers));
  return peers::serve(TORCH_VERSION, prepare<float>, prepare<double>);
}
