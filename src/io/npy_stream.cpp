#include "io/npy_stream.h"

#include <algorithm>
#include <utility>

#include "core/strided.h"
#include "io/npy_header.h"
#include "memory/storage.h"

namespace tandem::io {

namespace {

// Large enough that a write call costs little, small enough to stay in the L2 cache between gathering and writing.
constexpr std::int64_t most_buffer_bytes = 256 * 1024;

}  // namespace

npy_stream::npy_stream(ndarray array, std::vector<std::byte>& buffer)
    : array_(std::move(array)),
      preamble_(npy_preamble(array_.dtype(), array_.shape())),
      buffer_(&buffer),
      is_contiguous_(array_.is_contiguous()) {
  const auto needed = static_cast<std::size_t>(std::min(array_.size_bytes(), most_buffer_bytes));
  if (!is_contiguous_ && buffer.size() < needed) buffer.resize(needed);
}

std::span<const std::byte> npy_stream::next() noexcept {
  if (!is_preamble_given_) {
    is_preamble_given_ = true;
    return std::as_bytes(std::span(preamble_));
  }
  const std::int64_t item = item_size(array_.dtype());
  const std::int64_t left = array_.size() - elements_given_;
  if (left == 0) return {};
  const std::byte* memory = array_.storage()->data();
  if (is_contiguous_) {
    elements_given_ += left;
    return {memory + array_.layout().offset * item, static_cast<std::size_t>(left * item)};
  }
  const std::int64_t count = std::min(left, static_cast<std::int64_t>(buffer_->size()) / item);
  core::gather(memory, array_.layout(), item, elements_given_, count, buffer_->data());
  elements_given_ += count;
  return {buffer_->data(), static_cast<std::size_t>(count * item)};
}

void npy_stream::rewind() noexcept {
  is_preamble_given_ = false;
  elements_given_ = 0;
}

}  // namespace tandem::io
