#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/layout.h"
#include "cuda/codegen/chain.h"
#include "cuda/codegen/copy.h"
#include "cuda/codegen/lower_stage.h"
#include "cuda/codegen/rows.h"
#include "cuda/codegen/space.h"

// Products of floats are left to cuBLAS, those of integers and booleans are a kernel of ours.
namespace tandem::cuda {

namespace {

constexpr int threads = 256;
// Of cuda/device/matmul.h.
constexpr std::int64_t tile_side = 64;

std::int64_t rows_of(const ops::region& of) { return of.at.shape[of.at.shape.size() - 2]; }
std::int64_t columns_of(const ops::region& of) { return of.at.shape.back(); }

// Strides as cuBLAS takes them; along an axis of extent 1 any will do.
struct matrix_strides {
  std::int64_t row;
  std::int64_t column;
  bool fit;
};

matrix_strides matrix_strides_of(const ops::region& of) {
  const std::int64_t rows = rows_of(of);
  const std::int64_t columns = columns_of(of);
  const std::int64_t row = of.at.strides[of.at.strides.size() - 2];
  const std::int64_t column = of.at.strides.back();
  const std::int64_t column_or_any = columns == 1 ? 1 : column;
  const std::int64_t row_or_any = rows == 1 ? std::max<std::int64_t>(columns, 1) : row;
  if (column_or_any == 1 && row_or_any >= columns) return {row_or_any, 1, true};
  const std::int64_t row_or_one = rows == 1 ? 1 : row;
  const std::int64_t column_or_enough = columns == 1 ? std::max<std::int64_t>(rows, 1) : column;
  if (row_or_one == 1 && column_or_enough >= rows) return {1, column_or_enough, true};
  return {row, column, false};
}

// The batch axes of several operands, joined where that is possible.
dims batch_axes(const dims& shape) {
  dims axes;
  for (int i = 0; i + 2 < shape.size(); ++i) axes.push_back(i);
  return axes;
}

// An operand that cuBLAS takes: itself, or a copy. Axes along which it is broadcast stay so.
ops::region taken(lowering& into, const ops::region& of, dtype type) {
  if (matrix_strides_of(of).fit) return of;
  ops::region from = of;
  for (int i = 0; i + 2 < of.at.shape.size(); ++i) {
    if (of.at.strides[i] == 0) from.at.shape[i] = 1;
  }
  ops::region to{into.temporary(core::size_of(from.at.shape) * item_size(type)), core::contiguous(from.at.shape)};
  into.add(copied(item_size(type), from, to));
  for (int i = 0; i + 2 < of.at.shape.size(); ++i) {
    if (of.at.strides[i] == 0) to.at.strides[i] = 0;
  }
  to.at.shape = of.at.shape;
  return to;
}

void float_products(lowering& into, const ops::matmul_stage& what) {
  const ops::region x = taken(into, what.x, what.type);
  const ops::region y = taken(into, what.y, what.type);
  const dims& shape = what.target.at.shape;
  ops::region target = what.target;
  if (!matrix_strides_of(target).fit) {
    target = {into.temporary(core::size_of(shape) * item_size(what.type)), core::contiguous(shape)};
  }
  const std::vector<dims> strides{x.at.strides, y.at.strides, target.at.strides};
  const space batches = merged(shape, strides, batch_axes(shape));
  const auto operand = [&](const ops::region& of, std::size_t number) {
    const matrix_strides matrix = matrix_strides_of(of);
    const dims& along = batches.strides[number];
    return product::operand{of.buffer, of.at.offset, matrix.row, matrix.column, {along.begin(), along.end()}};
  };
  into.add(product{what.type,
                   rows_of(target),
                   columns_of(target),
                   columns_of(x),
                   {batches.extents.begin(), batches.extents.end()},
                   operand(x, 0),
                   operand(y, 1),
                   operand(target, 2)});
  if (target.buffer != what.target.buffer) into.add(copied(item_size(what.type), target, what.target));
}

void add_integer_products(lowering& into, const ops::matmul_stage& what) {
  const dims& shape = what.target.at.shape;
  const int rank = shape.size();
  const std::vector<const ops::region*> operands{&what.x, &what.y, &what.target};
  std::vector<dims> strides;
  bool narrow = true;
  for (const ops::region* const of : operands) {
    strides.push_back(of->at.strides);
    dims all;
    for (int i = 0; i < rank; ++i) all.push_back(i);
    narrow = narrow && fits_32_bits(merged(of->at.shape, std::vector<dims>{of->at.strides}, all));
  }
  const space batches = merged(shape, strides, batch_axes(shape));
  const std::int64_t item_bytes = item_size(what.type);
  std::vector<word> words;
  for (const ops::region* const of : operands) words.push_back({of->at.offset * item_bytes, of->buffer});
  words.insert(words.end(), {{rows_of(what.target)}, {columns_of(what.target)}, {columns_of(what.x)}});
  for (const ops::region* const of : operands) {
    words.push_back({of->at.strides[rank - 2]});
    words.push_back({of->at.strides[rank - 1]});
  }
  words.push_back({batches.size()});
  append_space(batches, 3, words);
  const int axes = batches.extents.size();
  const int count = static_cast<int>(words.size());
  const std::string key = fmt::format("matmul {} {} {}", name(what.type), axes, narrow ? 32 : 64);
  const std::string kernel_is = kernel_name(key);
  const std::string type(element_type(what.type));
  const auto text = [=] {
    return kernel_begin(kernel_is, {"cuda/device/matmul.h"}) + kernel_signature(kernel_is, count, threads) +
           fmt::format(
               " {{\n"
               "  __shared__ td::product_tiles<{0}> tiles;\n"
               "  td::multiply_matrices<{0}, {1}, {2}, {3}, {4}>(w, tiles);\n"
               "}}\n",
               type, row_name(ops::op::add), row_name(ops::op::multiply), axes, index_type(narrow)) +
           kernel_end();
  };
  const std::int64_t blocks = ceiling(rows_of(what.target), tile_side) * ceiling(columns_of(what.target), tile_side);
  into.add(launch{std::make_shared<kernel>(kernel{key, kernel_is, count, threads, text}), std::move(words),
                  blocks * batches.size(), true});
}

// The most batch axes that kernels compiled with the library have (ready.h). Operands without gaps have one.
constexpr int most_ready_axes = 2;

void integer_products(lowering& into, const ops::matmul_stage& what) {
  const dims& shape = what.target.at.shape;
  const std::vector<dims> strides{what.x.at.strides, what.y.at.strides, what.target.at.strides};
  if (into.grain() != granularity::single ||
      merged(shape, strides, batch_axes(shape)).extents.size() <= most_ready_axes) {
    add_integer_products(into, what);
    return;
  }
  const std::int64_t item_bytes = item_size(what.type);
  const auto without_gaps = [&](const ops::region& of) {
    return ops::region{into.temporary(core::size_of(of.at.shape) * item_bytes), core::contiguous(of.at.shape)};
  };
  ops::matmul_stage dense_one = what;
  dense_one.x = without_gaps(what.x);
  dense_one.y = without_gaps(what.y);
  dense_one.target = without_gaps(what.target);
  into.add(copied(item_bytes, what.x, dense_one.x));
  into.add(copied(item_bytes, what.y, dense_one.y));
  add_integer_products(into, dense_one);
  into.add(copied(item_bytes, dense_one.target, what.target));
}

}  // namespace

void lower_stage(lowering& into, const ops::matmul_stage& what) {
  if (core::size_of(what.target.at.shape) == 0) return;
  if (columns_of(what.x) == 0) {
    into.add(filled(words_of(false, what.type), what.type, what.target));
    return;
  }
  if (is_floating(what.type)) {
    float_products(into, what);
  } else {
    integer_products(into, what);
  }
}

}  // namespace tandem::cuda
