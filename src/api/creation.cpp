#include <tandem/creation.h>

#include <fmt/format.h>

#include <cmath>
#include <complex>
#include <limits>

#include <tandem/elementwise.h>
#include <tandem/errors.h>
#include <tandem/manipulation.h>

#include "core/element.h"
#include "core/layout.h"
#include "exec/evaluate.h"
#include "exec/placement.h"
#include "exec/run.h"
#include "memory/storage.h"
#include "ops/node.h"
#include "runtime/policy.h"
#include "runtime/workers.h"

namespace tandem {

namespace {

ndarray allocated(const dims& shape, dtype type, std::string_view what) {
  const std::int64_t size_bytes = core::checked_bytes(shape, type, what);
  const resolved_policy rules = exec::decide({});
  // A device that is demanded must be there; what is made for one takes no memory of the host.
  memory::device_memory& memory = exec::wanted({rules, what}).memory();
  if (!memory.is_host()) {
    const std::int64_t total_bytes = memory.information().total_bytes;
    if (size_bytes > total_bytes) {
      throw out_of_memory(
          fmt::format("{}: {} bytes are more than {} has, {}", what, size_bytes, memory.name(), total_bytes));
    }
    return {detail::storage::unplaced(size_bytes), type, core::contiguous(shape)};
  }
  exec::check_memory(size_bytes, 0, rules, what);
  return {detail::storage::allocate(size_bytes), type, core::contiguous(shape)};
}

ndarray filled(const dims& shape, const scalar& value, dtype type, std::string_view what) {
  if (!value.fits(type)) throw dtype_error(fmt::format("{}: {} does not fit {}", what, to_string(value), name(type)));
  const ndarray result = allocated(shape, type, what);
  const ops::node_ptr constant = ops::make_cast(ops::make_constant(value), type);
  exec::evaluate_into(ops::make_broadcast(constant, shape, what), result, {});
  return result;
}

// first + i * step for i = 0, 1, ..., computed in `Number` and converted to `type`.
template <class Number>
ndarray progression(Number first, Number step, std::int64_t count, dtype type, std::string_view what) {
  const ndarray numbers = allocated({count}, dtype_of<Number>, what);
  Number* const to = numbers.data<Number>();
  runtime::parallel_for(count, count > 65536 ? runtime::workers_of(runtime::resolve({})) : 1,
                        [&](std::int64_t begin, std::int64_t end, int) {
                          for (std::int64_t i = begin; i < end; ++i) {
                            if constexpr (std::is_integral_v<Number>) {
                              // Unsigned, because the last step may overflow although no value does.
                              const auto offset = static_cast<std::uint64_t>(i) * static_cast<std::uint64_t>(step);
                              to[i] = static_cast<Number>(static_cast<std::uint64_t>(first) + offset);
                            } else {
                              to[i] = first + step * static_cast<double>(i);
                            }
                          }
                        });
  return eval(astype(numbers, type), {}, {});
}

bool is_integral(const scalar& value) {
  return is_integer(value.default_dtype()) || value.default_dtype() == dtype::bool_;
}

std::int64_t integer_count(std::int64_t start, std::int64_t stop, std::int64_t step) {
  if (step > 0 ? start >= stop : start <= stop) return 0;
  // Unsigned, because the distance may exceed the largest signed integer.
  const std::uint64_t distance = step > 0 ? static_cast<std::uint64_t>(stop) - static_cast<std::uint64_t>(start)
                                          : static_cast<std::uint64_t>(start) - static_cast<std::uint64_t>(stop);
  const std::uint64_t size = step > 0 ? static_cast<std::uint64_t>(step) : 0 - static_cast<std::uint64_t>(step);
  const std::uint64_t count = (distance - 1) / size + 1;
  if (count > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    throw shape_error("arange: more than 2^63 - 1 elements");
  }
  return static_cast<std::int64_t>(count);
}

bool is_finite(double value) { return std::isfinite(value); }
bool is_finite(std::complex<double> value) { return std::isfinite(value.real()) && std::isfinite(value.imag()); }

void check_real(const scalar& value, std::string_view what) {
  if (is_complex(value.default_dtype()))
    throw dtype_error(fmt::format("{}: expected a real number, given {}", what, to_string(value)));
}

// Whether each element of the last two axes is on diagonal `k` or above it.
expr on_or_above(const dims& shape, std::int64_t k) {
  const std::int64_t rows = shape[shape.size() - 2];
  const std::int64_t columns = shape.back();
  // Beyond these bounds all diagonals are alike, and k + row does not overflow.
  const std::int64_t diagonal = std::clamp(k, -rows, columns);
  const ndarray first_column = arange(diagonal, diagonal + rows);
  return expr(arange(columns)) >= expand_dims(first_column, 1);
}

expr triangle(const expr& x, const expr& keep) { return where(keep, x, scalar(false)); }

void check_matrix(const expr& x, std::string_view what) {
  if (x.rank() < 2)
    throw shape_error(fmt::format("{}: expected at least 2 axes, given shape {}", what, to_string(x.shape())));
}

}  // namespace

ndarray zeros(const dims& shape, dtype type) { return filled(shape, false, type, "zeros"); }
ndarray ones(const dims& shape, dtype type) { return filled(shape, true, type, "ones"); }
ndarray full(const dims& shape, const scalar& value, std::optional<dtype> type) {
  return filled(shape, value, type.value_or(value.default_dtype()), "full");
}
ndarray empty(const dims& shape, dtype type) { return allocated(shape, type, "empty"); }

ndarray zeros_like(const expr& x, std::optional<dtype> type) { return zeros(x.shape(), type.value_or(x.dtype())); }
ndarray ones_like(const expr& x, std::optional<dtype> type) { return ones(x.shape(), type.value_or(x.dtype())); }
ndarray full_like(const expr& x, const scalar& value, std::optional<dtype> type) {
  return filled(x.shape(), value, type.value_or(x.dtype()), "full_like");
}
ndarray empty_like(const expr& x, std::optional<dtype> type) { return empty(x.shape(), type.value_or(x.dtype())); }

ndarray arange(const scalar& stop, std::optional<dtype> type) { return arange(0, stop, 1, type); }

ndarray arange(const scalar& start, const scalar& stop, const scalar& step, std::optional<dtype> type) {
  for (const scalar& each : {start, stop, step}) check_real(each, "arange");
  if (is_integral(start) && is_integral(stop) && is_integral(step)) {
    const auto first = start.as<std::int64_t>();
    const auto by = step.as<std::int64_t>();
    if (by == 0) throw argument_error("arange: the step must not be 0");
    return progression(first, by, integer_count(first, stop.as<std::int64_t>(), by), type.value_or(dtype::int64),
                       "arange");
  }
  const auto first = start.as<double>();
  const auto by = step.as<double>();
  const double distance = stop.as<double>() - first;
  double count = std::ceil(distance / by);
  // The quotient of a short distance and a long step may be 0, but the first element lies before `stop`.
  if (count == 0 && distance != 0 && std::signbit(distance) == std::signbit(by)) count = 1;
  if (by == 0 || !std::isfinite(count)) {
    throw argument_error(fmt::format("arange: from {} to {} by {} has no number of elements", to_string(start),
                                     to_string(stop), to_string(step)));
  }
  if (count >= 0x1p63) throw shape_error("arange: more than 2^63 - 1 elements");
  // One element is `start` also where the step is infinite.
  return progression(first, count > 1 ? by : 0.0, count > 0 ? static_cast<std::int64_t>(count) : 0,
                     type.value_or(dtype::float64), "arange");
}

ndarray linspace(const scalar& start, const scalar& stop, std::int64_t count, std::optional<dtype> type,
                 bool endpoint) {
  if (count < 0) throw argument_error(fmt::format("linspace: {} elements, expected 0 or more", count));
  const bool complex_bounds = is_complex(start.default_dtype()) || is_complex(stop.default_dtype());
  const double intervals = static_cast<double>(endpoint ? count - 1 : count);
  const auto spaced = [&]<class Number>(Number first, Number last) {
    // Where the distance of the bounds overflows, that of their halves does not.
    const bool far = is_finite(first) && is_finite(last) && !is_finite(last - first);
    const double scale = far ? 2.0 : 1.0;
    const Number step = intervals > 0 ? (last / scale - first / scale) / intervals : Number(0);
    const ndarray values = progression(first / scale, step, count, dtype_of<Number>, "linspace");
    if (far) values *= scale;
    if (endpoint && count > 1) values.data<Number>()[count - 1] = last;
    return values;
  };
  const ndarray values = complex_bounds ? spaced(start.as<std::complex<double>>(), stop.as<std::complex<double>>())
                                        : spaced(start.as<double>(), stop.as<double>());
  const dtype wanted = type.value_or(values.dtype());
  // Towards minus infinity, as NumPy does it: -0.5 becomes -1.
  return eval(astype(is_integer(wanted) && !complex_bounds ? floor(values) : expr(values), wanted), {}, {});
}

ndarray eye(std::int64_t rows, std::optional<std::int64_t> columns, std::int64_t k, dtype type) {
  const std::int64_t width = columns.value_or(rows);
  const ndarray result = zeros({rows, width}, type);
  if (k < width && k > -rows) {
    const std::int64_t count = k >= 0 ? std::min(rows, width - k) : std::min(rows + k, width);
    const std::int64_t first = k >= 0 ? k : -k * width;
    ndarray(result.storage(), type, {{count}, {width + 1}, first})(ellipsis) = true;
  }
  return result;
}

std::vector<expr> meshgrid(const std::vector<expr>& arrays, std::string_view indexing) {
  if (indexing != "xy" && indexing != "ij") {
    throw argument_error(fmt::format("meshgrid: indexing is '{}', expected 'xy' or 'ij'", indexing));
  }
  const int rank = static_cast<int>(std::min<std::size_t>(arrays.size(), max_rank + 1));
  dims shape;
  for (const expr& each : arrays) {
    if (each.rank() > 1)
      throw shape_error(fmt::format("meshgrid: expected arrays of one axis, given {}", to_string(each.shape())));
    if (each.dtype() != arrays.front().dtype()) {
      throw dtype_error(
          fmt::format("meshgrid: dtypes differ, {} and {}", name(arrays.front().dtype()), name(each.dtype())));
    }
    shape.push_back(each.size());
  }
  const auto axis_of = [&](int i) { return indexing == "xy" && rank > 1 && i < 2 ? 1 - i : i; };
  if (indexing == "xy" && rank > 1) std::swap(shape[0], shape[1]);
  std::vector<expr> result;
  for (int i = 0; i < rank; ++i) {
    dims spread = dims::filled(rank, 1);
    spread[axis_of(i)] = arrays[static_cast<std::size_t>(i)].size();
    result.push_back(broadcast_to(reshape(arrays[static_cast<std::size_t>(i)], spread), shape));
  }
  return result;
}

expr tril(const expr& x, std::int64_t k) {
  check_matrix(x, "tril");
  return triangle(x, logical_not(on_or_above(x.shape(), k < std::numeric_limits<std::int64_t>::max() ? k + 1 : k)));
}

expr triu(const expr& x, std::int64_t k) {
  check_matrix(x, "triu");
  return triangle(x, on_or_above(x.shape(), k));
}

}  // namespace tandem
