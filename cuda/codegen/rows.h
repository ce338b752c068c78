#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tandem/dims.h>

#include "cuda/codegen/lower_stage.h"
#include "cuda/codegen/space.h"
#include "ops/program.h"

// Work along rows of a chain's elements, as reductions, searches and scans do it: what is kept and what is worked, how
// rows are cut into chunks and shared out to threads, and the text and words of cuda/device/rows.h.
namespace tandem::cuda {

/// The order in which a chain's axes are walked, slowest first.
struct row_order {
  dims kept;
  dims worked;
  /// The fastest axis is a kept one: neighbouring threads take neighbouring rows.
  bool across = false;
  /// Number of rows that begin next to each other.
  std::int64_t rows_abreast = 1;
};

/// The order of memory, by the strides of the operand with the most elements.
row_order order_of_rows(const ops::fused_chain& chain, const dims& worked);

/// A chain whose rows are worked, and where the results go.
struct row_problem {
  ops::fused_chain chain;
  row_order order;
  /// With a stride for each axis of the chain: 0 along axes that a result does not have.
  ops::region target;
  dtype target_type;
  /// A row has a result for each element, and not one.
  bool has_running_results = false;
  /// Results are the same in whatever order elements are combined.
  bool any_order = false;

  std::int64_t rows() const noexcept;
  std::int64_t length() const noexcept;
};

/// A target without the worked axes as one with stride 0 along them.
ops::region with_worked_axes(const ops::region& target, const dims& shape, const dims& worked);

inline constexpr int row_threads = 256;
/// Number of td::row_word's.
inline constexpr int row_words = 6;

std::int64_t ceiling(std::int64_t of, std::int64_t by) noexcept;
/// The least power of two that is not below `of`, which is at least 1.
std::int64_t power_of_two(std::int64_t of) noexcept;

/// How rows are cut and shared out. Lanes and chunks decide how results round; they are made from shapes, strides and
/// dtypes only, never from the GPU, so that all GPUs give the same bits.
struct row_cut {
  /// Threads that share a row, a power of two.
  std::int64_t lanes = 1;
  std::int64_t chunk = 1;
  std::int64_t chunks = 1;
  /// Groups of rows that a block takes at a time.
  std::int64_t row_blocks = 1;
};

/// A cut into chunks of whole units of `unit` elements: at most `most_units`, and down to `fewest_units` where there
/// would be too few chunks to keep a large GPU busy.
row_cut cut_of(const row_problem& what, std::int64_t lanes, std::int64_t unit, std::int64_t fewest_units,
               std::int64_t most_units);

/// The most threads that can share a row: where neighbouring threads take neighbouring rows, some are needed for that.
std::int64_t most_lanes(const row_order& order) noexcept;

/// What kernels over rows have in common.
class row_kernel {
 public:
  explicit row_kernel(const row_problem& what);

  /// Whether chain and words are small enough for one kernel.
  bool fits() const noexcept;
  /// Whether it has one of the few forms that kernels compiled with the library have (ready.h): one source, which is
  /// the value, and one axis each of rows and of elements.
  bool is_plain() const noexcept;
  /// What it adds to a kernel's key.
  std::string key() const;
  /// The structs td_chain and td_rows. `chain_struct` replaces the chain's own if it is not empty.
  std::string text(const std::string& chain_struct = {}) const;
  /// The C++ type of offsets.
  const char* index() const noexcept { return index_type(narrow_); }
  /// Word of the target's address.
  int target_word() const noexcept;
  /// The first of td::row_word's.
  int first_row_word() const noexcept { return target_word() + 1; }
  /// Words up to and with td::row_word's.
  std::vector<word> words(const row_cut& cut) const;
  /// Number of neighbours that a lane takes at a time, a power of two: as many as an access of 16 bytes reads. Where
  /// the order of elements decides how results round, it depends on the chain's dtype and the order of rows only.
  std::int64_t run() const noexcept { return run_; }

 private:
  row_problem what_;
  space kept_;
  space worked_;
  bool narrow_;
  /// The elements of a run are neighbours in some sources and one element in the others.
  bool neighbouring_ = false;
  std::int64_t run_ = 1;

  std::int64_t inner_stride(std::size_t source) const noexcept {
    return worked_.strides[source][worked_.extents.size() - 1];
  }
};

/// Makes the chain one that a kernel can read, by computing what is too much before, into temporaries. With granularity
/// `single` it is all computed before, and one source is left, in the order of rows and elements that it has.
void fit(lowering& into, row_problem& what);

/// Where results go that must be like those of a new array: rows, and running results, at equal distances. It is the
/// target itself if it is such a one, or a temporary that is copied to it at the end.
class even_target {
 public:
  /// The target is good as it is.
  even_target() = default;
  /// Replaces the target of `what` if need be.
  even_target(lowering& into, row_problem& what);
  /// To be called after the steps that write the results.
  void finish(lowering& into) const;

 private:
  bool copies_ = false;
  launch copy_;
};

/// One result of each chunk of each row in a temporary, as a target of `what`. A chunk's result lies `chunk_stride`
/// elements after that of the chunk before.
struct chunk_results {
  ops::region target;
  dtype type;
  std::int64_t chunk_stride;

  chunk_results(lowering& into, const row_problem& what, std::int64_t chunks, dtype of_type);
};

/// The rows whose elements are the results of chunks, with the target of `what`; several results are several sources,
/// the first of which is the value.
row_problem over_chunks(const row_problem& what, const std::vector<chunk_results>& results, std::int64_t chunks);

/// A chain that reads one operand.
ops::fused_chain chain_reading(const ops::region& from, dtype type);

}  // namespace tandem::cuda
