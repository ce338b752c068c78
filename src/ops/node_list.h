#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <tandem/expr.h>

namespace tandem::ops {

/// The inputs of a node. Up to three, as nearly all nodes have, are held in place.
class node_list {
 public:
  using node_ptr = detail::node_ptr;

  node_list() noexcept = default;
  explicit node_list(node_ptr one) noexcept : few_{std::move(one)}, few_count_(1) {}
  node_list(node_ptr one, node_ptr two) noexcept : few_{std::move(one), std::move(two)}, few_count_(2) {}
  node_list(node_ptr one, node_ptr two, node_ptr three) noexcept
      : few_{std::move(one), std::move(two), std::move(three)}, few_count_(3) {}
  explicit node_list(std::vector<node_ptr> many) noexcept : many_(std::move(many)) {}

  std::size_t size() const noexcept { return few_count_ + many_.size(); }
  bool empty() const noexcept { return size() == 0; }
  node_ptr* begin() noexcept { return many_.empty() ? few_ : many_.data(); }
  node_ptr* end() noexcept { return begin() + size(); }
  const node_ptr* begin() const noexcept { return many_.empty() ? few_ : many_.data(); }
  const node_ptr* end() const noexcept { return begin() + size(); }
  auto rbegin() const noexcept { return std::reverse_iterator(end()); }
  auto rend() const noexcept { return std::reverse_iterator(begin()); }
  node_ptr& operator[](std::size_t i) noexcept { return begin()[i]; }
  const node_ptr& operator[](std::size_t i) const noexcept { return begin()[i]; }
  const node_ptr& front() const noexcept { return *begin(); }
  const node_ptr& back() const noexcept { return end()[-1]; }
  operator std::span<const node_ptr>() const noexcept { return {begin(), size()}; }

 private:
  node_ptr few_[3];
  std::size_t few_count_ = 0;
  /// All of them, if there are more.
  std::vector<node_ptr> many_;
};

}  // namespace tandem::ops
