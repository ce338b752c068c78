#include "backend/backend.h"

#include <cblas.h>

#include <algorithm>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "backend/cpu/block_by_block.h"
#include "backend/cpu/elementwise.h"
#include "backend/cpu/instruction_set.h"
#include "backend/cpu/stages.h"
#include "backend/cpu/tiles.h"
#include "runtime/system.h"

namespace tandem::backend {

namespace {

// A stage and, for an element-wise one, its plan, or how it is done together with the one before.
struct cpu_stage {
  const ops::stage* what;
  int number;
  std::unique_ptr<const elementwise_plan> plan;
  std::unique_ptr<const block_by_block> with_last;

  void run(const stage_context& context) const {
    if (with_last) {
      with_last->run(context);
      return;
    }
    if (plan) {
      plan->run(context);
      return;
    }
    std::visit(
        [&](const auto& stage) {
          if constexpr (!std::is_same_v<decltype(stage), const ops::elementwise_stage&>) run_stage(stage, context);
        },
        *what);
  }
};

class cpu_executable final : public executable {
 public:
  explicit cpu_executable(ops::program what) : executable(std::move(what)) {
    const std::vector<ops::stage>& stages = program().stages;
    for (std::size_t i = 0; i < stages.size(); ++i) {
      auto together = block_by_block::of(program(), i);
      if (together) ++i;
      const auto* const elementwise = together ? nullptr : std::get_if<ops::elementwise_stage>(&stages[i]);
      stages_.push_back({&stages[i], static_cast<int>(i),
                         elementwise == nullptr ? nullptr : std::make_unique<elementwise_plan>(*elementwise),
                         std::move(together)});
    }
    for (std::size_t i = 0; i < program().buffers.size(); ++i) {
      if (program().buffers[i].use == ops::buffer::role::temporary) temporaries_.push_back(i);
    }
    std::sort(temporaries_.begin(), temporaries_.end(), [&](std::size_t a, std::size_t b) {
      return program().buffers[a].last_stage < program().buffers[b].last_stage;
    });
    temporary_bytes_ = most_temporary_bytes();
  }

  bool may_write_in_part() const noexcept override {
    return std::ranges::any_of(stages_, [](const cpu_stage& each) { return each.with_last != nullptr; });
  }

  std::int64_t temporary_bytes() const noexcept override { return temporary_bytes_; }

  void run(const arguments& given, const resolved_policy& rules, std::span<const std::int16_t> workers) const {
    if (!temporaries_.empty()) {
      run_with_temporaries(given, rules, workers);
      return;
    }
    for (const cpu_stage& stage : stages_) stage.run({given, rules, workers_of(stage, workers)});
  }

 private:
  // Of two stages that are done together, the larger number.
  static int workers_of(const cpu_stage& stage, std::span<const std::int16_t> planned) {
    if (planned.empty()) return 0;
    const auto last = static_cast<std::size_t>(stage.number);
    return stage.with_last ? std::max(planned[last - 1], planned[last]) : planned[last];
  }

  void run_with_temporaries(const arguments& given, const resolved_policy& rules,
                            std::span<const std::int16_t> workers) const {
    std::vector<operand> bound(given.operands.begin(), given.operands.end());
    std::vector<scratch> memory(bound.size());
    auto next = temporaries_.begin();
    for (const cpu_stage& stage : stages_) {
      const std::size_t made = target_of(stage);
      if (bound[made].data == nullptr) {
        const ops::buffer& buffer = program().buffers[made];
        memory[made] = scratch(buffer.size * item_size(buffer.type));
        bound[made].data = memory[made].data();
      }
      stage.run({{bound, given.numbers}, rules, workers_of(stage, workers)});
      for (; next != temporaries_.end() && last_stage(*next) <= stage.number; ++next) {
        memory[*next] = scratch();
      }
    }
  }

  int last_stage(std::size_t buffer) const { return program().buffers[buffer].last_stage; }

  static std::size_t target_of(const cpu_stage& stage) {
    return static_cast<std::size_t>(std::visit([](const auto& of) { return of.target.buffer; }, *stage.what));
  }

  std::int64_t most_temporary_bytes() const {
    if (temporaries_.empty()) return 0;
    std::vector<std::int64_t> bytes_of(program().buffers.size(), 0);
    std::int64_t now = 0;
    std::int64_t most = 0;
    auto next = temporaries_.begin();
    for (const cpu_stage& stage : stages_) {
      const std::size_t made = target_of(stage);
      const ops::buffer& buffer = program().buffers[made];
      if (buffer.use == ops::buffer::role::temporary && bytes_of[made] == 0) {
        bytes_of[made] = buffer.size * item_size(buffer.type);
        now += bytes_of[made];
        most = std::max(most, now);
      }
      for (; next != temporaries_.end() && last_stage(*next) <= stage.number; ++next) now -= bytes_of[*next];
    }
    return most;
  }

  std::vector<cpu_stage> stages_;
  // Temporary buffers by their last stage: a program may have very many of both.
  std::vector<std::size_t> temporaries_;
  std::int64_t temporary_bytes_ = 0;
};

class cpu_backend final : public backend {
 public:
  std::string_view name() const noexcept override { return "cpu"; }

  description describe() override {
    description result;
    result.device = runtime::processor_name();
    const instruction_set& chosen = instruction_set_in_use();
    for (const instruction_set& each : instruction_sets()) {
      result.instruction_sets.push_back({std::string(each.name), each.runs_here(), each.name == chosen.name});
    }
    result.blas = {"OpenBLAS", runtime::file_of(reinterpret_cast<const void*>(&cblas_zgemm)), openblas_get_config()};
    return result;
  }

  memory::device_memory& memory() noexcept override { return memory::host(); }

  std::string why_not(const ops::program&) const override { return ""; }

  std::shared_ptr<const executable> prepare(ops::program what) override {
    return std::make_shared<const cpu_executable>(std::move(what));
  }

  void run(const executable& what, const arguments& given, const resolved_policy& rules,
           std::span<const std::int16_t> workers, late_operands*) override {
    static_cast<const cpu_executable&>(what).run(given, rules, workers);
  }
};

}  // namespace

backend& cpu() {
  static cpu_backend instance;
  return instance;
}

}  // namespace tandem::backend
