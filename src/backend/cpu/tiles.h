#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "backend/cpu/iteration.h"
#include "backend/cpu/kernels.h"
#include "backend/cpu/steps.h"
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

/// A chain and the order in which its elements are visited, by which they are numbered. It has no addresses, so that it
/// serves every run of a program, and many workers at once.
class tile_plan {
  struct source;

 public:
  tile_plan(const ops::fused_chain& chain, const iteration& visited);
  /// `order` lists the chain's axes from the slowest to the fastest.
  tile_plan(const ops::fused_chain& chain, const dims& order) : tile_plan(chain, iteration(chain.shape, order)) {}

  std::int64_t item_bytes() const noexcept { return item_size(type_); }
  dtype type() const noexcept { return type_; }
  /// Whether the chain is one operand whose elements lie one after the other.
  bool is_in_place() const noexcept { return steps_.empty() && sources_.size() == 1 && sources_[0].is_in_place(); }
  /// Whether a worker may be asked to write more than a tile to memory at once: for one loop over operands that are
  /// read in place.
  bool is_tileless(bool streams) const noexcept {
    return is_tileless_ && (!streams || steps_.front().streaming != nullptr);
  }

  /// Whether tiles are blocks whose rows can be written one by one: every source has its neighbours along rows or
  /// along columns.
  bool writes_rows() const noexcept { return writes_rows_; }

  /// One worker's registers. Computes tiles.
  class worker {
   public:
    /// `given` is the program's. Throws: `out_of_memory`.
    worker(const tile_plan& plan, const arguments& given);
    /// The same in memory of the caller's, `plan.worker_bytes(most_elements)` aligned to 64 bytes, for tiles of at most
    /// that many elements.
    worker(const tile_plan& plan, const arguments& given, std::int64_t most_elements, std::byte* memory);
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    const tile_plan& plan() const noexcept { return plan_; }

    /// Where all elements from `first` on lie, if the chain is one contiguous operand; null otherwise.
    const std::byte* in_place(std::int64_t first) const noexcept;

    /// The values of elements first ... first + count - 1, at most a tile, or, of a plan that is tileless, any number
    /// with `into`. They are in the operand itself where that needs no work, at `into` if that is not null, or else in
    /// a register that the next call overwrites; those of a chain that is one element throughout are in a register that
    /// stays.
    const std::byte* values(std::int64_t first, std::int64_t count, std::byte* into = nullptr) {
      return compute(first, count, into, false);
    }
    /// Writes them to memory past the caches; `into` has the alignment of blocks.
    void stream_values(std::int64_t first, std::int64_t count, std::byte* into) {
      const std::byte* const made = compute(first, count, into, true);
      if (made != into) kernels::stream_copy(made, into, count * plan_.item_bytes());
    }
    /// Writes the values of a block, the tile that begins at element `first`, to rows that begin `row_step` bytes
    /// apart; past the caches if wanted, where rows have the alignment and are whole lines. For plans that
    /// `writes_rows`.
    void write_block(std::int64_t first, std::byte* into, std::int64_t row_step, bool streams);
    /// As `values`, for any number of elements.
    const std::byte* many_values(std::int64_t first, std::int64_t count, std::byte* into);

   private:
    void fetch_turned(const source& from, std::int64_t first, std::byte* to) const;
    void use(const arguments& given, std::int64_t most_elements, std::byte* memory);
    const std::byte* compute(std::int64_t first, std::int64_t count, std::byte* into, bool streams);
    const std::byte* run_steps(std::int64_t count, std::byte* into, bool streams);

    const tile_plan& plan_;
    scratch memory_;
    /// Addresses of the sources' buffers.
    const std::byte** bases_ = nullptr;
    /// Memory of each register; null for sources that are always read in place.
    std::byte** registers_ = nullptr;
    /// Where each register's values are now.
    const std::byte** current_ = nullptr;
    /// Of a block: how far each source's rows are apart.
    std::int64_t* row_steps_ = nullptr;
  };

  /// Bytes that a worker needs for tiles of `most_elements`. A multiple of 64.
  std::int64_t worker_bytes(std::int64_t most_elements) const noexcept;

 private:
  friend class worker;

  struct source {
    int buffer;
    detail::layout at;
    std::int64_t item_bytes;
    /// All elements, of more than one, are the same one.
    bool constant;
    /// Elements lie one after the other in the order of iteration.
    bool contiguous;
    /// What fetches a tile, if its rows are columns in memory; null otherwise.
    kernels::transpose_kernel transpose;

    bool is_in_place() const noexcept { return contiguous && !constant; }
  };

  std::size_t register_count() const noexcept {
    return sources_.size() + constants_.size() + static_cast<std::size_t>(scratch_registers_);
  }

  dtype type_;
  std::vector<source> sources_;
  std::vector<ops::program_constant> constants_;
  std::vector<step> steps_;
  int scratch_registers_;
  int result_;
  /// Registers that need memory.
  std::int64_t held_registers_ = 0;
  bool is_tileless_;
  bool writes_rows_;
};

/// The layout with its axes in another order.
detail::layout reordered(const detail::layout& at, const dims& order);

/// One worker for each of `count`, made before the work starts so that nothing fails in the middle of it.
std::vector<std::unique_ptr<tile_plan::worker>> make_workers(const tile_plan& plan, const arguments& given, int count);

/// Fills `count` elements of dtype `type` with a number.
void fill(std::byte* to, dtype type, const scalar& value, std::int64_t count);

}  // namespace tandem::backend
