#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include <tandem/creation.h>
#include <tandem/index.h>
#include <tandem/manipulation.h>
#include <tandem/ndarray.h>

#include "elementwise/accuracy.h"
#include "elementwise/column.h"
#include "elementwise/evaluate.h"
#include "elementwise/points.h"
#include "elementwise/rows.h"

// Every operation on operands of every shape and stride: the elements must be those that the same operation gives for
// contiguous operands, which values_test.cpp checks. Which elements meet is computed here, not by the library.
namespace tandem::testing {
namespace {

constexpr std::uint64_t seed = 20264;

// A view, and where its elements lie in `base`.
struct operand {
  column base;
  ndarray view;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
  std::int64_t offset = 0;
};

column random_column(op which, int position, dtype type, std::int64_t size, random_bits& bits) {
  column values(type);
  with_element(type, [&]<class T>(T) {
    const std::vector<T> special = special_elements<T>(which);
    for (std::int64_t i = 0; i < size; ++i) {
      values.push(i % 3 == 0 ? special[bits() % special.size()] : random_element<T>(which, position, bits));
    }
  });
  return values;
}

std::vector<std::int64_t> contiguous_strides(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

std::int64_t count_of(const std::vector<std::int64_t>& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  return count;
}

dims dims_of(const std::vector<std::int64_t>& list) { return dims(std::span(list)); }

enum class form { contiguous, reversed_with_gaps, transposed, inner, repeated };

// An operand of the given shape, as a view of a larger or permuted base where the form says so.
operand make_operand(op which, int position, dtype type, form f, const std::vector<std::int64_t>& shape,
                     random_bits& bits) {
  operand made{column(type), ndarray(), shape, contiguous_strides(shape)};
  const auto fill = [&](const std::vector<std::int64_t>& base_shape) {
    made.base = random_column(which, position, type, count_of(base_shape), bits);
    return array_of(made.base, dims_of(base_shape));
  };
  if (shape.empty()) f = form::contiguous;
  switch (f) {
    case form::contiguous: made.view = fill(shape); break;
    case form::reversed_with_gaps: {  // [..., ::-3] of a base with three times the last extent
      std::vector<std::int64_t> base_shape = shape;
      base_shape.back() *= 3;
      made.view = fill(base_shape)(ellipsis, slice(none, none, -3));
      made.strides = contiguous_strides(base_shape);
      made.strides.back() = -3;
      made.offset = std::max<std::int64_t>(0, base_shape.back() - 1);
      break;
    }
    case form::transposed: {
      const std::vector<std::int64_t> base_shape(shape.rbegin(), shape.rend());
      made.view = fill(base_shape).transposed();
      const std::vector<std::int64_t> strides = contiguous_strides(base_shape);
      made.strides.assign(strides.rbegin(), strides.rend());
      break;
    }
    case form::inner: {  // [2:2+n, ...] of a base with five more along the first axis, every second element of the last
      std::vector<std::int64_t> base_shape = shape;
      base_shape.front() = shape.front() + 5;
      made.view = fill(base_shape)(slice(2, 2 + shape.front()));
      made.strides = contiguous_strides(base_shape);
      made.offset = 2 * made.strides.front();
      break;
    }
    case form::repeated: {  // one row for all, by a stride of 0
      std::vector<std::int64_t> base_shape = shape;
      base_shape.front() = 1;
      made.view = ndarray(broadcast_to(fill(base_shape), dims_of(shape)));
      made.strides = contiguous_strides(base_shape);
      made.strides.front() = 0;
      break;
    }
  }
  return made;
}

struct layout_case {
  const char* name;
  form forms[3];
  std::vector<std::int64_t> shapes[3];
};

const std::vector<layout_case>& layout_cases() {
  using enum form;
  static const std::vector<layout_case> cases = {
      {"0-d", {contiguous, contiguous, contiguous}, {{}, {}, {}}},
      {"empty", {contiguous, contiguous, contiguous}, {{0}, {0}, {0}}},
      {"empty in the middle", {contiguous, transposed, contiguous}, {{3, 0, 2}, {3, 0, 2}, {1, 1}}},
      {"one element", {contiguous, contiguous, contiguous}, {{1}, {1}, {1}}},
      {"3", {contiguous, contiguous, contiguous}, {{3}, {3}, {3}}},
      {"17", {contiguous, contiguous, contiguous}, {{17}, {17}, {17}}},
      {"257", {contiguous, contiguous, contiguous}, {{257}, {257}, {257}}},
      {"1031", {contiguous, contiguous, contiguous}, {{1031}, {1031}, {1031}}},
      {"reversed with gaps", {reversed_with_gaps, reversed_with_gaps, reversed_with_gaps}, {{4, 7}, {4, 7}, {4, 7}}},
      {"long reversed with gaps", {reversed_with_gaps, contiguous, reversed_with_gaps}, {{611}, {611}, {611}}},
      {"transposed", {transposed, transposed, transposed}, {{5, 6}, {5, 6}, {5, 6}}},
      {"inner part", {inner, inner, inner}, {{3, 5}, {3, 5}, {3, 5}}},
      {"different strides", {transposed, reversed_with_gaps, inner}, {{5, 3, 2}, {5, 3, 2}, {5, 3, 2}}},
      {"zero strides", {repeated, inner, repeated}, {{4, 9}, {4, 9}, {4, 9}}},
      {"broadcast of each other", {contiguous, transposed, reversed_with_gaps}, {{5, 1, 3}, {4, 1}, {3}}},
      {"column with row", {contiguous, contiguous, contiguous}, {{67, 1}, {1, 23}, {67, 23}}},
      {"0-d with strided", {contiguous, reversed_with_gaps, contiguous}, {{}, {3, 19}, {}}},
      {"five axes", {contiguous, transposed, inner}, {{2, 1, 3, 1, 2}, {2, 2, 3, 2, 2}, {3, 2, 1}}},
      {"nothing with one", {contiguous, contiguous, contiguous}, {{0, 3}, {1, 3}, {1}}},
  };
  return cases;
}

// The shape that the operands broadcast to.
std::vector<std::int64_t> broadcast_shape(const std::vector<operand>& operands) {
  std::vector<std::int64_t> shape;
  for (const operand& x : operands) {
    if (x.shape.size() > shape.size()) shape.insert(shape.begin(), x.shape.size() - shape.size(), 1);
    const std::size_t lead = shape.size() - x.shape.size();
    for (std::size_t i = 0; i < x.shape.size(); ++i) {
      if (x.shape[i] != 1) shape[lead + i] = x.shape[i];
    }
  }
  return shape;
}

// The elements of an operand, broadcast to `shape`, in row-major order.
column gathered(const operand& x, const std::vector<std::int64_t>& shape) {
  column elements(x.base.type());
  const std::size_t lead = shape.size() - x.shape.size();
  for (std::int64_t n = 0; n < count_of(shape); ++n) {
    std::int64_t rest = n;
    std::int64_t at = x.offset;
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      const std::int64_t position = rest % shape[axis];
      rest /= shape[axis];
      if (axis >= lead && x.shape[axis - lead] != 1) at += position * x.strides[axis - lead];
    }
    elements.push_from(x.base, static_cast<std::size_t>(at));
  }
  return elements;
}

bool same_element(const column& x, const column& y, std::size_t i) {
  return with_element(x.type(), [&]<class T>(T) {
    const T a = x.get<T>(i);
    const T b = y.get<T>(i);
    const auto same_real = [](auto p, auto q) { return (p != p && q != q) || std::memcmp(&p, &q, sizeof p) == 0; };
    if constexpr (std::is_arithmetic_v<T>) {
      return same_real(a, b);
    } else {
      return same_real(a.real(), b.real()) && same_real(a.imag(), b.imag());
    }
  });
}

class Layouts : public ::testing::TestWithParam<row> {};

TEST_P(Layouts, GiveTheElementsOfContiguousOperands) {
  const row r = GetParam();
  random_bits bits(seed);
  for (const dtype type : dtypes_of(r)) {
    for (const layout_case& c : layout_cases()) {
      SCOPED_TRACE(std::string(name(type)) + ", " + c.name + ", seed " + std::to_string(seed));
      std::vector<operand> operands;
      for (int i = 0; i < r.arity; ++i) {
        const dtype of = r.arity == 3 && i == 0 ? dtype::bool_ : type;
        operands.push_back(make_operand(r.which, i, of, c.forms[i], c.shapes[i], bits));
      }
      const std::vector<std::int64_t> shape = broadcast_shape(operands);
      std::vector<column> flat;
      std::vector<ndarray> views;
      for (const operand& x : operands) {
        flat.push_back(gathered(x, shape));
        views.push_back(x.view);
      }
      const expr built = expression(r.which, views);
      ASSERT_EQ(built.shape(), dims_of(shape));
      const ndarray array = eval(built);
      ASSERT_EQ(array.shape(), dims_of(shape));
      const column result = column_of(array);
      const column wanted = evaluate(r.which, flat);
      ASSERT_EQ(result.type(), wanted.type());
      ASSERT_EQ(result.size(), wanted.size());
      for (std::size_t i = 0; i < result.size(); ++i) {
        ASSERT_TRUE(same_element(result, wanted, i))
            << r.name << " at " << i << " is " << text_at(result, i) << ", expected " << text_at(wanted, i);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Elementwise, Layouts, ::testing::ValuesIn(rows),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Shapes, ThatDoNotBroadcastAreRefused) {
  for (const row& r : rows) {
    if (r.arity != 2) continue;
    const dtype type = dtypes_of(r).front();
    const std::vector<ndarray> arrays = {zeros({3, 4}, type), zeros({5, 4}, type)};
    EXPECT_THROW(expression(r.which, arrays), shape_error) << r.name;
  }
}

}  // namespace
}  // namespace tandem::testing
