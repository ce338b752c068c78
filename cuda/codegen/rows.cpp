#include "cuda/codegen/rows.h"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include <fmt/format.h>

#include "core/layout.h"
#include "cuda/codegen/chain.h"
#include "cuda/codegen/copy.h"
#include "cuda/codegen/elementwise.h"
#include "cuda/codegen/single.h"
#include "cuda/codegen/split.h"

namespace tandem::cuda {

namespace {

// Strides to sort by: of the operand with the most distinct elements, and where it is broadcast, of the others.
dims leading_strides(const ops::fused_chain& chain) {
  dims leading = dims::filled(chain.shape.size(), 0);
  const ops::region* largest = nullptr;
  double largest_size = 0;
  for (const ops::region& source : chain.sources) {
    double size = 1;
    for (int i = 0; i < chain.shape.size(); ++i) {
      if (source.at.strides[i] != 0) size *= static_cast<double>(chain.shape[i]);
    }
    if (size > largest_size) {
      largest_size = size;
      largest = &source;
    }
  }
  for (int i = 0; i < chain.shape.size(); ++i) {
    if (largest != nullptr) leading[i] = std::abs(largest->at.strides[i]);
    if (leading[i] != 0) continue;
    for (const ops::region& source : chain.sources) leading[i] = std::max(leading[i], std::abs(source.at.strides[i]));
  }
  return leading;
}

std::int64_t size_along(const dims& shape, const dims& axes) {
  std::int64_t size = 1;
  for (const std::int64_t axis : axes) size *= shape[axis];
  return size;
}

std::vector<dims> strides_of(const row_problem& what) {
  std::vector<dims> strides;
  for (const ops::region& source : what.chain.sources) strides.push_back(source.at.strides);
  strides.push_back(what.target.at.strides);
  return strides;
}

// A space of at least one axis: one more form of kernels would be for nothing.
space space_along(const row_problem& what, const dims& axes) {
  space made = merged(what.chain.shape, strides_of(what), axes);
  if (made.extents.empty()) {
    made.extents.push_back(1);
    for (dims& of : made.strides) of.push_back(1);
    if (!what.has_running_results) made.strides.back()[0] = 0;
  }
  return made;
}

dims both(const dims& slower, const dims& faster) {
  dims order = slower;
  for (const std::int64_t axis : faster) order.push_back(axis);
  return order;
}

// Strides of elements that lie one after the other in this order of axes; 0 along others.
dims strides_in_order(const dims& shape, const dims& order) {
  dims strides = dims::filled(shape.size(), 0);
  std::int64_t stride = 1;
  for (int i = order.size(); i-- > 0;) {
    strides[order[i]] = stride;
    stride *= shape[order[i]];
  }
  return strides;
}

dims memory_order(const row_order& order) {
  return order.across ? both(order.worked, order.kept) : both(order.kept, order.worked);
}

// Kernels over rows have a chain's text up to 16 times. One that costs more (elementwise.h) is a function that they
// call: NVRTC takes 0.35 s for a sum of tangents of complex numbers so, and 1.1 s otherwise (13.0, AMD Zen 5).
constexpr std::int64_t most_inlined_cost = 30;

bool is_called(const ops::fused_chain& chain) {
  std::int64_t cost = 0;
  for (const ops::instruction& code : chain.code) cost += cost_of(code);
  return cost > most_inlined_cost;
}

// The struct td_called, which is td_chain as a function.
std::string called_text(const ops::fused_chain& chain) {
  std::string parameters, arguments, loads;
  for (std::size_t i = 0; i < chain.sources.size(); ++i) {
    const std::string_view type = element_type(chain.source_types[i]);
    parameters += fmt::format(", {} x{}", type, i);
    arguments += fmt::format(", x{}", i);
    loads += fmt::format(", td::load<{0}>(w.at[{1}], o.at[{1}])", type, i);
  }
  return fmt::format(
      "struct td_called {{\n"
      "  using value_type = td_chain::value_type;\n"
      "  static constexpr int sources = {0};\n"
      "  template <class Words, class Index>\n"
      "  static TANDEM_HD inline value_type at(const Words& w, [[maybe_unused]] const td::offsets<{0}, Index>& o) {{\n"
      "    return compute(w{1});\n"
      "  }}\n"
      "  template <class Words>\n"
      "  static TANDEM_HD TANDEM_CALLED value_type compute(const Words& w{2}) {{\n"
      "    return td_chain::compute(w{3});\n"
      "  }}\n"
      "}};\n",
      chain.sources.size(), loads, parameters, arguments);
}

// What may follow the words of rows.
constexpr int further_words = 4;

}  // namespace

row_order order_of_rows(const ops::fused_chain& chain, const dims& worked) {
  const dims sorted = core::by_stride(leading_strides(chain));
  row_order order;
  for (const std::int64_t axis : sorted) {
    const bool is_worked = worked.contains(axis);
    (is_worked ? order.worked : order.kept).push_back(axis);
    if (chain.shape[axis] == 1) continue;
    order.across = !is_worked;
    order.rows_abreast = is_worked ? 1 : order.rows_abreast * chain.shape[axis];
  }
  return order;
}

std::int64_t row_problem::rows() const noexcept { return size_along(chain.shape, order.kept); }
std::int64_t row_problem::length() const noexcept { return size_along(chain.shape, order.worked); }

ops::region with_worked_axes(const ops::region& target, const dims& shape, const dims& worked) {
  ops::region spread = target;
  spread.at.shape = shape;
  spread.at.strides = dims();
  int next = 0;
  for (int axis = 0; axis < shape.size(); ++axis) {
    spread.at.strides.push_back(worked.contains(axis) ? 0 : target.at.strides[next++]);
  }
  return spread;
}

std::int64_t ceiling(std::int64_t of, std::int64_t by) noexcept { return of / by + (of % by != 0); }

std::int64_t power_of_two(std::int64_t of) noexcept {
  return static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(of)));
}

row_cut cut_of(const row_problem& what, std::int64_t lanes, std::int64_t unit, std::int64_t fewest_units,
               std::int64_t most_units) {
  // Four blocks of 256 threads for each of 132 multiprocessors (H200): as many as have room at a time.
  constexpr std::int64_t enough_blocks = 512;
  row_cut cut;
  cut.lanes = lanes;
  cut.row_blocks = ceiling(what.rows(), row_threads / lanes);
  const std::int64_t wanted = std::max<std::int64_t>(1, enough_blocks / cut.row_blocks);
  const std::int64_t units = ceiling(ceiling(what.length(), unit), wanted);
  cut.chunk = std::clamp(ceiling(units, fewest_units) * fewest_units, fewest_units, most_units) * unit;
  cut.chunks = ceiling(what.length(), cut.chunk);
  return cut;
}

std::int64_t most_lanes(const row_order& order) noexcept {
  constexpr std::int64_t warp = 32;
  return order.across ? row_threads / std::min(warp, power_of_two(order.rows_abreast)) : row_threads;
}

row_kernel::row_kernel(const row_problem& what)
    : what_(what), kept_(space_along(what, what.order.kept)), worked_(space_along(what, what.order.worked)) {
  narrow_ = fits_32_bits(merged(what.chain.shape, strides_of(what), both(what.order.kept, what.order.worked)));
  if (what.order.across) return;
  bool has_neighbours = false;
  neighbouring_ = true;
  std::int64_t longest_run = 16 / item_size(what.chain.type);
  for (std::size_t i = 0; i < what.chain.sources.size(); ++i) {
    neighbouring_ = neighbouring_ && (inner_stride(i) == 0 || inner_stride(i) == 1);
    if (inner_stride(i) != 1) continue;
    has_neighbours = true;
    if (what.any_order) longest_run = std::max(longest_run, 16 / item_size(what.chain.source_types[i]));
  }
  // Runs must not go on along another axis.
  const bool is_whole = worked_.extents.size() == 1 || worked_.extents.back() % longest_run == 0;
  neighbouring_ = neighbouring_ && has_neighbours && is_whole;
  run_ = neighbouring_ || !what.any_order ? longest_run : 1;
}

bool row_kernel::fits() const noexcept {
  return first_row_word() + row_words + further_words <= most_words &&
         what_.chain.code.size() <= static_cast<std::size_t>(most_instructions) &&
         what_.chain.sources.size() <= static_cast<std::size_t>(most_operands);
}

bool row_kernel::is_plain() const noexcept {
  const ops::fused_chain& chain = what_.chain;
  const bool is_even = kept_.extents.size() == 1 && worked_.extents.size() == 1;
  return chain.code.empty() && chain.sources.size() == 1 && chain.constants.empty() && is_even &&
         (neighbouring_ || what_.order.across);
}

std::string row_kernel::key() const {
  std::string key = fmt::format("{}|{}+{} {}{}", chain_key(what_.chain), kept_.extents.size(), worked_.extents.size(),
                                narrow_ ? 32 : 64, what_.order.across ? " across" : "");
  if (!neighbouring_) return key;
  key += " neighbours ";
  for (std::size_t i = 0; i < worked_.strides.size(); ++i) key += inner_stride(i) == 1 ? '1' : '0';
  return key;
}

std::string row_kernel::text(const std::string& chain_struct) const {
  const ops::fused_chain& chain = what_.chain;
  std::string text = chain_struct.empty() ? chain_text(chain) : chain_struct;
  const std::string read = is_called(chain) ? "td_called" : "td_chain";
  if (is_called(chain)) text += called_text(chain);
  const std::string strided = fmt::format("td::strided_rows<{}, {}, {}, {}, {}>", read, kept_.extents.size(),
                                          worked_.extents.size(), index_type(narrow_), chain_words(chain));
  if (!neighbouring_) return text + fmt::format("using td_rows = {};\n", strided);
  text += fmt::format(
      "struct td_rows : {} {{\n"
      "  template <int Groups, int Neighbours, class Words>\n"
      "  static TANDEM_HD inline void load(const Words& w, const start& from, index e, index width, index left,\n"
      "                                    item (&x)[Groups][Neighbours]) {{\n",
      strided);
  std::string arguments;
  const bool is_one_axis = worked_.extents.size() == 1;
  if (!is_one_axis) text += "    const auto starts = run_starts<Groups>(w, from, e, width, left);\n";
  for (std::size_t i = 0; i < chain.sources.size(); ++i) {
    const std::string_view type = element_type(chain.source_types[i]);
    if (inner_stride(i) == 1) {
      text += fmt::format("    td::pack<{}, Neighbours> x{}[Groups];\n", type, i);
      text += is_one_axis
                  ? fmt::format("    td::load_groups<Groups>(w.at[{0}], from.at.at[{0}] + e, width, left, x{0});\n", i)
                  : fmt::format("    td::load_runs<{0}>(w.at[{0}], starts, x{0});\n", i);
      arguments += fmt::format(", x{}[u].at[v]", i);
    } else if (is_one_axis) {
      text += fmt::format("    const {0} x{1} = td::load<{0}>(w.at[{1}], from.at.at[{1}]);\n", type, i);
      arguments += fmt::format(", x{}", i);
    } else {
      text += fmt::format("    {} x{}[Groups];\n    td::load_single<{}>(w.at[{}], starts, x{});\n", type, i, i, i, i);
      arguments += fmt::format(", x{}[u]", i);
    }
  }
  const std::string storing =
      !is_one_axis || worked_.strides.back()[0] != 1
          ? ""
          : "  template <int Target, int Count, class Words>\n"
            "  static TANDEM_HD inline void store(const Words& w, const start& from, index e, index left,\n"
            "                                     const item (&x)[Count]) {\n"
            "    td::store_neighbours(w.at[Target], from.target + e, left, x);\n"
            "  }\n";
  return text + fmt::format(
                    "#pragma unroll\n"
                    "    for (int u = 0; u < Groups; ++u) {{\n"
                    "#pragma unroll\n"
                    "      for (int v = 0; v < Neighbours; ++v) x[u][v] = {}::compute(w{});\n"
                    "    }}\n"
                    "  }}\n"
                    "{}"
                    "}};\n",
                    read, arguments, storing);
}

int row_kernel::target_word() const noexcept {
  const int operands = static_cast<int>(what_.chain.sources.size()) + 1;
  return chain_words(what_.chain) + space_words(kept_.extents.size(), operands) +
         space_words(worked_.extents.size(), operands);
}

std::vector<word> row_kernel::words(const row_cut& cut) const {
  std::vector<word> words;
  append_chain(what_.chain, words);
  const int operands = static_cast<int>(what_.chain.sources.size()) + 1;
  append_space(kept_, operands, words);
  append_space(worked_, operands, words);
  words.push_back({what_.target.at.offset * item_size(what_.target_type), what_.target.buffer});
  for (const std::int64_t each : {what_.rows(), what_.length(), cut.chunk, cut.chunks, cut.row_blocks, cut.lanes}) {
    words.push_back({each});
  }
  return words;
}

void fit(lowering& into, row_problem& what) {
  const row_kernel asked(what);
  const bool is_single = into.grain() == granularity::single;
  if (asked.fits() && (!is_single || asked.is_plain())) return;
  const dims order = memory_order(what.order);
  if (!is_single) {
    // Two spaces, of as many axes as there are.
    const int operands = static_cast<int>(what.chain.sources.size()) + 1;
    const int words = space_words(what.chain.shape.size(), operands) + 1 + row_words + further_words;
    what.chain = fitted(into, what.chain, order, words);
    if (row_kernel(what).fits()) return;
  }
  ops::region at;
  if (is_single) {
    at = materialized(into, what.chain, order);
  } else {
    at.buffer = into.temporary(core::size_of(what.chain.shape) * item_size(what.chain.type));
    at.at = dense(what.chain.shape, order);
    lower_stage(into, ops::elementwise_stage{what.chain, at});
  }
  what.chain = chain_reading(at, what.chain.type);
}

even_target::even_target(lowering& into, row_problem& what) {
  const dims& shape = what.chain.shape;
  const dims order = what.has_running_results ? memory_order(what.order) : what.order.kept;
  const std::vector<dims> strides{what.target.at.strides};
  const space rows = merged(shape, strides, what.order.kept);
  const space worked = merged(shape, strides, what.order.worked);
  copies_ = rows.extents.size() > 1;
  if (what.has_running_results) {
    copies_ = copies_ || worked.extents.size() > 1;
    // Kernels for rows of neighbours store neighbours.
    copies_ = copies_ || (!what.order.across && !worked.extents.empty() && worked.strides[0][0] != 1);
  }
  if (!copies_) return;
  const int buffer = into.temporary(size_along(shape, order) * item_size(what.target_type));
  const ops::region even{buffer, {shape, strides_in_order(shape, order), 0}};
  ops::region from{buffer, {}};
  ops::region to{what.target.buffer, {}};
  to.at.offset = what.target.at.offset;
  for (const std::int64_t axis : order) {
    from.at.shape.push_back(shape[axis]);
    from.at.strides.push_back(even.at.strides[axis]);
    to.at.shape.push_back(shape[axis]);
    to.at.strides.push_back(what.target.at.strides[axis]);
  }
  copy_ = copied(item_size(what.target_type), from, to);
  what.target = even;
}

void even_target::finish(lowering& into) const {
  if (copies_) into.add(copy_);
}

chunk_results::chunk_results(lowering& into, const row_problem& what, std::int64_t chunks, dtype of_type)
    : type(of_type), chunk_stride(what.order.across ? what.rows() : 1) {
  const dims& shape = what.chain.shape;
  dims strides = strides_in_order(shape, what.order.kept);
  if (!what.order.across) {
    for (std::int64_t& stride : strides) stride *= chunks;
  }
  target = {into.temporary(what.rows() * chunks * item_size(type)), {shape, strides, 0}};
}

row_problem over_chunks(const row_problem& what, const std::vector<chunk_results>& results, std::int64_t chunks) {
  row_problem made{{}, {}, {what.target.buffer, {}}, what.target_type};
  made.any_order = what.any_order;
  made.target.at.offset = what.target.at.offset;
  dims shape;
  for (const std::int64_t axis : what.order.kept) {
    made.order.kept.push_back(shape.size());
    shape.push_back(what.chain.shape[axis]);
    made.target.at.strides.push_back(what.target.at.strides[axis]);
  }
  made.order.worked.push_back(shape.size());
  shape.push_back(chunks);
  made.target.at.strides.push_back(0);
  made.target.at.shape = shape;
  made.order.across = what.order.across;
  made.order.rows_abreast = what.order.across ? what.rows() : 1;
  made.chain.shape = shape;
  made.chain.type = results[0].type;
  for (const chunk_results& each : results) {
    ops::region from{each.target.buffer, {}};
    from.at.shape = shape;
    for (const std::int64_t axis : what.order.kept) from.at.strides.push_back(each.target.at.strides[axis]);
    from.at.strides.push_back(each.chunk_stride);
    made.chain.sources.push_back(from);
    made.chain.source_types.push_back(each.type);
  }
  return made;
}

ops::fused_chain chain_reading(const ops::region& from, dtype type) {
  ops::fused_chain chain;
  chain.shape = from.at.shape;
  chain.type = type;
  chain.sources = {from};
  chain.source_types = {type};
  return chain;
}

}  // namespace tandem::cuda
