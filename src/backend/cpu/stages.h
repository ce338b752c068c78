#pragma once

#include <span>

#include <tandem/policy.h>

#include "backend/backend.h"
#include "ops/program.h"
#include "runtime/workers.h"

// What the CPU backend does for each kind of stage but element-wise ones (elementwise.h). Every buffer that the stage
// names is bound in `given.operands`.
namespace tandem::backend {

struct stage_context {
  arguments given;
  const resolved_policy& rules;
  /// For the stage; 0 for as many as the policy allows.
  int planned_workers = 0;

  int workers() const { return planned_workers > 0 ? planned_workers : runtime::workers_of(rules); }

  std::byte* data(const ops::region& of) const { return given.operands[static_cast<std::size_t>(of.buffer)].data; }
  void advance(std::int64_t work) const {
    if (rules.progress.value != nullptr) rules.progress.value->advance(work);
  }
};

void run_stage(const ops::reduce_stage& stage, const stage_context& context);
void run_stage(const ops::arg_stage& stage, const stage_context& context);
void run_stage(const ops::scan_stage& stage, const stage_context& context);
void run_stage(const ops::matmul_stage& stage, const stage_context& context);
void run_stage(const ops::repeat_stage& stage, const stage_context& context);

}  // namespace tandem::backend
