#include <algorithm>

#include <fmt/format.h>

#include "core/layout.h"
#include "cuda/codegen/chain.h"
#include "cuda/codegen/lower_stage.h"
#include "cuda/codegen/rows.h"

// Running results. Where there are few rows, they are cut into chunks: the totals of chunks are found, scanned, and the
// chunks' own scans go on from them. A scan that looks back at what other blocks have done so far would read operands
// once instead of twice, but combine in an order that changes from run to run.
namespace tandem::cuda {

namespace {

// What a lane takes at a time: cuda/device/scan.h.
constexpr std::int64_t items = 8;

enum class part { totals, whole, after };

constexpr const char* part_names[] = {"totals", "whole", "after"};

std::shared_ptr<const kernel> scan_kernel(const row_kernel& rows, const row_problem& what, ops::reduction which,
                                          part does, int words) {
  const ops::op combine = ops::info(which).combine;
  const char* const part_name = part_names[static_cast<int>(does)];
  const bool across = what.order.across;
  const std::string key = fmt::format("scan {} {}|{}", ops::info(combine).name, part_name, rows.key());
  const std::string name = kernel_name(key);
  return std::make_shared<kernel>(kernel{
      key, name, words, row_threads, [=] {
        return kernel_begin(name, {"cuda/device/scan.h"}) + rows.text() + kernel_signature(name, words, row_threads) +
               fmt::format(
                   " {{\n"
                   "  alignas(16) __shared__ unsigned char shared[{} * sizeof(td_rows::item)];\n"
                   "  td::scan_rows<td_rows, td::combine_by<{}>, {}, td::scan_part::{}, {}, {}, "
                   "{}>(w, shared);\n"
                   "}}\n",
                   row_threads, row_name(combine), rows.target_word(), part_name, items, across,
                   rows.first_row_word()) +
               kernel_end();
      }});
}

void add_launch(lowering& into, const row_problem& what, const row_cut& cut, ops::reduction which, part does,
                const std::vector<word>& further) {
  const row_kernel rows(what);
  std::vector<word> words = rows.words(cut);
  words.insert(words.end(), further.begin(), further.end());
  const int count = static_cast<int>(words.size());
  into.add(launch{scan_kernel(rows, what, which, does, count), std::move(words), cut.row_blocks * cut.chunks, true});
}

void scan(lowering& into, row_problem what, ops::reduction which) {
  const even_target place = into.grain() == granularity::single ? even_target(into, what) : even_target();
  fit(into, what);
  const std::int64_t lanes = std::min(power_of_two(ceiling(what.length(), items)), most_lanes(what.order));
  const std::int64_t unit = lanes * items;
  // A block can go through a row of any length; cutting rows costs another pass over them.
  const row_cut cut = cut_of(what, lanes, unit, 1, std::max<std::int64_t>(1, ceiling(what.length(), unit)));
  if (cut.chunks == 1) {
    add_launch(into, what, cut, which, part::whole, {});
  } else {
    const dtype type = what.chain.type;
    const chunk_results totals(into, what, cut.chunks, type);
    const chunk_results scanned(into, what, cut.chunks, type);
    row_problem total = what;
    total.target = totals.target;
    total.has_running_results = false;
    add_launch(into, total, cut, which, part::totals, {{totals.chunk_stride}});

    row_problem over = over_chunks(what, {totals}, cut.chunks);
    over.has_running_results = true;
    over.target = over_chunks(what, {scanned}, cut.chunks).chain.sources[0];
    scan(into, over, which);

    const std::int64_t row_stride = what.order.across ? 1 : cut.chunks;
    add_launch(into, what, cut, which, part::after, {{0, scanned.target.buffer}, {row_stride}, {scanned.chunk_stride}});
  }
  place.finish(into);
}

}  // namespace

void lower_stage(lowering& into, const ops::scan_stage& what) {
  if (core::size_of(what.chain.shape) == 0) return;
  scan(into, {what.chain, order_of_rows(what.chain, {what.axis}), what.target, what.chain.type, true}, what.which);
}

}  // namespace tandem::cuda
