#include "cuda/runtime/gemm.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tandem::cuda {

namespace {

struct batch_axis {
  std::int64_t extent;
  /// Of x, y and the target.
  std::array<std::int64_t, 3> strides;
};

/// Whether `outer` goes on where `inner` ends, in all three.
bool continues(const batch_axis& outer, const batch_axis& inner) noexcept {
  for (std::size_t i = 0; i < 3; ++i) {
    if (outer.strides[i] != inner.strides[i] * inner.extent) return false;
  }
  return true;
}

/// The batch axes, outermost first, without those of one matrix and with those that are one axis joined.
std::vector<batch_axis> batch_axes(const product& what) {
  std::vector<batch_axis> result;
  for (std::size_t i = 0; i < what.batch_extents.size(); ++i) {
    const batch_axis next{what.batch_extents[i],
                          {what.x.batch_strides[i], what.y.batch_strides[i], what.target.batch_strides[i]}};
    if (next.extent == 1) continue;
    if (!result.empty() && continues(result.back(), next)) {
      result.back() = {result.back().extent * next.extent, next.strides};
    } else {
      result.push_back(next);
    }
  }
  return result;
}

/// op(P) is (rows, columns) with these strides. A matrix of one row or column has one stride only that means anything.
gemm::operand operand_of(std::int64_t offset, std::int64_t row_stride, std::int64_t column_stride, std::int64_t rows,
                         std::int64_t columns) noexcept {
  const bool is_column_major =
      (row_stride == 1 || rows <= 1) && (column_stride >= std::max<std::int64_t>(rows, 1) || columns <= 1);
  gemm::operand result;
  result.offset = offset;
  result.is_transposed = !is_column_major;
  const std::int64_t least = std::max<std::int64_t>(is_column_major ? rows : columns, 1);
  result.ld = std::max(is_column_major ? column_stride : row_stride, least);
  return result;
}

}  // namespace

std::vector<gemm> gemms_of(const product& what) {
  std::vector<gemm> calls;
  if (what.m == 0 || what.n == 0) return calls;
  std::vector<batch_axis> axes = batch_axes(what);
  if (std::ranges::any_of(axes, [](const batch_axis& each) { return each.extent == 0; })) return calls;

  gemm first;
  const product::operand& x = what.x;
  const product::operand& y = what.y;
  const product::operand& target = what.target;
  const gemm::operand straight = operand_of(target.offset, target.row_stride, target.column_stride, what.m, what.n);
  first.is_swapped = straight.is_transposed;
  first.k = what.k;
  if (first.is_swapped) {
    first.m = what.n;
    first.n = what.m;
    first.a = operand_of(y.offset, y.column_stride, y.row_stride, what.n, what.k);
    first.b = operand_of(x.offset, x.column_stride, x.row_stride, what.k, what.m);
    first.c = operand_of(target.offset, target.column_stride, target.row_stride, what.n, what.m);
  } else {
    first.m = what.m;
    first.n = what.n;
    first.a = operand_of(x.offset, x.row_stride, x.column_stride, what.m, what.k);
    first.b = operand_of(y.offset, y.row_stride, y.column_stride, what.k, what.n);
    first.c = straight;
  }

  // The longest axis is a call's batch; cuBLAS takes no strides that go backwards there.
  const auto can_be_one_call = [](const batch_axis& each) {
    return std::ranges::all_of(each.strides, [](std::int64_t stride) { return stride >= 0; });
  };
  auto longest = axes.end();
  for (auto each = axes.begin(); each != axes.end(); ++each) {
    if (can_be_one_call(*each) && (longest == axes.end() || each->extent > longest->extent)) longest = each;
  }
  std::array<gemm::operand*, 3> of_product{&first.a, &first.b, &first.c};
  if (first.is_swapped) std::swap(of_product[0], of_product[1]);
  if (longest != axes.end()) {
    first.batch = longest->extent;
    for (std::size_t i = 0; i < 3; ++i) of_product[i]->batch_stride = longest->strides[i];
    axes.erase(longest);
  }

  calls.push_back(first);
  for (const batch_axis& axis : axes) {
    const std::size_t known = calls.size();
    calls.reserve(known * static_cast<std::size_t>(axis.extent));
    for (std::int64_t i = 1; i < axis.extent; ++i) {
      for (std::size_t j = 0; j < known; ++j) {
        gemm next = calls[j];
        (next.is_swapped ? next.b : next.a).offset += i * axis.strides[0];
        (next.is_swapped ? next.a : next.b).offset += i * axis.strides[1];
        next.c.offset += i * axis.strides[2];
        calls.push_back(next);
      }
    }
  }
  return calls;
}

}  // namespace tandem::cuda
