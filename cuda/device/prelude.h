#pragma once

// What every kernel's text begins with: cuda/codegen/chain.h writes the rest.
#include "cuda/device/math.h"
#include "cuda/device/space.h"
#include "cuda/device/words.h"
#include "ops/formulas/rows.h"
