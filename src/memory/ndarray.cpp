#include <tandem/ndarray.h>

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include <tandem/errors.h>

#include "core/layout.h"
#include "core/strided.h"
#include "memory/storage.h"

namespace tandem {

ndarray::ndarray() : ndarray(detail::storage::allocate(0), dtype::float64, core::contiguous({0})) {}

ndarray::ndarray(std::shared_ptr<detail::storage> storage, tandem::dtype type, detail::layout layout, bool writable)
    : storage_(std::move(storage)), layout_(layout), dtype_(type), writable_(writable) {}

ndarray::~ndarray() = default;

std::int64_t ndarray::size() const noexcept { return core::size_of(layout_.shape); }

std::int64_t ndarray::extent(int axis) const { return layout_.shape[core::normalize_axis(axis, rank(), "extent")]; }

bool ndarray::is_contiguous() const noexcept { return core::is_contiguous(layout_); }

ndarray ndarray::view(std::span<const index> at) const {
  return {storage_, dtype_, core::index_view(layout_, at), writable_};
}

ndarray ndarray::transposed() const {
  dims order;
  for (int axis = rank() - 1; axis >= 0; --axis) order.push_back(axis);
  return {storage_, dtype_, core::permute(layout_, order), writable_};
}

void* ndarray::data_checked(tandem::dtype type, bool for_writing) const {
  if (type != dtype_) {
    throw dtype_error(fmt::format("data: the elements are {}, asked for {}", name(dtype_), name(type)));
  }
  if (for_writing) {
    if (!writable_) {
      throw dtype_error(
          fmt::format("data: the array {} {} is read-only; ask for const elements", name(dtype_), to_string(shape())));
    }
  }
  std::byte* const bytes = storage_->data();
  if (for_writing) storage_->mark_written();
  return bytes + layout_.offset * item_size(dtype_);
}

void ndarray::check_contiguous() const {
  if (!is_contiguous()) {
    throw shape_error(fmt::format("span: the array of shape {} and strides {} is not contiguous", to_string(shape()),
                                  to_string(strides())));
  }
}

void ndarray::check_rank(int wanted) const {
  if (rank() != wanted)
    throw shape_error(fmt::format("mdspan: the array has shape {}, asked for rank {}", to_string(shape()), wanted));
}

std::int64_t ndarray::checked_offset(const dims& position) const {
  if (position.size() != rank()) {
    throw index_error(fmt::format("at: {} indices for an array of shape {}", position.size(), to_string(shape())));
  }
  std::int64_t offset = 0;
  for (int axis = 0; axis < rank(); ++axis) {
    const std::int64_t extent = layout_.shape[axis];
    if (position[axis] < -extent || position[axis] >= extent) {
      throw index_error(
          fmt::format("at: {} is out of range for axis {} of shape {}", position[axis], axis, to_string(shape())));
    }
    offset += (position[axis] < 0 ? position[axis] + extent : position[axis]) * layout_.strides[axis];
  }
  return offset;
}

void ndarray::copy_elements(void* to, tandem::dtype type, std::int64_t first, std::int64_t count) const {
  if (type != dtype_) {
    throw dtype_error(fmt::format("to_vector: the elements are {}, asked for {}", name(dtype_), name(type)));
  }
  core::gather(storage_->data(), layout_, item_size(dtype_), first, count, static_cast<std::byte*>(to));
}

namespace detail {

ndarray wrap_memory(void* data, dtype type, const dims& shape, const dims* strides, bool writable,
                    std::function<void(void*)> deleter) {
  const std::int64_t size = core::checked_size(shape, "wrap");
  core::checked_bytes(shape, type, "wrap");
  if (strides != nullptr && strides->size() != shape.size()) {
    throw shape_error(fmt::format("wrap: {} strides for shape {}", strides->size(), to_string(shape)));
  }
  if (data == nullptr && size > 0) throw shape_error(fmt::format("wrap: null data for shape {}", to_string(shape)));
  // A complex number is aligned as its parts are.
  const std::int64_t alignment = item_size(real_part(type));
  if (reinterpret_cast<std::uintptr_t>(data) % static_cast<std::uintptr_t>(alignment) != 0) {
    throw argument_error(
        fmt::format("wrap: the address is not aligned to {} bytes as {} needs", alignment, name(type)));
  }
  layout at{shape, strides == nullptr ? core::row_major(shape) : *strides, 0};
  const core::offset_range range = core::range_of(at);
  std::int64_t begin_bytes = 0;
  std::int64_t size_bytes = 0;
  if (__builtin_mul_overflow(range.begin, item_size(type), &begin_bytes) ||
      __builtin_mul_overflow(range.end - range.begin, item_size(type), &size_bytes)) {
    throw shape_error(
        fmt::format("wrap: strides {} of shape {} reach beyond 64 bits", to_string(at.strides), to_string(shape)));
  }
  at.offset = -range.begin;
  std::function<void()> release;
  if (deleter) release = [deleter = std::move(deleter), data] { deleter(data); };
  auto* const lowest = data == nullptr ? nullptr : static_cast<std::byte*>(data) + begin_bytes;
  return {storage::adopt(lowest, size_bytes, std::move(release)), type, at, writable};
}

void check_count(std::size_t count, const dims& shape) {
  if (static_cast<std::uint64_t>(core::checked_size(shape, "array")) != count) {
    throw shape_error(fmt::format("array: {} values given for shape {}", count, to_string(shape)));
  }
}

ndarray array_of(const void* data, dtype type, const dims& shape) {
  const std::int64_t bytes = core::checked_bytes(shape, type, "array");
  auto storage = storage::allocate(bytes);
  if (bytes > 0) std::memcpy(storage->data(), data, static_cast<std::size_t>(bytes));
  return {std::move(storage), type, core::contiguous(shape)};
}

}  // namespace detail

}  // namespace tandem
