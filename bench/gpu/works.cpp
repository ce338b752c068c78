#include "gpu/works.h"

#include <cstdint>
#include <stdexcept>
#include <utility>

#include "gpu/operands.h"

namespace bench {

namespace td = tandem;

namespace {

// Much larger than any cache.
constexpr std::int64_t copied_bytes = std::int64_t{512} << 20;

double as_double(std::int64_t value) { return static_cast<double>(value); }

contestant on_device(const td::device& where, std::function<void()> call) {
  return {std::move(call), [where] { td::synchronize(where); }};
}

// Measures `ours`, with what `make_theirs` makes of the yardsticks if there are any.
void compare(const setting& in, row& into, const contestant& ours, const std::string& name,
             const std::function<contestant(yardsticks&)>& make_theirs, amount theirs) {
  std::vector<contestant> all{ours};
  into.why_no_yardstick = in.why_not;
  if (in.by != nullptr) {
    try {
      all.push_back(make_theirs(*in.by));
    } catch (const std::exception& error) {
      into.why_no_yardstick = name + " not measured: " + error.what();
    }
  }
  const std::vector<timing> found = take_turns(all, in.how, in.where);
  into.time = found[0];
  if (found.size() > 1) into.by = yardstick{name, theirs, found[1]};
}

void compare_with_copy(const setting& in, row& into, const contestant& ours) {
  compare(in, into, ours, "device copy", [](yardsticks& by) { return by.device_copy(copied_bytes); },
          {amount::kind::bytes, 2 * as_double(copied_bytes)});
}

// "1e8", "1e6".
std::string size_text(std::int64_t size) {
  int power = 0;
  while (size % 10 == 0) {
    size /= 10;
    ++power;
  }
  return std::to_string(size) + "e" + std::to_string(power);
}

// Element-wise work: of the first operands to one result.
work elementwise(const std::string& name, std::int64_t size, td::dtype type, int operands, bool has_target,
                 std::function<td::expr(const td::ndarray&, const td::ndarray&)> make) {
  return {name + " " + short_name(type) + " " + size_text(size), [=](const setting& in, row& into) {
            const td::ndarray a = operand(size, type);
            const td::ndarray b = operands > 1 ? td::eval(a * -0.5) : a;
            const td::ndarray out = td::empty({size}, type);
            const auto call = [=] { td::eval(make(a, b), out); };
            call();
            require_only_on(out, in.where);
            into.amount = {amount::kind::bytes, as_double((operands + 1) * size * td::item_size(type))};
            if (has_target) into.target_share = target::elementwise;
            compare_with_copy(in, into, on_device(in.where, call));
          }};
}

work sum_of(const std::string& name, const td::dims& shape, td::dtype type, const td::sum_options& options) {
  return {name + " " + short_name(type) + " " + (shape.size() == 1 ? size_text(shape[0]) : td::to_string(shape)),
          [=](const setting& in, row& into) {
            const std::int64_t rows = shape[0];
            const td::ndarray a = shape.size() == 1 ? operand(rows, type) : operand(rows, shape[1], type);
            const td::ndarray out = td::eval(td::sum(a, options));
            require_only_on(out, in.where);
            into.amount = {amount::kind::bytes, as_double(a.size_bytes() + out.size_bytes())};
            into.target_share = target::sums;
            compare_with_copy(in, into, on_device(in.where, [=] { td::eval(td::sum(a, options), out); }));
          }};
}

work product(std::int64_t n, td::dtype type) {
  return {std::string("matmul ") + short_name(type) + " " + std::to_string(n), [=](const setting& in, row& into) {
            const td::ndarray a = operand(n, n, type);
            const td::ndarray b = td::eval(td::matrix_transpose(a) * -0.5);
            const td::ndarray out = td::eval(td::matmul(a, b));
            require_only_on(out, in.where);
            // A complex multiplication and addition are four of each kind.
            const bool is_complex = type == td::dtype::complex64 || type == td::dtype::complex128;
            into.amount = {amount::kind::flops, (is_complex ? 8 : 2) * as_double(n) * as_double(n) * as_double(n)};
            into.target_share = target::products;
            compare(
                in, into, on_device(in.where, [=] { td::eval(td::matmul(a, b), out); }), "cuBLAS",
                [=](yardsticks& by) { return by.product(type, n); }, into.amount);
          }};
}

}  // namespace

std::vector<work> elementwise_works(bool is_quick) {
  const std::int64_t size = is_quick ? 1'000'000 : 100'000'000;
  std::vector<work> all;
  for (const td::dtype type : {td::dtype::float32, td::dtype::float64}) {
    all.push_back(
        elementwise("add", size, type, 2, true, [](const td::ndarray& a, const td::ndarray& b) { return a + b; }));
  }
  for (const td::dtype type : {td::dtype::float32, td::dtype::float64}) {
    all.push_back(
        elementwise("exp", size, type, 1, false, [](const td::ndarray& a, const td::ndarray&) { return td::exp(a); }));
  }
  for (const td::dtype type : {td::dtype::float32, td::dtype::float64}) {
    all.push_back(elementwise("chain of 4", size, type, 2, true,
                              [](const td::ndarray& a, const td::ndarray& b) { return a * b + 0.5 * a - b; }));
  }
  for (const td::dtype type : {td::dtype::float32, td::dtype::float64}) {
    all.push_back(elementwise("chain with sqrt", size, type, 2, true,
                              [](const td::ndarray& a, const td::ndarray& b) { return td::sqrt(a * a + b * b) - a; }));
  }
  return all;
}

std::vector<work> sum_works(bool is_quick) {
  const std::int64_t size = is_quick ? 1'000'000 : 100'000'000;
  const std::int64_t side = is_quick ? 1'000 : 10'000;
  std::vector<work> all;
  for (const td::dtype type : {td::dtype::float32, td::dtype::float64}) {
    all.push_back(sum_of("sum", {size}, type, {}));
    all.push_back(sum_of("sum axis 0", {side, side}, type, {.axis = 0}));
    all.push_back(sum_of("sum axis 1", {side, side}, type, {.axis = 1}));
  }
  return all;
}

std::vector<work> product_works(bool is_quick) {
  std::vector<work> all;
  for (const td::dtype type : {td::dtype::float32, td::dtype::float64, td::dtype::complex64}) {
    for (const std::int64_t n :
         is_quick ? std::vector<std::int64_t>{256} : std::vector<std::int64_t>{1024, 2048, 4096, 8192}) {
      all.push_back(product(n, type));
    }
  }
  return all;
}

std::vector<work> transfer_works(bool is_quick) {
  const std::int64_t size = is_quick ? 1'000'000 : 250'000'000;
  const std::string name = " f32 " + size_text(size);
  const std::int64_t size_bytes = 4 * size;
  const amount moved{amount::kind::bytes, as_double(size_bytes)};
  return {
      {"host to device" + name,
       [=](const setting& in, row& into) {
         const td::scoped_policy on_host({.device = td::device::cpu});
         const td::ndarray a = operand(size, td::dtype::float32);
         // Asking for memory to write to makes the device's copy stale.
         const contestant ours{[=] { a.to(in.where); }, [] {}, [=] { a.data<float>()[0] += 1; }};
         into.amount = moved;
         into.target_share = target::transfer;
         compare(
             in, into, ours, "pinned copy", [=](yardsticks& by) { return by.pinned_copy(size_bytes, true); }, moved);
       }},
      {"device to host" + name, [=](const setting& in, row& into) {
         const td::ndarray a = operand(size, td::dtype::float32);
         const auto change_there = [=] {
           a += 1.0F;
           td::synchronize(in.where);
         };
         const contestant ours{[=] { a.data<const float>(); }, [] {}, change_there};
         change_there();
         require_only_on(a, in.where);
         into.amount = moved;
         compare(
             in, into, ours, "pinned copy", [=](yardsticks& by) { return by.pinned_copy(size_bytes, false); }, moved);
       }}};
}

std::vector<work> latency_works() {
  constexpr std::int64_t size = 1000;
  constexpr td::dtype type = td::dtype::float32;
  const auto measure = [](const setting& in, row& into, bool until_return, bool waits_each) {
    const td::ndarray a = operand(size, type);
    const td::ndarray b = td::eval(a * -0.5);
    const auto call = [=] { const td::ndarray c = a + b; };
    {
      const td::ndarray c = a + b;
      require_only_on(c, in.where);
    }
    const auto adapted = [=](contestant who) {
      who.until_return = until_return;
      if (waits_each) {
        who.call = [call = std::move(who.call), wait = who.wait] {
          call();
          wait();
        };
      }
      return who;
    };
    compare(in, into, adapted(on_device(in.where, call)), "empty kernel",
            [=](yardsticks& by) { return adapted(by.launch()); }, {});
  };
  return {{"add f32 1000, until the call returns",
           [=](const setting& in, row& into) {
             into.target_us = target::launch_us;
             measure(in, into, true, false);
           }},
          {"add f32 1000, one after the other", [=](const setting& in, row& into) { measure(in, into, false, false); }},
          {"add f32 1000, waited for", [=](const setting& in, row& into) { measure(in, into, false, true); }}};
}

}  // namespace bench
