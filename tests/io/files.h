#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <complex>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tandem/tandem.h>

#include "support/temporary_folder.h"
#include "support/text_file.h"

// Files and arrays that the tests of this folder are made of.
namespace tandem::testing_io {

/// A folder of its own for each test, removed at the end.
class file_test : public ::testing::Test {
 protected:
  const std::string& folder() const { return folder_.path(); }
  std::string path(std::string_view name) const { return folder_ / std::string(name); }

  std::string write(std::string_view name, std::string_view bytes) const {
    testing::write_text(path(name), bytes);
    return path(name);
  }
  std::string read(std::string_view name) const { return testing::read_text(path(name)); }
  /// Everything in the folder, temporary files too.
  std::vector<std::string> listing() const { return folder_.names(); }

 private:
  // In memory where possible: on a disk each save waits for it, 7 ms here, a thousand times.
  testing::temporary_folder folder_{::access("/dev/shm", W_OK) == 0 ? "/dev/shm"
                                                                    : std::filesystem::temp_directory_path()};
};

/// A .npy file of the given version: the header as given, a newline behind it, then the data.
inline std::string npy(std::string_view header, std::string_view data, int major = 1, int minor = 0) {
  std::string file = "\x93NUMPY";
  file += static_cast<char>(major);
  file += static_cast<char>(minor);
  const std::size_t length = header.size() + 1;
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i) file += static_cast<char>(length >> (8 * i) & 0xff);
  return file.append(header).append("\n").append(data);
}

inline std::string header_of(std::string_view descr, std::string_view shape, bool fortran_order = false) {
  return "{'descr': '" + std::string(descr) + "', 'fortran_order': " + (fortran_order ? "True" : "False") +
         ", 'shape': " + std::string(shape) + ", }";
}

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

/// Reverses each group of `size` bytes.
inline std::string swapped(std::string bytes, std::size_t size) {
  for (std::size_t i = 0; i + size <= bytes.size(); i += size) {
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(i), bytes.begin() + static_cast<std::ptrdiff_t>(i + size));
  }
  return bytes;
}

/// Calls `f.template operator()<T>()` for the element type of each dtype.
template <class F>
void for_each_type(F f) {
  f.template operator()<bool>();
  f.template operator()<std::int8_t>();
  f.template operator()<std::int16_t>();
  f.template operator()<std::int32_t>();
  f.template operator()<std::int64_t>();
  f.template operator()<std::uint8_t>();
  f.template operator()<std::uint16_t>();
  f.template operator()<std::uint32_t>();
  f.template operator()<std::uint64_t>();
  f.template operator()<float>();
  f.template operator()<double>();
  f.template operator()<std::complex<float>>();
  f.template operator()<std::complex<double>>();
}

/// Elements of every bit pattern, but for bool, so that a wrong byte anywhere shows.
template <class T>
ndarray patterned(const dims& shape) {
  std::int64_t size = 1;
  for (const std::int64_t extent : shape) size *= extent;
  auto values = std::make_unique<T[]>(static_cast<std::size_t>(size));
  std::uint64_t state = 0x9e3779b97f4a7c15u;
  for (std::int64_t i = 0; i < size; ++i) {
    unsigned char bytes[sizeof(T)];
    for (unsigned char& byte : bytes) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      byte = static_cast<unsigned char>(state >> 56);
    }
    if constexpr (std::is_same_v<T, bool>) {
      values[static_cast<std::size_t>(i)] = bytes[0] % 2 == 0;
    } else {
      std::memcpy(&values[static_cast<std::size_t>(i)], bytes, sizeof(T));
    }
  }
  return array(std::span<const T>(values.get(), static_cast<std::size_t>(size)), shape);
}

/// The elements' bytes in row-major order, found by counting indices up one at a time.
template <class T>
std::string elements_of(const ndarray& a) {
  std::string bytes;
  dims position = dims::filled(a.rank(), 0);
  for (std::int64_t n = 0; n < a.size(); ++n) {
    std::int64_t offset = 0;
    for (int i = 0; i < a.rank(); ++i) offset += position[i] * a.strides()[i];
    bytes.append(reinterpret_cast<const char*>(a.data<const T>() + offset), sizeof(T));
    for (int i = a.rank() - 1; i >= 0 && ++position[i] == a.shape()[i]; --i) position[i] = 0;
  }
  return bytes;
}

/// The text of the io_error that `action` throws; a failure of the test if it throws none.
template <class Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const io_error& error) {
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "an io_error is expected, but what came was: " << error.what();
    return {};
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

inline bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace tandem::testing_io
