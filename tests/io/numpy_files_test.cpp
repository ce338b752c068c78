#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include <tandem/tandem.h>

#include "io/files.h"

namespace tandem::testing_io {
namespace {

using namespace std::string_view_literals;

/// A file as NumPy 1.24 on x86-64 wrote it (numpy.lib.format.write_array).
struct numpy_file {
  const char* name;
  tandem::dtype type;
  dims shape;
  /// Whether saving what was read must give the same bytes: native, row-major and version 1.0.
  bool is_resaved;
  /// What is between the magic and the header: version and length.
  std::string_view version;
  std::string_view header;
  int spaces;
  std::string_view data;
  /// The elements in row-major order on a little-endian machine, if `data` is not that.
  std::string_view native;

  std::string bytes() const {
    return "\x93NUMPY" + std::string(version) + std::string(header) +
           std::string(static_cast<std::size_t>(spaces), ' ') + "\n" + std::string(data);
  }
};

const numpy_file numpy_files[] = {
    // clang-format off
    {"b1", dtype::bool_, {3}, true,
     "\x01\x00\x76\x00"sv, "{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }"sv, 60,
     "\x01\x00\x01"sv,
     {}},
    {"i1", dtype::int8, {3}, true,
     "\x01\x00\x76\x00"sv, "{'descr': '|i1', 'fortran_order': False, 'shape': (3,), }"sv, 60,
     "\x80\xff\x7f"sv,
     {}},
    {"i2", dtype::int16, {3}, true,
     "\x01\x00\x76\x00"sv, "{'descr': '<i2', 'fortran_order': False, 'shape': (3,), }"sv, 60,
     "\x00\x80\x02\x01\xff\x7f"sv,
     {}},
    {"i4", dtype::int32, {3}, true,
     "\x01\x00\x76\x00"sv, "{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }"sv, 60,
     "\x00\x00\x00\x80\x04\x03\x02\x01\xff\xff\xff\x7f"sv,
     {}},
    {"i8", dtype::int64, {3}, true,
     "\x01\x00\x76\x00"sv, "{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }"sv, 60,
     "\x00\x00\x00\x00\x00\x00\x00\x80\x08\x07\x06\x05\x04\x03\x02\x01\xff\xff\xff\xff\xff\xff\xff\x7f"sv,
     {}},
    {"u1", dtype::uint8, {3}, true,
     "\x01\x00\x76\x00"sv, "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }"sv, 60,
     "\x00\x80\xff"sv,
     {}},
    {"u2", dtype::uint16, {3}, true,
     "\x01\x00\x76\x00"sv, "{'descr': '<u2', 'fortran_order': False, 'shape': (3,), }"sv, 60,
     "\x00\x00\x02\x01\xff\xff"sv,
     {}},
    {"u4", dtype::uint32, {3}, true,
     "\x01\x00\x76\x00"sv, "{'descr': '<u4', 'fortran_order': False, 'shape': (3,), }"sv, 60,
     "\x00\x00\x00\x00\x04\x03\x02\x01\xff\xff\xff\xff"sv,
     {}},
    {"u8", dtype::uint64, {3}, true,
     "\x01\x00\x76\x00"sv, "{'descr': '<u8', 'fortran_order': False, 'shape': (3,), }"sv, 60,
     "\x00\x00\x00\x00\x00\x00\x00\x00\x08\x07\x06\x05\x04\x03\x02\x01\xff\xff\xff\xff\xff\xff\xff\xff"sv,
     {}},
    {"f4", dtype::float32, {3}, true,
     "\x01\x00\x76\x00"sv, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }"sv, 60,
     "\x00\x00\x00\x80\x00\x00\xc0\x3f\x00\x00\x80\x7f"sv,
     {}},
    {"f8", dtype::float64, {3}, true,
     "\x01\x00\x76\x00"sv, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }"sv, 60,
     "\x00\x00\x00\x00\x00\x00\x00\x80\x9a\x99\x99\x99\x99\x99\xb9\x3f\x00\x00\x00\x00\x00\x00\xf0\xff"sv,
     {}},
    {"c8", dtype::complex64, {3}, true,
     "\x01\x00\x76\x00"sv, "{'descr': '<c8', 'fortran_order': False, 'shape': (3,), }"sv, 60,
     "\x00\x00\x80\x3f\x00\x00\x00\x40\x00\x00\x00\x80\x00\x00\x00\xbf\x00\x00\x40\x40\x00\x00\x00\x00"sv,
     {}},
    {"c16", dtype::complex128, {3}, true,
     "\x01\x00\x76\x00"sv, "{'descr': '<c16', 'fortran_order': False, 'shape': (3,), }"sv, 59,
     "\x00\x00\x00\x00\x00\x00\xf0\x3f\x00\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00\x80\x00"
     "\x00\x00\x00\x00\x00\xe0\xbf\x00\x00\x00\x00\x00\x00\x08\x40\x00\x00\x00\x00\x00\x00\x00\x00"sv,
     {}},
    {"0-d", dtype::float64, {}, true,
     "\x01\x00\x76\x00"sv, "{'descr': '<f8', 'fortran_order': False, 'shape': (), }"sv, 62,
     "\x00\x00\x00\x00\x00\x00\x04\x40"sv,
     {}},
    {"empty", dtype::int32, {3, 0, 2}, true,
     "\x01\x00\x76\x00"sv, "{'descr': '<i4', 'fortran_order': False, 'shape': (3, 0, 2), }"sv, 55,
     {},
     {}},
    {"rank 4", dtype::uint8, {2, 2, 2, 2}, true,
     "\x01\x00\x76\x00"sv, "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 2, 2), }"sv, 52,
     "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"sv,
     {}},
    {"fortran", dtype::int16, {2, 3}, false,
     "\x01\x00\x76\x00"sv, "{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }"sv, 59,
     "\x00\x00\x03\x00\x01\x00\x04\x00\x02\x00\x05\x00"sv,
     "\x00\x00\x01\x00\x02\x00\x03\x00\x04\x00\x05\x00"sv},
    {"fortran rank 3", dtype::uint8, {2, 3, 2}, false,
     "\x01\x00\x76\x00"sv, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 2), }"sv, 56,
     "\x00\x06\x02\x08\x04\x0a\x01\x07\x03\x09\x05\x0b"sv,
     "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b"sv},
    {"big-endian i2", dtype::int16, {3}, false,
     "\x01\x00\x76\x00"sv, "{'descr': '>i2', 'fortran_order': False, 'shape': (3,), }"sv, 60,
     "\x00\x01\x00\x02\x01\x02"sv,
     "\x01\x00\x02\x00\x02\x01"sv},
    {"big-endian u4", dtype::uint32, {3}, false,
     "\x01\x00\x76\x00"sv, "{'descr': '>u4', 'fortran_order': False, 'shape': (3,), }"sv, 60,
     "\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x01\x02"sv,
     "\x01\x00\x00\x00\x02\x00\x00\x00\x02\x01\x00\x00"sv},
    {"big-endian i8", dtype::int64, {3}, false,
     "\x01\x00\x76\x00"sv, "{'descr': '>i8', 'fortran_order': False, 'shape': (3,), }"sv, 60,
     "\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x01\x02"sv,
     "\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x02\x01\x00\x00\x00\x00\x00\x00"sv},
    {"big-endian f4", dtype::float32, {3}, false,
     "\x01\x00\x76\x00"sv, "{'descr': '>f4', 'fortran_order': False, 'shape': (3,), }"sv, 60,
     "\x3f\x80\x00\x00\x40\x00\x00\x00\x43\x81\x00\x00"sv,
     "\x00\x00\x80\x3f\x00\x00\x00\x40\x00\x00\x81\x43"sv},
    {"big-endian f8", dtype::float64, {3}, false,
     "\x01\x00\x76\x00"sv, "{'descr': '>f8', 'fortran_order': False, 'shape': (3,), }"sv, 60,
     "\x3f\xf0\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00\x40\x70\x20\x00\x00\x00\x00\x00"sv,
     "\x00\x00\x00\x00\x00\x00\xf0\x3f\x00\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00\x00\x00\x20\x70\x40"sv},
    {"big-endian c8", dtype::complex64, {3}, false,
     "\x01\x00\x76\x00"sv, "{'descr': '>c8', 'fortran_order': False, 'shape': (3,), }"sv, 60,
     "\x3f\x80\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00\x43\x81\x00\x00\x00\x00\x00\x00"sv,
     "\x00\x00\x80\x3f\x00\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x81\x43\x00\x00\x00\x00"sv},
    {"big-endian c16", dtype::complex128, {3}, false,
     "\x01\x00\x76\x00"sv, "{'descr': '>c16', 'fortran_order': False, 'shape': (3,), }"sv, 59,
     "\x3f\xf0\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00\x00"
     "\x00\x00\x00\x00\x00\x00\x00\x40\x70\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"sv,
     "\x00\x00\x00\x00\x00\x00\xf0\x3f\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x40\x00"
     "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x20\x70\x40\x00\x00\x00\x00\x00\x00\x00\x00"sv},
    {"big-endian fortran", dtype::int32, {2, 3}, false,
     "\x01\x00\x76\x00"sv, "{'descr': '>i4', 'fortran_order': True, 'shape': (2, 3), }"sv, 59,
     "\x00\x00\x00\x01\x00\x00\x00\x04\x00\x00\x00\x02\x00\x00\x00\x05\x00\x00\x00\x03\x00\x00\x00\x06"sv,
     "\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00\x00\x05\x00\x00\x00\x06\x00\x00\x00"sv},
    {"float16", dtype::float32, {6}, false,
     "\x01\x00\x76\x00"sv, "{'descr': '<f2', 'fortran_order': False, 'shape': (6,), }"sv, 60,
     "\x00\x3c\x00\xc0\xff\x7b\x01\x00\x00\x80\x00\x7c"sv,
     "\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\xe0\x7f\x47\x00\x00\x80\x33\x00\x00\x00\x80\x00\x00\x80\x7f"sv},
    {"big-endian float16", dtype::float32, {6}, false,
     "\x01\x00\x76\x00"sv, "{'descr': '>f2', 'fortran_order': False, 'shape': (6,), }"sv, 60,
     "\x3c\x00\xc0\x00\x7b\xff\x00\x01\x80\x00\x7c\x00"sv,
     "\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\xe0\x7f\x47\x00\x00\x80\x33\x00\x00\x00\x80\x00\x00\x80\x7f"sv},
    {"version 2.0", dtype::int32, {2}, false,
     "\x02\x00\x74\x00\x00\x00"sv, "{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }"sv, 58,
     "\x01\x00\x00\x00\x02\x00\x00\x00"sv,
     {}},
    {"version 3.0", dtype::int32, {2}, false,
     "\x03\x00\x74\x00\x00\x00"sv, "{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }"sv, 58,
     "\x01\x00\x00\x00\x02\x00\x00\x00"sv,
     {}},
    // clang-format on
};

using NumPyFiles = file_test;

std::string elements_of_any(const ndarray& a) {
  std::string bytes;
  for_each_type([&]<class T>() {
    if (a.dtype() == dtype_of<T>) bytes = elements_of<T>(a);
  });
  return bytes;
}

TEST_F(NumPyFiles, AreReadAndWrittenByteForByte) {
  for (const numpy_file& file : numpy_files) {
    SCOPED_TRACE(file.name);
    const ndarray a = load(write("a.npy", file.bytes()));
    EXPECT_EQ(a.dtype(), file.type);
    EXPECT_EQ(a.shape(), file.shape);
    EXPECT_TRUE(a.is_writable());
    EXPECT_EQ(elements_of_any(a), file.native.empty() ? file.data : file.native);
    save(path("b.npy"), a);
    if (file.is_resaved) {
      EXPECT_EQ(read("b.npy"), file.bytes());
    }
    const ndarray again = load(path("b.npy"));
    EXPECT_EQ(again.dtype(), a.dtype());
    EXPECT_EQ(again.shape(), a.shape());
    EXPECT_TRUE(again.is_contiguous());
    EXPECT_EQ(elements_of_any(again), elements_of_any(a));
  }
}

TEST_F(NumPyFiles, FortranOrderIsAView) {
  const ndarray a = load(write("a.npy", npy(header_of("<i2", "(2, 3)", true), "\1\0\2\0\3\0\4\0\5\0\6\0"sv)));
  EXPECT_EQ(a.strides(), (dims{1, 2}));
  EXPECT_EQ(a.to_vector<std::int16_t>(), (std::vector<std::int16_t>{1, 3, 5, 2, 4, 6}));
}

}  // namespace
}  // namespace tandem::testing_io
