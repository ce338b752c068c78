#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <tandem/ndarray.h>

#include "backend/backend.h"
#include "exec/placement.h"
#include "exec/planning.h"
#include "exec/watching.h"
#include "memory/storage.h"

// Programs with what they read and write, and running them where they were made for.
namespace tandem::exec {

// A value for each of what programs have few of, which are held in place; all are `blank` at first.
template <class Value>
class short_list {
 public:
  explicit short_list(std::size_t size, const Value& blank = Value{})
      : short_list(size, blank, std::make_index_sequence<few>{}) {}
  std::size_t size() const noexcept { return size_; }
  Value& operator[](std::size_t i) noexcept { return many_.empty() ? few_[i] : many_[i]; }
  const Value& operator[](std::size_t i) const noexcept { return many_.empty() ? few_[i] : many_[i]; }
  std::span<Value> all() noexcept { return {many_.empty() ? few_ : many_.data(), size_}; }
  operator std::span<const Value>() const noexcept { return {many_.empty() ? few_ : many_.data(), size_}; }

 private:
  static constexpr std::size_t few = 8;

  template <std::size_t... Each>
  short_list(std::size_t size, const Value& blank, std::index_sequence<Each...>)
      : size_(size), few_{(static_cast<void>(Each), blank)...} {
    if (size > few) many_.resize(size, blank);
  }

  std::size_t size_;
  Value few_[few];
  std::vector<Value> many_;
};

// Where a buffer's element 0 is: so many bytes from the beginning of a storage. No storage for temporaries.
struct binding {
  detail::storage* memory;
  std::int64_t shift_bytes;
};

// A program, its inputs and its numbers; outputs are bound when it runs.
struct bound_program {
  backend::backend* runs;
  std::shared_ptr<const backend::executable> code;
  short_list<binding> buffers;
  short_list<scalar> numbers;
  /// Elements that the output's regions are to be moved by.
  std::int64_t target_shift = 0;
  /// The operands of a program that was compiled now: they keep the memory alive. For a program that was found, nodes
  /// and the structure do.
  std::vector<ndarray> held;
  std::shared_ptr<planned_program> planned;
  /// Where and how it runs; its place is that of `runs`, or -1 if the planner does not know that device.
  plan::decision decided{};
  /// While somebody follows the application.
  std::unique_ptr<watched_decision> watched{};

  const ops::program& program() const { return code->program(); }
  const ops::buffer& result_buffer() const {
    return program().buffers[static_cast<std::size_t>(program().result.buffer)];
  }
};

/// Runs a program whose outputs all are in `output`, of which `result_bytes` are new. Copies operands to where it runs,
/// if the policy lets it. On the host it waits; elsewhere the work is given to the device, and what reads the result
/// waits. Throws: `out_of_memory`, `device_error`; storages hold what they held then, but for `output` if the program
/// may write in part.
void run(bound_program& what, detail::storage& output, detail::access how, std::int64_t result_bytes,
         const request& asked);

/// Before anything is allocated on the host. Throws: `out_of_memory` if the policy allows less host memory than that.
void check_memory(std::int64_t result_bytes, std::int64_t temporary_bytes, const resolved_policy& rules,
                  std::string_view what);

}  // namespace tandem::exec
