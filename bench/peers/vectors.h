#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

// Vectors as wide as the processor's registers, for the hand-written loops.
namespace roofline {

#if defined(__AVX512F__)
inline constexpr std::int64_t vector_bytes = 64;
#else
inline constexpr std::int64_t vector_bytes = 32;
#endif

template <class T>
struct vector_of {
  using type [[gnu::vector_size(vector_bytes)]] = T;
};
template <class T>
using vec = typename vector_of<T>::type;
template <class T>
inline constexpr std::int64_t lanes = vector_bytes / static_cast<std::int64_t>(sizeof(T));

template <class T>
vec<T> load(const T* from) {
  vec<T> value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class T>
void store(T* to, vec<T> value) {
  std::memcpy(to, &value, sizeof value);
}

/// Past the caches: the lines are not read first, and what is cached stays. `to` is aligned to a vector.
template <class T>
void stream(T* to, vec<T> value) {
  __builtin_nontemporal_store(value, reinterpret_cast<vec<T>*>(to));
}

template <class T>
vec<T> larger(vec<T> x, vec<T> y) {
  return __builtin_elementwise_max(x, y);
}

inline constexpr std::int64_t line_bytes = 64;

template <class T>
struct free_memory {
  void operator()(T* data) const { std::free(data); }
};
template <class T>
using buffer = std::unique_ptr<T[], free_memory<T>>;

/// Aligned to pages, so that every variant may use aligned stores.
template <class T>
buffer<T> allocate(std::int64_t count) {
  constexpr std::size_t page = 4096;
  const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(T);
  void* const data = std::aligned_alloc(page, (bytes + page - 1) / page * page + page);
  if (data == nullptr) throw std::bad_alloc();
  std::memset(data, 0, bytes);
  return buffer<T>(static_cast<T*>(data));
}

/// The part of [0, count) that is one of `parts`: boundaries fall on cache lines.
struct range {
  std::int64_t begin;
  std::int64_t end;
};
template <class T>
range share(std::int64_t count, std::int64_t part, std::int64_t parts) {
  constexpr std::int64_t step = line_bytes / static_cast<std::int64_t>(sizeof(T));
  const std::int64_t blocks = (count + step - 1) / step;
  return {std::min(count, blocks * part / parts * step), std::min(count, blocks * (part + 1) / parts * step)};
}

}  // namespace roofline
