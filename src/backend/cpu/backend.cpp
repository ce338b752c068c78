#include "backend/backend.h"

#include <cblas.h>

#include <algorithm>
#include <string>
#include <vector>

#include "backend/cpu/instruction_set.h"
#include "backend/cpu/stages.h"
#include "backend/cpu/tiles.h"
#include "runtime/system.h"

namespace tandem::backend {

namespace {

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

  void run(const ops::program& what, std::span<const operand> operands, const policy& rules) override {
    const bool has_temporaries = std::ranges::any_of(
        what.buffers, [](const ops::buffer& each) { return each.use == ops::buffer::role::temporary; });
    if (has_temporaries) {
      run_with_temporaries(what, operands, rules);
      return;
    }
    const stage_context context{operands, rules};
    for (const ops::stage& each : what.stages) {
      std::visit([&](const auto& stage) { run_stage(stage, context); }, each);
    }
  }

 private:
  static void run_with_temporaries(const ops::program& what, std::span<const operand> operands, const policy& rules) {
    std::vector<operand> bound(operands.begin(), operands.end());
    std::vector<scratch> temporaries(what.buffers.size());
    const stage_context context{bound, rules};
    // Temporaries by their last stage: a program may have very many of both.
    std::vector<std::size_t> ending;
    for (std::size_t i = 0; i < what.buffers.size(); ++i) {
      if (what.buffers[i].use == ops::buffer::role::temporary) ending.push_back(i);
    }
    std::sort(ending.begin(), ending.end(),
              [&](std::size_t a, std::size_t b) { return what.buffers[a].last_stage < what.buffers[b].last_stage; });
    auto next = ending.begin();
    for (std::size_t number = 0; number < what.stages.size(); ++number) {
      std::visit(
          [&](const auto& stage) {
            const auto made = static_cast<std::size_t>(stage.target.buffer);
            if (bound[made].data == nullptr) {
              const ops::buffer& buffer = what.buffers[made];
              temporaries[made] = scratch(buffer.size * item_size(buffer.type));
              bound[made].data = temporaries[made].data();
            }
            run_stage(stage, context);
          },
          what.stages[number]);
      for (; next != ending.end() && what.buffers[*next].last_stage <= static_cast<int>(number); ++next) {
        temporaries[*next] = scratch();
      }
    }
  }
};

}  // namespace

backend& cpu() {
  static cpu_backend instance;
  return instance;
}

}  // namespace tandem::backend
