#include "ops/equal_nodes.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <variant>
#include <vector>

#include "memory/storage.h"
#include "ops/number_words.h"

namespace tandem::ops {

namespace {

using words = std::vector<std::int64_t>;

struct hash_of_words {
  std::size_t operator()(const words& key) const noexcept {
    std::uint64_t hash = 0x9e3779b97f4a7c15;
    for (const std::int64_t word : key) {
      hash = (hash ^ static_cast<std::uint64_t>(word)) * 0xff51afd7ed558ccd;
      hash ^= hash >> 32;
    }
    return static_cast<std::size_t>(hash);
  }
};

void add(words& key, const dims& list) {
  key.push_back(list.size());
  key.insert(key.end(), list.begin(), list.end());
}

void add(words& key, const void* address) {
  key.push_back(static_cast<std::int64_t>(std::bit_cast<std::intptr_t>(address)));
}

// What beside its kind, dtype, shape and inputs says what a node computes.
struct detail_writer {
  words& key;

  void operator()(const array_leaf& detail) const {
    add(key, detail.value.storage().get());
    key.push_back(static_cast<std::int64_t>(detail.version));
    add(key, detail.value.strides());
    key.push_back(detail.value.layout().offset);
  }
  void operator()(const constant_leaf& detail) const {
    for_each_word(detail.value, [&](std::int64_t word) { key.push_back(word); });
  }
  void operator()(const elementwise_op& detail) const { write(static_cast<int>(detail.which)); }
  void operator()(const reduce_op& detail) const {
    add(key, detail.axes);
    write(static_cast<int>(detail.which));
  }
  void operator()(const arg_op& detail) const { write(detail.largest ? 1 : 0, detail.axis); }
  void operator()(const scan_op& detail) const { write(static_cast<int>(detail.which), detail.axis); }
  void operator()(const concat_op& detail) const { write(detail.axis); }
  void operator()(const repeat_op& detail) const { write(detail.axis); }
  void operator()(const permute_view& detail) const { add(key, detail.order); }
  void operator()(const index_view& detail) const {
    add(key, detail.of_contiguous.strides);
    key.push_back(detail.of_contiguous.offset);
  }
  void operator()(const cast_op&) const {}
  void operator()(const matmul_op&) const {}
  void operator()(const broadcast_view&) const {}
  void operator()(const reshape_view&) const {}

  void write(int one, int two = 0) const {
    key.push_back(one);
    key.push_back(two);
  }
};

}  // namespace

equal_nodes::equal_nodes(const node& root) {
  struct frame {
    const node* of;
    std::size_t next_input;
  };
  std::unordered_map<words, const node*, hash_of_words> known;
  std::unordered_set<const node*> seen{&root};
  std::vector<frame> stack{{&root, 0}};
  while (!stack.empty()) {
    frame& top = stack.back();
    const node& of = *top.of;
    if (top.next_input < of.inputs.size()) {
      const node* const input = of.inputs[top.next_input++].get();
      if (seen.insert(input).second) stack.push_back({input, 0});
      continue;
    }
    words key{static_cast<std::int64_t>(of.detail.index()), static_cast<std::int64_t>(of.type)};
    add(key, of.shape);
    for (const node_ptr& input : of.inputs) add(key, one_of(input));
    std::visit(detail_writer{key}, of.detail);
    const auto [found, added] = known.try_emplace(std::move(key), &of);
    if (!added) earlier_.emplace(&of, found->second);
    stack.pop_back();
  }
}

}  // namespace tandem::ops
