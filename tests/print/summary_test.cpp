#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <tandem/errors.h>
#include <tandem/ndarray.h>

#include "made_array.h"

// What a summary may look at, and what it costs.
namespace {

namespace td = tandem;

TEST(Summary, HiddenElementsDoNotChangeTheFormat) {
  std::vector<double> values(2000, 0.5);
  const td::ndarray array = td::wrap(values.data(), {2000});
  const std::string plain = td::to_string(array);
  EXPECT_EQ(plain, "[0.5 0.5 0.5 ... 0.5 0.5 0.5]");
  for (const double hidden : {1e300, -1e-300, std::numeric_limits<double>::quiet_NaN(), 0.123456789}) {
    values[3] = hidden;
    values[1996] = -hidden;
    EXPECT_EQ(td::to_string(array), plain) << hidden;
  }
  values[2] = 1e300;
  EXPECT_EQ(td::to_string(array), "[5.e-001 5.e-001 1.e+300 ... 5.e-001 5.e-001 5.e-001]");
}

TEST(Summary, ShownElementsOfEveryAxisChooseTheFormat) {
  std::vector<std::int32_t> values(40 * 50, 1);
  const td::ndarray array = td::wrap(values.data(), {40, 50});
  const std::string plain = td::to_string(array);
  values[2 * 50 + 3] = 100000;   // in a shown row, in a hidden column
  values[3 * 50 + 2] = -100000;  // in a hidden row, in a shown column
  EXPECT_EQ(td::to_string(array), plain);
  values[37 * 50 + 47] = 20;  // the first of those shown at both ends
  EXPECT_NE(td::to_string(array), plain);
}

// The pages between the first and the last are not readable: touching a hidden element ends the test.
TEST(Summary, ReadsOnlyWhatItShows) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t bytes = std::size_t{1} << 30;
  void* memory = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto* first = static_cast<std::byte*>(memory);
  ASSERT_EQ(mprotect(first, page, PROT_READ | PROT_WRITE), 0);
  ASSERT_EQ(mprotect(first + bytes - page, page, PROT_READ | PROT_WRITE), 0);
  const auto count = static_cast<std::int64_t>(bytes / sizeof(float));
  auto* values = static_cast<float*>(memory);
  values[0] = 1;
  values[count - 1] = 2.5F;

  EXPECT_EQ(td::to_string(td::wrap(values, {count})), "[1.  0.  0.  ... 0.  0.  2.5]");
  // Backwards, and in the last two corners of three axes.
  EXPECT_EQ(td::to_string(td::wrap(values + count - 1, {count}, {-1})), "[2.5 0.  0.  ... 0.  0.  1. ]");
  EXPECT_EQ(td::to_string(td::wrap(values, {2, 1, 512}, {count - 512, 0, 1}), {.threshold = 1, .edge_items = 2}),
            "[[[1.  0.  ... 0.  0. ]]\n\n [[0.  0.  ... 0.  2.5]]]");
  munmap(memory, bytes);
}

TEST(Summary, HugeArraysCostWhatTheyShow) {
  const std::int16_t value = -7;
  const std::int64_t million = 1000000;
  EXPECT_EQ(td::to_string(td::wrap(&value, {million, million, million}, {0, 0, 0}), {.edge_items = 1}),
            "[[[-7 ... -7]\n  ...\n  [-7 ... -7]]\n\n ...\n\n [[-7 ... -7]\n  ...\n  [-7 ... -7]]]");
}

TEST(Summary, ThresholdIsTheLargestCountShownWhole) {
  for (const std::int64_t count : {7, 8, 100}) {
    const td::ndarray array = print_test::ramp<std::int64_t>({count}, 0, 1);
    EXPECT_EQ(td::to_string(array, {.threshold = count}).find("..."), std::string::npos) << count;
    EXPECT_NE(td::to_string(array, {.threshold = count - 1}).find("..."), std::string::npos) << count;
  }
  // Edges that meet leave no gap.
  const td::ndarray six = print_test::ramp<std::int64_t>({6}, 0, 1);
  EXPECT_EQ(td::to_string(six, {.threshold = 0}), "[0 1 2 3 4 5]");
  EXPECT_EQ(td::to_string(six, {.threshold = -1, .edge_items = std::numeric_limits<std::int64_t>::max()}),
            "[0 1 2 3 4 5]");
  EXPECT_EQ(td::to_string(six, {.threshold = 0, .edge_items = 0}), "[... 5]");
}

#if defined(__has_feature)
#define TANDEM_HAS_FEATURE(name) __has_feature(name)
#else
#define TANDEM_HAS_FEATURE(name) 0
#endif

TEST(Summary, TextThatFitsNoMemoryIsAnError) {
#if defined(__SANITIZE_ADDRESS__) || TANDEM_HAS_FEATURE(address_sanitizer)
  GTEST_SKIP() << "the address sanitizer ends the program where an allocation fails";
#else
  const std::int8_t value = 1;
  const std::int64_t many = std::int64_t{1} << 62;
  const td::ndarray array = td::wrap(&value, {many}, td::dims{0});
  EXPECT_THROW(td::to_string(array, {.threshold = many}), td::out_of_memory);
#endif
}

}  // namespace
