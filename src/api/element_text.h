#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <tandem/dtype.h>
#include <tandem/ndarray.h>

// How elements are written: alone, or in the columns of an array whose elements share one format.
namespace tandem::api {

/// The text of elements that are shown together. Widths, digits and notation are chosen from all of them.
class element_text {
 public:
  virtual ~element_text() = default;
  /// Appends element `position` of those shown.
  virtual void append(std::string& out, std::int64_t position) const = 0;
};

/// A common format for `count` elements, one after the other at `elements`, which must outlive it.
std::unique_ptr<element_text> common_text(dtype type, const std::byte* elements, std::int64_t count,
                                          const print_options& options);

/// One element alone: "True", "3", "2.5", "1e-05", "(1+2j)". Floats have the shortest digits of their own type.
std::string single_text(dtype type, const std::byte* element);

}  // namespace tandem::api
