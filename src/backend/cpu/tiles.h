#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "backend/cpu/kernels.h"
#include "core/layout.h"
#include "memory/host_pool.h"
#include "ops/program.h"

// Element-wise chains, evaluated a tile of elements at a time so that intermediate values stay in the L1 cache.
namespace tandem::backend {

/// Elements per tile: a tile of float64 is 4 KiB, and a handful of them fit a 32 KiB L1 cache.
inline constexpr std::int64_t tile_elements = 512;
inline constexpr std::int64_t largest_item_bytes = 16;

/// Memory for the duration of a stage, aligned to 64 bytes. Throws: `out_of_memory`.
class scratch {
 public:
  scratch() = default;
  explicit scratch(std::int64_t size_bytes) : data_(memory::allocate_block(size_bytes)), size_bytes_(size_bytes) {}
  scratch(scratch&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_bytes_(other.size_bytes_) {}
  scratch& operator=(scratch other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_bytes_, other.size_bytes_);
    return *this;
  }
  ~scratch() {
    if (data_ != nullptr) memory::free_block(data_, size_bytes_);
  }
  std::byte* data() const noexcept { return data_; }

 private:
  std::byte* data_ = nullptr;
  std::int64_t size_bytes_ = 0;
};

/// A chain bound to addresses, with its axes in the order in which it is iterated: element number e of the iteration is
/// the element with row-major number e of the reordered axes. Shared by the workers, which only read it.
class tile_plan {
 public:
  /// `order` lists the chain's axes from the slowest to the fastest.
  tile_plan(const ops::fused_chain& chain, std::span<const operand> operands, const dims& order);

  std::int64_t item_bytes() const noexcept { return item_size(type_); }
  dtype type() const noexcept { return type_; }

  /// Where all elements from `first` on lie, if the chain is one contiguous operand; null otherwise.
  const std::byte* in_place(std::int64_t first) const noexcept;

  /// One worker's registers. Computes tiles.
  class worker {
   public:
    /// Throws: `out_of_memory`.
    explicit worker(const tile_plan& plan);

    const tile_plan& plan() const noexcept { return plan_; }

    /// The same for any number of elements. They are in the operand itself or at `into`.
    const std::byte* many_values(std::int64_t first, std::int64_t count, std::byte* into);

    /// The values of elements first ... first + count - 1, at most `tile_elements`. They are in the operand itself
    /// where that needs no work, at `into` if that is not null, or else in a register that the next call overwrites;
    /// those of a chain that is one element throughout are in a register that stays.
    const std::byte* values(std::int64_t first, std::int64_t count, std::byte* into = nullptr);

   private:
    const tile_plan& plan_;
    scratch memory_;
    std::vector<std::byte*> registers_;
    std::vector<const std::byte*> current_;
  };

 private:
  friend class worker;

  struct source {
    const std::byte* base;
    detail::layout at;
    std::int64_t item_bytes;
    /// Every element is the same one.
    bool constant;
    /// Elements lie one after the other in the order of iteration.
    bool contiguous;
  };
  struct step {
    kernels::map_kernel kernel;
    int operands[3];
    int arity;
    int result;
  };

  dtype type_;
  std::vector<source> sources_;
  std::vector<ops::program_constant> constants_;
  std::vector<step> steps_;
  int scratch_registers_;
  int result_;
};

/// The layout with its axes in another order.
detail::layout reordered(const detail::layout& at, const dims& order);

/// One worker for each of `count`, made before the work starts so that nothing fails in the middle of it.
std::vector<std::unique_ptr<tile_plan::worker>> make_workers(const tile_plan& plan, int count);

/// How many workers to use: one where there is too little work for more to pay. Only who computes what depends on it,
/// never the result.
int workers_for(std::int64_t elements, std::int64_t steps, const policy& rules);

/// The loop that an instruction stands for.
kernels::map_kernel kernel_of(const ops::instruction& step);

/// Fills `count` elements of dtype `type` with a number.
void fill(std::byte* to, dtype type, const scalar& value, std::int64_t count);

}  // namespace tandem::backend
