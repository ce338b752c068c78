#include "io/npy_header.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstring>
#include <optional>

#include <tandem/errors.h>

namespace tandem::io {

namespace {

static_assert(std::endian::native == std::endian::little, "the byte orders below are those of a little-endian machine");

constexpr std::string_view magic = "\x93NUMPY";

struct descr_code {
  std::string_view code;
  dtype type;
  bool is_half = false;
};

constexpr descr_code descr_codes[] = {
    {"b1", dtype::bool_},       {"i1", dtype::int8},          {"i2", dtype::int16},   {"i4", dtype::int32},
    {"i8", dtype::int64},       {"u1", dtype::uint8},         {"u2", dtype::uint16},  {"u4", dtype::uint32},
    {"u8", dtype::uint64},      {"f4", dtype::float32},       {"f8", dtype::float64}, {"c8", dtype::complex64},
    {"c16", dtype::complex128}, {"f2", dtype::float32, true},
};

std::string_view code_of(dtype type) {
  for (const descr_code& entry : descr_codes) {
    if (entry.type == type) return entry.code;
  }
  throw dtype_error(fmt::format("{} has no code in .npy files", name(type)));
}

// What a code means that NumPy knows and this library does not, in words; empty if NumPy does not know it either.
std::string_view meaning_of_unread(std::string_view code) {
  if (code.empty()) return {};
  const bool has_size = code.size() > 1 && code.find_first_not_of("0123456789", 1) == std::string_view::npos;
  switch (code[0]) {
    case 'O': return ": Python objects";
    case 'S':
    case 'U': return ": text";
    case 'V': return ": structured or raw bytes";
    case 'M':
    case 'm': return ": dates or times";
    case 'f': return has_size ? ": a float of another size" : "";
    case 'c': return has_size ? ": a complex number of another size" : "";
    case 'i':
    case 'u': return has_size ? ": an integer of another size" : "";
    default: return {};
  }
}

/// A cursor over the dict literal.
class header_parser {
 public:
  header_parser(std::string_view text, bool allow_long_suffix, std::string_view where)
      : text_(text), allow_long_suffix_(allow_long_suffix), where_(where) {}

  void parse(npy_header& header) {
    bool has_descr = false;
    bool has_order = false;
    bool has_shape = false;
    const auto once = [&](bool& seen, std::string_view key) {
      if (seen) fail(fmt::format("key '{}' is given twice", key));
      seen = true;
    };
    skip_space();
    if (!take('{')) fail("a dict is expected");
    skip_space();
    while (!take('}')) {
      const std::string_view key = parse_string("a key");
      skip_space();
      if (!take(':')) fail(fmt::format("':' is expected after key {}", quoted(key)));
      skip_space();
      if (key == "descr") {
        once(has_descr, key);
        parse_descr(header);
      } else if (key == "fortran_order") {
        once(has_order, key);
        header.is_fortran_order = parse_bool();
      } else if (key == "shape") {
        once(has_shape, key);
        header.shape = parse_shape();
      } else {
        fail(fmt::format("unknown key {}; expected 'descr', 'fortran_order' and 'shape'", quoted(key)));
      }
      skip_space();
      if (take(',')) {
        skip_space();
      } else if (peek() != '}') {
        fail("',' or '}' is expected");
      }
    }
    skip_space();
    if (at_ != text_.size()) fail("something follows the dict");
    if (!has_descr) fail_whole("key 'descr' is missing");
    if (!has_order) fail_whole("key 'fortran_order' is missing");
    if (!has_shape) fail_whole("key 'shape' is missing");
  }

 private:
  [[noreturn]] void fail_whole(std::string_view reason) const {
    throw io_error(fmt::format("{}: header: {}", where_, reason));
  }
  [[noreturn]] void fail(std::string_view reason) const {
    throw io_error(fmt::format("{}: header, character {}: {}", where_, at_ + 1, reason));
  }

  // NUL, which is no part of any literal, stands for the end.
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char expected) {
    if (at_ == text_.size() || text_[at_] != expected) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view expected) {
    if (!text_.substr(at_).starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\n\r\f").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

  // The text may have bytes above 127, Latin-1 or UTF-8 by version. Only names of fields have them, in types that are
  // rejected: so no string here needs decoding.
  std::string_view parse_string(std::string_view what) {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail(fmt::format("{} in quotes is expected", what));
    const std::size_t begin = ++at_;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\') fail("escapes in strings are not read");
      if (text_[at_] == '\n' || text_[at_] == '\0') fail("a string is not closed");
      ++at_;
    }
    if (at_ == text_.size()) fail("a string is not closed");
    return text_.substr(begin, at_++ - begin);
  }

  bool parse_bool() {
    for (const bool value : {true, false}) {
      const std::size_t begin = at_;
      if (take(value ? std::string_view("True") : std::string_view("False")) && !is_word(peek())) return value;
      at_ = begin;
    }
    fail("fortran_order must be True or False");
  }

  void parse_descr(npy_header& header) {
    if (peek() == '[') fail("descr is a list: structured types are not read");
    if (peek() == '(') fail("descr is a tuple: subarray types are not read");
    const std::size_t begin = at_;
    const std::string_view descr = parse_string("descr");
    const bool has_order = !descr.empty() && std::string_view("<>|=").find(descr[0]) != std::string_view::npos;
    for (const descr_code& entry : descr_codes) {
      if (!has_order || descr.substr(1) != entry.code) continue;
      header.type = entry.type;
      header.is_half = entry.is_half;
      header.item_bytes = entry.is_half ? 2 : item_size(entry.type);
      header.is_swapped = descr[0] == '>' && header.item_bytes > 1;
      return;
    }
    at_ = begin;
    fail(fmt::format(
        "descr {} is not read{}; expected one of < > | = and then one of b1 i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16",
        quoted(descr), meaning_of_unread(descr.substr(has_order ? 1 : 0))));
  }

  dims parse_shape() {
    if (!take('(')) fail("shape must be a tuple of integers");
    dims shape;
    bool has_comma = true;
    skip_space();
    while (!take(')')) {
      if (!has_comma) fail("',' or ')' is expected");
      if (shape.size() == max_rank) fail(fmt::format("shape has more than {} axes", max_rank));
      shape.push_back(parse_extent());
      skip_space();
      has_comma = take(',');
      if (!has_comma && shape.size() == 1 && peek() == ')') {
        fail("shape is not a tuple: one extent is written with a comma, (3,)");
      }
      skip_space();
    }
    return shape;
  }

  std::int64_t parse_extent() {
    if (peek() == '-') fail("shape has a negative extent");
    if (!is_digit(peek())) fail("shape has an extent that is not an integer");
    const std::size_t begin = at_;
    std::int64_t value = 0;
    for (; is_digit(peek()); ++at_) {
      if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, peek() - '0', &value)) {
        at_ = begin;
        fail("shape has an extent over 2^63 - 1");
      }
    }
    // Python 3 takes 00 for 0 and no other leading zeros; Python 2 took them for octal.
    if (value != 0 && text_[begin] == '0') {
      at_ = begin;
      fail("shape has an extent with leading zeros");
    }
    if (peek() == 'L') {
      if (!allow_long_suffix_) fail("an integer with the suffix L is only allowed in versions 1.0 and 2.0");
      ++at_;
    }
    if (is_word(peek()) || peek() == '.') {
      at_ = begin;
      fail("shape has an extent that is not a decimal integer");
    }
    return value;
  }

  std::string_view text_;
  bool allow_long_suffix_;
  std::string_view where_;
  std::size_t at_ = 0;
};

// Sizes from the shape, with overflow checks: nothing may be allocated or compared before. As in NumPy, the other
// extents of an empty array must not overflow either.
void set_sizes(npy_header& header, std::string_view where) {
  std::int64_t size = 1;
  std::int64_t array_bytes = 0;
  std::int64_t end = 0;
  bool is_empty = false;
  bool overflow = false;
  for (const std::int64_t extent : header.shape) {
    is_empty |= extent == 0;
    overflow |= extent != 0 && __builtin_mul_overflow(size, extent, &size);
  }
  overflow |= __builtin_mul_overflow(size, header.item_bytes, &header.data_bytes);
  overflow |= __builtin_mul_overflow(size, item_size(header.type), &array_bytes);
  overflow |= __builtin_add_overflow(header.data_bytes, header.data_offset, &end);
  if (overflow) {
    throw io_error(fmt::format("{}: header: an array of shape {} and {} bytes an element has more than 2^63 - 1 bytes",
                               where, to_string(header.shape), header.item_bytes));
  }
  header.size = is_empty ? 0 : size;
  if (is_empty) header.data_bytes = 0;
}

std::uint32_t little_endian(const std::byte* from, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value |= std::to_integer<std::uint32_t>(from[i]) << (8 * i);
  return value;
}

}  // namespace

npy_header read_npy_header(const byte_reader& read, std::string_view where) {
  const auto read_all = [&](std::byte* to, std::size_t size) {
    const std::size_t count = read(to, size);
    if (count < size) throw io_error(fmt::format("{}: ends within the header", where));
  };
  // Magic, version, and a length of 2 or 4 bytes.
  std::array<std::byte, 12> start{};
  const std::size_t magic_count = read(start.data(), magic.size());
  if (std::memcmp(start.data(), "PK\3\4", 4) == 0) {
    throw io_error(fmt::format("{}: is a zip archive (.npz), not a .npy file: a member must be named", where));
  }
  if (std::memcmp(start.data(), magic.data(), magic_count) != 0) {
    throw io_error(fmt::format("{}: is not a .npy file: it does not begin with \\x93NUMPY", where));
  }
  if (magic_count < magic.size()) throw io_error(fmt::format("{}: ends within the header", where));

  read_all(start.data() + 6, 2);
  const int major = std::to_integer<int>(start[6]);
  const int minor = std::to_integer<int>(start[7]);
  if (major < 1 || major > 3 || minor != 0) {
    throw io_error(fmt::format("{}: .npy version {}.{} is not known; expected 1.0, 2.0 or 3.0", where, major, minor));
  }
  const std::size_t length_bytes = major == 1 ? 2 : 4;
  read_all(start.data() + 8, length_bytes);
  const std::int64_t length = little_endian(start.data() + 8, length_bytes);
  if (length > largest_header_bytes) {
    throw io_error(fmt::format("{}: header is {} bytes, at most {} are allowed", where, length, largest_header_bytes));
  }
  std::string text(static_cast<std::size_t>(length), '\0');
  read_all(reinterpret_cast<std::byte*>(text.data()), text.size());

  npy_header header;
  header.data_offset = static_cast<std::int64_t>(8 + length_bytes) + length;
  header_parser(text, major < 3, where).parse(header);
  set_sizes(header, where);
  return header;
}

std::string npy_preamble(dtype type, const dims& shape) {
  constexpr std::size_t alignment = 64;
  constexpr std::size_t prefix_bytes = 10;
  // NumPy leaves room for the first extent to grow to the longest integer, so that rows can be appended in place.
  constexpr std::size_t longest_extent = 21;
  std::string text = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': {}, }}",
                                 item_size(type) == 1 ? '|' : '<', code_of(type), to_string(shape));
  if (!shape.empty()) text.append(longest_extent - fmt::formatted_size("{}", shape[0]), ' ');
  // NumPy pads with 1 to 64 spaces, never none.
  text.append(alignment - (prefix_bytes + text.size() + 1) % alignment, ' ');
  text += '\n';

  // 32 extents of up to 19 digits are below 1,000 bytes: version 1.0, with its 16-bit length, always suffices.
  static_assert(max_rank * (19 + 2) + 200 < 0xffff);
  std::string preamble(magic);
  preamble += {'\1', '\0', static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
  return preamble + text;
}

std::string quoted(std::string_view text) {
  constexpr std::size_t longest = 60;
  std::string result = "'";
  for (const char c : text.substr(0, longest)) {
    if (c >= ' ' && c <= '~') {
      result += c;
    } else {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return result + (text.size() > longest ? "...'" : "'");
}

}  // namespace tandem::io
