#include "cuda/codegen/ready.h"

#include <cstddef>
#include <cstdint>

#include <tandem/dtype.h>

#include "cuda/codegen/copy.h"
#include "cuda/codegen/single.h"
#include "ops/op.h"

namespace tandem::cuda {

std::vector<ops::instruction> ready_instructions() {
  std::vector<ops::instruction> all;
  for (int row = 0; row < ops::op_count; ++row) {
    ops::instruction code{};
    code.which = static_cast<ops::op>(row);
    const ops::op_info& about = ops::info(code.which);
    code.arity = about.arity;
    for (int number = 0; number < dtype_count; ++number) {
      code.operand_type = static_cast<dtype>(number);
      if (!ops::kinds::contains(about.kinds, code.operand_type)) continue;
      code.result_type = ops::result_dtype(about.result, code.operand_type);
      all.push_back(code);
    }
  }
  for (int from = 0; from < dtype_count; ++from) {
    for (int into = 0; into < dtype_count; ++into) {
      ops::instruction code{};
      code.converts = true;
      code.arity = 1;
      code.operand_type = static_cast<dtype>(from);
      code.result_type = static_cast<dtype>(into);
      const bool drops = is_complex(code.operand_type) && !is_complex(code.result_type);
      if (from != into && (!drops || is_boolean(code.result_type))) all.push_back(code);
    }
  }
  return all;
}

kernels ready_kernels() {
  kernels all;
  for (const ops::instruction& code : ready_instructions()) all.push_back(single_kernel(code));
  for (const std::int64_t bytes : {1, 2, 4, 8, 16}) {
    for (const bool narrow : {true, false}) all.push_back(copy_kernel(bytes, narrow));
  }
  append_ready_rows(all);
  return all;
}

std::vector<std::string> in_parts(const kernels& what, int parts) {
  std::vector<std::string> texts(static_cast<std::size_t>(parts));
  // Neighbours in the list cost a compiler about the same.
  for (std::size_t i = 0; i < what.size(); ++i) texts[i % texts.size()] += what[i]->text();
  return texts;
}

}  // namespace tandem::cuda
