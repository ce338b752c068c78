#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <tandem/tandem.h>

#include "io/files.h"

namespace tandem::testing_io {
namespace {

using NpyRoundTrip = file_test;

// How the array that is saved lies in memory.
template <class T>
std::vector<std::pair<const char*, ndarray>> layouts_of(const dims& shape) {
  const ndarray whole = patterned<T>(shape);
  std::vector<std::pair<const char*, ndarray>> result = {{"row-major", whole}, {"transposed", whole.transposed()}};
  if (shape.empty()) return result;
  result.emplace_back("reversed", whole(slice(none, none, -1)));
  result.emplace_back("every second", whole(ellipsis, slice(none, none, 2)));
  result.emplace_back("the last reversed", whole(ellipsis, slice(none, none, -1)));
  result.emplace_back("an offset", whole(ellipsis, slice(1, none)));
  // A zero stride, as broadcasting makes it.
  detail::layout broadcast{whole.shape(), whole.strides(), whole.layout().offset};
  broadcast.strides[0] = 0;
  result.emplace_back("broadcast", ndarray(whole.storage(), whole.dtype(), broadcast, false));
  return result;
}

TEST_F(NpyRoundTrip, KeepsEveryByteOfEveryTypeRankAndLayout) {
  const dims shapes[] = {{}, {1}, {7}, {3, 5}, {1, 4}, {2, 3, 4}, {2, 1, 3, 5}, {0}, {3, 0}, {0, 2, 0}};
  int cases = 0;
  for_each_type([&]<class T>() {
    for (const dims& shape : shapes) {
      for (const auto& [layout, a] : layouts_of<T>(shape)) {
        SCOPED_TRACE(::testing::Message() << name(dtype_of<T>) << " " << to_string(shape) << " " << layout);
        save(path("a.npy"), a);
        const ndarray b = load(path("a.npy"));
        ASSERT_EQ(b.dtype(), a.dtype());
        ASSERT_EQ(b.shape(), a.shape());
        ASSERT_TRUE(b.is_contiguous());
        ASSERT_TRUE(b.is_writable());
        ASSERT_EQ(elements_of<T>(b), elements_of<T>(a));
        ++cases;
      }
    }
  });
  EXPECT_GT(cases, 800);
}

// More than one buffer of gathered elements.
TEST_F(NpyRoundTrip, LargeStridedArrays) {
  const ndarray a = patterned<double>({400, 301})(all, slice(none, none, -3)).transposed();
  save(path("a.npy"), a);
  EXPECT_EQ(elements_of<double>(load(path("a.npy"))), elements_of<double>(a));
  const ndarray b = patterned<bool>({1001, 1003}).transposed();
  save(path("b.npy"), b);
  EXPECT_EQ(elements_of<bool>(load(path("b.npy"))), elements_of<bool>(b));
}

TEST_F(NpyRoundTrip, PreambleIsAMultipleOf64Bytes) {
  for (int rank = 0; rank <= max_rank; ++rank) {
    // Of one element, so that any rank is small; and of none with extents of many digits.
    for (const std::int64_t extent : {std::int64_t{1}, std::int64_t{100'000'000'000}}) {
      dims shape = dims::filled(rank, 1);
      if (rank > 0) shape[0] = 0;
      for (int i = 1; i < std::min(rank, extent == 1 ? max_rank : 2); ++i) shape[i] = extent;
      const ndarray a = patterned<std::int8_t>(shape);
      save(path("a.npy"), a);
      const std::string bytes = read("a.npy");
      const auto data_bytes = static_cast<std::size_t>(a.size());
      EXPECT_EQ((bytes.size() - data_bytes) % 64, 0u);
      EXPECT_EQ(bytes[bytes.size() - data_bytes - 1], '\n');
      EXPECT_EQ(bytes.substr(6, 2), std::string("\1\0", 2));
      EXPECT_EQ(load(path("a.npy")).shape(), shape);
    }
  }
}

TEST_F(NpyRoundTrip, HeaderHasTheKeysInOrder) {
  save(path("a.npy"), patterned<float>({3, 4}));
  EXPECT_EQ(read("a.npy").substr(10, 61), "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }  ");
  save(path("b.npy"), patterned<bool>({}));
  EXPECT_EQ(read("b.npy").substr(10, 58), "{'descr': '|b1', 'fortran_order': False, 'shape': (), }   ");
}

}  // namespace
}  // namespace tandem::testing_io
