#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <source_location>
#include <span>
#include <string>
#include <vector>
#if __has_include(<mdspan>)
#include <mdspan>
#endif

#include <tandem/device.h>
#include <tandem/dims.h>
#include <tandem/dtype.h>
#include <tandem/export.h>
#include <tandem/expr.h>
#include <tandem/index.h>
#include <tandem/scalar.h>

namespace tandem {

namespace detail {
class storage;

/// Where the elements of an array lie in its storage: element (i, j, ...) at offset + i * strides[0] + ..., counted in
/// elements.
struct layout {
  dims shape;
  dims strides;
  std::int64_t offset = 0;
};
}  // namespace detail

/// A handle to an n-dimensional strided view of a storage.
///
/// Copying an ndarray copies the handle: both see the same elements, and assigning to a name (`a = b`) makes it a
/// handle to the other array. Elements are written by assigning to a view that has no name, `a(all, 0) = 1`, by
/// `assign`, by the in-place operators, or through `data`. Dtype and rank are run-time values.
///
/// The elements can be in the host's memory and in that of devices; each operation has them copied where it needs
/// them, at most once between two writes. `data`, `span`, `at`, `item`, printing and saving need them on the
/// host, and wait for work that is to write them. An address that `data` gave is of use until a device writes to the
/// array.
///
/// Thread safety: as for a shared container: many threads may read, one may write while none reads.
class TANDEM_API ndarray {
 public:
  /// An empty float64 array of shape (0,).
  ndarray();
  /// Evaluates the expression; see `eval`.
  ndarray(const expr& value, std::source_location where = std::source_location::current());
  ndarray(expr&& value, std::source_location where = std::source_location::current());
  ndarray(const ndarray&) = default;
  ndarray(ndarray&&) noexcept = default;
  ndarray(std::shared_ptr<detail::storage> storage, tandem::dtype type, detail::layout layout, bool writable = true);
  ~ndarray();

  /// Makes this name a handle to another array.
  ndarray& operator=(const ndarray& other) & = default;
  ndarray& operator=(ndarray&& other) & noexcept = default;
  /// Evaluates the expression, as `eval`, and makes this name a handle to the result. If nothing else holds this
  /// array's storage, and the result has just its size, the result is written there instead of to new memory.
  /// Throws: what `eval` throws. The name and its elements are unchanged then.
  template <std::same_as<expr> Expr>
  ndarray& operator=(const Expr& value) & {
    become(value, true);
    return *this;
  }
  template <std::same_as<expr> Expr>
  ndarray& operator=(Expr&& value) & {
    become(value, false);
    return *this;
  }
  /// Writes the elements of `value` into a view; see `assign`.
  ndarray&& operator=(const ndarray& value) &&;
  ndarray&& operator=(const expr& value) &&;
  template <element T>
  ndarray&& operator=(T value) && {
    return std::move(*this) = expr(value);
  }

  /// Writes the elements of `value`, broadcast to this shape and converted to this dtype, through this handle.
  ///
  /// `value` may read the memory that is written, in any overlap: the result is as if it had been computed first.
  /// Conversion: floats to integers truncate, NaN gives 0 and values out of range saturate; integers wrap.
  /// Throws: `shape_error` if `value` does not broadcast to this shape, `dtype_error` for complex to real or a
  /// read-only array, and what `eval` throws. Elements are unchanged then.
  const ndarray& assign(const expr& value, const policy& rules = {},
                        std::source_location where = std::source_location::current()) const;

  /// In-place operators: as `assign` of the operation, for conversions of the same kind only: an integer array takes no
  /// floats (`dtype_error`), a float32 array takes float64.
  const ndarray& operator+=(const expr& value) const;
  const ndarray& operator-=(const expr& value) const;
  const ndarray& operator*=(const expr& value) const;
  const ndarray& operator/=(const expr& value) const;
  const ndarray& operator%=(const expr& value) const;
  const ndarray& operator&=(const expr& value) const;
  const ndarray& operator|=(const expr& value) const;
  const ndarray& operator^=(const expr& value) const;
  const ndarray& operator<<=(const expr& value) const;
  const ndarray& operator>>=(const expr& value) const;

  tandem::dtype dtype() const noexcept { return dtype_; }
  const dims& shape() const noexcept { return layout_.shape; }
  /// Distances between neighbours along each axis, in elements; 0 for a broadcast axis, negative for a reversed one.
  const dims& strides() const noexcept { return layout_.strides; }
  int rank() const noexcept { return layout_.shape.size(); }
  /// Number of elements.
  std::int64_t size() const noexcept;
  /// Extent of an axis; negative counts from the last. Throws: `index_error`.
  std::int64_t extent(int axis) const;
  /// Number of bytes of the elements, as if contiguous.
  std::int64_t size_bytes() const noexcept { return size() * item_size(dtype_); }
  /// Whether the elements lie one after the other in row-major order.
  bool is_contiguous() const noexcept;
  /// Whether elements may be written: not for `broadcast_to` views and wrapped constant memory.
  bool is_writable() const noexcept { return writable_; }

  /// A view by basic indexing that shares this storage: integers (negative from the end), `slice`, `all`, `ellipsis`,
  /// `newaxis`; fewer entries than axes leave the last axes whole. Throws: `index_error` if an integer is out of range
  /// or there are more entries than axes, `argument_error` for a zero step.
  template <class... Index>
    requires(std::convertible_to<Index, index> && ...)
  ndarray operator()(const Index&... at) const {
    return view({index(at)...});
  }
  ndarray view(std::span<const index> at) const;
  ndarray view(std::initializer_list<index> at) const { return view(std::span(at.begin(), at.size())); }
  /// The sub-array at `position` along the first axis. Throws: `index_error`.
  ndarray operator[](std::int64_t position) const { return view({index(position)}); }
  /// A view with the axes in reverse order.
  ndarray transposed() const;

  /// Address of element (0, 0, ...), for strided access. `data<const float>()` reads; `data<float>()` promises a write:
  /// expressions that captured this storage become stale. Throws: `dtype_error` if `T` is not the element type or a
  /// read-only array is asked for writing.
  template <element T>
  T* data() const {
    return static_cast<T*>(data_checked(dtype_of<T>, !std::is_const_v<T>));
  }
  /// All elements in row-major order. Throws: as `data`, and `shape_error` if the array is not contiguous.
  template <element T>
  std::span<T> span() const {
    check_contiguous();
    return {data<T>(), static_cast<std::size_t>(size())};
  }
#if defined(__cpp_lib_mdspan)
  /// The elements as a strided mdspan of rank `Rank`. Throws: as `data`, and `shape_error` for another rank.
  template <element T, std::size_t Rank>
  std::mdspan<T, std::dextents<std::int64_t, Rank>, std::layout_stride> mdspan() const {
    check_rank(static_cast<int>(Rank));
    std::array<std::int64_t, Rank> extents;
    std::array<std::int64_t, Rank> steps;
    for (std::size_t i = 0; i < Rank; ++i) {
      extents[i] = layout_.shape[static_cast<std::int64_t>(i)];
      steps[i] = layout_.strides[static_cast<std::int64_t>(i)];
    }
    return {data<T>(), {std::dextents<std::int64_t, Rank>(extents), steps}};
  }
#endif
  /// The only element, converted to `T` (as `astype` does; complex to real is a `dtype_error`).
  /// Throws: `shape_error` if there is not exactly one element.
  template <element T>
  T item() const {
    T value;
    read_item(&value, dtype_of<T>);
    return value;
  }
  /// One element by its full index. Throws: `dtype_error` if `T` is not the element type, `index_error`.
  template <element T>
  T& at(std::initializer_list<std::int64_t> position) const {
    const dims list(std::span(position.begin(), position.size()));
    return data<T>()[checked_offset(list)];
  }
  /// The elements in row-major order as a vector. Throws: `dtype_error` if `T` is not the element type.
  template <element T>
  std::vector<T> to_vector() const {
    std::vector<T> values(static_cast<std::size_t>(size()));
    if constexpr (std::is_same_v<T, bool>) {
      for (std::int64_t i = 0; i < size(); ++i) {
        bool value;
        copy_elements(&value, dtype_of<T>, i, 1);
        values[static_cast<std::size_t>(i)] = value;
      }
    } else {
      copy_elements(values.data(), dtype_of<T>, 0, size());
    }
    return values;
  }

  /// Sees to it that the device, or the host for `device::cpu`, has the elements, and waits; what others have stays
  /// valid. All elements of the storage are copied, also those outside of this view; none if they are there. Returns
  /// this handle. Nothing changes for the array's user but how long later work takes: where work needs elements they
  /// are copied anyway.
  /// Thread safety: as for reading. Throws: `device_error` if the device is not there or fails, `out_of_memory`,
  /// `argument_error` for `device::automatic`. The elements are where they were then.
  ndarray to(const device& where) const;
  /// As `to`, but returns when the elements have been read from host memory; work on the device that needs them waits
  /// for them.
  void prefetch(const device& where) const;
  /// Whether the device, or the host, has the elements as they were written last. Several may. False for a device that
  /// is not there. Throws: `argument_error` for `device::automatic`.
  bool is_on(const device& where) const;

  const std::shared_ptr<detail::storage>& storage() const noexcept { return storage_; }
  const detail::layout& layout() const noexcept { return layout_; }

 private:
  void become(const expr& value, bool is_used_again);
  void* data_checked(tandem::dtype type, bool for_writing) const;
  void check_contiguous() const;
  void check_rank(int rank) const;
  std::int64_t checked_offset(const dims& position) const;
  void read_item(void* value, tandem::dtype type) const;
  void copy_elements(void* to, tandem::dtype type, std::int64_t first, std::int64_t count) const;

  std::shared_ptr<detail::storage> storage_;
  detail::layout layout_;
  tandem::dtype dtype_;
  bool writable_ = true;
};

namespace detail {
TANDEM_API ndarray wrap_memory(void* data, dtype type, const dims& shape, const dims* strides, bool writable,
                               std::function<void(void*)> deleter);
TANDEM_API ndarray array_of(const void* data, dtype type, const dims& shape);
TANDEM_API void check_count(std::size_t count, const dims& shape);
}  // namespace detail

/// An array over memory that the caller owns; nothing is copied.
///
/// `data` is the address of element (0, 0, ...); `strides` count elements and may be negative or 0; without them the
/// memory is row-major. The memory must stay valid until the last handle to it, or expression over it, is gone; then
/// `deleter`, if given, is called once with `data`. Writes that bypass tandem are not seen by `stale_expression`.
/// A pointer to const gives a read-only array.
/// Throws: `shape_error` for a negative extent, a size that overflows, strides of another length, or null data for an
/// array that is not empty; `argument_error` for an address not aligned to the element. `deleter` is not called then.
template <element T>
ndarray wrap(T* data, const dims& shape) {
  return detail::wrap_memory(const_cast<std::remove_const_t<T>*>(data), dtype_of<T>, shape, nullptr,
                             !std::is_const_v<T>, {});
}
template <element T>
ndarray wrap(T* data, const dims& shape, const dims& strides) {
  return detail::wrap_memory(const_cast<std::remove_const_t<T>*>(data), dtype_of<T>, shape, &strides,
                             !std::is_const_v<T>, {});
}
template <element T, std::invocable<void*> Deleter>
ndarray wrap(T* data, const dims& shape, Deleter deleter) {
  return detail::wrap_memory(const_cast<std::remove_const_t<T>*>(data), dtype_of<T>, shape, nullptr,
                             !std::is_const_v<T>, std::move(deleter));
}
template <element T, std::invocable<void*> Deleter>
ndarray wrap(T* data, const dims& shape, const dims& strides, Deleter deleter) {
  return detail::wrap_memory(const_cast<std::remove_const_t<T>*>(data), dtype_of<T>, shape, &strides,
                             !std::is_const_v<T>, std::move(deleter));
}

/// A new array with a copy of the values, of their own C++ type: `array<float>({1, 2, 3})`, `array<int>({{1, 2}, {3,
/// 4}})`.
/// Throws: `shape_error` if rows differ in length.
template <element T>
ndarray array(std::initializer_list<T> values) {
  return detail::array_of(values.begin(), dtype_of<T>, {static_cast<std::int64_t>(values.size())});
}
template <element T>
ndarray array(std::initializer_list<std::initializer_list<T>> rows) {
  const std::size_t columns = rows.size() == 0 ? 0 : rows.begin()->size();
  auto values = std::make_unique<T[]>(rows.size() * columns);
  T* to = values.get();
  for (const auto& row : rows) {
    if (row.size() != columns) {
      throw shape_error("array: rows have " + std::to_string(columns) + " and " + std::to_string(row.size()) +
                        " values");
    }
    to = std::copy(row.begin(), row.end(), to);
  }
  return detail::array_of(values.get(), dtype_of<T>,
                          {static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(columns)});
}
/// A new array of the given shape with a copy of `values` in row-major order. Throws: `shape_error` if the counts
/// differ.
template <element T>
ndarray array(std::span<const T> values, const dims& shape) {
  std::uint64_t count = 1;  // wraps where the shape is impossible, which array_of finds out
  for (const std::int64_t extent : shape) count *= static_cast<std::uint64_t>(extent);
  if (count != values.size()) {
    throw shape_error("array: " + std::to_string(values.size()) + " values given for shape " + to_string(shape));
  }
  return detail::array_of(values.data(), dtype_of<T>, shape);
}

/// How arrays are printed. The defaults are NumPy's.
struct print_options {
  /// Digits after the point.
  int precision = 8;
  /// Arrays with more elements are summarized.
  std::int64_t threshold = 1000;
  /// Elements shown at each end of a summarized axis.
  std::int64_t edge_items = 3;
  /// Characters in a line.
  int line_width = 75;
  /// Never use scientific notation.
  bool suppress_small = false;
};

/// The elements as NumPy's `str` gives them. Throws: `argument_error` for a negative precision or number of edge items,
/// `out_of_memory`.
TANDEM_API std::string to_string(const ndarray& array, const print_options& options = {});

/// Prints `to_string(array)`. An expression is evaluated first.
TANDEM_API std::ostream& operator<<(std::ostream& out, const ndarray& array);

}  // namespace tandem
