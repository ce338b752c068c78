#include "io/npy_elements.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include <tandem/errors.h>

#include "core/layout.h"

namespace tandem::io {

namespace {

// Bytes read and converted at a time: what was just read is still in the L2 cache when it is converted.
constexpr std::int64_t chunk_bytes = 128 * 1024;
// Halves are read into a buffer on the stack.
constexpr std::int64_t half_chunk_items = 4096;
constexpr std::int64_t first_capacity_bytes = 64 * 1024;

std::uint16_t swapped(std::uint16_t word) { return __builtin_bswap16(word); }
std::uint32_t swapped(std::uint32_t word) { return __builtin_bswap32(word); }
std::uint64_t swapped(std::uint64_t word) { return __builtin_bswap64(word); }

template <class Word>
void swap_words(std::byte* at, std::int64_t size_bytes) {
  for (std::byte* const end = at + size_bytes; at != end; at += sizeof(Word)) {
    Word word;
    std::memcpy(&word, at, sizeof(Word));
    word = swapped(word);
    std::memcpy(at, &word, sizeof(Word));
  }
}

// The parts of a complex number are swapped each for itself.
void swap_bytes(std::byte* at, std::int64_t size_bytes, std::int64_t word_bytes) {
  switch (word_bytes) {
    case 2: return swap_words<std::uint16_t>(at, size_bytes);
    case 4: return swap_words<std::uint32_t>(at, size_bytes);
    default: return swap_words<std::uint64_t>(at, size_bytes);
  }
}

void read_all(const byte_reader& read, std::byte* to, std::int64_t size, std::int64_t done, const npy_header& header,
              std::string_view where) {
  const auto count = static_cast<std::int64_t>(read(to, static_cast<std::size_t>(size)));
  if (count < size) {
    throw io_error(fmt::format("{}: ends after {} of {} bytes of elements", where, done + count, header.data_bytes));
  }
}

void read_chunk(const npy_header& header, const byte_reader& read, std::byte* to, std::int64_t done, std::int64_t count,
                std::string_view where) {
  if (header.is_half) {
    std::uint16_t halves[half_chunk_items];
    auto* bytes = reinterpret_cast<std::byte*>(halves);
    read_all(read, bytes, count * 2, done * 2, header, where);
    if (header.is_swapped) swap_bytes(bytes, count * 2, 2);
    for (std::int64_t i = 0; i < count; ++i) {
      const float value = half_to_float(halves[i]);
      std::memcpy(to + i * 4, &value, 4);
    }
    return;
  }
  read_all(read, to, count * header.item_bytes, done * header.item_bytes, header, where);
  if (header.is_swapped) swap_bytes(to, count * header.item_bytes, item_size(real_part(header.type)));
  if (header.type == dtype::bool_) normalize_bools(to, count);
}

}  // namespace

void normalize_bools(std::byte* at, std::int64_t count) noexcept {
  // Most files have no such byte: looking at a block without a branch for each byte runs at memory speed.
  constexpr std::int64_t block = 4096;
  for (; count > 0; at += block, count -= block) {
    const std::int64_t size = std::min(count, block);
    std::byte any{0};
    for (std::int64_t i = 0; i < size; ++i) any |= at[i];
    if (any <= std::byte{1}) continue;
    for (std::int64_t i = 0; i < size; ++i) {
      if (at[i] > std::byte{1}) at[i] = std::byte{1};
    }
  }
}

std::shared_ptr<detail::storage> read_elements(const npy_header& header, const byte_reader& read,
                                               std::int64_t confirmed_bytes, std::string_view where) {
  const std::int64_t item = item_size(header.type);
  const std::int64_t chunk = header.is_half ? half_chunk_items : chunk_bytes / item;
  std::int64_t capacity = std::min(header.size, std::max(confirmed_bytes, first_capacity_bytes) / item);
  std::shared_ptr<detail::storage> memory = detail::storage::allocate(capacity * item);
  for (std::int64_t done = 0; done < header.size;) {
    if (done == capacity) {
      capacity = std::min(header.size - capacity, capacity) + capacity;
      std::shared_ptr<detail::storage> larger = detail::storage::allocate(capacity * item);
      std::memcpy(larger->data(), memory->data(), static_cast<std::size_t>(done * item));
      memory = std::move(larger);
    }
    const std::int64_t count = std::min(capacity - done, chunk);
    read_chunk(header, read, memory->data() + done * item, done, count, where);
    done += count;
  }
  return memory;
}

ndarray make_array(std::shared_ptr<detail::storage> memory, const npy_header& header) {
  detail::layout at = core::contiguous(header.shape);
  if (header.is_fortran_order) {
    dims reversed;
    dims order;
    for (int i = header.shape.size() - 1; i >= 0; --i) {
      reversed.push_back(header.shape[i]);
      order.push_back(i);
    }
    at = core::permute(core::contiguous(reversed), order);
  }
  return ndarray(std::move(memory), header.type, at);
}

}  // namespace tandem::io
