#include "backend/backend.h"

#include <cblas.h>

#include <algorithm>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "backend/cpu/elementwise.h"
#include "backend/cpu/instruction_set.h"
#include "backend/cpu/stages.h"
#include "backend/cpu/tiles.h"
#include "runtime/system.h"

namespace tandem::backend {

namespace {

// A stage and, for an element-wise one, its plan.
struct cpu_stage {
  const ops::stage* what;
  std::unique_ptr<const elementwise_plan> plan;

  void run(const stage_context& context) const {
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
    for (const ops::stage& each : program().stages) {
      const auto* const elementwise = std::get_if<ops::elementwise_stage>(&each);
      stages_.push_back({&each, elementwise == nullptr ? nullptr : std::make_unique<elementwise_plan>(*elementwise)});
    }
    for (std::size_t i = 0; i < program().buffers.size(); ++i) {
      if (program().buffers[i].use == ops::buffer::role::temporary) temporaries_.push_back(i);
    }
    std::sort(temporaries_.begin(), temporaries_.end(), [&](std::size_t a, std::size_t b) {
      return program().buffers[a].last_stage < program().buffers[b].last_stage;
    });
  }

  void run(std::span<const operand> operands, const policy& rules) const {
    if (!temporaries_.empty()) {
      run_with_temporaries(operands, rules);
      return;
    }
    const stage_context context{operands, rules};
    for (const cpu_stage& stage : stages_) stage.run(context);
  }

 private:
  void run_with_temporaries(std::span<const operand> operands, const policy& rules) const {
    std::vector<operand> bound(operands.begin(), operands.end());
    std::vector<scratch> memory(bound.size());
    const stage_context context{bound, rules};
    auto next = temporaries_.begin();
    for (std::size_t number = 0; number < stages_.size(); ++number) {
      const auto made = static_cast<std::size_t>(
          std::visit([](const auto& stage) { return stage.target.buffer; }, *stages_[number].what));
      if (bound[made].data == nullptr) {
        const ops::buffer& buffer = program().buffers[made];
        memory[made] = scratch(buffer.size * item_size(buffer.type));
        bound[made].data = memory[made].data();
      }
      stages_[number].run(context);
      for (; next != temporaries_.end() && last_stage(*next) <= static_cast<int>(number); ++next) {
        memory[*next] = scratch();
      }
    }
  }

  int last_stage(std::size_t buffer) const { return program().buffers[buffer].last_stage; }

  std::vector<cpu_stage> stages_;
  // Temporary buffers by their last stage: a program may have very many of both.
  std::vector<std::size_t> temporaries_;
};

class cpu_backend final : public backend {
 public:
  std::string_view name() const noexcept override { return "cpu"; }

  description describe() const override {
    description result;
    const instruction_set& chosen = instruction_set_in_use();
    for (const instruction_set& each : instruction_sets()) {
      result.instruction_sets.push_back({std::string(each.name), each.runs_here(), each.name == chosen.name});
    }
    result.blas = {"OpenBLAS", runtime::file_of(reinterpret_cast<const void*>(&cblas_zgemm)), openblas_get_config()};
    return result;
  }

  std::shared_ptr<const executable> prepare(ops::program what) override {
    return std::make_shared<const cpu_executable>(std::move(what));
  }

  void run(const executable& what, std::span<const operand> operands, const policy& rules) override {
    static_cast<const cpu_executable&>(what).run(operands, rules);
  }
};

}  // namespace

backend& cpu() {
  static cpu_backend instance;
  return instance;
}

}  // namespace tandem::backend
