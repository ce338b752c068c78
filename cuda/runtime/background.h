#pragma once

#include <functional>

namespace tandem::cuda {

/// Does a job on a thread of its own, one after the other, which begins with the first job. Jobs that have not begun
/// when the process ends are dropped; the one that has is waited for, because what it uses is about to go.
/// Thread safety: any thread. Throws: `std::bad_alloc`, `std::system_error` if there can be no thread. A job must not
/// throw.
void do_in_background(std::function<void()> job);

/// Blocks until there is nothing left to do. Thread safety: any thread.
void finish_background();

}  // namespace tandem::cuda
