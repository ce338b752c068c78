#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cmath>
#include <complex>
#include <cstdint>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <tandem/tandem.h>

#include "codegen/emulator/compare.h"
#include "codegen/emulator/run.h"
#include "cuda/codegen/lowered.h"
#include "memory/storage.h"
#include "ops/compile.h"
#include "ops/op.h"
#include "support/elements.h"
#include "support/operands.h"

// Element-wise kernels beside the CPU backend. Both compile the same formulas, so that results of exact functions have
// the same bits; other functions are those of two libraries.
namespace tandem::testing {
namespace {

// Differs by at most `ulp` units in the last place of the larger number, or, of complex numbers, of their moduli.
template <class T>
bool near(T x, T y, double ulp) {
  if (detail::same_element(x, y)) return true;
  const double size = std::max<double>(std::abs(x), std::abs(y));
  if (!std::isfinite(size)) return false;
  using part = decltype(std::abs(x));
  const part above = std::nextafter(static_cast<part>(size), std::numeric_limits<part>::infinity());
  return std::abs(std::complex<double>(x) - std::complex<double>(y)) <= ulp * (static_cast<double>(above) - size);
}

expectation within_ulp_of(const ndarray& wanted, double ulp) {
  return [=](const ndarray& given) -> ::testing::AssertionResult {
    if (given.dtype() != wanted.dtype() || given.shape() != wanted.shape() || !is_floating(given.dtype())) {
      return same(given, wanted);
    }
    return with_dtype(given.dtype(), [&]<class T>() -> ::testing::AssertionResult {
      if constexpr (std::is_integral_v<T>) {
        return same(given, wanted);
      } else {
        const std::vector<T> x = elements_of<T>(given);
        const std::vector<T> y = elements_of<T>(wanted);
        for (std::size_t i = 0; i < x.size(); ++i) {
          if (!near(x[i], y[i], ulp)) {
            return ::testing::AssertionFailure() << "element " << i << " is " << x[i] << ", expected " << y[i];
          }
        }
        return ::testing::AssertionSuccess();
      }
    });
  };
}

// The same view of a copy of all that the storage has.
ndarray copy_of_storage(const ndarray& x) {
  const auto elements = x.storage()->size_bytes() / item_size(x.dtype());
  const ndarray all = empty({elements}, x.dtype());
  std::memcpy(all.storage()->data(), x.storage()->data(), static_cast<std::size_t>(x.storage()->size_bytes()));
  return {all.storage(), x.dtype(), x.layout()};
}

expr called(std::string_view name, const std::vector<ndarray>& operands) {
  const std::vector<argument> arguments(operands.begin(), operands.end());
  return std::get<expr>(call(name, arguments));
}

// What the CPU backend gives, with a bound where a function is not made of exact operations.
void add_operation(lowered_cases& to, const std::string& title, const ops::op_info& about,
                   const std::vector<ndarray>& operands) {
  const dtype type = operands.back().dtype();
  const bool of_library = is_floating(type) && about.ulp > 0.5 && about.name != "floor_divide" &&
                          !(about.name == "abs" && !is_complex(type));
  const expr what = called(about.name, operands);
  const std::string full = std::string(about.name) + " of " + std::string(name(type)) + " " + title;
  if (!of_library && !(about.name == "sign" && is_complex(type))) {
    to.add(full, what);
    return;
  }
  // Errors of the functions that a complex formula is made of add up; a bound in its row holds for each result.
  const double ulp = is_complex(type) ? 2 * std::max(about.ulp, 5.0) : 2 * about.ulp + 1;
  to.add(full, what, within_ulp_of(eval(called(about.name, operands), {.workers = 1}), ulp));
}

// Every operation, with two of its dtypes, other ones for each row of the table, or with all of them.
enum class extent { sample, all };

template <class Use>
void for_each_operation(extent how_many, Use use) {
  for (int row = 0; row < ops::op_count; ++row) {
    const ops::op_info& about = ops::info(static_cast<ops::op>(row));
    std::vector<dtype> types;
    for (const dtype type : all_dtypes) {
      if (ops::kinds::contains(about.kinds, type)) types.push_back(type);
    }
    const std::size_t first = static_cast<std::size_t>(row) % types.size();
    const std::size_t second = (first + types.size() / 2) % types.size();
    for (std::size_t i = 0; i < types.size(); ++i) {
      if (how_many == extent::all || i == first || i == second) use(about, types[i]);
    }
  }
}

std::vector<ndarray> random_operands(const ops::op_info& about, dtype type, const std::vector<dims>& shapes,
                                     const std::vector<form>& forms, numbers kind, random_numbers& random) {
  std::vector<ndarray> all;
  for (int k = 0; k < about.arity; ++k) {
    const dtype of = about.arity == 3 && k == 0 ? dtype::bool_ : type;
    const auto at = static_cast<std::size_t>(k);
    all.push_back(random_operand(of, shapes[at % shapes.size()], forms[at % forms.size()], kind, random).view);
  }
  return all;
}

void check_on_neighbours(extent how_many) {
  random_numbers random(601);
  lowered_cases cases;
  for_each_operation(how_many, [&](const ops::op_info& about, dtype type) {
    const dims shape = random.one_of(std::vector<dims>{{17}, {300}, {5, 13}});
    const numbers kind = random.one_of(std::vector{numbers::wide, numbers::special});
    add_operation(cases, to_string(shape), about,
                  random_operands(about, type, {shape}, {form::row_major}, kind, random));
  });
  cases.check();
}

void check_on_views(extent how_many) {
  random_numbers random(602);
  lowered_cases cases;
  for_each_operation(how_many, [&](const ops::op_info& about, dtype type) {
    std::vector<form> forms;
    for (int k = 0; k < about.arity; ++k) forms.push_back(random.one_of(all_forms));
    const std::vector<dims> shapes = random.one_of(
        std::vector<std::vector<dims>>{{{4, 9}}, {{3, 8}, {8}}, {{16}, {5, 1}, {1, 16}}, {{2, 3, 7}, {2, 1, 7}}});
    add_operation(cases, "as views", about, random_operands(about, type, shapes, forms, numbers::wide, random));
  });
  cases.check();
}

void check_conversions(extent how_many) {
  random_numbers random(603);
  lowered_cases cases;
  for (const dtype from : all_dtypes) {
    for (const dtype to : all_dtypes) {
      if (from == to || (is_complex(from) && !is_complex(to) && to != dtype::bool_)) continue;
      if (how_many == extent::sample && (static_cast<int>(from) + static_cast<int>(to)) % 4 != 0) continue;
      const operand x = random_operand(from, {3, 11}, random.one_of(all_forms), numbers::special, random);
      cases.add(std::string(name(from)) + " to " + std::string(name(to)), astype(x.view, to));
    }
  }
  cases.check();
}

TEST(ElementwiseKernels, OperationsOnNeighbours) { check_on_neighbours(extent::sample); }
TEST(ElementwiseKernels, OperationsOnViews) { check_on_views(extent::sample); }
TEST(ElementwiseKernels, Conversions) { check_conversions(extent::sample); }
// The compiler takes a minute for these.
TEST(ElementwiseKernels, DISABLED_EveryOperationOnNeighbours) { check_on_neighbours(extent::all); }
TEST(ElementwiseKernels, DISABLED_EveryOperationOnViews) { check_on_views(extent::all); }
TEST(ElementwiseKernels, DISABLED_EveryConversion) { check_conversions(extent::all); }

// All lengths at which loops begin, end and go on in another way.
TEST(ElementwiseKernels, Lengths) {
  random_numbers random(604);
  lowered_cases cases;
  for (const dtype type : {int8, float32, float64, complex128}) {
    for (const std::int64_t size : {1, 2, 3, 15, 16, 17, 255, 256, 257, 1023, 1025, 4097, 20003}) {
      const operand x = random_operand(type, {size}, form::row_major, numbers::small, random);
      const operand y = random_operand(type, {size}, form::row_major, numbers::small, random);
      cases.add(std::string(name(type)) + " " + std::to_string(size), x.view * y.view + x.view);
      // Views that do not begin where 16 bytes do.
      cases.add(std::string(name(type)) + " from 1 on, " + std::to_string(size), x.view(slice(1, none)) + 1);
    }
  }
  cases.check();
}

TEST(ElementwiseKernels, Layouts) {
  random_numbers random(605);
  lowered_cases cases;
  for (const dims& shape : std::vector<dims>{{}, {6, 8}, {5, 4, 3}, {2, 1, 3, 2, 5}, {2, 2, 2, 2, 2, 2, 2}}) {
    for (const form to : writable_forms) {
      for (const dtype type : {int16, float32, complex128}) {
        const operand target = random_operand(type, shape, to, numbers::small, random);
        const ndarray& view = target.view;
        const tandem::detail::layout& at = view.layout();
        const ndarray x = random_operand(type, shape, random.one_of(all_forms), numbers::small, random).view;
        const ndarray y = random_operand(type, shape, random.one_of(all_forms), numbers::small, random).view;
        cases.add_into(to_string(shape) + " into " + std::string(name_of(to)), x * y - x, at);
        cases.add_into("copy of " + to_string(shape) + " into " + std::string(name_of(to)), expr(x), at);
      }
    }
  }
  cases.check();
}

TEST(ElementwiseKernels, BroadcastRowsAndColumns) {
  random_numbers random(606);
  lowered_cases cases;
  for (const auto& [rows, columns] : {std::pair{3, 4}, {7, 8}, {5, 36}, {300, 5}, {2, 1000}}) {
    for (const dtype type : {uint8, float32, float64}) {
      const ndarray all = random_operand(type, {rows, columns}, form::row_major, numbers::small, random).view;
      const ndarray row = random_operand(type, {columns}, form::row_major, numbers::small, random).view;
      const ndarray column = random_operand(type, {rows, 1}, form::row_major, numbers::small, random).view;
      const ndarray one = random_operand(type, {}, form::row_major, numbers::small, random).view;
      const std::string title = std::string(name(type)) + " " + to_string(all.shape());
      cases.add(title + " row", all + row);
      cases.add(title + " column", all * column);
      cases.add(title + " both", row * column + all * one);
      cases.add(title + " mixed", astype(all, float32) * column + astype(row, complex64));
    }
  }
  cases.check();
}

TEST(ElementwiseKernels, Numbers) {
  lowered_cases cases;
  const ndarray x = arange(11.0);
  cases.add("full", broadcast_to(full({1}, 2.5) + 0.0, {3, 4}));
  cases.add("real", x * 2.5 - 0.1);
  cases.add("float32", astype(x, float32) * 0.1);
  cases.add("complex",
            astype(x, complex64) * scalar(std::complex<double>(0, -1.5)) + scalar(std::complex<double>(2, 1)));
  cases.add("complex128", astype(x, complex128) * scalar(std::complex<double>(0, -1.5)));
  cases.add("int8", astype(x, int8) * -3);
  cases.add("uint64", astype(x, uint64) + std::numeric_limits<std::uint64_t>::max());
  cases.add("int64", astype(x, int64) + std::numeric_limits<std::int64_t>::min());
  cases.add("infinity", minimum(x, std::numeric_limits<double>::infinity()) - -0.0);
  cases.add("boolean", logical_and(x > 2.0, true));
  cases.add("choice", where(x > 5.0, x, -1.0));
  cases.check();
}

TEST(ElementwiseKernels, Fill) {
  random_numbers random(611);
  lowered_cases cases;
  for (const dtype type : all_dtypes) {
    for (const form f : {form::row_major, form::reversed, form::every_second}) {
      const ndarray view = random_operand(type, {5, 9}, f, numbers::small, random).view;
      const scalar number = is_complex(type) ? scalar(std::complex<double>(1.5, -2)) : scalar(true);
      cases.add_into(std::string(name(type)) + " into " + std::string(name_of(f)),
                     broadcast_to(full({}, number, type), {5, 9}), view.layout());
      cases.add_into("a number as " + std::string(name(type)) + " into " + std::string(name_of(f)),
                     broadcast_to(astype(expr(number), type), {5, 9}), view.layout());
    }
  }
  cases.check();
}

// Sums of products round once where a chain contracts, and only there.
TEST(ElementwiseKernels, Contracted) {
  random_numbers random(610);
  const ndarray x = random_operand(float64, {300}, form::row_major, numbers::wide, random).view;
  const ndarray y = random_operand(float64, {300}, form::row_major, numbers::wide, random).view;
  const auto check = [&](const expr& what, double (*wanted)(double, double), bool contracts) {
    ops::compiled code = ops::compile(what.node());
    std::get<ops::elementwise_stage>(code.code.stages.at(0)).chain.contracts = contracts;
    const cuda::lowered_program steps = cuda::lower(code.code, cuda::granularity::fused);
    const cuda::lowered_program* const programs[] = {&steps};
    host_kernels kernels;
    kernels.make_ready(programs);
    const ndarray result = empty({300}, float64);
    std::vector<std::byte*> buffers;
    for (std::size_t i = 0; i < code.code.buffers.size(); ++i) {
      const bool is_input = code.code.buffers[i].use == ops::buffer::role::input;
      buffers.push_back(is_input ? code.operands[i].storage()->data() : result.storage()->data());
    }
    run_lowered(steps, kernels, buffers, code.numbers);
    const std::vector<double> a = elements_of<double>(x), b = elements_of<double>(y), r = elements_of<double>(result);
    for (std::size_t i = 0; i < r.size(); ++i) ASSERT_EQ(r[i], wanted(a[i], b[i])) << i;
  };
  const auto once = +[](double a, double b) { return std::fma(a, b, a); };
  const auto twice = +[](double a, double b) {
    const volatile double product = a * b;
    return product + a;
  };
  ASSERT_NO_FATAL_FAILURE(check(x * y + x, twice, false));
  ASSERT_NO_FATAL_FAILURE(check(x * y + x, once, true));
  ASSERT_NO_FATAL_FAILURE(check(x * y - x, +[](double a, double b) { return std::fma(a, b, -a); }, true));
  ASSERT_NO_FATAL_FAILURE(check(x - x * y, +[](double a, double b) { return std::fma(-a, b, a); }, true));
  ASSERT_NO_FATAL_FAILURE(check(square(x) + y, +[](double a, double b) { return std::fma(a, a, b); }, true));
}

// A target that is just what is read.
TEST(ElementwiseKernels, InPlace) {
  random_numbers random(609);
  for (const form f : writable_forms) {
    const ndarray x = random_operand(float32, {6, 8}, f, numbers::small, random).view;
    const ndarray y = random_operand(float32, {8}, form::row_major, numbers::small, random).view;
    const expr what = x * y - x;
    const ops::compiled code = ops::compile_into(what.node(), x.layout());
    const ndarray wanted = eval(x * y - x, {.workers = 1});
    for (const cuda::granularity grain : {cuda::granularity::fused, cuda::granularity::single}) {
      const cuda::lowered_program steps = cuda::lower(code.code, grain);
      const cuda::lowered_program* const programs[] = {&steps};
      host_kernels kernels;
      kernels.make_ready(programs);
      for (const emulated_order order : {emulated_order::forward, emulated_order::backward}) {
        SCOPED_TRACE(std::string(name_of(f)));
        const ndarray working = copy_of_storage(x);
        std::vector<std::byte*> buffers;
        for (std::size_t i = 0; i < code.code.buffers.size(); ++i) {
          const bool is_x =
              code.code.buffers[i].use == ops::buffer::role::output || code.operands[i].storage() == x.storage();
          buffers.push_back(is_x ? working.storage()->data() : code.operands[i].storage()->data());
        }
        run_lowered(steps, kernels, buffers, code.numbers, {.order = order, .most_blocks = 1});
        EXPECT_TRUE(same(working, wanted));
      }
    }
  }
}

// Elements that are further apart than 32 bits can say, in memory of which only few pages are used.
TEST(ElementwiseKernels, FarApart) {
  constexpr std::int64_t stride = (std::int64_t{1} << 31) + 4096;
  constexpr std::int64_t bytes = 5 * stride;
  void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) GTEST_SKIP() << "no address space for " << bytes << " bytes";
  auto* const base = static_cast<std::byte*>(memory);
  ops::program code;
  code.buffers = {{ops::buffer::role::input, int8, 0, 0}, {ops::buffer::role::output, int8, 10, 0}};
  ops::elementwise_stage stage;
  stage.chain.shape = {5, 2};
  stage.chain.type = int8;
  stage.chain.sources = {{0, {{5, 2}, {-stride, 7}, 4 * stride}}};
  stage.chain.source_types = {int8};
  stage.chain.code = {{false, ops::op::negative, int8, int8, {0}, 1, 1}};
  stage.chain.scratch_registers = 1;
  stage.chain.result = 1;
  stage.target = {1, {{5, 2}, {2, 1}, 0}};
  code.stages = {stage};
  std::vector<int> wanted;
  for (std::int64_t i = 0; i < 5; ++i) {
    for (std::int64_t j = 0; j < 2; ++j) {
      base[(4 - i) * stride + 7 * j] = static_cast<std::byte>(10 * i + j + 1);
      wanted.push_back(static_cast<int>(-(10 * i + j + 1)));
    }
  }
  for (const cuda::granularity grain : {cuda::granularity::fused, cuda::granularity::single}) {
    const cuda::lowered_program steps = cuda::lower(code, grain);
    const cuda::lowered_program* const programs[] = {&steps};
    host_kernels kernels;
    kernels.make_ready(programs);
    alignas(16) signed char result[10] = {};
    std::byte* const buffers[] = {base, reinterpret_cast<std::byte*>(result)};
    run_lowered(steps, kernels, buffers);
    EXPECT_EQ(std::vector<int>(result, result + 10), wanted);
  }
  munmap(memory, bytes);
}

TEST(ElementwiseKernels, NoElements) {
  const ndarray none = ones({0, 3});
  const ops::compiled code = ops::compile((none + 1.0).node());
  for (const cuda::granularity grain : {cuda::granularity::fused, cuda::granularity::single}) {
    EXPECT_TRUE(cuda::lower(code.code, grain).steps.empty());
  }
}

TEST(ElementwiseKernels, LongChainsAreCut) {
  random_numbers random(607);
  lowered_cases cases;
  const ndarray x = random_operand(float32, {5, 7}, form::row_major, numbers::small, random).view;
  expr line = x;
  for (int i = 0; i < 300; ++i) line = line * 0.75f + x;
  cases.add("a line", line);
  expr sum = x;
  for (int i = 0; i < 80; ++i) {
    sum = sum + random_operand(float32, {5, 7}, random.one_of(all_forms), numbers::small, random).view;
  }
  cases.add("many operands", sum);
  expr before = x, now = x * 0.5f;
  for (int i = 0; i < 200; ++i) {
    expr next = before * 0.25f + now * 0.5f;
    before = std::exchange(now, std::move(next));
  }
  cases.add("values with two readers", now);
  expr numbers_too = astype(x, complex128);
  for (int i = 0; i < 70; ++i) numbers_too = numbers_too + scalar(std::complex<double>(i, 1));
  cases.add("many numbers", numbers_too);
  // A tree: both operands of the last sum are long.
  expr left = x, right = x;
  for (int i = 0; i < 60; ++i) {
    left = left * 0.5f + x;
    right = right * 0.25f - x;
  }
  cases.add("a fork", left * right);
  expr costly = astype(x, complex64) * 0.125f;
  for (int i = 0; i < 30; ++i) costly = costly * costly / (costly + 2.0f);
  cases.add("costly", costly);
  cases.check();
}

TEST(ElementwiseKernels, CutsNeitherMoreNorLessThanNeeded) {
  const ndarray x = ones({7}, float32);
  const auto kernels_of = [&](int length, bool costly = false) {
    expr line = x;
    for (int i = 0; i < length; ++i) line = costly ? sin(line) : line * x;
    return cuda::lower(ops::compile(line.node()).code, cuda::granularity::fused).steps.size();
  };
  EXPECT_EQ(kernels_of(1), 1u);
  EXPECT_EQ(kernels_of(64), 1u);
  EXPECT_EQ(kernels_of(65), 2u);
  EXPECT_EQ(kernels_of(640), 10u);
  EXPECT_EQ(kernels_of(20, true), 1u);
  EXPECT_EQ(kernels_of(21, true), 2u);
  const ops::program code = ops::compile((x * x + x).node()).code;
  EXPECT_EQ(cuda::lower(code, cuda::granularity::single).steps.size(), 2u);
}

TEST(ElementwiseKernels, ManyAxes) {
  random_numbers random(608);
  lowered_cases cases;
  // 14 axes of 2 whose layouts do not join.
  const dims shape = dims::filled(14, 2);
  dims order;
  for (int i = 0; i < 14; ++i) order.push_back((i * 5 + 3) % 14);
  const ndarray x = random_operand(int16, shape, form::row_major, numbers::small, random).view;
  cases.add("shuffled", x + permute_dims(x, order));
  expr sum = x;
  for (int i = 1; i < 14; ++i) {
    dims turned;
    for (int k = 0; k < 14; ++k) turned.push_back((i * k + k + i) % 14);
    if (std::gcd(i + 1, 14) == 1) sum = sum + permute_dims(x, turned);
  }
  cases.add("shuffled often", sum);
  // The most axes that there are, and more words than a kernel takes at once.
  dims alternating;
  for (int i = 0; i < 32; ++i) alternating.push_back(i % 3 == 0 ? 2 : 1);
  expr wide = broadcast_to(ones({1}, int16), alternating);
  for (int i = 0; i < 30; ++i) {
    dims shape_of = alternating;
    for (int k = 0; k < 32; ++k) {
      if ((k / 3 + i) % 2 == 0) shape_of[k] = 1;
    }
    wide = wide + random_operand(int16, shape_of, form::row_major, numbers::small, random).view;
  }
  cases.add("32 axes", wide);
  cases.check();
}

}  // namespace
}  // namespace tandem::testing
