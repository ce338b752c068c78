#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "exec/run.h"
#include "memory/storage.h"

// What a program works on, on its way to a device.
namespace tandem::exec {

/// The storages of a program in a device's memory, each once. Thread safety: none.
class uses_on_device {
 public:
  /// Copies teach the planner how long they take to `place`, unless that is -1.
  uses_on_device(memory::device_memory& where, bool pins, int place) : where_(where), pins_(pins), place_(place) {}

  memory::device_memory& where() const noexcept { return where_; }

  /// Where the bytes are, for work that the calling thread gives from now on. What is only read and large is copied
  /// beside the work that was given before. Throws: `device_error`, `out_of_memory`.
  std::byte* data(detail::storage& of, detail::access how);
  /// Whether a large copy would have to be made, from the host, for work that reads it.
  bool needs_large_copy(const detail::storage& of) const;
  /// The work has been given. Throws: `device_error` if memory of the application's cannot be written back.
  void given();

 private:
  bool needs_copy(const detail::storage& of, detail::access how) const {
    return how != detail::access::overwrite && of.is_on_host() && !of.is_on(where_);
  }

  memory::device_memory& where_;
  bool pins_;
  int place_;
  std::vector<std::pair<detail::storage*, detail::device_use>> uses_;
};

/// The operands that a program needs large copies of, and not for its first stage: they are copied while the device
/// does the stages before. None comes after a stage that writes an output, so that a copy that fails leaves the outputs
/// as they were. Thread safety: none.
class late_copies final : public backend::late_operands {
 public:
  /// All must outlive it. Throws: `device_error`.
  late_copies(const bound_program& what, uses_on_device& uses, std::span<backend::operand> operands);

  bool is_empty() const noexcept { return entries_.empty(); }
  bool contains(int buffer) const noexcept;
  bool has(int stage) const noexcept override;
  void bring(int stage) override;

  /// The work's timed marks before and after what it may have waited for, from now on.
  void measure_pauses() noexcept { is_measured_ = true; }
  std::vector<std::pair<memory::mark_ptr, memory::mark_ptr>> take_pauses() noexcept { return std::move(pauses_); }

 private:
  struct entry {
    int stage;
    int buffer;
  };

  const bound_program& what_;
  uses_on_device& uses_;
  std::span<backend::operand> operands_;
  std::vector<entry> entries_;
  bool is_measured_ = false;
  std::vector<std::pair<memory::mark_ptr, memory::mark_ptr>> pauses_;
};

}  // namespace tandem::exec
