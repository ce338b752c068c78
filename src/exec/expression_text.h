#pragma once

#include <string>

#include "ops/node.h"

namespace tandem::exec {

/// An expression as functions of dtypes with shapes: "add(multiply(float32 (8, 8), float32 (8, 8)), 1)". Of a long one,
/// as much as helps to know it. Throws: `std::bad_alloc`.
std::string text_of(const ops::node& root);

}  // namespace tandem::exec
