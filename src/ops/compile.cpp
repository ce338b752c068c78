#include "ops/compile.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <tandem/errors.h>

#include "core/layout.h"
#include "memory/storage.h"
#include "ops/equal_nodes.h"
#include "ops/number_words.h"

namespace tandem::ops {

namespace {

bool is_chained(const node& of) {
  return std::holds_alternative<elementwise_op>(of.detail) || std::holds_alternative<cast_op>(of.detail);
}

// Expressions may be deeper than a thread's stack: nodes whose operands have no place yet wait on a list, and nothing
// recurses.
class compiler {
 public:
  explicit compiler(const node_ptr& root) : root_(root.get()), equal_(*root) {}

  /// Compiles into memory of its own.
  compiled run(const node_ptr& root) {
    work_off({&root, std::nullopt});
    out_.code.result = regions_.at(key(root));
    buffer& holder = out_.code.buffers[static_cast<std::size_t>(out_.code.result.buffer)];
    if (holder.use == buffer::role::temporary) holder.use = buffer::role::output;
    return finish(root);
  }

  compiled run_into(const node_ptr& root, const detail::layout& target) {
    add_buffer({buffer::role::output, root->type, 0, -1}, {});
    out_.code.result = {0, target};
    work_off({&root, out_.code.result});
    return finish(root);
  }

 private:
  // To put a node's elements into a region, or, without one, to find or make a region that has them.
  struct task {
    const node_ptr* of;
    std::optional<region> target;
  };

  compiled finish(const node_ptr& root) {
    out_.code.result_type = root->type;
    return std::move(out_);
  }

  void work_off(const task& first) {
    pending_.push_back(first);
    while (!pending_.empty()) {
      const task next = std::move(pending_.back());
      pending_.pop_back();
      if (next.target) {
        write(next, *next.target);
      } else {
        place(next);
      }
    }
  }

  // Whether some of the nodes have no region yet; `later` is then done again after they have.
  bool must_wait_for(std::span<const node_ptr* const> nodes, const task& later) {
    const std::size_t before = pending_.size();
    for (auto of = nodes.rbegin(); of != nodes.rend(); ++of) {
      if (has_region(**of)) continue;
      if (pending_.size() == before) pending_.push_back(later);
      pending_.push_back({*of, std::nullopt});
    }
    return pending_.size() > before;
  }

  int add_buffer(buffer what, ndarray operand) {
    out_.code.buffers.push_back(what);
    out_.operands.push_back(std::move(operand));
    return static_cast<int>(out_.code.buffers.size()) - 1;
  }

  region input(const ndarray& value) {
    const auto [at, added] = inputs_.try_emplace({value.storage().get(), value.dtype()}, 0);
    if (added) at->second = add_buffer({buffer::role::input, value.dtype(), 0, -1}, value);
    return {at->second, value.layout()};
  }

  region temporary(dtype type, const dims& shape) {
    const std::int64_t size = core::size_of(shape);
    return {add_buffer({buffer::role::temporary, type, size, -1}, {}), core::contiguous(shape)};
  }

  // Whether the node's elements are in some buffer already.
  bool has_region(const node_ptr& of) {
    if (regions_.contains(key(of))) return true;
    if (const auto* leaf = std::get_if<array_leaf>(&of->detail)) {
      stale_leaves_ = stale_leaves_ || leaf->value.storage()->version() != leaf->version;
      regions_.emplace(key(of), input(leaf->value));
    } else if (const auto kept = valid_result(*of)) {
      regions_.emplace(key(of), input(kept->value));
    } else {
      return false;
    }
    return true;
  }

  // Finds the node's elements where its operand's are, or adds the stages that compute them.
  void place(const task& what) {
    const node_ptr& of = *what.of;
    if (has_region(of)) return;
    if (is_view(*of)) {
      const node_ptr* const seen = &of->inputs[0];
      if (must_wait_for({&seen, 1}, what)) return;
      const region& from = regions_.at(key(*seen));
      if (const auto view = view_of(*of, from.at)) {
        regions_.emplace(key(of), region{from.buffer, *view});
        return;
      }
    }
    const region target = temporary(of->type, of->shape);
    write({what.of, target}, target);
  }

  static bool is_view(const node& of) {
    return std::holds_alternative<permute_view>(of.detail) || std::holds_alternative<index_view>(of.detail) ||
           std::holds_alternative<broadcast_view>(of.detail) || std::holds_alternative<reshape_view>(of.detail);
  }

  // The layout of a view of elements that lie at `from`; none for a reshape that strides do not allow.
  static std::optional<detail::layout> view_of(const node& of, const detail::layout& from) {
    if (const auto* detail = std::get_if<permute_view>(&of.detail)) return core::permute(from, detail->order);
    if (const auto* detail = std::get_if<index_view>(&of.detail)) return core::index_view(from, detail->at);
    if (std::holds_alternative<broadcast_view>(of.detail)) return core::broadcast(from, of.shape, "broadcast_to");
    return core::reshape(from, of.shape);
  }

  // Adds the stages that put the node's elements into `target`, or waits for what they read.
  void write(const task& what, const region& target) {
    const node_ptr& of = *what.of;
    std::optional<stage> made;
    if (core::size_of(of->shape) == 0) {
      check_fresh(of);
    } else if (valid_result(*of) || regions_.contains(key(of))) {
      made = chain_stage(what, of, [&](fused_chain chain) { return elementwise_stage{std::move(chain), target}; });
    } else if (const auto* reduce = std::get_if<reduce_op>(&of->detail)) {
      made = chain_stage(what, of->inputs[0], [&](fused_chain chain) {
        return reduce_stage{std::move(chain), reduce->which, reduce->axes, target};
      });
    } else if (const auto* arg = std::get_if<arg_op>(&of->detail)) {
      made = chain_stage(what, of->inputs[0], [&](fused_chain chain) {
        return arg_stage{std::move(chain), arg->largest, arg->axis, target};
      });
    } else if (const auto* scan = std::get_if<scan_op>(&of->detail)) {
      made = chain_stage(what, of->inputs[0], [&](fused_chain chain) {
        return scan_stage{std::move(chain), scan->which, scan->axis, target};
      });
    } else if (std::holds_alternative<matmul_op>(of->detail) || std::holds_alternative<repeat_op>(of->detail)) {
      const node_ptr* const inputs[] = {&of->inputs[0], &of->inputs[1]};
      if (!must_wait_for(inputs, what)) made = two_operand_stage(*of, target);
    } else if (const auto* concat = std::get_if<concat_op>(&of->detail)) {
      write_parts(of, concat->axis, target);
      return;
    } else if (const auto back = reshaped_back(*of, target.at)) {
      regions_.emplace(key(of), target);
      pending_.push_back({&of->inputs[0], region{target.buffer, *back}});
      return;
    } else {
      made = chain_stage(what, of, [&](fused_chain chain) { return elementwise_stage{std::move(chain), target}; });
    }
    if (made) add_stage(std::move(*made));
    // Whoever else needs the elements finds them here: nothing writes to a target twice.
    if (made || core::size_of(of->shape) == 0) regions_.emplace(key(of), target);
  }

  // The stage that `make` makes of the chain of work that computes `root`, if all that it reads has a region.
  template <class Make>
  std::optional<stage> chain_stage(const task& what, const node_ptr& root, Make make) {
    chain_parts parts = parts_of(root);
    std::vector<const node_ptr*> read = parts.outer;
    std::erase_if(read, [](const node_ptr* of) { return std::holds_alternative<constant_leaf>((*of)->detail); });
    if (must_wait_for(read, what)) return std::nullopt;
    return make(chain_of(root, parts));
  }

  // One task for each input of a join. They come before all that waits, so that the whole counts as written already.
  void write_parts(const node_ptr& of, int axis, const region& target) {
    region part = target;
    part.at.offset += of->shape[axis] * part.at.strides[axis];
    for (auto input = of->inputs.rbegin(); input != of->inputs.rend(); ++input) {
      part.at.shape[axis] = (*input)->shape[axis];
      part.at.offset -= part.at.shape[axis] * part.at.strides[axis];
      pending_.push_back({&*input, part});
    }
    regions_.emplace(key(of), target);
  }

  // For a reshaped node, the target in the shape that its input has, if strides allow: the input then goes straight
  // there.
  static std::optional<detail::layout> reshaped_back(const node& of, const detail::layout& target) {
    if (!std::holds_alternative<reshape_view>(of.detail)) return std::nullopt;
    return core::reshape(target, of.inputs[0]->shape);
  }

  stage two_operand_stage(const node& of, const region& target) {
    const region x = checked_region_of(of.inputs[0]);
    const region y = checked_region_of(of.inputs[1]);
    if (const auto* repeat = std::get_if<repeat_op>(&of.detail))
      return repeat_stage{of.type, x, y, repeat->axis, target};
    const int rank = of.shape.size();
    const auto with_batch = [&](const region& operand) {
      dims shape = of.shape;
      shape[rank - 2] = operand.at.shape[operand.at.shape.size() - 2];
      shape[rank - 1] = operand.at.shape.back();
      return region{operand.buffer, core::broadcast(operand.at, shape, "matmul")};
    };
    return matmul_stage{of.type, with_batch(x), with_batch(y), target};
  }

  void add_stage(stage what) {
    out_.code.stages.push_back(std::move(what));
    const int number = static_cast<int>(out_.code.stages.size()) - 1;
    const auto use = [&](const region& at) {
      out_.code.buffers[static_cast<std::size_t>(at.buffer)].last_stage = number;
    };
    struct visitor {
      decltype(use)& use_;
      void chain(const fused_chain& from) const {
        for (const region& source : from.sources) use_(source);
      }
      void operator()(const elementwise_stage& of) const { chain(of.chain), use_(of.target); }
      void operator()(const reduce_stage& of) const { chain(of.chain), use_(of.target); }
      void operator()(const arg_stage& of) const { chain(of.chain), use_(of.target); }
      void operator()(const scan_stage& of) const { chain(of.chain), use_(of.target); }
      void operator()(const matmul_stage& of) const { use_(of.x), use_(of.y), use_(of.target); }
      void operator()(const repeat_stage& of) const { use_(of.x), use_(of.ends), use_(of.target); }
    };
    std::visit(visitor{use}, out_.code.stages.back());
  }

  // The region, found before, of elements that are going to be read.
  region checked_region_of(const node_ptr& of) const {
    if (stale_leaves_) check_fresh(of);
    return regions_.at(key(of));
  }

  // Throws if elements below were written to. Walks only when a stale array was met, so that the common case is one
  // comparison a leaf.
  void check_fresh(const node_ptr& of) const {
    std::vector<const node*> pending{of.get()};
    std::unordered_set<const node*> seen;  // shared operands are walked once: e = e + e, 60 times, has 2^60 paths
    while (!pending.empty()) {
      const node* next = pending.back();
      pending.pop_back();
      if (!seen.insert(next).second) continue;
      if (const auto* leaf = std::get_if<array_leaf>(&next->detail)) {
        if (leaf->value.storage()->version() == leaf->version) continue;
        throw stale_expression(
            fmt::format("{}: its operand {} {} was written to after the expression captured it and before the "
                        "expression was evaluated; "
                        "evaluate first, or capture the array again",
                        name_of(*root_), name(leaf->value.dtype()), to_string(leaf->value.shape())));
      }
      if (valid_result(*next)) continue;
      for (const node_ptr& input : next->inputs) pending.push_back(input.get());
    }
  }

  // The element-wise work that computes a node.
  struct chain_parts {
    std::vector<const node_ptr*> inner;  // its instructions' nodes, operands first
    std::vector<const node_ptr*> outer;  // the nodes that it reads
  };

  chain_parts parts_of(const node_ptr& root) const {
    // Work on fewer elements than the chain's is done once for each of them, in a stage of its own, not once for every
    // element that they are broadcast to.
    const std::int64_t size = core::size_of(root->shape);
    const auto is_inner = [&](const node_ptr& of) {
      return is_chained(*of) && core::size_of(of->shape) == size && !regions_.contains(key(of)) && !valid_result(*of);
    };
    chain_parts parts;
    std::unordered_set<const node*> seen;
    struct frame {
      const node_ptr* of;
      std::size_t next_input;
    };
    std::vector<frame> stack;  // of inner nodes: post-order without recursion
    const auto meet = [&](const node_ptr& of) {
      if (!seen.insert(key(of)).second) return;
      if (is_inner(of)) {
        stack.push_back({&of, 0});
      } else {
        parts.outer.push_back(&of);
      }
    };
    meet(root);
    while (!stack.empty()) {
      frame& top = stack.back();
      const node_list& inputs = (*top.of)->inputs;
      if (top.next_input < inputs.size()) {
        meet(inputs[top.next_input++]);
      } else {
        parts.inner.push_back(top.of);
        stack.pop_back();
      }
    }
    return parts;
  }

  fused_chain chain_of(const node_ptr& root, const chain_parts& parts) {
    fused_chain chain;
    chain.shape = root->shape;
    chain.type = root->type;
    std::unordered_map<const node*, int> values;  // node -> register
    std::map<std::vector<std::int64_t>, std::size_t> sources;
    std::map<std::pair<int, dtype>, std::size_t> constants;
    for (const node_ptr* of : parts.outer) {
      const node& read = **of;
      if (const auto* constant = std::get_if<constant_leaf>(&read.detail)) {
        // Equal numbers share a register: a long chain may have a million of them.
        const int number = number_of(constant->value);
        const auto [known, added] = constants.try_emplace({number, read.type}, chain.constants.size());
        if (added) chain.constants.push_back({number, read.type});
        values.emplace(key(*of), static_cast<int>(known->second));
      } else {
        const region from = checked_region_of(*of);
        const region source{from.buffer, core::broadcast(from.at, chain.shape, name_of(read))};
        const auto [known, added] = sources.try_emplace(source_key(source), chain.sources.size());
        if (added) {
          chain.sources.push_back(source);
          chain.source_types.push_back(read.type);
        }
        values.emplace(key(*of), static_cast<int>(known->second));
      }
    }
    // Constants come after the sources, whose number is known now.
    const int source_count = static_cast<int>(chain.sources.size());
    for (auto& [of, number] : values) {
      if (std::holds_alternative<constant_leaf>(of->detail)) number += source_count;
    }
    assign_registers(chain, parts.inner, values);
    chain.result = values.at(key(root));
    return chain;
  }

  // Sources of one chain are the same if they lie in the same place: the buffer says the dtype.
  static std::vector<std::int64_t> source_key(const region& of) {
    std::vector<std::int64_t> key{of.buffer, of.at.offset};
    key.insert(key.end(), of.at.strides.begin(), of.at.strides.end());
    return key;
  }

  int number_of(const scalar& value) {
    std::vector<std::int64_t> key;
    for_each_word(value, [&](std::int64_t word) { key.push_back(word); });
    const auto [known, added] = numbers_.try_emplace(std::move(key), out_.code.number_count);
    if (added) {
      ++out_.code.number_count;
      out_.numbers.push_back(value);
    }
    return known->second;
  }

  void assign_registers(fused_chain& chain, const std::vector<const node_ptr*>& order,
                        std::unordered_map<const node*, int>& values) const {
    std::unordered_map<const node*, int> readers;
    for (const node_ptr* of : order) {
      for (const node_ptr& input : (*of)->inputs) ++readers[key(input)];
    }
    const int first = static_cast<int>(chain.sources.size() + chain.constants.size());
    std::vector<int> free;
    for (const node_ptr* of : order) {
      const node& made = **of;
      instruction step{};
      step.converts = std::holds_alternative<cast_op>(made.detail);
      if (!step.converts) step.which = std::get<elementwise_op>(made.detail).which;
      step.operand_type = made.inputs.back()->type;
      step.result_type = made.type;
      step.arity = static_cast<int>(made.inputs.size());
      for (int i = 0; i < step.arity; ++i) step.operands[i] = values.at(key(made.inputs[static_cast<std::size_t>(i)]));
      // The result takes a register of its own before operands give theirs back: a conversion to a wider dtype must not
      // overwrite what it still reads.
      if (free.empty()) free.push_back(first + chain.scratch_registers++);
      step.result = free.back();
      free.pop_back();
      for (const node_ptr& input : made.inputs) {
        const int held = values.at(key(input));
        if (--readers[key(input)] == 0 && held >= first) free.push_back(held);
      }
      values[key(*of)] = step.result;
      chain.code.push_back(step);
    }
  }

  // What nodes are known by: those that compute the same are one.
  const node* key(const node_ptr& of) const { return equal_.one_of(of); }

  const node* root_;
  equal_nodes equal_;
  compiled out_;
  std::map<std::vector<std::int64_t>, int> numbers_;  // by their words
  std::vector<task> pending_;
  std::map<std::pair<const detail::storage*, dtype>, int> inputs_;
  std::unordered_map<const node*, region> regions_;
  bool stale_leaves_ = false;
};

}  // namespace

compiled compile(const node_ptr& root) { return compiler(root).run(root); }

compiled compile_into(const node_ptr& root, const detail::layout& target) {
  return compiler(root).run_into(root, target);
}

}  // namespace tandem::ops
