#include "cuda/codegen/single.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/layout.h"
#include "cuda/codegen/chain.h"
#include "cuda/codegen/copy.h"
#include "cuda/codegen/elementwise.h"
#include "cuda/codegen/space.h"

namespace tandem::cuda {

namespace {

using ops::fused_chain;
using ops::instruction;
using ops::region;

constexpr int threads_per_block = 256;  // td::elementwise_threads
constexpr int operand_words = 4;        // address, number (two), kind: td::load_operand

dtype operand_type(const instruction& code, int number) {
  return code.arity == 3 && number == 0 ? dtype::bool_ : code.operand_type;
}

// The runs of a kernel: it must be compiled in little time beside a thousand others, so that it has no more than one
// under way; 2048 threads of a multiprocessor keep memory busy.
int run_length(const instruction& code) {
  fused_chain alone;
  alone.code.push_back(code);
  std::vector<dtype> accessed{code.result_type};
  for (int k = 0; k < code.arity; ++k) accessed.push_back(operand_type(code, k));
  return run_sizes_of(alone, accessed).count;
}

std::string text_of(const instruction& code, std::string_view name) {
  const int count = run_length(code);
  const std::string_view value = element_type(code.result_type);
  const auto bytes = [&](dtype type) { return item_size(type) * count; };
  std::string members, loads, arguments;
  std::string aligned = fmt::format("(w.at[{}] & {}) == 0", operand_words * code.arity,
                                    std::min<std::int64_t>(16, bytes(code.result_type)) - 1);
  for (int k = 0; k < code.arity; ++k) {
    const dtype type = operand_type(code, k);
    members += fmt::format("  td::pack<{}, Count> x{};\n", element_type(type), k);
    loads +=
        fmt::format("    x{} = td::load_operand<{}, Count>(w, {}, i);\n", k, element_type(type), operand_words * k);
    arguments += fmt::format("{}x{}.at[j]", k == 0 ? "" : ", ", k);
    aligned += fmt::format(" && td::operand_aligned<{}>(w, {})", bytes(type), operand_words * k);
  }
  const std::string what =
      code.converts ? fmt::format("tandem::formulas::convert<{}>", value) : row_name(code.which) + "::apply";
  const int target = operand_words * code.arity;
  return kernel_begin(name, {"cuda/device/elementwise.h"}) +
         fmt::format(
             "template <int Count>\n"
             "struct td_operands {{\n"
             "{}"
             "  template <class Words, class Index>\n"
             "  TANDEM_HD inline void load(const Words& w, Index i) {{\n"
             "{}"
             "  }}\n"
             "  template <class Words>\n"
             "  TANDEM_HD inline {} compute(const Words&, int j) const {{\n"
             "    return {}({});\n"
             "  }}\n"
             "}};\n",
             members, loads, value, what, arguments) +
         kernel_signature(name, target + 2, threads_per_block) +
         fmt::format(
             " {{\n  td::linear<td_operands, {}, {}, 1, 1, unsigned long long>(w, w.at[{}], w.at[{}], {});\n}}\n",
             value, count, target, target + 1, aligned) +
         kernel_end();
}

// Lowers one chain.
class by_instructions {
 public:
  by_instructions(lowering& into, const fused_chain& chain, const dims& order)
      : into_(into), chain_(chain), order_(order), dense_(dense(chain.shape, order)) {
    for (std::size_t i = 0; i < chain.sources.size(); ++i) {
      values_.push_back({.kind = operand_of(chain.sources[i].at), .where = chain.sources[i], .number = {}});
    }
    for (const ops::program_constant& number : chain.constants) {
      values_.push_back({.kind = operand_kind::number, .where = {}, .number = number});
    }
    values_.resize(values_.size() + static_cast<std::size_t>(chain.scratch_registers));
  }

  // The chain's value; in `target`, if one is given and the last instruction can write there.
  region run(const std::optional<region>& target) {
    std::size_t last = chain_.code.size();
    for (std::size_t i = 0; i < chain_.code.size(); ++i) {
      if (chain_.code[i].result == chain_.result) last = i;
    }
    for (std::size_t i = 0; i < chain_.code.size(); ++i) {
      const bool ends = i == last && target && operand_of(target->at) == operand_kind::elements;
      const instruction& code = chain_.code[i];
      const region to = ends ? *target : region{temporary(code.result_type), dense_};
      add(code, to);
      of(code.result) = {.kind = operand_kind::elements, .where = to, .number = {}};
    }
    value& result = of(chain_.result);
    if (last < chain_.code.size() && target && result.where.buffer == target->buffer) return *target;
    if (!target && result.kind == operand_kind::elements) return result.where;
    const region to = target ? *target : region{temporary(chain_.type), dense_};
    into_.add(result.number ? filled(words_of(*result.number), chain_.type, to)
                            : copied(item_size(chain_.type), result.where, to));
    return to;
  }

 private:
  // The words of td::operand_kind; what is `strided` must be copied first.
  enum class operand_kind { elements = 0, one_element = 1, number = 2, strided };
  struct value {
    operand_kind kind = operand_kind::strided;
    region where;
    std::optional<ops::program_constant> number;
  };

  value& of(int number) { return values_[static_cast<std::size_t>(number)]; }

  int temporary(dtype type) { return into_.temporary(core::size_of(chain_.shape) * item_size(type)); }

  operand_kind operand_of(const detail::layout& at) const {
    const std::vector<dims> strides{at.strides, dense_.strides};
    const space over = merged(chain_.shape, strides, order_);
    if (over.extents.empty()) return operand_kind::elements;
    if (over.extents.size() > 1) return operand_kind::strided;
    const std::int64_t stride = over.strides[0][0];
    return stride == 1 ? operand_kind::elements : stride == 0 ? operand_kind::one_element : operand_kind::strided;
  }

  void add(const instruction& code, const region& to) {
    launch made;
    for (int k = 0; k < code.arity; ++k) {
      value& from = of(code.operands[k]);
      const std::int64_t bytes = item_size(operand_type(code, k));
      if (from.kind == operand_kind::strided) {
        const region copy{temporary(operand_type(code, k)), dense_};
        into_.add(copied(bytes, from.where, copy));
        from = {.kind = operand_kind::elements, .where = copy, .number = {}};
      }
      const std::size_t first = made.words.size();
      made.words.push_back(from.number ? word{} : word{from.where.at.offset * bytes, from.where.buffer});
      if (from.number) std::ranges::copy(words_of(*from.number), std::back_inserter(made.words));
      made.words.resize(first + operand_words - 1);
      made.words.push_back({static_cast<std::int64_t>(from.kind)});
    }
    const std::int64_t size = core::size_of(chain_.shape);
    made.words.push_back({to.at.offset * item_size(code.result_type), to.buffer});
    made.words.push_back({size});
    made.code = single_kernel(code);
    made.blocks = elementwise_blocks(size, run_length(code), 1);
    made.strides_by_grid = true;
    into_.add(std::move(made));
  }

  lowering& into_;
  const fused_chain& chain_;
  dims order_;
  detail::layout dense_;
  std::vector<value> values_;
};

}  // namespace

detail::layout dense(const dims& shape, const dims& order) {
  detail::layout made{shape, dims::filled(shape.size(), 0), 0};
  std::int64_t stride = 1;
  for (int i = order.size() - 1; i >= 0; --i) {
    made.strides[order[i]] = stride;
    stride *= shape[order[i]];
  }
  return made;
}

std::shared_ptr<const kernel> single_kernel(const instruction& code) {
  kernel made;
  made.key = fmt::format("single {}{} {}", code.converts ? "to_" : "",
                         code.converts ? name(code.result_type) : ops::info(code.which).name, name(code.operand_type));
  made.name = kernel_name(made.key);
  made.words = operand_words * code.arity + 2;
  made.threads_per_block = threads_per_block;
  made.text = [code, name = made.name] { return text_of(code, name); };
  return std::make_shared<const kernel>(std::move(made));
}

void lower_singly(lowering& into, const fused_chain& chain, const region& target) {
  if (core::size_of(chain.shape) == 0) return;
  by_instructions(into, chain, core::by_stride(target.at.strides)).run(target);
}

region materialized(lowering& into, const fused_chain& chain, const dims& order) {
  if (core::size_of(chain.shape) == 0) return {into.temporary(0), dense(chain.shape, order)};
  return by_instructions(into, chain, order).run(std::nullopt);
}

}  // namespace tandem::cuda
