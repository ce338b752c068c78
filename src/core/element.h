#pragma once

#include <complex>
#include <cstdint>

#include <tandem/dtype.h>

// From the run-time dtype to the C++ type of its elements.
namespace tandem::core {

/// Calls `use.template operator()<T>()` with the element type of `type`, and returns what it returns.
template <class Use>
decltype(auto) visit_dtype(dtype type, Use&& use) {
  switch (type) {
    case dtype::bool_: return use.template operator()<bool>();
    case dtype::int8: return use.template operator()<std::int8_t>();
    case dtype::int16: return use.template operator()<std::int16_t>();
    case dtype::int32: return use.template operator()<std::int32_t>();
    case dtype::int64: return use.template operator()<std::int64_t>();
    case dtype::uint8: return use.template operator()<std::uint8_t>();
    case dtype::uint16: return use.template operator()<std::uint16_t>();
    case dtype::uint32: return use.template operator()<std::uint32_t>();
    case dtype::uint64: return use.template operator()<std::uint64_t>();
    case dtype::float32: return use.template operator()<float>();
    case dtype::float64: return use.template operator()<double>();
    case dtype::complex64: return use.template operator()<std::complex<float>>();
    case dtype::complex128: return use.template operator()<std::complex<double>>();
  }
  __builtin_unreachable();
}

}  // namespace tandem::core
