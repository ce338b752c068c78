#include "backend/cpu/kernels.h"

#include "backend/cpu/instruction_set.h"

namespace tandem::backend::kernels {

map_kernel map(ops::op which, dtype type) { return instruction_set_in_use().loops->map(which, type); }
map_kernel convert(dtype from, dtype to) { return instruction_set_in_use().loops->convert(from, to); }
map_kernel fused(const fused_work& what, dtype type, bool streams) {
  return instruction_set_in_use().loops->fused(what, type, streams);
}
map_kernel contracted(const fused_work& what, dtype type, bool streams) {
  return instruction_set_in_use().loops->contracted(what, type, streams);
}
void stream_copy(const std::byte* from, std::byte* to, std::int64_t size_bytes) {
  instruction_set_in_use().loops->stream_copy(from, to, size_bytes);
}
void finish_streaming() { instruction_set_in_use().loops->finish_streaming(); }
transpose_kernel transpose(std::int64_t item_bytes) { return instruction_set_in_use().loops->transpose(item_bytes); }
combine_eight_kernel combine_eight(ops::reduction which, dtype type) {
  return instruction_set_in_use().loops->combine_eight(which, type);
}
combine_blocks_kernel combine_blocks(ops::reduction which, dtype type) {
  return instruction_set_in_use().loops->combine_blocks(which, type);
}
combine_groups_kernel combine_groups(ops::reduction which, dtype type) {
  return instruction_set_in_use().loops->combine_groups(which, type);
}
scan_kernel scan(ops::reduction which, dtype type) { return instruction_set_in_use().loops->scan(which, type); }
arg_kernels arg(bool largest, dtype type) { return instruction_set_in_use().loops->arg(largest, type); }
multiply_add_kernel multiply_add(dtype type) { return instruction_set_in_use().loops->multiply_add(type); }
products_kernel products(dtype type) { return instruction_set_in_use().loops->products(type); }

}  // namespace tandem::backend::kernels
