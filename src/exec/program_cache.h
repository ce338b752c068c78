#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "backend/backend.h"
#include "exec/planning.h"
#include "ops/structure.h"

namespace tandem::exec {

/// A program compiled once for all expressions of one structure.
struct cached_program {
  std::vector<std::int64_t> key;
  /// For which it was made.
  backend::backend* runs;
  std::shared_ptr<const backend::executable> code;
  /// For each of the program's buffers, the structure's array that it stands for, or -1.
  std::vector<int> array_of_buffer;
  /// For each of the program's numbers, the structure's.
  std::vector<int> number_of;
  /// The offsets of the structure's arrays when the program was compiled: its regions count from there.
  std::vector<std::int64_t> offsets;
  /// The same for the target, if the program has one.
  std::int64_t target_offset = 0;
  /// What the planner knows of it.
  std::shared_ptr<planned_program> planned;
};

/// The calling thread's program for a structure and a backend, or null. Each thread has its own, so that looking takes
/// no lock.
const cached_program* find_program(const ops::structure& of, const backend::backend* runs, std::uint64_t hash) noexcept;

/// Keeps a program for later; it takes the place of another one of that hash.
void keep_program(cached_program made, std::uint64_t hash);

}  // namespace tandem::exec
