#include "gpu/operands.h"

#include <complex>
#include <stdexcept>

namespace bench {

namespace td = tandem;

td::ndarray operand(std::int64_t rows, std::int64_t columns, td::dtype type) {
  const bool is_complex = type == td::dtype::complex64 || type == td::dtype::complex128;
  const td::dtype part = type == td::dtype::complex64    ? td::dtype::float32
                         : type == td::dtype::complex128 ? td::dtype::float64
                                                         : type;
  // Small arrays that are broadcast, so that nothing large is made on the host.
  const td::ndarray down = td::reshape(td::arange(static_cast<double>(rows)), {rows, 1});
  const td::ndarray along = td::arange(static_cast<double>(columns));
  const td::expr phase = td::astype(down * 12.9898, part) + td::astype(along * 78.233, part);
  if (!is_complex) return td::eval(td::sin(phase));
  return td::eval(td::astype(td::sin(phase), type) + td::astype(td::cos(phase), type) * std::complex<double>(0, 1));
}

td::ndarray operand(std::int64_t size, td::dtype type) {
  std::int64_t rows = 1;
  while (size % (rows * 10) == 0 && rows * rows < size) rows *= 10;
  return td::eval(td::reshape(operand(rows, size / rows, type), {size}));
}

void require_only_on(const td::ndarray& result, const td::device& where) {
  if (where.kind() == td::device::kind::cpu) return;
  if (!result.is_on(where) || result.is_on(td::device::cpu)) {
    throw std::runtime_error("the result is not on " + td::to_string(where) + " alone: the work was done elsewhere");
  }
}

const char* short_name(td::dtype type) {
  switch (type) {
    case td::dtype::float32: return "f32";
    case td::dtype::float64: return "f64";
    case td::dtype::complex64: return "c64";
    case td::dtype::complex128: return "c128";
    default: throw std::logic_error("no benchmark has this dtype");
  }
}

}  // namespace bench
