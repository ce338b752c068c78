#include "ops/compile.h"

#include <fmt/format.h>

#include <bit>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <tandem/errors.h>

#include "core/layout.h"
#include "memory/storage.h"

namespace tandem::ops {

namespace {

bool is_chained(const node& of) {
  return std::holds_alternative<elementwise_op>(of.detail) || std::holds_alternative<cast_op>(of.detail);
}

class compiler {
 public:
  /// Compiles into memory of its own.
  compiled run(const node_ptr& root) {
    root_ = root.get();
    out_.code.result = region_of(root);
    buffer& holder = out_.code.buffers[static_cast<std::size_t>(out_.code.result.buffer)];
    if (holder.use == buffer::role::temporary) holder.use = buffer::role::output;
    return finish(root);
  }

  compiled run_into(const node_ptr& root, const detail::layout& target) {
    root_ = root.get();
    add_buffer({buffer::role::output, root->type, 0, -1}, {});
    out_.code.result = {0, target};
    write(root, out_.code.result);
    return finish(root);
  }

 private:
  compiled finish(const node_ptr& root) {
    out_.code.result_type = root->type;
    return std::move(out_);
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

  // The node's elements in some buffer: where they are already, or where a new stage puts them.
  region region_of(const node_ptr& of) {
    if (const auto known = regions_.find(of.get()); known != regions_.end()) return known->second;
    region result = find_or_compute(of);
    regions_.emplace(of.get(), result);
    return result;
  }

  region find_or_compute(const node_ptr& of) {
    if (const auto* leaf = std::get_if<array_leaf>(&of->detail)) {
      stale_leaves_ = stale_leaves_ || leaf->value.storage()->version() != leaf->version;
      return input(leaf->value);
    }
    if (const auto kept = valid_result(*of)) return input(kept->value);
    if (const auto* detail = std::get_if<permute_view>(&of->detail)) {
      region seen = region_of(of->inputs[0]);
      return {seen.buffer, core::permute(seen.at, detail->order)};
    }
    if (const auto* detail = std::get_if<index_view>(&of->detail)) {
      region seen = region_of(of->inputs[0]);
      return {seen.buffer, core::index_view(seen.at, detail->at)};
    }
    if (std::holds_alternative<broadcast_view>(of->detail)) {
      region seen = region_of(of->inputs[0]);
      return {seen.buffer, core::broadcast(seen.at, of->shape, "broadcast_to")};
    }
    if (std::holds_alternative<reshape_view>(of->detail)) {
      region seen = region_of(of->inputs[0]);
      if (auto view = core::reshape(seen.at, of->shape)) return {seen.buffer, *view};
      const region copy = temporary(of->type, of->shape);
      write(of, copy);
      return copy;
    }
    const region target = temporary(of->type, of->shape);
    write(of, target);
    return target;
  }

  // Adds the stages that put the node's elements into `target`.
  void write(const node_ptr& of, const region& target) {
    if (core::size_of(of->shape) == 0) {
      check_fresh(of);
      return;
    }
    if (valid_result(*of) || regions_.contains(of.get())) {
      add_stage(elementwise_stage{chain_of(of), target});
    } else if (const auto* reduce = std::get_if<reduce_op>(&of->detail)) {
      add_stage(reduce_stage{chain_of(of->inputs[0]), reduce->which, reduce->axes, target});
    } else if (const auto* arg = std::get_if<arg_op>(&of->detail)) {
      add_stage(arg_stage{chain_of(of->inputs[0]), arg->largest, arg->axis, target});
    } else if (const auto* scan = std::get_if<scan_op>(&of->detail)) {
      add_stage(scan_stage{chain_of(of->inputs[0]), scan->which, scan->axis, target});
    } else if (std::holds_alternative<matmul_op>(of->detail)) {
      write_matmul(of, target);
    } else if (const auto* concat = std::get_if<concat_op>(&of->detail)) {
      region part = target;
      for (const node_ptr& input : of->inputs) {
        part.at.shape[concat->axis] = input->shape[concat->axis];
        write(input, part);
        part.at.offset += input->shape[concat->axis] * part.at.strides[concat->axis];
      }
    } else if (const auto* repeat = std::get_if<repeat_op>(&of->detail)) {
      const region x = checked_region_of(of->inputs[0]);
      const region ends = checked_region_of(of->inputs[1]);
      add_stage(repeat_stage{of->type, x, ends, repeat->axis, target});
    } else if (const auto back = reshaped_back(*of, target.at)) {
      write(of->inputs[0], {target.buffer, *back});
    } else {
      add_stage(elementwise_stage{chain_of(of), target});
    }
    // Whoever else needs the elements finds them here: nothing writes to a target twice.
    regions_.emplace(of.get(), target);
  }

  // For a reshaped node, the target in the shape that its input has, if strides allow: the input then goes straight there.
  static std::optional<detail::layout> reshaped_back(const node& of, const detail::layout& target) {
    if (!std::holds_alternative<reshape_view>(of.detail)) return std::nullopt;
    return core::reshape(target, of.inputs[0]->shape);
  }

  void write_matmul(const node_ptr& of, const region& target) {
    region x = checked_region_of(of->inputs[0]);
    region y = checked_region_of(of->inputs[1]);
    const int rank = of->shape.size();
    const auto with_batch = [&](const region& operand) {
      dims shape = of->shape;
      shape[rank - 2] = operand.at.shape[operand.at.shape.size() - 2];
      shape[rank - 1] = operand.at.shape.back();
      return region{operand.buffer, core::broadcast(operand.at, shape, "matmul")};
    };
    x = with_batch(x);
    y = with_batch(y);
    add_stage(matmul_stage{of->type, x, y, target});
  }

  void add_stage(stage what) {
    out_.code.stages.push_back(std::move(what));
    const int number = static_cast<int>(out_.code.stages.size()) - 1;
    const auto use = [&](const region& at) { out_.code.buffers[static_cast<std::size_t>(at.buffer)].last_stage = number; };
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

  // A region whose elements are going to be read.
  region checked_region_of(const node_ptr& of) {
    region result = region_of(of);
    if (stale_leaves_) check_fresh(of);
    return result;
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
        throw stale_expression(fmt::format(
            "{}: its operand {} {} was written to after the expression captured it and before the expression was evaluated; "
            "evaluate first, or capture the array again",
            name_of(*root_), name(leaf->value.dtype()), to_string(leaf->value.shape())));
      }
      if (valid_result(*next)) continue;
      for (const node_ptr& input : next->inputs) pending.push_back(input.get());
    }
  }

  // The element-wise work that computes `root`, down to nodes that have elements of their own.
  fused_chain chain_of(const node_ptr& root) {
    fused_chain chain;
    chain.shape = root->shape;
    chain.type = root->type;
    std::unordered_map<const node*, int> values;   // node -> value number
    std::vector<const node_ptr*> order;            // instructions' nodes, operands first
    std::map<std::vector<std::int64_t>, std::size_t> sources;
    std::map<std::vector<std::int64_t>, std::size_t> constants;

    // Post-order without recursion: chains may be long.
    struct frame {
      const node_ptr* of;
      std::size_t next_input;
    };
    std::vector<frame> stack{{&root, 0}};
    // Work on fewer elements than the chain's is done once for each of them, in a stage of its own, not once for every
    // element that they are broadcast to.
    const std::int64_t size = core::size_of(chain.shape);
    const auto is_inner = [&](const node& of) {
      return is_chained(of) && core::size_of(of.shape) == size && !regions_.contains(&of) && !valid_result(of);
    };
    while (!stack.empty()) {
      frame& top = stack.back();
      const node& of = **top.of;
      if (values.contains(&of)) {
        stack.pop_back();
      } else if (is_inner(of) && top.next_input < of.inputs.size()) {
        const node_ptr* input = &of.inputs[top.next_input++];
        stack.push_back({input, 0});
      } else {
        if (is_inner(of)) {
          values.emplace(&of, 0);
          order.push_back(top.of);
        } else if (const auto* constant = std::get_if<constant_leaf>(&of.detail)) {
          // Equal numbers share a register: a long chain may have a million of them.
          const auto [known, added] = constants.try_emplace(constant_key(constant->value, of.type), chain.constants.size());
          if (added) chain.constants.push_back({constant->value, of.type});
          values.emplace(&of, static_cast<int>(known->second));
        } else {
          const region from = checked_region_of(*top.of);
          const region source{from.buffer, core::broadcast(from.at, chain.shape, name_of(of))};
          const auto [known, added] = sources.try_emplace(source_key(source), chain.sources.size());
          if (added) {
            chain.sources.push_back(source);
            chain.source_types.push_back(of.type);
          }
          values.emplace(&of, static_cast<int>(known->second));
        }
        stack.pop_back();
      }
    }

    // Constants come after the sources, whose number is known now.
    const int source_count = static_cast<int>(chain.sources.size());
    for (auto& [of, number] : values) {
      if (std::holds_alternative<constant_leaf>(of->detail)) number += source_count;
    }
    assign_registers(chain, order, values);
    chain.result = values.at(root.get());
    return chain;
  }

  // Sources of one chain are the same if they lie in the same place: the buffer says the dtype.
  static std::vector<std::int64_t> source_key(const region& of) {
    std::vector<std::int64_t> key{of.buffer, of.at.offset};
    key.insert(key.end(), of.at.strides.begin(), of.at.strides.end());
    return key;
  }

  // The bits, because 0.0 is not -0.0 and nan is nan.
  static std::vector<std::int64_t> constant_key(const scalar& value, dtype type) {
    const auto kind = static_cast<std::int64_t>(value.value().index());
    const auto dtype_number = static_cast<std::int64_t>(type);
    return std::visit(
        [&](auto number) -> std::vector<std::int64_t> {
          using Number = decltype(number);
          if constexpr (std::is_same_v<Number, std::complex<double>>) {
            return {kind, dtype_number, std::bit_cast<std::int64_t>(number.real()), std::bit_cast<std::int64_t>(number.imag())};
          } else if constexpr (std::is_same_v<Number, double>) {
            return {kind, dtype_number, std::bit_cast<std::int64_t>(number)};
          } else {
            return {kind, dtype_number, static_cast<std::int64_t>(number)};
          }
        },
        value.value());
  }

  static void assign_registers(fused_chain& chain, const std::vector<const node_ptr*>& order,
                               std::unordered_map<const node*, int>& values) {
    std::unordered_map<const node*, int> readers;
    for (const node_ptr* of : order) {
      for (const node_ptr& input : (*of)->inputs) ++readers[input.get()];
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
      for (int i = 0; i < step.arity; ++i) step.operands[i] = values.at(made.inputs[static_cast<std::size_t>(i)].get());
      // The result takes a register of its own before operands give theirs back: a conversion to a wider dtype must not
      // overwrite what it still reads.
      if (free.empty()) free.push_back(first + chain.scratch_registers++);
      step.result = free.back();
      free.pop_back();
      for (const node_ptr& input : made.inputs) {
        const int held = values.at(input.get());
        if (--readers[input.get()] == 0 && held >= first) free.push_back(held);
      }
      values[&made] = step.result;
      chain.code.push_back(step);
    }
  }

  compiled out_;
  std::map<std::pair<const detail::storage*, dtype>, int> inputs_;
  std::unordered_map<const node*, region> regions_;
  bool stale_leaves_ = false;
  const node* root_ = nullptr;
};

std::int64_t work_of_stage(const stage& of) noexcept {
  struct visitor {
    std::int64_t operator()(const elementwise_stage& s) const { return core::size_of(s.chain.shape); }
    std::int64_t operator()(const reduce_stage& s) const { return core::size_of(s.chain.shape); }
    std::int64_t operator()(const arg_stage& s) const { return core::size_of(s.chain.shape); }
    std::int64_t operator()(const scan_stage& s) const { return core::size_of(s.chain.shape); }
    std::int64_t operator()(const matmul_stage& s) const { return core::size_of(s.target.at.shape); }
    std::int64_t operator()(const repeat_stage& s) const { return core::size_of(s.target.at.shape); }
  };
  return std::visit(visitor(), of);
}

}  // namespace

compiled compile(const node_ptr& root) { return compiler().run(root); }

compiled compile_into(const node_ptr& root, const detail::layout& target) { return compiler().run_into(root, target); }

std::int64_t work_of(const program& of) noexcept {
  std::int64_t work = 0;
  for (const stage& each : of.stages) work += work_of_stage(each);
  return work;
}

}  // namespace tandem::ops
