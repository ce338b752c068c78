#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

#include <tandem/tandem.h>

#include "io/files.h"
#include "io/memory_watch.h"

namespace tandem::testing_io {
namespace {

using namespace std::literals;
using NpyHostile = file_test;

std::string descr(std::string_view value) {
  return "{'descr': " + std::string(value) + ", 'fortran_order': False, 'shape': (1,), }";
}
std::string order(std::string_view value) {
  return "{'descr': '<f8', 'fortran_order': " + std::string(value) + ", 'shape': (1,), }";
}
std::string shape(std::string_view value) {
  return "{'descr': '<f8', 'fortran_order': False, 'shape': " + std::string(value) + ", }";
}

TEST_F(NpyHostile, Headers) {
  std::string many_axes = "(";
  for (int i = 0; i <= max_rank; ++i) many_axes += "1, ";
  many_axes += ")";
  const struct {
    std::string header;
    std::string_view reason;
  } cases[] = {
      // The dict.
      {"", "a dict is expected"},
      {"   ", "a dict is expected"},
      {"None", "a dict is expected"},
      {"[]", "a dict is expected"},
      {"dict(descr='<f8', fortran_order=False, shape=(1,))", "a dict is expected"},
      {"{", "a key in quotes is expected"},
      {"{}", "key 'descr' is missing"},
      {"{,}", "a key in quotes is expected"},
      {"{'descr'}", "':' is expected after key 'descr'"},
      {"{'descr': }", "descr in quotes is expected"},
      {"{'descr: '<f8', 'fortran_order': False, 'shape': (1,)}", "':' is expected"},
      {"{descr: '<f8', 'fortran_order': False, 'shape': (1,)}", "a key in quotes is expected"},
      {"{b'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", "a key in quotes is expected"},
      {"{1: 2}", "a key in quotes is expected"},
      {"{'fortran_order': False, 'shape': (1,)}", "key 'descr' is missing"},
      {"{'descr': '<f8', 'shape': (1,)}", "key 'fortran_order' is missing"},
      {"{'descr': '<f8', 'fortran_order': False}", "key 'shape' is missing"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'extra': 1}", "unknown key 'extra'"},
      {"{'Descr': '<f8', 'fortran_order': False, 'shape': (1,)}", "unknown key 'Descr'"},
      {"{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", "key 'descr' is given twice"},
      {"{'descr': '<f8', 'fortran_order': False, 'fortran_order': True, 'shape': (1,)}",
       "'fortran_order' is given twice"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'shape': (2,)}", "key 'shape' is given twice"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)", "',' or '}' is expected"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,),,}", "a key in quotes is expected"},
      {"{'descr': '<f8' 'fortran_order': False, 'shape': (1,)}", "',' or '}' is expected"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} x", "something follows the dict"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}{}", "something follows the dict"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}" + std::string(1, '\0'), "something follows the dict"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} # a comment", "something follows the dict"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'a\x1b[31m': 1}", "unknown key 'a\\x1b[31m'"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), '" + std::string(5000, 'k') + "': 1}", "kkk...'"},
      {std::string(9'000, '{'), "a key in quotes is expected"},
      {std::string(9'000, '('), "a dict is expected"},
      // descr.
      {descr("'<f8"), "descr '<f8, ' is not read; expected"},
      {descr("\"<f8"), "a string is not closed"},
      {descr("''"), "descr '' is not read"},
      {descr("'<'"), "descr '<' is not read"},
      {descr("'f8'"), "descr 'f8' is not read"},
      {descr("'float64'"), "descr 'float64' is not read"},
      {descr("'!f8'"), "descr '!f8' is not read"},
      {descr("'<f8 '"), "descr '<f8 ' is not read"},
      {descr("' <f8'"), "descr ' <f8' is not read"},
      {descr("'<<f8'"), "descr '<<f8' is not read"},
      {descr("'<f'"), "is not read"},
      {descr("'<f3'"), "is not read"},
      {descr("'<f16'"), "descr '<f16' is not read: a float of another size; expected one of"},
      {descr("'<f08'"), "is not read"},
      {descr("'<f88'"), "is not read"},
      {descr("'<c32'"), "a complex number of another size"},
      {descr("'<c4'"), "is not read"},
      {descr("'<i16'"), "an integer of another size"},
      {descr("'<u0'"), "is not read"},
      {descr("'|b2'"), "is not read"},
      {descr("'|?'"), "is not read"},
      {descr("'|O'"), "descr '|O' is not read: Python objects"},
      {descr("'O'"), "descr 'O' is not read: Python objects"},
      {descr("'|S5'"), "text"},
      {descr("'<U7'"), "text"},
      {descr("'|V8'"), "structured or raw bytes"},
      {descr("'<M8[ns]'"), "dates or times"},
      {descr("'<m8[s]'"), "dates or times"},
      {descr("[('a', '<f8'), ('b', '<i4')]"), "structured types are not read"},
      {descr("[]"), "structured types are not read"},
      {descr("('<f8', (2,))"), "subarray types are not read"},
      {descr("None"), "descr in quotes is expected"},
      {descr("8"), "descr in quotes is expected"},
      {descr("b'<f8'"), "descr in quotes is expected"},
      {descr("'\\x3cf8'"), "escapes in strings are not read"},
      {descr("'<f8\0'"sv), "a string is not closed"},
      {descr("'\xe9'"), "descr '\\xe9' is not read"},
      // fortran_order.
      {order("0"), "fortran_order must be True or False"},
      {order("1"), "fortran_order must be True or False"},
      {order("None"), "fortran_order must be True or False"},
      {order("'True'"), "fortran_order must be True or False"},
      {order("true"), "fortran_order must be True or False"},
      {order("Truex"), "fortran_order must be True or False"},
      {order("True_"), "fortran_order must be True or False"},
      {order("False0"), "fortran_order must be True or False"},
      {order(""), "fortran_order must be True or False"},
      {order("True or False"), "',' or '}' is expected"},
      // shape.
      {shape("3"), "shape must be a tuple"},
      {shape("(3)"), "shape is not a tuple"},
      {shape("( 3 )"), "shape is not a tuple"},
      {shape("[3]"), "shape must be a tuple"},
      {shape("None"), "shape must be a tuple"},
      {shape("'(3,)'"), "shape must be a tuple"},
      {shape("(,)"), "an extent that is not an integer"},
      {shape("(3,,)"), "an extent that is not an integer"},
      {shape("(3 4)"), "',' or ')' is expected"},
      {shape("(3, 4"), "an extent that is not an integer"},
      {shape("((3,),)"), "an extent that is not an integer"},
      {shape("(-1,)"), "negative extent"},
      {shape("(3, -9223372036854775808)"), "negative extent"},
      {shape("(- 1,)"), "negative extent"},
      {shape("(+1,)"), "an extent that is not an integer"},
      {shape("(True,)"), "an extent that is not an integer"},
      {shape("(False, 3)"), "an extent that is not an integer"},
      {shape("(None,)"), "an extent that is not an integer"},
      {shape("('3',)"), "an extent that is not an integer"},
      {shape("(1.0,)"), "not a decimal integer"},
      {shape("(1e3,)"), "not a decimal integer"},
      {shape("(0x10,)"), "not a decimal integer"},
      {shape("(1_0,)"), "not a decimal integer"},
      {shape("(1j,)"), "not a decimal integer"},
      {shape("(3LL,)"), "integer"},
      {shape("(3l,)"), "not a decimal integer"},
      {shape("(03,)"), "leading zeros"},
      {shape("(3*4,)"), "',' or ')' is expected"},
      {shape("(9223372036854775808,)"), "over 2^63 - 1"},
      {shape("(18446744073709551616,)"), "over 2^63 - 1"},
      {shape("(" + std::string(4000, '9') + ",)"), "over 2^63 - 1"},
      {shape("(9223372036854775807,)"), "more than 2^63 - 1 bytes"},
      {shape("(1152921504606846976,)"), "more than 2^63 - 1 bytes"},
      {shape("(4294967296, 4294967296)"), "more than 2^63 - 1 bytes"},
      {shape("(4294967296, 4294967296, 0)"), "more than 2^63 - 1 bytes"},
      {shape("(1152921504606846975,)"), "more than 2^63 - 1 bytes"},
      {shape("(1152921504606846960,)"), "of 8 bytes each needs 9223372036854775680"},
      {shape("(1000000, 1000000)"), "has 8 bytes of elements, but shape (1000000, 1000000) of 8 bytes each needs"},
      {shape("(2,)"), "has 8 bytes of elements, but shape (2,) of 8 bytes each needs 16"},
      {shape(many_axes), "shape has more than 32 axes"},
      {shape("(" + std::string(4000, ' ') + "9,)"), "needs 72"},
  };
  int count = 0;
  for (const auto& [header, reason] : cases) {
    for (const int version : {1, 2, 3}) {
      SCOPED_TRACE(::testing::Message() << header.substr(0, 200) << " in version " << version);
      const std::string file = npy(header, std::string(8, '\0'), version);
      write("a.npy", file);
      memory_watch::start();
      const std::string error = error_of([&] { load(path("a.npy")); });
      const std::int64_t requested = memory_watch::requested_bytes();
      EXPECT_TRUE(error.starts_with("load: " + path("a.npy") + ": ")) << error;
      EXPECT_TRUE(contains(error, reason)) << error;
      EXPECT_LE(requested, 2 * static_cast<std::int64_t>(file.size()) + 65'536);
      EXPECT_LT(error.size(), 1000u);
      ++count;
    }
  }
  EXPECT_GE(count, 3 * 100);
}

TEST_F(NpyHostile, LongSuffixNotInVersion3) {
  const std::string error = error_of([&] { load(write("a.npy", npy(shape("(1L,)"), std::string(8, '\0'), 3))); });
  EXPECT_TRUE(contains(error, "suffix L is only allowed in versions 1.0 and 2.0")) << error;
}

TEST_F(NpyHostile, Preambles) {
  const std::string header = header_of("<f8", "(1,)") + "\n";
  const std::string data(8, '\0');
  const auto with = [&](std::string_view prefix) { return std::string(prefix) + header + data; };
  const struct {
    std::string bytes;
    std::string_view reason;
  } cases[] = {
      {"", "the file is empty"},
      {"\x93", "ends within the header"},
      {"\x93NUMP", "ends within the header"},
      {"NUMPY", "is not a .npy file"},
      {"\x94NUMPY\1\0\x40\0{}"s, "is not a .npy file"},
      {"\x93numpy\1\0\x40\0{}"s, "is not a .npy file"},
      {"PK\3\4 and more of it", "is a zip archive (.npz)"},
      {std::string(100, '\0'), "is not a .npy file"},
      {"\x80\4\x95 a pickle", "is not a .npy file"},
      {"1.0 2.0 3.0\n", "is not a .npy file"},
      {"\x93NUMPY"s, "ends within the header"},
      {"\x93NUMPY\1"s, "ends within the header"},
      {"\x93NUMPY\1\0"s, "ends within the header"},
      {"\x93NUMPY\1\0\x40"s, "ends within the header"},
      {"\x93NUMPY\1\0\x40\0"s, "ends within the header"},
      {"\x93NUMPY\2\0\x40\0"s, "ends within the header"},
      {with("\x93NUMPY\0\0\x40\0"sv), "version 0.0 is not known"},
      {with("\x93NUMPY\1\1\x40\0"sv), "version 1.1 is not known"},
      {with("\x93NUMPY\4\0\x40\0\0\0"sv), "version 4.0 is not known"},
      {with("\x93NUMPY\xff\xff\x40\0\0\0"sv), "version 255.255 is not known"},
      {with("\x93NUMPY\1\0\xff\xff"sv), "header is 65535 bytes, at most 10000 are allowed"},
      {with("\x93NUMPY\1\0\x11\x27"sv), "header is 10001 bytes, at most 10000 are allowed"},
      {with("\x93NUMPY\1\0\x10\x27"sv), "ends within the header"},
      {with("\x93NUMPY\2\0\xff\xff\xff\xff"sv), "header is 4294967295 bytes, at most 10000 are allowed"},
      {with("\x93NUMPY\3\0\0\0\0\x80"sv), "header is 2147483648 bytes, at most 10000 are allowed"},
      {with("\x93NUMPY\2\0\0\0\1\0"sv), "header is 65536 bytes, at most 10000 are allowed"},
      {with("\x93NUMPY\1\0\0\0"sv), "a dict is expected"},
      {with("\x93NUMPY\1\0\1\0"sv), "a key in quotes is expected"},
  };
  for (const auto& [bytes, reason] : cases) {
    SCOPED_TRACE(reason);
    write("a.npy", bytes);
    memory_watch::start();
    const std::string error = error_of([&] { load(path("a.npy")); });
    EXPECT_LE(memory_watch::requested_bytes(), 2 * static_cast<std::int64_t>(bytes.size()) + 65'536);
    EXPECT_TRUE(error.starts_with("load: " + path("a.npy") + ": ")) << error;
    EXPECT_TRUE(contains(error, reason)) << error;
  }
}

TEST_F(NpyHostile, TruncatedAtEveryByte) {
  for (const std::string_view type : {"<i4", ">i4", "<f2", ">c8", "|b1"}) {
    for (const int version : {1, 2}) {
      const std::size_t item = type == "<f2" ? 2 : type == ">c8" ? 8 : type == "|b1" ? 1 : 4;
      const std::string whole = npy(header_of(type, "(2, 3)"), std::string(6 * item, '\1'), version);
      for (std::size_t size = 0; size < whole.size(); ++size) {
        const std::string error = error_of([&] { load(write("a.npy", whole.substr(0, size))); });
        EXPECT_FALSE(error.empty()) << type << " cut to " << size;
      }
      EXPECT_EQ(load(write("a.npy", whole)).shape(), (dims{2, 3}));
    }
  }
}

// Every byte of a small file changed to a few others: an answer or an error, nothing else, and no memory beyond the
// limit.
TEST_F(NpyHostile, ChangedBytes) {
  const std::string whole = npy(header_of("<i2", "(2, 3)"), "abcdefghijkl");
  int accepted = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char other : {'\0', '\1', '9', '(', ')', '\'', ',', 'L', '>', '\x7f', '\xff'}) {
      std::string changed = whole;
      changed[at] = other;
      write("a.npy", changed);
      memory_watch::start();
      try {
        const ndarray a = load(path("a.npy"));
        ++accepted;
        EXPECT_LE(a.size_bytes(), 24);
      } catch (const io_error& error) {
        EXPECT_TRUE(contains(error.what(), path("a.npy")));
      }
      EXPECT_LE(memory_watch::requested_bytes(), 2 * static_cast<std::int64_t>(whole.size()) + 65'536);
    }
  }
  EXPECT_GT(accepted, 100);  // the data's bytes, at least
}

TEST_F(NpyHostile, ConversionsStayWithinTwiceTheFile) {
  for (const std::string_view type : {"<f2", ">f2", ">f8", ">c16", "|b1", "<f8"}) {
    const std::int64_t item = type == "|b1" ? 1 : type[1] == 'f' && type[2] == '2' ? 2 : type == ">c16" ? 16 : 8;
    const std::int64_t count = 2'000'000 / item;
    // A header of odd length: misaligned.
    const std::string header = header_of(type, "(" + std::to_string(count) + ",)");
    const std::string file = npy(header + (header.size() % 2 == 0 ? "" : " "), std::string(2'000'000, '\2'));
    write("a.npy", file);
    memory_watch::start();
    const ndarray a = load(path("a.npy"));
    EXPECT_LE(memory_watch::requested_bytes(), 2 * static_cast<std::int64_t>(file.size()) + 65'536) << type;
    EXPECT_EQ(a.size(), count);
  }
}

TEST_F(NpyHostile, ThingsThatAreNoFiles) {
  EXPECT_TRUE(
      contains(error_of([&] { load(path("absent.npy")); }), "absent.npy: cannot open: No such file or directory"));
  EXPECT_TRUE(contains(error_of([&] { load(""); }), "load: : cannot open: No such file or directory"));
  EXPECT_TRUE(contains(error_of([&] { load(folder()); }), "is a directory, not a regular file"));
  EXPECT_TRUE(contains(error_of([&] { load("/dev/zero"); }), "is a device, not a regular file"));
  write("a.npy", "x");
  EXPECT_TRUE(contains(error_of([&] { load(path("a.npy/b.npy")); }), "cannot open: Not a directory"));
  EXPECT_TRUE(contains(error_of([&] { load(path("a.npy") + std::string(1, '\0') + "b"); }), "the path contains a NUL"));
  // Without waiting for a writer.
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_TRUE(contains(error_of([&] { load(path("fifo")); }), "is a FIFO, not a regular file"));
  ASSERT_EQ(::symlink("loop", path("loop").c_str()), 0);
  EXPECT_TRUE(contains(error_of([&] { load(path("loop")); }), "cannot open"));
}

}  // namespace
}  // namespace tandem::testing_io
