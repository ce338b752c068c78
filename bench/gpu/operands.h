#pragma once

#include <tandem/tandem.h>

namespace bench {

/// (rows, columns) elements between -1 and 1, of both signs and no two neighbours alike, where the thread's policy
/// says; complex ones have such parts.
tandem::ndarray operand(std::int64_t rows, std::int64_t columns, tandem::dtype type);
/// The same along one axis.
tandem::ndarray operand(std::int64_t size, tandem::dtype type);

/// Makes sure that a result is on the device and nowhere else, so that the work was done there.
/// Throws: `std::runtime_error`.
void require_only_on(const tandem::ndarray& result, const tandem::device& where);

/// "f32", "f64", "c64" for complex64, "c128".
const char* short_name(tandem::dtype type);

}  // namespace bench
