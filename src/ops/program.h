#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <tandem/dims.h>
#include <tandem/dtype.h>
#include <tandem/ndarray.h>
#include <tandem/scalar.h>

#include "ops/op.h"

// An expression compiled to stages that a backend runs one after the other. A program has structure and layouts,
// neither addresses nor the values of numbers: its buffers are bound to memory, and its numbers given, when it is run.
namespace tandem::ops {

/// A block of elements that stages read and write.
struct buffer {
  enum class role : std::uint8_t {
    input,      ///< storage of an operand; only read
    output,     ///< where the result goes; given by whoever runs the program
    temporary,  ///< result of one stage for later ones; the backend's own
  };
  role use;
  dtype type;
  /// Number of elements of an output or temporary; of an input, nothing is said.
  std::int64_t size = 0;
  /// The last stage that reads or writes it.
  int last_stage = -1;
};

/// Elements of a buffer, by their layout in it.
struct region {
  int buffer = -1;
  detail::layout at;
};

/// One step of element-wise work: registers hold the values of one element (or, in a backend, of a tile of elements).
struct instruction {
  /// A conversion if true, else the operation `which`.
  bool converts;
  op which;
  /// dtype of the operands (for `where`, of the last two; for a conversion, of its operand) and of the result.
  dtype operand_type;
  dtype result_type;
  int operands[3];
  int arity;
  int result;
};

/// A number in a register: which of those that a run is given, and the dtype it has there.
struct program_constant {
  int number;
  dtype type;
};

/// A chain of element-wise work over one iteration space. Registers 0 ... are the sources, then the constants, then the
/// results of instructions, which take over a register after its last reader; no instruction writes a register it
/// reads.
struct fused_chain {
  dims shape;
  /// dtype of the value it computes.
  dtype type;
  /// Operands, broadcast to `shape`.
  std::vector<region> sources;
  std::vector<dtype> source_types;
  std::vector<program_constant> constants;
  std::vector<instruction> code;
  /// Registers in use at once beyond sources and constants.
  int scratch_registers = 0;
  /// Register of the value.
  int result = 0;
  /// An operation and the one that uses its result may round once.
  bool contracts = false;
};

struct elementwise_stage {
  fused_chain chain;
  region target;
};
/// Target has the chain's shape without `axes`.
struct reduce_stage {
  fused_chain chain;
  reduction which;
  dims axes;
  region target;
};
/// Target has the chain's shape without `axis` (or all axes, if it is `every_axis`) and dtype int64.
struct arg_stage {
  fused_chain chain;
  bool largest;
  int axis;
  region target;
};
struct scan_stage {
  fused_chain chain;
  reduction which;
  int axis;
  region target;
};
/// (..., m, k), (..., k, n) -> (..., m, n); leading axes are broadcast already.
struct matmul_stage {
  dtype type;
  region x;
  region y;
  region target;
};
/// Along `axis`, position p of `x` goes to positions ends[p - 1] ... ends[p] - 1 of the target.
struct repeat_stage {
  dtype type;
  region x;
  region ends;
  int axis;
  region target;
};

using stage = std::variant<elementwise_stage, reduce_stage, arg_stage, scan_stage, matmul_stage, repeat_stage>;

struct program {
  std::vector<buffer> buffers;
  /// How many numbers a run is given. They are different ones.
  int number_count = 0;
  std::vector<stage> stages;
  /// Where the result is when all stages have run.
  region result;
  dtype result_type;
};

/// Elements that the program computes or reduces over, the measure of its progress.
std::int64_t work_of(const program& of) noexcept;

}  // namespace tandem::ops
