#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <tandem/tandem.h>

#include "io/files.h"

namespace tandem::testing_io {
namespace {

using namespace std::string_view_literals;
using NpyReading = file_test;

// Headers that differ from NumPy's and mean the same: float64 of shape (2,).
TEST_F(NpyReading, TakesEveryWayToWriteTheSameHeader) {
  const std::string_view headers[] = {
      "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }",
      "{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}",
      "{'shape': (2,), 'fortran_order': False, 'descr': '<f8'}",
      "{'fortran_order':False,'shape':(2,),'descr':'<f8',}",
      R"({"descr": "<f8", "fortran_order": False, "shape": (2,)})",
      R"({'descr': "<f8", "fortran_order": False, 'shape': (2,)})",
      "  {  'descr'  :  '<f8'  ,  'fortran_order'  :  False  ,  'shape'  :  (  2  ,  )  ,  }   ",
      "{\t'descr':\n'<f8',\r\n'fortran_order': False,\n'shape': (2,\n)\n}\n\n",
      "{'descr': '=f8', 'fortran_order': False, 'shape': (2,)}",
      "{'descr': '|f8', 'fortran_order': False, 'shape': (2,)}",
      "{'descr': '<f8', 'fortran_order': True, 'shape': (2,)}",
  };
  const std::string data = bytes_of<double>({1.5, -2});
  for (const std::string_view header : headers) {
    for (const int version : {1, 2, 3}) {
      SCOPED_TRACE(::testing::Message() << header << " in version " << version);
      const ndarray a = load(write("a.npy", npy(header, data, version)));
      EXPECT_EQ(a.dtype(), dtype::float64);
      EXPECT_EQ(a.to_vector<double>(), (std::vector<double>{1.5, -2}));
    }
  }
}

TEST_F(NpyReading, ShapesAsPythonWritesThem) {
  const struct {
    const char* text;
    dims shape;
  } cases[] = {{"()", {}},
               {"( )", {}},
               {"(3,)", {3}},
               {"(3, )", {3}},
               {"(1,3)", {1, 3}},
               {"(3, 1,)", {3, 1}},
               {"(1, 1, 3)", {1, 1, 3}},
               {"(0,)", {0}},
               {"(00,)", {0}},
               {"(0, 3)", {0, 3}},
               {"(2, 0, 3)", {2, 0, 3}},
               {"(0, 1000000000000)", {0, 1'000'000'000'000}}};
  for (const auto& [text, shape] : cases) {
    SCOPED_TRACE(text);
    EXPECT_EQ(load(write("a.npy", npy(header_of("|u1", text), "abc"))).shape(), shape);
  }
  std::string axes = "(";
  for (int i = 0; i < max_rank; ++i) axes += "1, ";
  EXPECT_EQ(load(write("a.npy", npy(header_of("|u1", axes + ")"), "a"))).rank(), max_rank);
}

TEST_F(NpyReading, Python2IntegersUpToVersion2) {
  for (const int version : {1, 2}) {
    EXPECT_EQ(load(write("a.npy", npy(header_of("|i1", "(3L,)"), "abc", version))).shape(), (dims{3}));
    EXPECT_EQ(load(write("a.npy", npy(header_of("|i1", "(1L, 3, 1L)"), "abc", version))).shape(), (dims{1, 3, 1}));
  }
}

TEST_F(NpyReading, HeadersOfUpTo10000Bytes) {
  std::string header = header_of("|u1", "(2,)");
  header.resize(9'999, ' ');
  EXPECT_EQ(load(write("a.npy", npy(header, "xy"))).to_vector<std::uint8_t>(), (std::vector<std::uint8_t>{'x', 'y'}));
}

TEST_F(NpyReading, EveryByteOrderOfEveryType) {
  for_each_type([&]<class T>() {
    const ndarray expected = patterned<T>({3, 4});
    const std::string data = elements_of<T>(expected);
    const std::size_t word = item_size(real_part(dtype_of<T>));
    const std::string_view kind = is_boolean(dtype_of<T>)         ? "b"
                                  : is_complex(dtype_of<T>)       ? "c"
                                  : is_real_floating(dtype_of<T>) ? "f"
                                  : std::is_signed_v<T>           ? "i"
                                                                  : "u";
    for (const char order : {'<', '>', '|', '='}) {
      const std::string descr = order + std::string(kind) + std::to_string(sizeof(T));
      SCOPED_TRACE(descr);
      const ndarray a =
          load(write("a.npy", npy(header_of(descr, "(3, 4)"), order == '>' ? swapped(data, word) : data)));
      EXPECT_EQ(a.dtype(), dtype_of<T>);
      EXPECT_EQ(elements_of<T>(a), data);
    }
  });
}

// Larger than what is converted at a time.
TEST_F(NpyReading, LargeConvertedArrays) {
  const ndarray expected = patterned<std::complex<double>>({123, 457});
  const std::string data = elements_of<std::complex<double>>(expected);
  const ndarray a = load(write("a.npy", npy(header_of(">c16", "(123, 457)"), swapped(data, 8))));
  EXPECT_EQ(elements_of<std::complex<double>>(a), data);
  std::string halves;
  for (int i = 0; i < 30'001; ++i) halves += "\0\x3c"sv;
  const ndarray ones = load(write("b.npy", npy(header_of("<f2", "(30001,)"), halves)));
  EXPECT_EQ(ones.to_vector<float>(), std::vector<float>(30'001, 1.0f));
}

// Data at any offset from the file's beginning, hence at any address.
TEST_F(NpyReading, MisalignedData) {
  for_each_type([&]<class T>() {
    const ndarray expected = patterned<T>({5});
    std::string header = header_of(dtype_of<T> == dtype::bool_     ? "|b1"
                                   : is_complex(dtype_of<T>)       ? "<c" + std::to_string(sizeof(T))
                                   : is_real_floating(dtype_of<T>) ? "<f" + std::to_string(sizeof(T))
                                   : std::is_signed_v<T>           ? "<i" + std::to_string(sizeof(T))
                                                                   : "<u" + std::to_string(sizeof(T)),
                                   "(5,)");
    for (int i = 0; i < 16; ++i) {
      const ndarray a = load(write("a.npy", npy(header, elements_of<T>(expected))));
      EXPECT_EQ(elements_of<T>(a), elements_of<T>(expected));
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(a.data<const T>()) % alignof(T), 0u);
      header += ' ';
    }
  });
}

TEST_F(NpyReading, FortranOrderOfEveryRank) {
  const ndarray expected = patterned<std::int32_t>({2, 3, 4, 5});
  const std::string data = elements_of<std::int32_t>(expected.transposed());
  const ndarray a = load(write("a.npy", npy(header_of("<i4", "(2, 3, 4, 5)", true), data)));
  EXPECT_EQ(a.shape(), (dims{2, 3, 4, 5}));
  EXPECT_EQ(a.strides(), (dims{1, 2, 6, 24}));
  EXPECT_EQ(elements_of<std::int32_t>(a), elements_of<std::int32_t>(expected));
  const ndarray b = load(write("b.npy", npy(header_of(">i4", "(2, 3, 4, 5)", true), swapped(data, 4))));
  EXPECT_EQ(elements_of<std::int32_t>(b), elements_of<std::int32_t>(expected));
  EXPECT_EQ(load(write("c.npy", npy(header_of("<i4", "()", true), "\7\0\0\0"sv))).at<std::int32_t>({}), 7);
  EXPECT_EQ(load(write("d.npy", npy(header_of("<i4", "(3, 0, 2)", true), ""))).shape(), (dims{3, 0, 2}));
}

// Against the definition of binary16: (-1)^s * 2^(e - 15) * (1 + m / 1024), and 2^-14 * (m / 1024) for e = 0.
TEST_F(NpyReading, EveryFloat16) {
  std::vector<std::uint16_t> halves;
  for (int bits = 0; bits < 0x10000; ++bits) halves.push_back(static_cast<std::uint16_t>(bits));
  for (const bool is_swapped : {false, true}) {
    const std::string data = is_swapped ? swapped(bytes_of(halves), 2) : bytes_of(halves);
    const ndarray a = load(write("a.npy", npy(header_of(is_swapped ? ">f2" : "<f2", "(65536,)"), data)));
    ASSERT_EQ(a.dtype(), dtype::float32);
    const std::vector<float> values = a.to_vector<float>();
    for (const std::uint16_t half : halves) {
      const int exponent = half >> 10 & 31;
      const int mantissa = half & 1023;
      const float value = values[half];
      ASSERT_EQ(std::signbit(value), half >= 0x8000) << half;
      if (exponent == 31) {
        ASSERT_EQ(std::isnan(value), mantissa != 0) << half;
        ASSERT_EQ(std::isinf(value), mantissa == 0) << half;
        ASSERT_EQ(std::bit_cast<std::uint32_t>(value) & 0x7fffff, static_cast<std::uint32_t>(mantissa) << 13);
      } else {
        const double magnitude =
            exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 15 - 10);
        ASSERT_EQ(std::fabs(static_cast<double>(value)), magnitude) << half;
      }
    }
  }
}

TEST_F(NpyReading, AnyNonzeroByteIsTrue) {
  std::string data;
  for (int i = 0; i < 256; ++i) data += static_cast<char>(i);
  for (const std::string_view shape : {"(256,)", "(16, 16)"}) {
    const ndarray a = load(write("a.npy", npy(header_of("|b1", shape), data)));
    std::string expected(256, '\1');
    expected[0] = '\0';
    EXPECT_EQ(elements_of<bool>(a), expected);
    EXPECT_EQ(read("a.npy"), npy(header_of("|b1", shape), data));
  }
  // One such byte anywhere in a large file.
  for (const std::size_t at : {0, 4095, 4096, 9'999}) {
    std::string large(10'000, '\1');
    std::string expected = large;
    large[at] = '\x40';
    large[at / 2] = expected[at / 2] = '\0';
    if (at == 0) {
      large[at] = '\x40';
      expected[at] = '\1';
    }
    EXPECT_EQ(elements_of<bool>(load(write("b.npy", npy(header_of("|b1", "(10000,)"), large)))), expected);
  }
}

TEST_F(NpyReading, TrailingBytesAreIgnored) {
  EXPECT_EQ(load(write("a.npy", npy(header_of("<i2", "(2,)"), "\1\0\2\0\3"sv))).to_vector<std::int16_t>(),
            (std::vector<std::int16_t>{1, 2}));
  EXPECT_EQ(load(write("b.npy", npy(header_of(">i2", "(1,)"), "\0\1\2\0\3"sv))).to_vector<std::int16_t>(),
            (std::vector<std::int16_t>{1}));
}

TEST_F(NpyReading, WritesChangeACopyAndNeverTheFile) {
  // Aligned, so that it is mapped.
  std::string header = header_of("<f8", "(3,)");
  header.append(8 - (10 + header.size() + 1) % 8, ' ');
  const std::string before = npy(header, bytes_of<double>({1, 2, 3}));
  ASSERT_EQ((before.size() - 24) % 8, 0u);
  const ndarray a = load(write("a.npy", before));
  const ndarray b = load(path("a.npy"));
  a.data<double>()[1] = 20;
  EXPECT_EQ(a.to_vector<double>(), (std::vector<double>{1, 20, 3}));
  EXPECT_EQ(b.to_vector<double>(), (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(read("a.npy"), before);
  EXPECT_EQ(load(path("a.npy")).to_vector<double>(), (std::vector<double>{1, 2, 3}));
}

TEST_F(NpyReading, ArraysOutliveTheFilesName) {
  save(path("a.npy"), patterned<float>({1000}));
  const ndarray a = load(path("a.npy"));
  ASSERT_EQ(::unlink(path("a.npy").c_str()), 0);
  EXPECT_EQ(elements_of<float>(a), elements_of<float>(patterned<float>({1000})));
}

TEST_F(NpyReading, UnreadableByPermission) {
  save(path("a.npy"), patterned<double>({2}));
  ASSERT_EQ(::chmod(path("a.npy").c_str(), 0), 0);
  ASSERT_EQ(::chmod(folder().c_str(), 0755), 0);
  // Root may read everything: a child that is nobody tries.
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::seteuid(65534) != 0) ::_exit(2);
    try {
      load(path("a.npy"));
    } catch (const io_error& error) {
      ::_exit(contains(error.what(), "cannot open: Permission denied") ? 0 : 1);
    }
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(::chmod(path("a.npy").c_str(), 0600), 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace tandem::testing_io
