#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "exec/expression_text.h"
#include "exec/run.h"
#include "exec/watching.h"

// What those who follow the application are told of a decision.
namespace tandem::exec {

namespace {

class mixed {
 public:
  void add(std::uint64_t word) noexcept {
    value_ = (value_ ^ word) * 0x9e3779b97f4a7c15;
    value_ ^= value_ >> 32;
  }
  void add(double number) noexcept { add(std::bit_cast<std::uint64_t>(number)); }
  std::uint64_t value() const noexcept { return value_; }

 private:
  std::uint64_t value_ = 0x243f6a8885a308d3;
};

std::uint64_t definition_of(const plan::planned_task& task, std::string_view text) {
  mixed all;
  all.add(task.structure());
  all.add(std::hash<std::string_view>()(text));
  for (const plan::stage_task& each : task.what().stages) {
    all.add(static_cast<std::uint64_t>(each.operation) << 16 | static_cast<std::uint64_t>(each.type));
    for (const double operations : each.operations) all.add(operations);
    for (const double extent : {each.bytes, each.m, each.n, each.k, each.batch}) all.add(extent);
  }
  all.add(static_cast<std::uint64_t>(task.what().temporary_bytes));
  all.add(static_cast<std::uint64_t>(task.what().result_bytes));
  return all.value();
}

void label(planned_program& program, const ops::node& root) {
  static constinit std::atomic<std::uint64_t> last{0};
  std::string text = text_of(root);
  const std::uint64_t definition = definition_of(program.task(), text);
  program.label() = std::make_unique<const watched_label>(watched_label{
      definition, last.fetch_add(1, std::memory_order_relaxed) + 1, std::string(ops::name_of(root)), std::move(text)});
}

// Arrays of an expression in the order in which one reads it. Of a part that is used several times each use is visited,
// so that the number of visits has a bound.
class array_order {
 public:
  explicit array_order(const ops::node& root) { visit(root); }
  /// From 1 on; 0 if it was not found.
  std::int16_t number_of(const detail::storage* memory) const {
    const auto at = std::ranges::find(met_, memory) - met_.begin();
    return static_cast<std::int16_t>(at < std::ssize(met_) ? at + 1 : 0);
  }

 private:
  void visit(const ops::node& of) {
    constexpr int most_visits = 256;
    if (visits_ == most_visits) return;
    ++visits_;
    if (const auto* const leaf = std::get_if<ops::array_leaf>(&of.detail)) {
      const detail::storage* const memory = leaf->value.storage().get();
      if (std::ranges::find(met_, memory) == met_.end()) met_.push_back(memory);
    }
    for (const ops::node_ptr& input : of.inputs) visit(*input);
  }

  int visits_ = 0;
  std::vector<const detail::storage*> met_;
};

}  // namespace

void note_decision(bound_program& of, const ops::node& root, const detail::storage* target, bool writes_all,
                   const plan::question* question, plan::asking asked) {
  if (of.planned->label() == nullptr) label(*of.planned, root);
  auto made = std::make_unique<watched_decision>();
  made->asked = asked;
  for (const binding& each : std::span<const binding>(of.buffers)) {
    if (each.memory != nullptr && std::ranges::find(made->storages, each.memory) == made->storages.end()) {
      made->storages.push_back(each.memory);
    }
  }
  if (asked == plan::asking::everything) {
    // As the planner was told, which is of the first operands if there are very many.
    made->storages.resize(std::min(made->storages.size(), question->reads.size()));
    made->reads.assign(question->reads.begin(), question->reads.end());
    made->writes = question->writes;
  } else {
    for (const detail::storage* each : made->storages) made->reads.push_back(state_of(*each));
    if (target != nullptr) made->writes = state_of(*target);
  }
  const array_order order(root);
  for (std::size_t i = 0; i < made->reads.size(); ++i) {
    made->operands.push_back(order.number_of(made->storages[i]));
  }
  made->writes_all = writes_all;
  if (question != nullptr) {
    made->worker_limit = question->worker_limit;
    made->allowed = question->allowed;
    made->free_bytes = question->free_bytes;
    made->cold_us = question->cold_us;
  } else {
    made->allowed = plan::set_of(std::max(of.decided.place, 0));
  }
  of.watched = std::move(made);
}

}  // namespace tandem::exec
