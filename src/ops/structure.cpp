#include "ops/structure.h"

#include <variant>

#include "memory/storage.h"
#include "ops/number_words.h"

namespace tandem::ops {

namespace {

// One word for what kind of node it is and all that is small.
std::int64_t head(const node& of, int what, int detail = 0) {
  return static_cast<std::int64_t>(of.detail.index()) | static_cast<std::int64_t>(of.type) << 8 |
         static_cast<std::int64_t>(of.weak) << 16 | static_cast<std::int64_t>(what) << 24 |
         static_cast<std::int64_t>(detail) << 40;
}

}  // namespace

bool structure::describe(const node& root, bool contracts, const detail::layout* target) {
  fits_ = true;
  size_ = node_count_ = array_count_ = number_count_ = 0;
  kept_.clear();
  add(contracts ? 1 : 0);
  visit(root, 0);
  if (target != nullptr) add_layout(*target, target->offset);
  return fits_;
}

std::uint64_t structure::hash() const noexcept {
  // Two words at a time, so that one multiplication does not wait for the other.
  std::uint64_t even = 0x9e3779b97f4a7c15;
  std::uint64_t odd = 0xc2b2ae3d27d4eb4f;
  const auto mix = [](std::uint64_t& hash, std::int64_t word) {
    hash = (hash ^ static_cast<std::uint64_t>(word)) * 0xff51afd7ed558ccd;
    hash ^= hash >> 32;
  };
  int i = 0;
  for (; i + 2 <= size_; i += 2) {
    mix(even, words_[static_cast<std::size_t>(i)]);
    mix(odd, words_[static_cast<std::size_t>(i) + 1]);
  }
  if (i < size_) mix(even, words_[static_cast<std::size_t>(i)]);
  mix(even, static_cast<std::int64_t>(odd));
  return even;
}

void structure::add(std::int64_t word) noexcept {
  if (size_ == most_words) {
    fits_ = false;
  } else {
    words_[static_cast<std::size_t>(size_++)] = word;
  }
}

void structure::add(const dims& words) noexcept {
  add(words.size());
  for (const std::int64_t word : words) add(word);
}

void structure::add_layout(const detail::layout& at, std::int64_t base) noexcept {
  add(at.shape);
  for (const std::int64_t stride : at.strides) add(stride);
  add(at.offset - base);
}

int structure::add_array(const ndarray& value) {
  detail::storage* const memory = value.storage().get();
  for (int i = 0; i < array_count_; ++i) {
    const array& known = arrays_[static_cast<std::size_t>(i)];
    if (known.memory == memory && known.type == value.dtype()) return i;
  }
  arrays_[static_cast<std::size_t>(array_count_)] = {memory, value.dtype(), value.layout().offset};
  return array_count_++;
}

int structure::add_number(const scalar& value) {
  for (int i = 0; i < number_count_; ++i) {
    if (is_same_number(*numbers_[static_cast<std::size_t>(i)], value)) return i;
  }
  numbers_[static_cast<std::size_t>(number_count_)] = &value;
  return number_count_++;
}

// The number of the node, after the numbers of all below it.
int structure::visit(const node& of, int depth) {
  if (depth == most_nodes) fits_ = false;  // an expression may be deeper than the stack
  if (!fits_) return 0;
  for (int i = 0; i < node_count_; ++i) {
    if (nodes_[static_cast<std::size_t>(i)] == &of) return i;
  }
  const auto read = [&](const ndarray& value) {
    const int number = add_array(value);
    add(static_cast<std::int64_t>(value.dtype()) << 8 | static_cast<std::int64_t>(number) << 24);
    add_layout(value.layout(), arrays_[static_cast<std::size_t>(number)].offset);
  };
  if (const auto* leaf = std::get_if<array_leaf>(&of.detail)) {
    if (leaf->value.storage()->version() != leaf->version) fits_ = false;
    if (node_count_ < most_nodes) read(leaf->value);
  } else if (auto kept = valid_result(of)) {
    if (node_count_ < most_nodes) read(kept->value);
    kept_.push_back(std::move(kept));
  } else {
    constexpr std::size_t most_inputs = 8;
    std::array<int, most_inputs> below{};
    if (of.inputs.size() > most_inputs) fits_ = false;
    for (std::size_t i = 0; fits_ && i < of.inputs.size(); ++i) below[i] = visit(*of.inputs[i], depth + 1);
    if (!fits_) return 0;
    if (const auto* elementwise = std::get_if<elementwise_op>(&of.detail)) {
      add(head(of, static_cast<int>(elementwise->which)));
    } else if (const auto* constant = std::get_if<constant_leaf>(&of.detail)) {
      if (node_count_ < most_nodes) add(head(of, add_number(constant->value)));
      add(of.shape);
    } else if (const auto* reduce = std::get_if<reduce_op>(&of.detail)) {
      add(head(of, static_cast<int>(reduce->which)));
      add(reduce->axes);
    } else if (const auto* arg = std::get_if<arg_op>(&of.detail)) {
      add(head(of, arg->largest ? 1 : 0, arg->axis + 1));
    } else if (const auto* scan = std::get_if<scan_op>(&of.detail)) {
      add(head(of, static_cast<int>(scan->which), scan->axis + 1));
    } else if (const auto* concat = std::get_if<concat_op>(&of.detail)) {
      add(head(of, static_cast<int>(of.inputs.size()), concat->axis));
    } else if (const auto* permute = std::get_if<permute_view>(&of.detail)) {
      add(head(of, 0));
      add(permute->order);
    } else if (const auto* view = std::get_if<index_view>(&of.detail)) {
      add(head(of, 0));
      add_layout(view->of_contiguous, 0);
    } else if (std::holds_alternative<broadcast_view>(of.detail) || std::holds_alternative<reshape_view>(of.detail)) {
      add(head(of, 0));
      add(of.shape);
    } else if (std::holds_alternative<cast_op>(of.detail) || std::holds_alternative<matmul_op>(of.detail)) {
      add(head(of, 0));
    } else {
      fits_ = false;  // repeat: compiled each time
    }
    for (std::size_t i = 0; i < of.inputs.size(); ++i) add(below[i]);
  }
  if (node_count_ == most_nodes) fits_ = false;
  if (!fits_) return 0;
  nodes_[static_cast<std::size_t>(node_count_)] = &of;
  return node_count_++;
}

}  // namespace tandem::ops
