#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/layout.h"
#include "cuda/codegen/chain.h"
#include "cuda/codegen/lower_stage.h"
#include "cuda/codegen/rows.h"

// A search is a reduction of elements with their positions. Where rows are cut, the best of each chunk, value and
// position, goes to temporaries, which are searched next.
namespace tandem::cuda {

namespace {

enum class candidates { elements, stored };

struct search {
  row_problem what;
  candidates from;
  bool largest;
  /// Rows are not walked in the order in which positions are counted: that is what the target's strides along worked
  /// axes are for.
  bool has_strided_positions = false;
};

std::shared_ptr<const kernel> search_kernel(const search& one, const row_kernel& rows, std::int64_t groups,
                                            std::int64_t neighbours, bool stores_values, int words) {
  const bool across = one.what.order.across;
  const bool largest = one.largest;
  const std::string value_type(element_type(one.what.chain.type));
  const bool reads_stored = one.from == candidates::stored;
  const bool is_strided = one.has_strided_positions;
  const std::string key =
      fmt::format("arg {} {}x{}{}{}{}|{}", largest ? "max" : "min", groups, neighbours, reads_stored ? " stored" : "",
                  is_strided ? " strided" : "", stores_values ? " chunks" : "", rows.key());
  const std::string name = kernel_name(key);
  return std::make_shared<kernel>(kernel{
      key, name, words, row_threads, [=] {
        const std::string chain =
            reads_stored ? fmt::format("using td_chain = td::stored_candidates<{}>;\n", value_type) : std::string();
        const std::string searched =
            reads_stored ? "td_rows" : fmt::format("td::candidate_rows<td_rows, {}>", is_strided);
        const std::string put = stores_values ? fmt::format("td::put_candidate<{}, {}>", rows.target_word(),
                                                            rows.first_row_word() + row_words + 1)
                                              : fmt::format("td::put_position<{}>", rows.target_word());
        return kernel_begin(name, {"cuda/device/arg.h", "cuda/device/reduce.h"}) + rows.text(chain) +
               kernel_signature(name, words, row_threads) +
               fmt::format(
                   " {{\n"
                   "  using searched = {};\n"
                   "  alignas(16) __shared__ unsigned char shared[{} * sizeof(searched::item)];\n"
                   "  td::reduce_rows<searched, td::better_candidate<{}>, {}, {}, {}, 1, {}, {}>(w, shared);\n"
                   "}}\n",
                   searched, row_threads, largest, put, groups, neighbours, across, rows.first_row_word()) +
               kernel_end();
      }});
}

void lower_search(lowering& into, search one) {
  row_problem& what = one.what;
  const bool is_single = into.grain() == granularity::single && one.from == candidates::elements;
  const even_target place = is_single ? even_target(into, what) : even_target();
  if (one.from == candidates::elements) fit(into, what);
  // Runs of 16 bytes, of which there are fewer at once than in a sum: a candidate takes more registers than an element.
  const std::int64_t neighbours = row_kernel(what).run();
  const std::int64_t groups = neighbours >= 8 ? 1 : neighbours >= 2 ? 2 : 4;
  constexpr std::int64_t warp = 32;
  constexpr std::int64_t most_groups_a_chunk = 32;
  const std::int64_t runs = power_of_two(ceiling(what.length(), neighbours));
  const std::int64_t enough = std::max(std::min(warp, runs), runs / 8);
  const std::int64_t lanes = std::min(what.order.across ? runs : enough, most_lanes(what.order));
  const row_cut cut = cut_of(what, lanes, lanes * neighbours, groups, most_groups_a_chunk * groups);

  const auto launch_into = [&](const row_problem& part, const chunk_results* positions) {
    const row_kernel rows(part);
    std::vector<word> words = rows.words(cut);
    words.push_back({positions == nullptr ? 0 : positions->chunk_stride});
    if (positions != nullptr) words.push_back({0, positions->target.buffer});
    const int count = static_cast<int>(words.size());
    into.add(launch{search_kernel({part, one.from, one.largest, one.has_strided_positions}, rows, groups, neighbours,
                                  positions != nullptr, count),
                    std::move(words), cut.row_blocks * cut.chunks, true});
  };
  if (cut.chunks == 1) {
    launch_into(what, nullptr);
  } else {
    const chunk_results values(into, what, cut.chunks, what.chain.type);
    const chunk_results positions(into, what, cut.chunks, dtype::int64);
    row_problem part = what;
    part.target = values.target;
    for (const std::int64_t axis : what.order.worked) part.target.at.strides[axis] = what.target.at.strides[axis];
    part.target_type = values.type;
    launch_into(part, &positions);
    lower_search(into, {over_chunks(what, {values, positions}, cut.chunks), candidates::stored, one.largest});
  }
  place.finish(into);
}

}  // namespace

void lower_stage(lowering& into, const ops::arg_stage& what) {
  if (core::size_of(what.chain.shape) == 0) return;
  const dims& shape = what.chain.shape;
  dims worked{what.axis};
  if (what.axis == ops::every_axis) {
    worked = dims();
    for (int axis = 0; axis < shape.size(); ++axis) worked.push_back(axis);
  }
  row_order order = order_of_rows(what.chain, worked);
  // Positions among all elements are counted in row-major order.
  bool is_strided = order.worked != worked;
  if (is_strided && into.grain() == granularity::single) {
    order.worked = worked;
    is_strided = false;
  }
  row_problem problem{what.chain, order, with_worked_axes(what.target, shape, worked), dtype::int64};
  problem.any_order = true;
  if (is_strided) problem.target.at.strides = core::row_major(shape);
  lower_search(into, {std::move(problem), candidates::elements, what.largest, is_strided});
}

}  // namespace tandem::cuda
