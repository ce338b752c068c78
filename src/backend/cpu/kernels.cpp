#include "backend/cpu/kernels.h"

#include "backend/cpu/instruction_set.h"

namespace tandem::backend::kernels {

map_kernel map(ops::op which, dtype type) { return instruction_set_in_use().loops->map(which, type); }
map_kernel convert(dtype from, dtype to) { return instruction_set_in_use().loops->convert(from, to); }
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
arg_kernel arg(bool largest, dtype type) { return instruction_set_in_use().loops->arg(largest, type); }
multiply_add_kernel multiply_add(dtype type) { return instruction_set_in_use().loops->multiply_add(type); }
products_kernel products(dtype type) { return instruction_set_in_use().loops->products(type); }

}  // namespace tandem::backend::kernels
