#include <fmt/format.h>

#include <ostream>

#include <tandem/elementwise.h>
#include <tandem/errors.h>
#include <tandem/expr.h>
#include <tandem/ndarray.h>

#include "core/layout.h"
#include "exec/evaluate.h"
#include "exec/watching.h"
#include "ops/node.h"
#include "runtime/workers.h"

// Where expressions become arrays: evaluation, assignment, in-place operators.
namespace tandem {

expr::expr(const ndarray& array) : node_(ops::make_array(array)) {}
expr::expr(const scalar& value) : node_(ops::make_constant(value)) {}

tandem::dtype expr::dtype() const noexcept { return node_->type; }
const dims& expr::shape() const noexcept { return node_->shape; }
std::int64_t expr::size() const noexcept { return core::size_of(node_->shape); }
bool expr::is_weak() const noexcept { return node_->weak; }
expr expr::view(std::span<const index> at) const { return expr(ops::make_index(node_, at)); }

ndarray eval(const expr& value, const policy& rules, std::source_location where) {
  const exec::call_site here(where);
  return exec::evaluate(value.node(), rules);
}

ndarray eval(expr&& value, const policy& rules, std::source_location where) {
  const exec::call_site here(where);
  // Other expressions may hold the node.
  return exec::evaluate(value.node(), rules, value.node().use_count() > 1);
}

void ndarray::become(const expr& value, bool is_used_again) {
  *this = exec::evaluate(value.node(), {}, is_used_again || value.node().use_count() > 1, &storage_);
}

ndarray::ndarray(const expr& value, std::source_location where) : ndarray(eval(value, {}, where)) {}
ndarray::ndarray(expr&& value, std::source_location where) : ndarray(eval(std::move(value), {}, where)) {}

namespace {

void check_writable(const ndarray& target, std::string_view what) {
  if (!target.is_writable()) {
    throw dtype_error(fmt::format("{}: the array {} {} is read-only (a broadcast view or wrapped constant memory)",
                                  what, name(target.dtype()), to_string(target.shape())));
  }
}

// Writes `value`, of any shape that broadcasts and any dtype that converts.
void write(const ndarray& target, const ops::node_ptr& value, const policy& rules, std::string_view what) {
  check_writable(target, what);
  // As NumPy has it: leading axes of extent 1 that the target lacks are dropped.
  ops::node_ptr fitted = value;
  dims shape = value->shape;
  while (shape.size() > target.rank() && shape[0] == 1) shape.erase(0);
  fitted = ops::make_reshape(fitted, shape);
  fitted = ops::make_cast(fitted, target.dtype());
  fitted = ops::make_broadcast(fitted, target.shape(), what);
  exec::evaluate_into(fitted, target, rules);
}

// Writes a result of the target's shape whose dtype converts to one of the same kind.
void write_result(const ndarray& target, const expr& result, const policy& rules, std::string_view what) {
  if (!can_cast_same_kind(result.dtype(), target.dtype())) {
    throw dtype_error(
        fmt::format("{}: the result is {}, which an array of {} cannot take in place; convert it by astype", what,
                    name(result.dtype()), name(target.dtype())));
  }
  if (result.shape() != target.shape()) {
    throw shape_error(fmt::format("{}: the result has shape {}, the array written to has {}", what,
                                  to_string(result.shape()), to_string(target.shape())));
  }
  write(target, result.node(), rules, what);
}

const ndarray& in_place(const ndarray& target, expr (*operation)(expr, expr), const expr& value,
                        std::string_view what) {
  check_writable(target, what);
  write_result(target, operation(target, value), {}, what);
  return target;
}

}  // namespace

void detail::evaluate_to(const expr& value, const ndarray& out, const policy& rules, std::source_location where) {
  const exec::call_site here(where);
  write_result(out, value, rules, "eval into an array");
}

const ndarray& ndarray::assign(const expr& value, const policy& rules, std::source_location where) const {
  const exec::call_site here(where);
  write(*this, value.node(), rules, "assign");
  return *this;
}

ndarray&& ndarray::operator=(const ndarray& value) && {
  write(*this, expr(value).node(), {}, "assign");
  return std::move(*this);
}

ndarray&& ndarray::operator=(const expr& value) && {
  write(*this, value.node(), {}, "assign");
  return std::move(*this);
}

const ndarray& ndarray::operator+=(const expr& value) const { return in_place(*this, add, value, "add in place"); }
const ndarray& ndarray::operator-=(const expr& value) const {
  return in_place(*this, subtract, value, "subtract in place");
}
const ndarray& ndarray::operator*=(const expr& value) const {
  return in_place(*this, multiply, value, "multiply in place");
}
const ndarray& ndarray::operator/=(const expr& value) const {
  return in_place(*this, divide, value, "divide in place");
}
const ndarray& ndarray::operator%=(const expr& value) const {
  return in_place(*this, remainder, value, "remainder in place");
}
const ndarray& ndarray::operator&=(const expr& value) const {
  return in_place(*this, bitwise_and, value, "bitwise_and in place");
}
const ndarray& ndarray::operator|=(const expr& value) const {
  return in_place(*this, bitwise_or, value, "bitwise_or in place");
}
const ndarray& ndarray::operator^=(const expr& value) const {
  return in_place(*this, bitwise_xor, value, "bitwise_xor in place");
}
const ndarray& ndarray::operator<<=(const expr& value) const {
  return in_place(*this, bitwise_left_shift, value, "bitwise_left_shift in place");
}
const ndarray& ndarray::operator>>=(const expr& value) const {
  return in_place(*this, bitwise_right_shift, value, "bitwise_right_shift in place");
}

void ndarray::read_item(void* value, tandem::dtype type) const {
  if (size() != 1)
    throw shape_error(fmt::format("item: the array has shape {}, expected one element", to_string(shape())));
  const ndarray converted = eval(astype(*this, type), {.workers = 1, .device = device::cpu});
  converted.copy_elements(value, type, 0, 1);
}

}  // namespace tandem
