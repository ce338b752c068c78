#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/layout.h"
#include "cuda/codegen/chain.h"
#include "cuda/codegen/copy.h"
#include "cuda/codegen/lower_stage.h"
#include "cuda/codegen/rows.h"

// A reduction combines lanes of a block in a tree, and the results of chunks by another reduction.
namespace tandem::cuda {

namespace {

// How a lane reads and combines: cuda/device/reduce.h.
struct lane_shape {
  std::int64_t groups;
  std::int64_t neighbours;
  std::int64_t slots;
};

// Runs of neighbours of 16 bytes, four of them at once, or eight single elements.
lane_shape lane_shape_of(std::int64_t neighbours, bool any_order) {
  return {neighbours >= 8 ? 2 : neighbours >= 2 ? 4 : 8, neighbours, any_order ? 1 : neighbours};
}

// A running result takes part in at most eight combinations one after the other before it enters the tree, so that
// errors grow with the depth of the tree.
constexpr std::int64_t most_in_sequence = 8;

row_cut reduction_cut(const row_problem& what, const lane_shape& shape) {
  constexpr std::int64_t warp = 32;
  const std::int64_t runs = ceiling(what.length(), shape.neighbours);
  const std::int64_t enough = std::max(std::min(warp, power_of_two(runs)), power_of_two(ceiling(runs, 8)));
  const std::int64_t lanes = std::min(what.order.across ? power_of_two(runs) : enough, most_lanes(what.order));
  return cut_of(what, lanes, lanes * shape.neighbours, shape.groups, most_in_sequence * shape.groups);
}

std::shared_ptr<const kernel> reduction_kernel(const row_kernel& rows, const row_problem& what, ops::reduction which,
                                               const lane_shape& shape, int words) {
  const ops::op combine = ops::info(which).combine;
  const std::string key =
      fmt::format("reduce {} {}x{}|{}", ops::info(combine).name, shape.groups, shape.neighbours, rows.key());
  const std::string name = kernel_name(key);
  const bool across = what.order.across;
  return std::make_shared<kernel>(kernel{
      key, name, words, row_threads, [=] {
        return kernel_begin(name, {"cuda/device/reduce.h"}) + rows.text() + kernel_signature(name, words, row_threads) +
               fmt::format(
                   " {{\n"
                   "  alignas(16) __shared__ unsigned char shared[{} * sizeof(td_rows::item)];\n"
                   "  td::reduce_rows<td_rows, td::combine_by<{}>, td::put_element<{}>, {}, {}, {}, {}, {}>(w, "
                   "shared);\n"
                   "}}\n",
                   row_threads, row_name(combine), rows.target_word(), shape.groups, shape.neighbours, shape.slots,
                   across, rows.first_row_word()) +
               kernel_end();
      }});
}

void reduce(lowering& into, row_problem what, ops::reduction which) {
  const even_target place = into.grain() == granularity::single ? even_target(into, what) : even_target();
  fit(into, what);
  const lane_shape shape = lane_shape_of(row_kernel(what).run(), what.any_order);
  const row_cut cut = reduction_cut(what, shape);
  const auto launch_into = [&](const row_problem& part, std::int64_t chunk_stride) {
    const row_kernel rows(part);
    std::vector<word> words = rows.words(cut);
    words.push_back({chunk_stride});
    const int count = static_cast<int>(words.size());
    into.add(
        launch{reduction_kernel(rows, part, which, shape, count), std::move(words), cut.row_blocks * cut.chunks, true});
  };
  if (cut.chunks == 1) {
    launch_into(what, 0);
  } else {
    const chunk_results results(into, what, cut.chunks, what.chain.type);
    row_problem part = what;
    part.target = results.target;
    launch_into(part, results.chunk_stride);
    reduce(into, over_chunks(what, {results}, cut.chunks), which);
  }
  place.finish(into);
}

}  // namespace

void lower_stage(lowering& into, const ops::reduce_stage& what) {
  if (core::size_of(what.target.at.shape) == 0) return;
  if (core::size_of(what.chain.shape) == 0) {
    const dtype type = what.chain.type;
    const int identity = ops::info(what.which).identity;
    const scalar number = type == dtype::bool_ ? scalar(identity != 0) : scalar(identity);
    into.add(filled(words_of(number, type), type, what.target));
    return;
  }
  row_problem problem{what.chain, order_of_rows(what.chain, what.axes),
                      with_worked_axes(what.target, what.chain.shape, what.axes), what.chain.type};
  // The order matters even to the minimum of floats: -0.0 and 0.0 are equal.
  problem.any_order = !is_floating(what.chain.type);
  reduce(into, std::move(problem), what.which);
}

}  // namespace tandem::cuda
