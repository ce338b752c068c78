#pragma once

// All scalar formulas. The rows of tandem/tables/elementwise.inc are written in these names: expand them inside
// namespace tandem::formulas.
#include "ops/formulas/complex.h"
#include "ops/formulas/complex_exponential.h"
#include "ops/formulas/complex_trigonometric.h"
#include "ops/formulas/convert.h"
#include "ops/formulas/floats.h"
#include "ops/formulas/integers.h"
