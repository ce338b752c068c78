#pragma once

#include <algorithm>
#include <vector>

#include "support/exact_array.h"

// Products by the definition: one sum of products for each element of the result.
namespace tandem::testing {

struct expected_product {
  exact_array values;
  std::vector<real_number> bounds;
};

inline ::testing::AssertionResult within(const ndarray& given, const expected_product& wanted) {
  return within(given, wanted.values, wanted.bounds);
}

/// A sum of products in the arithmetic of a dtype, and how far a result may be from it: each of the k products and
/// additions rounds once, in whatever order they are done.
class sum_of_products {
 public:
  explicit sum_of_products(dtype type) : type_(type) {}

  void add(exact x, exact y) {
    ++count_;
    if (type_ == dtype::bool_) {
      either_ = either_ || (x != exact(0) && y != exact(0));
    } else if (is_integer(type_)) {
      whole_ += static_cast<unsigned_whole>(whole_of(x)) * static_cast<unsigned_whole>(whole_of(y));
    } else if (is_complex(type_)) {
      total_ = plus(total_, times(x, y));
      sizes_ += size_bound(x) * size_bound(y);
    } else {
      total_ += x.real() * y.real();
      sizes_ += std::fabs(x.real() * y.real());
    }
  }
  exact value() const {
    if (type_ == dtype::bool_) return either_ ? 1 : 0;
    return is_integer(type_) ? wrapped(static_cast<whole>(whole_), type_) : total_;
  }
  real_number bound() const {
    if (!is_floating(type_)) return 0;
    return (is_complex(type_) ? 2 : 1) * (count_ + 2) * unit_roundoff(type_) * sizes_;
  }

 private:
  dtype type_;
  real_number count_ = 0;
  bool either_ = false;
  unsigned_whole whole_ = 0;  // modulo 2^128, which is enough to know it modulo 2^64
  exact total_ = 0;
  real_number sizes_ = 0;
};

/// Strides for reading `x` where it is broadcast to `shape`, whose last axes its own are.
inline dims broadcast_strides(const dims& x, const dims& shape) {
  const dims own = row_major_strides(x);
  dims strides = dims::filled(shape.size(), 0);
  const int lead = shape.size() - x.size();
  for (int i = 0; i < x.size(); ++i) strides[lead + i] = x[i] == 1 ? 0 : own[i];
  return strides;
}

inline dims broadcast_shape(const dims& x, const dims& y) {
  dims shape = dims::filled(std::max(x.size(), y.size()), 1);
  for (const dims& each : {x, y}) {
    for (int i = 0; i < each.size(); ++i) {
      if (each[i] != 1) shape[shape.size() - each.size() + i] = each[i];
    }
  }
  return shape;
}

/// x @ y in dtype `type`. With `exact_sums` the elements are such that nothing needs rounding.
inline expected_product expected_matmul(const exact_array& x, const exact_array& y, dtype type, bool exact_sums) {
  dims x_shape = x.shape;
  dims y_shape = y.shape;
  if (x_shape.size() == 1) x_shape.insert(0, 1);
  if (y_shape.size() == 1) y_shape.push_back(1);
  const std::int64_t m = x_shape[x_shape.size() - 2];
  const std::int64_t k = x_shape.back();
  const std::int64_t n = y_shape.back();
  const auto batch_of = [](const dims& shape) {
    return dims(std::span(shape.begin(), static_cast<std::size_t>(shape.size() - 2)));
  };
  const dims batch = broadcast_shape(batch_of(x_shape), batch_of(y_shape));
  const std::vector<std::int64_t> x_at = distances_of(batch, broadcast_strides(batch_of(x_shape), batch));
  const std::vector<std::int64_t> y_at = distances_of(batch, broadcast_strides(batch_of(y_shape), batch));

  expected_product wanted{{type, batch, {}}, {}};
  if (x.shape.size() > 1) wanted.values.shape.push_back(m);
  if (y.shape.size() > 1) wanted.values.shape.push_back(n);
  for (std::size_t b = 0; b < x_at.size(); ++b) {
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        sum_of_products sum(type);
        for (std::int64_t l = 0; l < k; ++l) {
          sum.add(x.at[static_cast<std::size_t>(x_at[b] * m * k + i * k + l)],
                  y.at[static_cast<std::size_t>(y_at[b] * k * n + l * n + j)]);
        }
        wanted.values.at.push_back(sum.value());
        wanted.bounds.push_back(exact_sums ? 0 : sum.bound());
      }
    }
  }
  return wanted;
}

}  // namespace tandem::testing
