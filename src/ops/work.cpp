#include "ops/work.h"

#include <algorithm>
#include <array>
#include <limits>
#include <variant>

#include "core/layout.h"
#include "ops/op.h"

namespace tandem::ops {

namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

std::int64_t plus(std::int64_t x, std::int64_t y) noexcept {
  std::int64_t sum;
  return __builtin_add_overflow(x, y, &sum) ? most : sum;
}

std::int64_t times(std::int64_t x, std::int64_t y) noexcept {
  std::int64_t product;
  return __builtin_mul_overflow(x, y, &product) ? most : product;
}

std::int64_t bytes_of(const region& at, dtype type) noexcept {
  std::int64_t bytes = item_size(type);
  for (int i = 0; i < at.at.shape.size(); ++i) {
    if (at.at.strides[i] != 0 || at.at.shape[i] == 0) bytes = times(bytes, at.at.shape[i]);
  }
  return bytes;
}

bool same(const region& x, const region& y) noexcept {
  return x.buffer == y.buffer && x.at.offset == y.at.offset && x.at.shape == y.at.shape && x.at.strides == y.at.strides;
}

std::int64_t bytes_read(const fused_chain& chain) noexcept {
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < chain.sources.size(); ++i) {
    const auto here = chain.sources.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::any_of(chain.sources.begin(), here, [&](const region& each) { return same(each, *here); })) continue;
    bytes = plus(bytes, bytes_of(*here, chain.source_types[i]));
  }
  return bytes;
}

int parts_of(dtype type) noexcept { return is_complex(type) ? 4 : 1; }

// Operations for each element, by the dtype they are done in.
class operation_count {
 public:
  void add(dtype type, int flops) noexcept { at(type) += flops * parts_of(type); }
  void add(const fused_chain& chain) noexcept {
    for (const instruction& each : chain.code) {
      add(each.operand_type, each.converts ? 1 : info(each.which).flops);
    }
  }
  std::int64_t total() const noexcept {
    std::int64_t sum = 0;
    for (const std::int64_t each : by_type_) sum += each;
    return sum;
  }
  dtype most_used(dtype otherwise) const noexcept {
    const auto largest = std::max_element(by_type_.begin(), by_type_.end());
    return *largest == 0 ? otherwise : static_cast<dtype>(largest - by_type_.begin());
  }

 private:
  std::int64_t& at(dtype type) noexcept { return by_type_[static_cast<std::size_t>(type)]; }

  std::array<std::int64_t, dtype_count> by_type_{};
};

struct visitor {
  stage_work operator()(const elementwise_stage& s) const noexcept {
    return of_chain(s.chain, operation_count(), bytes_of(s.target, s.chain.type));
  }
  stage_work operator()(const reduce_stage& s) const noexcept {
    return of_chain(s.chain, combining(s.chain, s.which), bytes_of(s.target, s.chain.type));
  }
  stage_work operator()(const scan_stage& s) const noexcept {
    return of_chain(s.chain, combining(s.chain, s.which), bytes_of(s.target, s.chain.type));
  }
  stage_work operator()(const arg_stage& s) const noexcept {
    operation_count comparing;
    comparing.add(s.chain.type, 1);
    return of_chain(s.chain, comparing, bytes_of(s.target, dtype::int64));
  }
  stage_work operator()(const matmul_stage& s) const noexcept {
    const std::int64_t sums = times(core::size_of(s.target.at.shape), s.x.at.shape.back());
    const std::int64_t read = plus(bytes_of(s.x, s.type), bytes_of(s.y, s.type));
    return {times(sums, 2 * parts_of(s.type)), plus(read, bytes_of(s.target, s.type)), s.type};
  }
  stage_work operator()(const repeat_stage& s) const noexcept {
    const std::int64_t read = plus(bytes_of(s.x, s.type), bytes_of(s.ends, dtype::int64));
    return {0, plus(read, bytes_of(s.target, s.type)), s.type};
  }

  static operation_count combining(const fused_chain& chain, reduction which) noexcept {
    operation_count count;
    count.add(chain.type, info(info(which).combine).flops);
    return count;
  }

  static stage_work of_chain(const fused_chain& chain, operation_count count, std::int64_t written) noexcept {
    count.add(chain);
    return {times(core::size_of(chain.shape), count.total()), plus(bytes_read(chain), written),
            count.most_used(chain.type)};
  }
};

}  // namespace

std::int64_t work_of(const program& of) noexcept {
  std::int64_t elements = 0;
  for (const stage& each : of.stages) {
    elements += std::visit(
        [](const auto& what) {
          if constexpr (requires { what.chain; }) return core::size_of(what.chain.shape);
          return core::size_of(what.target.at.shape);
        },
        each);
  }
  return elements;
}

stage_work work_of(const stage& of) noexcept { return std::visit(visitor(), of); }

}  // namespace tandem::ops
