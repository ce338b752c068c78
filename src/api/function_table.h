#pragma once

#include <span>

#include <tandem/call.h>

#include "api/bound_arguments.h"

namespace tandem::api {

/// A function and how to call it with bound arguments.
struct function_row {
  function_info info;
  argument (*invoke)(const bound_arguments& given);
};

std::span<const function_row> function_table();

}  // namespace tandem::api
