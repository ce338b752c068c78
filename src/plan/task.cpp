#include "plan/task.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <variant>

#include "core/layout.h"
#include "ops/op.h"
#include "ops/work.h"
#include "plan/places.h"

namespace tandem::plan {

std::string_view to_string(work_class of) noexcept {
  constexpr std::array<std::string_view, work_class_count> names{"arithmetic", "division",   "special", "reduction",
                                                                 "search",     "scan",       "product", "counting",
                                                                 "gathering",  "transposing"};
  return names[static_cast<std::size_t>(of)];
}

work_class class_of_flops(int flops) noexcept {
  if (flops < 4) return work_class::arithmetic;
  return flops < 10 ? work_class::division : work_class::special;
}

namespace {

using ops::fused_chain;

// Numbers for what decides a stage's time: those of element-wise operations as they are, then these.
enum : std::uint16_t {
  reducing = 256,
  searching = reducing + 16,
  scanning = searching + 16,
  multiplying = scanning + 16,
  repeating,
  converting,
  copying,
};

// The axis along which a layout's neighbours lie, of those that have more than one element; -1 if there are none.
int fastest_axis(const detail::layout& at) {
  int fastest = -1;
  for (int axis = at.shape.size() - 1; axis >= 0; --axis) {
    if (at.shape[axis] < 2 || at.strides[axis] == 0) continue;
    if (fastest < 0 || std::abs(at.strides[axis]) < std::abs(at.strides[fastest])) fastest = axis;
  }
  return fastest;
}

// How elements of `at` are fetched when work goes along `axis`, if they are not neighbours there.
std::optional<work_class> fetched(const detail::layout& at, int axis) {
  if (axis < 0 || std::abs(at.strides[axis]) <= 1) return std::nullopt;
  const int own = fastest_axis(at);
  return own >= 0 && std::abs(at.strides[own]) == 1 ? work_class::transposing : work_class::gathering;
}

// What comes with them: memory is moved in whole lines, of which elements that are `step` apart leave the rest unused.
double bytes_beside(const detail::layout& at, dtype type) {
  constexpr double line_bytes = 64;
  const int own = fastest_axis(at);
  if (own < 0) return 0;
  const auto step = static_cast<double>(std::abs(at.strides[own]));
  const auto item = static_cast<double>(item_size(type));
  double bytes = item;
  for (int axis = 0; axis < at.shape.size(); ++axis) {
    if (at.strides[axis] != 0) bytes *= static_cast<double>(at.shape[axis]);
  }
  return bytes * (std::max(1.0, std::min(step, line_bytes / item)) - 1);
}

// Whether rows of neighbours are carried along the axis, which vector registers do, in place of single elements.
bool carries_rows(const detail::layout& target, int axis) {
  constexpr std::int64_t least_neighbours = 16;
  const int fastest = fastest_axis(target);
  return fastest >= 0 && fastest != axis && target.shape[fastest] >= least_neighbours;
}

// Elements of less than 4 bytes lie in a register by as many more; only arithmetic has instructions for them.
double share_of_lane(work_class of, const ops::instruction& what) {
  if (of != work_class::arithmetic) return 1;
  const auto widest = static_cast<double>(std::max(item_size(what.operand_type), item_size(what.result_type)));
  return std::min(1.0, widest / 4);
}

class maker {
 public:
  explicit maker(const ops::stage& of) {
    const ops::stage_work work = ops::work_of(of);
    made_ = {work_class::arithmetic, copying, work.type, {}, static_cast<double>(work.bytes), 0, 0, 0, 0};
    std::visit([&](const auto& stage) { add(stage, work); }, of);
  }
  const stage_task& made() const { return made_; }

 private:
  void count(work_class of, double operations) { made_.operations[static_cast<std::size_t>(of)] += operations; }

  void add(const fused_chain& chain, int axis) {
    const double elements = static_cast<double>(core::size_of(chain.shape));
    int most = 0;
    for (const ops::instruction& each : chain.code) {
      const int flops = each.converts ? 1 : ops::info(each.which).flops;
      const work_class of = class_of_flops(flops);
      count(of, elements * flops * (is_complex(each.operand_type) ? 4 : 1) * share_of_lane(of, each));
      if (flops < most) continue;
      most = flops;
      made_.main = of;
      made_.operation = each.converts ? std::uint16_t{converting} : static_cast<std::uint16_t>(each.which);
    }
    for (std::size_t i = 0; i < chain.sources.size(); ++i) move(chain.sources[i].at, chain.source_types[i], axis);
  }
  void move(const detail::layout& at, dtype type, int axis) {
    if (const auto of = fetched(at, axis)) count(*of, static_cast<double>(core::size_of(at.shape)));
    made_.bytes += bytes_beside(at, type);
  }

  void add(const ops::elementwise_stage& stage, const ops::stage_work&) {
    add(stage.chain, fastest_axis(stage.target.at));
    move(stage.target.at, stage.chain.type, fastest_axis(stage.target.at));
    if (!stage.chain.code.empty()) return;
    for (const work_class of : {work_class::gathering, work_class::transposing}) {
      if (made_.operations[static_cast<std::size_t>(of)] > 0) made_.main = of;
    }
  }

  // Work along a chain's elements follows its largest operand.
  void add_combining(const fused_chain& chain, work_class combining, std::uint16_t number, double flops) {
    int axis = -1;
    double most = -1;  // of shapes without elements, the other extents may multiply past 64 bits
    for (const ops::region& source : chain.sources) {
      double elements = 1;
      for (int i = 0; i < source.at.shape.size(); ++i) {
        if (source.at.strides[i] != 0) elements *= static_cast<double>(source.at.shape[i]);
      }
      if (elements <= most) continue;
      most = elements;
      axis = fastest_axis(source.at);
    }
    add(chain, axis);
    count(combining, static_cast<double>(core::size_of(chain.shape)) * flops * (is_complex(chain.type) ? 4 : 1));
    if (made_.main == work_class::special) return;
    made_.main = combining;
    made_.operation = number;
  }
  void add(const ops::reduce_stage& stage, const ops::stage_work&) {
    add_combining(stage.chain, work_class::reduction,
                  static_cast<std::uint16_t>(reducing + static_cast<int>(stage.which)),
                  ops::info(ops::info(stage.which).combine).flops);
  }
  void add(const ops::arg_stage& stage, const ops::stage_work&) {
    add_combining(stage.chain, work_class::search, static_cast<std::uint16_t>(searching + (stage.largest ? 1 : 0)), 1);
  }
  void add(const ops::scan_stage& stage, const ops::stage_work&) {
    const work_class carrying = carries_rows(stage.target.at, stage.axis) ? work_class::arithmetic : work_class::scan;
    add_combining(stage.chain, carrying, static_cast<std::uint16_t>(scanning + static_cast<int>(stage.which)),
                  ops::info(ops::info(stage.which).combine).flops);
  }
  void add(const ops::matmul_stage& stage, const ops::stage_work& work) {
    const int rank = stage.x.at.shape.size();
    made_.main = is_floating(stage.type) ? work_class::product : work_class::counting;
    made_.operation = multiplying;
    made_.m = static_cast<double>(stage.x.at.shape[rank - 2]);
    made_.k = static_cast<double>(stage.x.at.shape[rank - 1]);
    made_.n = static_cast<double>(stage.y.at.shape[rank - 1]);
    made_.batch = 1;
    for (int i = 0; i < rank - 2; ++i) made_.batch *= static_cast<double>(stage.target.at.shape[i]);
    // Of matrices that no memory holds there may be more than 63 bits count.
    const bool is_counted = work.flops < std::numeric_limits<std::int64_t>::max();
    const double each = is_complex(stage.type) ? 8 : 2;
    count(made_.main, is_counted ? static_cast<double>(work.flops) : each * made_.m * made_.n * made_.k * made_.batch);
  }
  void add(const ops::repeat_stage& stage, const ops::stage_work&) {
    made_.main = work_class::gathering;
    made_.operation = repeating;
    count(work_class::gathering, static_cast<double>(core::size_of(stage.target.at.shape)));
  }

  stage_task made_;
};

}  // namespace

task task_of(const ops::program& what) {
  task made{{}, 0, 0};
  made.stages.reserve(what.stages.size());
  for (const ops::stage& each : what.stages) made.stages.push_back(maker(each).made());
  for (const ops::buffer& each : what.buffers) {
    const std::int64_t bytes = each.size * item_size(each.type);
    if (each.use == ops::buffer::role::temporary) add_bytes(made.temporary_bytes, bytes);
    if (each.use == ops::buffer::role::output) add_bytes(made.result_bytes, bytes);
  }
  if (made.result_bytes == 0) {  // an array that is assigned to; it exists, so that its bytes are a number
    made.result_bytes = core::size_of(what.result.at.shape) * item_size(what.result_type);
  }
  return made;
}

}  // namespace tandem::plan
