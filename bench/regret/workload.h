#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <tandem/tandem.h>

#include "ops/program.h"

// Programs to be placed: expressions over arrays that have shapes and no memory.
namespace bench::regret {

/// A program, and the arrays that it reads.
struct work {
  std::string name;
  tandem::ops::program program;
  std::vector<std::int64_t> read_bytes;
  std::int64_t result_bytes;
  /// The cube root of m * n * k of its largest product; 0 if it has none.
  double product_size;
  /// Elements of its largest operand.
  std::int64_t elements;
};

/// That of an expression over placeholders. Throws: as building and compiling it does.
work work_of(std::string name, const tandem::expr& value);

/// Makes work of about so many elements.
struct family {
  std::string name;
  std::function<tandem::expr(std::int64_t elements, std::mt19937_64& chance)> make;
};
/// Families for choosing constants, and others for judging them: shapes and expressions differ.
const std::vector<family>& families(bool for_testing);

/// Of a family and a size that chance picks; elements are between 100 and `most`, evenly on a logarithmic scale.
work random_work(const std::vector<family>& from, std::int64_t most, std::mt19937_64& chance);

}  // namespace bench::regret
