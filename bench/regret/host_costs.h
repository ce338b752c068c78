#pragma once

#include "ops/program.h"
#include "regret/host_tables.h"

// What work takes on a made-up host when nothing disturbs it: numbers only, nothing runs.
namespace bench::regret {

/// Microseconds of a stage that so many workers share, from 1 to the host's cores; 0 for one without elements.
/// Thread safety: any thread. Throws: `std::bad_alloc`.
double host_stage_us(const host_table& on, const tandem::ops::stage& of, int workers);
/// Of an evaluation, each stage with so many workers.
double host_program_us(const host_table& on, const tandem::ops::program& of, int workers);

}  // namespace bench::regret
