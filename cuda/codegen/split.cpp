#include "cuda/codegen/split.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "core/layout.h"
#include "cuda/codegen/elementwise.h"
#include "cuda/codegen/single.h"

namespace tandem::cuda {

namespace {

using ops::fused_chain;
using ops::instruction;

std::vector<int> joined(const std::vector<int>& x, const std::vector<int>& y) {
  std::vector<int> all;
  std::set_union(x.begin(), x.end(), y.begin(), y.end(), std::back_inserter(all));
  return all;
}

// Cuts a chain. Each value in a register has a cone: the instructions that compute it from leaves, which are sources,
// constants and temporaries. Where an instruction's cone would be too large, operands become temporaries. A value that
// several read is computed in the cone of each, unless it became one.
class splitting {
 public:
  splitting(lowering& into, const fused_chain& chain, const dims& order, int operands)
      : into_(into), chain_(chain), dense_(dense(chain.shape, order)), operands_(operands) {
    for (std::size_t i = 0; i < chain.sources.size(); ++i) {
      leaves_.push_back({chain.sources[i], chain.source_types[i], nullptr});
    }
    for (const ops::program_constant& number : chain.constants) leaves_.push_back({{}, number.type, &number});
    values_.resize(leaves_.size() + static_cast<std::size_t>(chain.scratch_registers));
    for (std::size_t i = 0; i < leaves_.size(); ++i) values_[i].leaves = {static_cast<int>(i)};
  }

  fused_chain run() {
    inputs_.reserve(chain_.code.size());
    for (std::size_t i = 0; i < chain_.code.size(); ++i) {
      const instruction& code = chain_.code[i];
      cone made = cone_of(code);
      while (is_too_large(made, code)) {
        int largest = code.operands[0];
        for (int k = 1; k < code.arity; ++k) {
          if (cost_of_cone(of(code.operands[k])) > cost_of_cone(of(largest))) largest = code.operands[k];
        }
        to_temporary(largest);
        made = cone_of(code);
      }
      made.code.push_back(static_cast<int>(i));
      made.result_type = code.result_type;
      input read;
      for (int k = 0; k < code.arity; ++k) {
        const cone& operand = of(code.operands[k]);
        read.leaf[k] = operand.code.empty() ? operand.leaves.front() : -1;
        read.writer[k] = operand.code.empty() ? -1 : operand.code.back();
      }
      inputs_.push_back(read);
      of(code.result) = std::move(made);
    }
    return piece_of(of(chain_.result));
  }

 private:
  struct leaf {
    ops::region where;
    dtype type;
    const ops::program_constant* number;
  };
  // Sorted; the last instruction computes the value. Without instructions it is the only leaf.
  struct cone {
    std::vector<int> code;
    std::vector<int> leaves;
    dtype result_type = dtype::bool_;
  };
  // What an instruction reads: leaves or instructions.
  struct input {
    int leaf[3] = {-1, -1, -1};
    int writer[3] = {-1, -1, -1};
  };

  cone& of(int number) { return values_[static_cast<std::size_t>(number)]; }

  // Without the instruction itself.
  cone cone_of(const instruction& code) {
    cone made;
    for (int k = 0; k < code.arity; ++k) {
      made.code = joined(made.code, of(code.operands[k]).code);
      made.leaves = joined(made.leaves, of(code.operands[k]).leaves);
    }
    return made;
  }

  std::int64_t cost_of_cone(const cone& what) const {
    std::int64_t cost = 0;
    for (const int number : what.code) cost += cost_of(chain_.code[static_cast<std::size_t>(number)]);
    return cost;
  }

  // Whether an instruction and what computes its operands are too much. Without the latter they never are.
  bool is_too_large(const cone& operands, const instruction& code) const {
    if (operands.code.empty()) return false;
    return operands.code.size() >= most_instructions || operands.leaves.size() > static_cast<std::size_t>(operands_) ||
           cost_of_cone(operands) + cost_of(code) > most_cost;
  }

  void to_temporary(int number) {
    cone& what = of(number);
    const dtype type = what.result_type;
    const ops::region where{into_.temporary(core::size_of(chain_.shape) * item_size(type)), dense_};
    into_.add(elementwise(piece_of(what), where));
    what.code.clear();
    what.leaves = {static_cast<int>(leaves_.size())};
    leaves_.push_back({where, type, nullptr});
  }

  fused_chain piece_of(const cone& what) const {
    fused_chain piece;
    piece.shape = chain_.shape;
    piece.contracts = chain_.contracts;
    std::vector<int> sources, constants;
    for (const int number : what.leaves) {
      const leaf& from = leaves_[static_cast<std::size_t>(number)];
      if (from.number != nullptr) {
        constants.push_back(number);
        piece.constants.push_back(*from.number);
      } else {
        sources.push_back(number);
        piece.sources.push_back(from.where);
        piece.source_types.push_back(from.type);
      }
    }
    const auto position = [](const std::vector<int>& in, int number) {
      return static_cast<int>(std::lower_bound(in.begin(), in.end(), number) - in.begin());
    };
    const int first_constant = static_cast<int>(sources.size());
    const int first_result = first_constant + static_cast<int>(constants.size());
    const auto leaf_register = [&](int number) {
      const bool is_number = leaves_[static_cast<std::size_t>(number)].number != nullptr;
      return is_number ? first_constant + position(constants, number) : position(sources, number);
    };
    for (const int number : what.code) {
      instruction code = chain_.code[static_cast<std::size_t>(number)];
      const input& read = inputs_[static_cast<std::size_t>(number)];
      for (int k = 0; k < code.arity; ++k) {
        code.operands[k] =
            read.leaf[k] >= 0 ? leaf_register(read.leaf[k]) : first_result + position(what.code, read.writer[k]);
      }
      code.result = first_result + static_cast<int>(piece.code.size());
      piece.code.push_back(code);
    }
    piece.scratch_registers = static_cast<int>(piece.code.size());
    piece.result = piece.code.empty() ? leaf_register(what.leaves.front()) : piece.code.back().result;
    piece.type = piece.code.empty() ? leaves_[static_cast<std::size_t>(what.leaves.front())].type : what.result_type;
    return piece;
  }

  lowering& into_;
  const fused_chain& chain_;
  detail::layout dense_;
  int operands_;
  std::vector<leaf> leaves_;
  std::vector<cone> values_;
  std::vector<input> inputs_;
};

}  // namespace

fused_chain fitted(lowering& into, const fused_chain& chain, const dims& order, int other_words) {
  // Each operand has an address or a number, of two words at most, and a stride along each axis.
  int axes = 0;
  for (const std::int64_t extent : chain.shape) axes += extent != 1;
  const int words = most_words - other_words - 4 - axes * 3;
  const int operands = std::clamp(words / (2 + axes), 3, most_operands);
  const std::size_t leaves = chain.sources.size() + chain.constants.size();
  const bool is_short = chain.code.size() <= most_instructions && leaves <= static_cast<std::size_t>(operands);
  std::int64_t cost = 0;
  for (std::size_t i = 0; is_short && i < chain.code.size(); ++i) cost += cost_of(chain.code[i]);
  if (is_short && (cost <= most_cost || chain.code.size() == 1)) return chain;
  return splitting(into, chain, order, operands).run();
}

}  // namespace tandem::cuda
