#pragma once

#include "cuda/device/types.h"

// A kernel's parameter, and elements of memory that it points to.
namespace td {

/// Addresses, extents, strides and numbers, one 64-bit word each (complex128: two).
template <int Count>
struct words {
  unsigned long long at[Count];
};

/// The number whose bits are in the lowest bytes of a word.
template <class T>
TANDEM_HD inline T number(unsigned long long bits) {
  if constexpr (math::is_same_v<T, bool>) {
    return (bits & 1) != 0;
  } else if constexpr (math::is_integral_v<T>) {
    return static_cast<T>(bits);
  } else if constexpr (sizeof(T) == 4) {
    return __builtin_bit_cast(T, static_cast<unsigned>(bits));
  } else {
    return __builtin_bit_cast(T, bits);
  }
}

/// The complex number whose parts are in two words.
TANDEM_HD inline complex<double> number(unsigned long long re, unsigned long long im) {
  return {number<double>(re), number<double>(im)};
}

/// Element `offset` counted from the element at an address. An unsigned offset is that of the signed type of its width:
/// 2^32 - 1 of 32 bits is -1.
template <class T, class Index>
TANDEM_HD inline T* element(unsigned long long address, Index offset) {
  return reinterpret_cast<T*>(address) + static_cast<math::make_signed_t<Index>>(offset);
}

template <class T, class Index>
TANDEM_HD inline T load(unsigned long long address, Index offset) {
  return *element<const T>(address, offset);
}

/// Neighbouring elements in registers.
template <class T, int Count>
struct pack {
  T at[Count];
};

/// As many bytes as one access can have at most.
template <int Bytes>
struct access;
// clang-format off
template <> struct access<1> { unsigned char at; };
template <> struct access<2> { unsigned short at; };
template <> struct access<4> { unsigned at; };
template <> struct access<8> { unsigned long long at; };
template <> struct alignas(16) access<16> { unsigned long long at, next; };
// clang-format on
template <class T, int Count>
using access_of = access<sizeof(T) * Count >= 16 ? 16 : static_cast<int>(sizeof(T)) * Count>;

/// `Count` neighbours by accesses of at most 16 bytes, which the address must be aligned to.
template <class T, int Count, class Index>
TANDEM_HD inline pack<T, Count> load_pack(unsigned long long address, Index offset) {
  using part = access_of<T, Count>;
  struct parts {
    part at[sizeof(T) * Count / sizeof(part)];
  } loaded;
  const part* from = reinterpret_cast<const part*>(element<const T>(address, offset));
  TANDEM_UNROLL
  for (unsigned i = 0; i < sizeof(T) * Count / sizeof(part); ++i) loaded.at[i] = from[i];
  return __builtin_bit_cast(pack<T, Count>, loaded);
}

template <class T, int Count, class Index>
TANDEM_HD inline void store_pack(unsigned long long address, Index offset, const pack<T, Count>& values) {
  using part = access_of<T, Count>;
  struct parts {
    part at[sizeof(T) * Count / sizeof(part)];
  };
  const parts stored = __builtin_bit_cast(parts, values);
  part* to = reinterpret_cast<part*>(element<T>(address, offset));
  TANDEM_UNROLL
  for (unsigned i = 0; i < sizeof(T) * Count / sizeof(part); ++i) to[i] = stored.at[i];
}

}  // namespace td
