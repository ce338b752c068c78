#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <tandem/dtype.h>
#include <tandem/scalar.h>

#include "ops/program.h"

// A program as a GPU runs it: kernels with their arguments, and products for cuBLAS. Everything that does not depend on
// addresses is decided here, without a GPU, a driver or CUDA's headers, so that it can be tested anywhere.
namespace tandem::cuda {

/// One kernel: `extern "C" __global__ void NAME(td_words<WORDS> w)`, whose only parameter is a struct of 64-bit words.
/// Thread safety: immutable.
struct kernel {
  /// Everything that decides the text, in short: kernels with equal keys are the same.
  std::string key;
  /// Name of the function, made from a hash of the key.
  std::string name;
  int words = 0;
  int threads_per_block = 256;
  /// CUDA C++ of the whole translation unit. It includes only headers of ours (headers.h).
  std::function<std::string()> text;
};

/// One 64-bit word of a kernel's parameter: a value; the address of a buffer's element 0 plus `value` bytes, where
/// kernels rely on it that this element lies at a multiple of 16 bytes; or word `value` of a number as an element of
/// `type`.
struct word {
  std::int64_t value = 0;
  int buffer = -1;
  int number = -1;
  dtype type = dtype::bool_;
};

/// The word for a run: `addresses` has that of each buffer's element 0, `numbers` those that the program is given.
std::uint64_t bits_of(const word& what, std::span<std::byte* const> addresses, std::span<const scalar> numbers);

/// One launch of a kernel.
struct launch {
  std::shared_ptr<const kernel> code;
  std::vector<word> words;
  /// The number of blocks that covers the work, at least 1.
  std::int64_t blocks = 1;
  /// The kernel's loop strides by the grid: fewer blocks than `blocks` do all the work, too, with the same bits.
  bool strides_by_grid = false;
};

/// A product of matrices of float32, float64, complex64 or complex128 for cuBLAS: batches of (m, k) by (k, n). Each
/// matrix has a stride of 1 along rows or along columns, and another stride that is at least the extent.
struct product {
  struct operand {
    int buffer = -1;
    /// Element (0, 0) of the first matrix, in elements from the buffer's element 0.
    std::int64_t offset = 0;
    std::int64_t row_stride = 0;
    std::int64_t column_stride = 0;
    /// Strides along the batch axes, outermost first; 0 where one matrix serves all.
    std::vector<std::int64_t> batch_strides;
  };
  dtype type;
  std::int64_t m = 0, n = 0, k = 0;
  std::vector<std::int64_t> batch_extents;
  operand x, y, target;
};

using step = std::variant<launch, product>;

/// Buffers are the program's, by its numbers, and after them temporaries that only the steps know of.
struct lowered_program {
  struct buffer {
    ops::buffer::role use;
    /// Of a temporary; of others, nothing is said.
    std::int64_t size_bytes = 0;
    /// The first and the last step that touch it; -1 if none does.
    int first_step = -1;
    int last_step = -1;
  };
  std::vector<buffer> buffers;
  std::vector<step> steps;
  /// For each step, the stage that it is a part of. Steps are in the order of the stages, of which some have none.
  std::vector<int> stages;
};

/// How much of a program becomes one kernel.
enum class granularity : std::uint8_t {
  fused,   ///< Whole chains, as far as a kernel's size allows: what runs fastest.
  single,  ///< One operation a kernel, of those that are compiled with the library: what can run at once.
};

/// Every program can be lowered. Both give the same bits, but for chains that contract, where `single` rounds each
/// operation. Thread safety: any thread. Throws: `std::bad_alloc`.
lowered_program lower(const ops::program& what, granularity grain);

}  // namespace tandem::cuda
