#pragma once

#include <vector>

#include <tandem/machine.h>

#include "runtime/machine_view.h"
#include "runtime/schedulers.h"

// How many cores the calling thread may use: the least of what the affinity mask, cgroups and a batch scheduler grant
// and, on processors with cores of two kinds, of the faster cores.
//
// Where all cores are of one kind, each hardware thread counts: whether two of a core are worth having depends on the
// work, the user's mask can leave them out, and containers are given hardware threads. Of two kinds only whole cores of
// the faster one count, because a loop is cut into equal parts and lasts as long as its slowest part: a slow core, or
// the second thread of a core whose neighbours have theirs to themselves, holds all others up.
//
// Where OpenMP binds threads (OMP_PROC_BIND, OMP_PLACES, KMP_AFFINITY), a thread's mask is OpenMP's doing and holds one
// core after its first parallel region; the union of OpenMP's places stands for it then, in every thread. With the
// first two variables it may have one place only: OpenBLAS of Debian 12 loads libgomp, which binds the process's first
// thread when it is loaded, and libomp takes that thread's mask for all that there is.
namespace tandem::runtime {

/// Each limit that exists on a machine, the affinity mask first. A cpuset counts for the processors that are in the
/// mask, too; one that has none of them is of other threads and no limit, and neither are performance cores outside the
/// mask.
std::vector<core_limit> core_limits(const machine_view& view);

/// The limits of the calling thread. As `permitted_cores`, it takes files and variables as they were when first read.
/// Thread safety: any thread.
/// Throws: `std::bad_alloc`.
std::vector<core_limit> core_limits();

/// What decides among `core_limits()`, at least 1. The affinity mask is asked for at each call, which takes
/// 0.2 us (AMD EPYC, 2026-11); files and variables are read by the first one, which takes a millisecond. If memory for
/// that is lacking, what the mask says; 1 without one.
/// Thread safety: any thread; takes no lock.
int permitted_cores() noexcept;

/// Has the next call read files and variables again: for a forked child, which may be in another cgroup. What was read
/// before is kept until the process ends, because others may be reading it.
/// Thread safety: any thread, and the handler of a fork.
void forget_core_limits() noexcept;

/// Variables of schedulers that are set and yet limit nothing.
std::vector<ignored_variable> ignored_scheduler_variables(const machine_view& view);

}  // namespace tandem::runtime
