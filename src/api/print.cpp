#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <tandem/errors.h>
#include <tandem/ndarray.h>

#include "api/element_text.h"
#include "memory/storage.h"

namespace tandem {
namespace {

// The elements of one axis that are shown: `leading` from its start, and those from `trailing` to its end.
struct shown_axis {
  bool summarized;
  std::int64_t leading;
  std::int64_t trailing;
  std::int64_t extent;

  std::int64_t count() const noexcept { return leading + (extent - trailing); }
  std::int64_t first_after_gap(std::int64_t i) const noexcept { return i == leading ? trailing : i; }
};

std::vector<shown_axis> choose_shown(const ndarray& array, const print_options& options) {
  const bool summarize = array.size() > options.threshold;
  std::vector<shown_axis> shown;
  for (const std::int64_t extent : array.shape()) {
    const std::int64_t edge = options.edge_items;
    if (summarize && (extent - 1) / 2 >= edge) {  // extent > 2 * edge, without its overflow
      // The last element is shown even with no edge items, as by NumPy. (NumPy then chooses the format from all
      // elements of the array; here it is always chosen from those shown.)
      shown.push_back({true, edge, extent - std::max<std::int64_t>(edge, 1), extent});
    } else {
      shown.push_back({false, extent, extent, extent});
    }
  }
  return shown;
}

// The shown elements, one after the other in row-major order.
std::vector<std::byte> read_shown(const ndarray& array, const std::vector<shown_axis>& shown) {
  const auto item_bytes = static_cast<std::size_t>(item_size(array.dtype()));
  std::size_t count = 1;
  for (const shown_axis& axis : shown) count *= static_cast<std::size_t>(axis.count());
  std::vector<std::byte> elements;
  if (count > elements.max_size() / item_bytes) throw std::length_error("more bytes than a vector can have");
  elements.resize(count * item_bytes);

  const std::byte* base = array.storage()->data();
  const dims& strides = array.strides();
  const int rank = array.rank();
  std::byte* to = elements.data();
  const auto read = [&](const auto& self, int axis, std::int64_t offset) -> void {
    if (axis == rank) {
      std::memcpy(to, base + offset * static_cast<std::int64_t>(item_bytes), item_bytes);
      to += item_bytes;
      return;
    }
    const shown_axis& at = shown[static_cast<std::size_t>(axis)];
    for (std::int64_t i = at.first_after_gap(0); i < at.extent; i = at.first_after_gap(i + 1)) {
      self(self, axis + 1, offset + i * strides[axis]);
    }
  };
  read(read, 0, array.layout().offset);
  return elements;
}

// Puts elements into rows, and rows into brackets.
class printer {
 public:
  printer(const std::vector<shown_axis>& shown, const api::element_text& elements, std::int64_t line_width)
      : shown_(shown), elements_(elements), rank_(static_cast<std::int64_t>(shown.size())) {
    // A line also holds the brackets that may close behind it, one for each axis.
    width_ = line_width - rank_;
  }

  std::string print() && {
    append_axis(0);
    return std::move(out_);
  }

 private:
  void append_axis(std::int64_t axis) {
    if (axis == rank_ - 1) {
      append_row();
      return;
    }
    const shown_axis& at = shown_[static_cast<std::size_t>(axis)];
    out_ += '[';
    bool first = true;
    const auto separate = [&] {
      if (!std::exchange(first, false)) {
        out_.append(static_cast<std::size_t>(rank_ - axis - 1), '\n');
        out_.append(static_cast<std::size_t>(axis + 1), ' ');
      }
    };
    for (std::int64_t i = 0; i < at.count(); ++i) {
      if (at.summarized && i == at.leading) {
        separate();
        out_ += "...";
      }
      separate();
      append_axis(axis + 1);
    }
    out_ += ']';
  }

  void append_row() {
    const shown_axis& at = shown_.back();
    out_ += '[';
    line_ = rank_;
    bool first = true;
    for (std::int64_t i = 0; i < at.count(); ++i) {
      if (at.summarized && i == at.leading) append_word("...", std::exchange(first, false));
      word_.clear();
      elements_.append(word_, position_++);
      append_word(word_, std::exchange(first, false));
    }
    out_ += ']';
  }

  void append_word(const std::string& word, bool first) {
    const auto length = static_cast<std::int64_t>(word.size());
    if (!first) {
      ++line_;
      if (line_ + length > width_) {
        // Spaces that fill up the last element of a line are not written.
        out_.erase(out_.find_last_not_of(' ') + 1);
        out_ += '\n';
        out_.append(static_cast<std::size_t>(rank_), ' ');
        line_ = rank_;
      } else {
        out_ += ' ';
      }
    }
    out_ += word;
    line_ += length;
  }

  const std::vector<shown_axis>& shown_;
  const api::element_text& elements_;
  std::int64_t rank_;
  std::int64_t width_;
  std::string out_;
  std::string word_;
  std::int64_t line_ = 0;      // length of the current line
  std::int64_t position_ = 0;  // next element to write
};

}  // namespace

std::string to_string(const ndarray& array, const print_options& options) {
  if (options.precision < 0) {
    throw argument_error("to_string: precision is " + std::to_string(options.precision) + ", expected 0 or more");
  }
  if (options.edge_items < 0) {
    throw argument_error("to_string: edge_items is " + std::to_string(options.edge_items) + ", expected 0 or more");
  }
  if (array.size() == 0) return "[]";
  try {
    const std::vector<shown_axis> shown = choose_shown(array, options);
    const std::vector<std::byte> elements = read_shown(array, shown);
    if (shown.empty()) return api::single_text(array.dtype(), elements.data());
    const std::int64_t count = static_cast<std::int64_t>(elements.size()) / item_size(array.dtype());
    const auto text = api::common_text(array.dtype(), elements.data(), count, options);
    return printer(shown, *text, options.line_width).print();
  } catch (const std::bad_alloc&) {
    throw out_of_memory("to_string: no memory for the text of an array of shape " + to_string(array.shape()));
  } catch (const std::length_error&) {
    throw out_of_memory("to_string: the text of an array of shape " + to_string(array.shape()) + " is too long");
  }
}

std::ostream& operator<<(std::ostream& out, const ndarray& array) { return out << to_string(array); }

}  // namespace tandem
