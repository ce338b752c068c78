#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ops/node.h"

namespace tandem::ops {

/// What of an expression decides its program, as a list of words. Expressions with one key compile to the same program,
/// but for where their arrays lie and what their numbers are: both are counted in the order in which they are met; of
/// arrays' places only distances between views of one storage count, of numbers only which are the same. Small enough
/// to be made anew for each evaluation.
class structure {
 public:
  /// A storage that the expression reads as elements of one dtype.
  struct array {
    detail::storage* memory;
    dtype type;
    /// Offset of the first view that was met; the key has the others' distances from it.
    std::int64_t offset;
  };

  /// Describes what `root` computes and whether its chains contract; with `target`, also the layout that it is written
  /// to.
  /// False if it has too many nodes or a `repeat`, or reads an array that was written to since it
  /// was captured: it has to be compiled then.
  bool describe(const node& root, bool contracts = false, const detail::layout* target = nullptr);

  std::span<const std::int64_t> key() const noexcept { return {words_.data(), static_cast<std::size_t>(size_)}; }
  std::uint64_t hash() const noexcept;
  std::span<const array> arrays() const noexcept { return {arrays_.data(), static_cast<std::size_t>(array_count_)}; }
  /// The expression's numbers, each once; they live as long as its nodes.
  std::span<const scalar* const> numbers() const noexcept {
    return {numbers_.data(), static_cast<std::size_t>(number_count_)};
  }

 private:
  static constexpr int most_nodes = 48;
  static constexpr int most_words = 512;

  int visit(const node& of, int depth);
  int add_array(const ndarray& value);
  int add_number(const scalar& value);
  void add(std::int64_t word) noexcept;
  void add(const dims& words) noexcept;
  void add_layout(const detail::layout& at, std::int64_t base) noexcept;

  bool fits_ = true;
  int size_ = 0;
  int node_count_ = 0;
  int array_count_ = 0;
  int number_count_ = 0;
  std::array<std::int64_t, most_words> words_;
  std::array<const node*, most_nodes> nodes_;
  std::array<array, most_nodes> arrays_;
  std::array<const scalar*, most_nodes> numbers_;
  // Results kept by nodes below the root, which another thread might replace.
  std::vector<std::shared_ptr<const kept_result>> kept_;
};

}  // namespace tandem::ops
