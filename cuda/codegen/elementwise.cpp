#include "cuda/codegen/elementwise.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/layout.h"
#include "cuda/codegen/chain.h"
#include "cuda/codegen/space.h"

namespace tandem::cuda {

namespace {

using ops::fused_chain;

constexpr int threads_per_block = 256;  // td::elementwise_threads

// How a kernel of one stage is accessed.
struct access_plan {
  space over;
  // One axis, along which each operand has neighbours or a single element.
  bool linear = false;
  // Along the fastest axis: whether a source has its neighbours there, as the target has if `runs` are more than 1.
  std::vector<bool> has_neighbours;
  run_sizes runs;
  bool narrow = true;
};

access_plan plan_of(const fused_chain& chain, const ops::region& target) {
  access_plan plan;
  std::vector<dims> strides;
  for (const ops::region& from : chain.sources) strides.push_back(from.at.strides);
  strides.push_back(target.at.strides);
  plan.over = merged(chain.shape, strides, core::by_stride(target.at.strides));
  if (plan.over.extents.empty()) {  // one element
    plan.over.extents = dims{1};
    for (dims& of : plan.over.strides) of = dims{1};
  }
  plan.narrow = fits_32_bits(plan.over);

  const std::size_t sources = chain.sources.size();
  bool in_runs = plan.over.strides.back().back() == 1;
  std::vector<dtype> accessed{chain.type};
  for (std::size_t i = 0; i < sources; ++i) {
    const std::int64_t stride = plan.over.strides[i].back();
    plan.has_neighbours.push_back(stride != 0);
    in_runs = in_runs && (stride == 0 || stride == 1);
    if (stride == 1) accessed.push_back(chain.source_types[i]);
  }
  plan.linear = in_runs && plan.over.extents.size() == 1;
  plan.runs = run_sizes_of(chain, accessed);
  if (plan.linear) return plan;

  // Runs need rows of whole runs in every operand, which begin at multiples of a run as buffers do.
  const int count = plan.runs.count;
  const auto whole = [&](const ops::region& of, const dims& along) {
    return of.at.offset % count == 0 &&
           std::all_of(along.begin(), along.end() - 1, [&](std::int64_t stride) { return stride % count == 0; });
  };
  in_runs = in_runs && plan.over.extents.back() % count == 0 && whole(target, plan.over.strides.back());
  for (std::size_t i = 0; in_runs && i < sources; ++i) {
    in_runs = !plan.has_neighbours[i] || whole(chain.sources[i], plan.over.strides[i]);
  }
  if (!in_runs) {
    plan.runs.count = 1;
    plan.runs.unroll = plan.runs.unroll_of_one;
    return plan;
  }
  const int fastest = plan.over.extents.size() - 1;
  plan.over.extents[fastest] /= count;
  for (dims& of : plan.over.strides) of[fastest] *= count;
  if (plan.over.extents[fastest] == 1) {  // there is another axis, or it would be linear
    plan.over.extents.erase(fastest);
    for (dims& of : plan.over.strides) of.erase(fastest);
  }
  return plan;
}

int alignment_of(dtype type, int count) {
  return static_cast<int>(std::min<std::int64_t>(16, item_size(type) * count));
}

// The struct that loads operands, and the condition under which it may load whole runs.
std::string operands_text(const fused_chain& chain, const access_plan& plan) {
  std::string members, loads, arguments = "w";
  for (std::size_t i = 0; i < chain.sources.size(); ++i) {
    const std::string_view type = element_type(chain.source_types[i]);
    const bool neighbours = plan.has_neighbours[i];
    const char* count = neighbours ? "Count" : "1";
    members += fmt::format("  td::pack<{}, {}> x{};\n", type, count, i);
    std::string offset;
    if (plan.linear) {
      offset = neighbours ? "i" : "Index(0)";
    } else {
      offset = fmt::format("o.at[{}]", i);
    }
    loads += fmt::format("    x{} = td::load_pack<{}, {}>(w.at[{}], {});\n", i, type, count, i, offset);
    arguments += fmt::format(", x{}.at[{}]", i, neighbours ? "j" : "0");
  }
  const std::string where =
      plan.linear ? "Index i" : fmt::format("const td::offsets<{}, Index>& o", chain.sources.size() + 1);
  return fmt::format(
      "template <int Count>\n"
      "struct td_operands {{\n"
      "{}"
      "  template <class Words, class Index>\n"
      "  TANDEM_HD inline void load([[maybe_unused]] const Words& w, [[maybe_unused]] {}) {{\n"
      "{}"
      "  }}\n"
      "  template <class Words>\n"
      "  TANDEM_HD inline {} compute(const Words& w, [[maybe_unused]] int j) const {{\n"
      "    return td_chain::compute({});\n"
      "  }}\n"
      "}};\n",
      members, where, loads, element_type(chain.type), arguments);
}

std::string text_of(const fused_chain& chain, const access_plan& plan, std::string_view name, int words) {
  const int target = chain_words(chain);
  const char* index = index_type(plan.narrow);
  const int count = plan.runs.count;
  std::string text = kernel_begin(name, {"cuda/device/elementwise.h"}) + chain_text(chain) +
                     operands_text(chain, plan) + kernel_signature(name, words, threads_per_block) + " {\n";
  const std::string_view value = element_type(chain.type);
  if (plan.linear) {
    // Views may begin anywhere.
    std::string aligned = fmt::format("((w.at[{}] & {})", target, alignment_of(chain.type, count) - 1);
    for (std::size_t i = 0; i < chain.sources.size(); ++i) {
      if (!plan.has_neighbours[i]) continue;
      aligned += fmt::format(" | (w.at[{}] & {})", i, alignment_of(chain.source_types[i], count) - 1);
    }
    aligned += ") == 0";
    text += fmt::format("  td::linear<td_operands, {}, {}, {}, {}, {}>(w, w.at[{}], w.at[{}], {});\n", value, count,
                        plan.runs.unroll, plan.runs.unroll_of_one, index, target, target + 1, aligned);
  } else {
    text += fmt::format("  td::strided<td_operands, {}, {}, {}, {}, {}, {}>(w, {}, w.at[{}], w.at[{}]);\n", value,
                        chain.sources.size(), plan.over.extents.size(), count, plan.runs.unroll, index, target + 2,
                        target, target + 1);
  }
  return text + "}\n" + kernel_end();
}

std::string key_of(const fused_chain& chain, const access_plan& plan) {
  std::string key = plan.linear ? "linear " : fmt::format("strided {} {} ", plan.over.extents.size(), plan.runs.count);
  for (const bool neighbours : plan.has_neighbours) key += neighbours ? 'n' : 'o';
  return fmt::format("{} {} {}", key, plan.narrow ? 32 : 64, chain_key(chain));
}

}  // namespace

std::int64_t cost_of(const ops::instruction& code) noexcept {
  const std::int64_t flops = code.converts ? 1 : std::max(1, ops::info(code.which).flops);
  return flops * (item_size(real_part(code.operand_type)) == 8 ? 2 : 1) * (is_complex(code.operand_type) ? 4 : 1);
}

// Bytes in flight are those that Hopper's latencies ask for on paper, not measured
// yet: 64 a thread, where that is no more work at once than 64 additions, as unrolled loops take the compiler long.
run_sizes run_sizes_of(const fused_chain& chain, std::span<const dtype> accessed) {
  std::int64_t smallest = 16, largest = 1, bytes = 0;
  for (std::size_t i = 0; i < accessed.size(); ++i) {
    const std::int64_t size = item_size(accessed[i]);
    smallest = std::min(smallest, size);
    largest = std::max(largest, size);
    if (i > 0) bytes += size;  // the first is the target's
  }
  std::int64_t cost = 1;
  for (const ops::instruction& code : chain.code) cost += cost_of(code);

  std::int64_t count = std::max<std::int64_t>(1, std::min(16 / smallest, 32 / largest));
  while (count > 1 && (cost * count > 400 || bytes * count > 256)) count /= 2;
  const auto unroll_for = [&](std::int64_t elements) {
    std::int64_t unroll = 4;
    while (unroll > 1 && (bytes * elements * unroll > 64 || cost * elements * unroll > 64)) unroll /= 2;
    return static_cast<int>(unroll);
  };
  return {static_cast<int>(count), unroll_for(count), unroll_for(1)};
}

std::int64_t elementwise_blocks(std::int64_t size, int count, int unroll) noexcept {
  const std::int64_t runs = size / count + (size % count != 0);
  const std::int64_t part = std::int64_t{threads_per_block} * unroll;
  return runs / part + (runs % part != 0);
}

launch elementwise(const fused_chain& chain, const ops::region& target) {
  launch made;
  if (core::size_of(chain.shape) == 0) {
    made.blocks = 0;
    return made;
  }
  access_plan plan = plan_of(chain, target);
  append_chain(chain, made.words);
  made.words.push_back({target.at.offset * item_size(chain.type), target.buffer});
  made.words.push_back({plan.over.size()});
  const int sources = static_cast<int>(chain.sources.size());
  if (!plan.linear) append_space(plan.over, sources + 1, made.words);
  // What is left of a linear space is counted in runs, a strided one is counted in them already.
  made.blocks = elementwise_blocks(plan.over.size(), plan.linear ? plan.runs.count : 1, plan.runs.unroll);
  made.strides_by_grid = true;

  kernel code;
  code.key = key_of(chain, plan);
  code.name = kernel_name(code.key);
  code.words = static_cast<int>(made.words.size());
  code.threads_per_block = threads_per_block;
  code.text = [chain, plan = std::move(plan), name = code.name, words = code.words] {
    return text_of(chain, plan, name, words);
  };
  made.code = std::make_shared<const kernel>(std::move(code));
  return made;
}

}  // namespace tandem::cuda
