#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include <tandem/tandem.h>

#include "io/files.h"
#include "io/memory_watch.h"
#include "io/zip_bytes.h"

namespace tandem::testing_io {
namespace {

using namespace std::literals;
using Npz = file_test;
using Members = std::vector<std::pair<std::string, ndarray>>;
using Names = std::vector<std::string>;

std::uint32_t directory_field(const std::string& archive, std::size_t offset, int bytes) {
  const std::size_t at = archive.find("PK\1\2");
  std::uint32_t value = 0;
  for (int i = 0; i < bytes; ++i)
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(archive[at + offset + static_cast<std::size_t>(i)]))
             << (8 * i);
  return value;
}

TEST_F(Npz, KeepsEveryTypeAndLayout) {
  for (const bool compress : {false, true}) {
    Members members;
    for_each_type([&]<class T>() {
      const std::string type(name(dtype_of<T>));
      const ndarray a = patterned<T>({3, 4, 5});
      members.emplace_back(type, a);
      members.emplace_back(type + " transposed", a.transposed());
      members.emplace_back(type + " strided", a(slice(none, none, -1), all, slice(1, none, 2)));
      members.emplace_back(type + " 0-d", patterned<T>({}));
      members.emplace_back(type + " empty", patterned<T>({2, 0}));
    });
    save_npz(path("a.npz"), members, compress);
    EXPECT_EQ(directory_field(read("a.npz"), 10, 2), compress ? 8u : 0u);
    const Members loaded = load_npz(path("a.npz"));
    ASSERT_EQ(loaded.size(), members.size());
    for_each_type([&]<class T>() {
      for (std::size_t i = 0; i < members.size(); ++i) {
        const auto& [name, a] = members[i];
        if (a.dtype() != dtype_of<T>) continue;
        SCOPED_TRACE(name);
        EXPECT_EQ(loaded[i].first, name);
        ASSERT_EQ(loaded[i].second.dtype(), a.dtype());
        ASSERT_EQ(loaded[i].second.shape(), a.shape());
        EXPECT_TRUE(loaded[i].second.is_writable());
        EXPECT_EQ(elements_of<T>(loaded[i].second), elements_of<T>(a));
        EXPECT_EQ(elements_of<T>(load(path("a.npz"), name)), elements_of<T>(a));
      }
    });
  }
}

// Larger than any buffer, and not a multiple of one.
TEST_F(Npz, LargeMembers) {
  const ndarray a = patterned<std::complex<double>>({211, 307});
  for (const bool compress : {false, true}) {
    save_npz(path("a.npz"), {{"a", a}, {"b", a.transposed()}}, compress);
    EXPECT_EQ(elements_of<std::complex<double>>(load(path("a.npz"), "a")), elements_of<std::complex<double>>(a));
    EXPECT_EQ(elements_of<std::complex<double>>(load(path("a.npz"), "b")),
              elements_of<std::complex<double>>(a.transposed()));
  }
}

TEST_F(Npz, CompressionCompresses) {
  const std::vector<double> values(100'000, 1.0);
  const ndarray a = array(std::span(values), {100'000});
  save_npz(path("stored.npz"), {{"a", a}});
  save_npz(path("deflated.npz"), {{"a", a}}, true);
  EXPECT_GT(read("stored.npz").size(), 800'000u);
  EXPECT_LT(read("deflated.npz").size(), 8'000u);
  EXPECT_EQ(load(path("deflated.npz"), "a").to_vector<double>(), values);
}

TEST_F(Npz, SameArraysGiveTheSameBytes) {
  save_npz(path("a.npz"), {{"x", patterned<float>({9})}}, true);
  save_npz(path("b.npz"), {{"x", patterned<float>({9})}}, true);
  EXPECT_EQ(read("a.npz"), read("b.npz"));
}

TEST_F(Npz, Names) {
  const ndarray one = patterned<double>({1});
  const Names names = {"a",   "with space", "arr_0", "\xc3\xa9t\xc3\xa9",  "x.npy",
                       "..a", "...",        "-",     std::string(300, 'n')};
  Members members;
  for (const std::string& name : names) members.emplace_back(name, one);
  save_npz(path("a.npz"), members);
  EXPECT_EQ(npz_members(path("a.npz")), names);
  EXPECT_TRUE(contains(read("a.npz"), "\xc3\xa9t\xc3\xa9.npy"));
  for (const std::string& name : names) {
    EXPECT_EQ(load(path("a.npz"), name).size(), 1);
    EXPECT_EQ(load(path("a.npz"), name + ".npy").size(), 1);
  }
  const std::string error = error_of([&] { load(path("a.npz"), "b"); });
  EXPECT_TRUE(contains(error, "load: " + path("a.npz") + ": has no member 'b'; it has 'a', 'with space', 'arr_0'"))
      << error;
  EXPECT_FALSE(contains(error, "\xc3")) << error;
}

TEST_F(Npz, NameWithAndWithoutSuffix) {
  const ndarray one = patterned<double>({1});
  const ndarray two = patterned<double>({2});
  save_npz(path("a.npz"), {{"x", one}, {"x.npy", two}});
  EXPECT_EQ(load(path("a.npz"), "x").size(), 1);
  EXPECT_EQ(load(path("a.npz"), "x.npy").size(), 2);
  EXPECT_EQ(load(path("a.npz"), "x.npy.npy").size(), 2);
}

TEST_F(Npz, BadNamesAreArgumentErrors) {
  const ndarray one = patterned<double>({1});
  save_npz(path("a.npz"), {{"old", one}});
  const std::string before = read("a.npz");
  const struct {
    std::string name;
    std::string_view reason;
  } cases[] = {{"", "member name '' is empty"},
               {"a/b", "member name 'a/b' is a path"},
               {"/a", "is a path"},
               {"a\\b", "is a path"},
               {"..", "is a path"},
               {".", "is a path"},
               {"../a", "is a path"},
               {"a\0b"s, "member name 'a\\x00b' contains control characters"},
               {"a\n", "contains control characters"},
               {"\x7f", "contains control characters"},
               {std::string(70'000, 'n'), "is too long"}};
  for (const auto& [name, reason] : cases) {
    SCOPED_TRACE(reason);
    try {
      save_npz(path("a.npz"), {{"x", one}, {name, one}});
      ADD_FAILURE() << "nothing was thrown";
    } catch (const argument_error& error) {
      EXPECT_TRUE(contains(error.what(), reason)) << error.what();
    }
  }
  EXPECT_THROW(save_npz(path("a.npz"), {{"x", one}, {"y", one}, {"x", one}}), argument_error);
  EXPECT_EQ(read("a.npz"), before);
  EXPECT_EQ(listing(), (Names{"a.npz"}));
}

TEST_F(Npz, NamesThatAreNotUtf8AreRefused) {
  EXPECT_THROW(save_npz(path("a.npz"), {{"\xff\xfe", patterned<double>({1})}}), argument_error);
  EXPECT_EQ(listing(), Names{});
}

TEST_F(Npz, EmptyArchives) {
  save_npz(path("a.npz"), {});
  EXPECT_EQ(read("a.npz"), zip_of({}));
  EXPECT_TRUE(load_npz(path("a.npz")).empty());
  EXPECT_TRUE(npz_members(path("a.npz")).empty());
  EXPECT_TRUE(contains(error_of([&] { load(path("a.npz"), "a"); }), "has no member 'a'; it has none"));
}

TEST_F(Npz, MembersInEveryForm) {
  const std::string big_endian = npy(header_of(">i2", "(2,)"), "\0\1\0\2"s);
  const std::string fortran = npy(header_of("<i2", "(2, 2)", true), "\1\0\2\0\3\0\4\0"s, 3);
  const std::string half = npy(header_of("<f2", "(1,)"), "\0\x3c"s, 2);
  const std::string bools = npy(header_of("|b1", "(3,)"), "\0\1\xff"s);
  const std::string trailing = npy(header_of("|u1", "(1,)"), "\7" + std::string(50'000, '\0'));
  write("a.npz", zip_of({stored("big.npy", big_endian), deflated("fortran.npy", fortran), stored("half.npy", half),
                         deflated("bools.npy", bools), deflated("trailing.npy", trailing)}));
  EXPECT_EQ(npz_members(path("a.npz")), (Names{"big", "fortran", "half", "bools", "trailing"}));
  EXPECT_EQ(load(path("a.npz"), "big").to_vector<std::int16_t>(), (std::vector<std::int16_t>{1, 2}));
  EXPECT_EQ(load(path("a.npz"), "fortran").to_vector<std::int16_t>(), (std::vector<std::int16_t>{1, 3, 2, 4}));
  EXPECT_EQ(load(path("a.npz"), "half").to_vector<float>(), (std::vector<float>{1}));
  EXPECT_EQ(elements_of<bool>(load(path("a.npz"), "bools")), "\0\1\1"s);
  EXPECT_EQ(load(path("a.npz"), "trailing").to_vector<std::uint8_t>(), (std::vector<std::uint8_t>{7}));
}

// As NumPy writes them: local headers with Zip64 fields, and deflated.
TEST_F(Npz, WrittenByNumPy) {
  const std::string_view stored_archive =
      "PK\x03\x04\x14\x00\x00\x00\x00\x00\x00\x00!\x00`\x82\x00\x91\x86\x00\x00\x00\x86\x00\x00\x00\x05\x00\x14"
      "\x00\x61.npy\x01\x00\x10\x00\x86\x00\x00\x00\x00\x00\x00\x00\x86\x00\x00\x00\x00\x00\x00\x00\x93NUMPY"
      "\x01\x00v\x00{'descr': '<i2', 'fortran_order': False, 'shape': (3,), }                                  "
      "                          \x0a\x01\x00\x02\x00\x03\x00PK\x03\x04\x14\x00\x00\x00\x00\x00\x00\x00!\x00"
      "\xf4l~g\x82\x00\x00\x00\x82\x00\x00\x00\x05\x00\x14\x00\x62.npy\x01\x00\x10\x00\x82\x00\x00\x00\x00\x00"
      "\x00\x00\x82\x00\x00\x00\x00\x00\x00\x00\x93NUMPY\x01\x00v\x00{'descr': '|b1', 'fortran_order': False, '"
      "shape': (2, 1), }                                                          \x0a\x01\x00PK\x01\x02\x14"
      "\x03\x14\x00\x00\x00\x00\x00\x00\x00!\x00`\x82\x00\x91\x86\x00\x00\x00\x86\x00\x00\x00\x05\x00\x00\x00"
      "\x00\x00\x00\x00\x00\x00\x00\x00\x80\x01\x00\x00\x00\x00\x61.npyPK\x01\x02\x14\x03\x14\x00\x00\x00\x00"
      "\x00\x00\x00!\x00\xf4l~g\x82\x00\x00\x00\x82\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
      "\x80\x01\xbd\x00\x00\x00\x62.npyPK\x05\x06\x00\x00\x00\x00\x02\x00\x02\x00\x66\x00\x00\x00v\x01\x00\x00"
      "\x00\x00"sv;
  const std::string_view deflated_archive =
      "PK\x03\x04\x14\x00\x00\x00\x08\x00\x00\x00!\x00G\x83u\xad\xa8\x00\x00\x00 \x01\x00\x00\x05\x00\x14\x00"
      "\x61.npy\x01\x00\x10\x00 \x01\x00\x00\x00\x00\x00\x00\xa8\x00\x00\x00\x00\x00\x00\x00\x9d\xc8\xa1\x0f"
      "\x01q\x18\xc6\xf1\xd7&\x98\x09\x17\x04\x41\xf8\xb5\x1f\xdb\x05\x81\xcd\xcc\x86\x0b\x1aS\x04\x89\x9b\xbb"
      "\x9b`\xce\xeeL1\xdb\x45\xd1\xa6\x88\x17\x45Q\x14\x45Q\xbc(\x8a\xa2/\x7f\x82g\xef\xe7\xd9\xde\xe7\xd0\x1f"
      "\xf6\x06\xa3\x94\xac\x65\xa3\x1d\x37\x9c\x06\xba\xa1t\xd3\xabjSi\xcf\x0fV\x81\xbd\x18\xfb\x81\xe3~\xf7"
      "\xae=\x0f]\xf6pf/]\xfeR\xcdT\xf5\xb2\xa9\xb6\xea\xef\x64\xe5\x97\xa8\x45\xb5\x39\x44\x88qE\x02\xe9\x88"
      "\x18P\xa8\xa0\x8d\x01&X\x22\xc2\x0e{\x1c\x11\xe3\x84\x33.\xb8\xe2\x86;\x1eH\xf0\xc4\x0bo\x88%\x92\x46"
      "\x06\x39\x18\xc8\xa3\x80\xa2\xf5\x01PK\x01\x02\x14\x03\x14\x00\x00\x00\x08\x00\x00\x00!\x00G\x83u\xad"
      "\xa8\x00\x00\x00 \x01\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x01\x00\x00\x00\x00"
      "\x61.npyPK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00\x33\x00\x00\x00\xdf\x00\x00\x00\x00\x00"sv;
  const Members members = load_npz(write("a.npz", stored_archive));
  ASSERT_EQ(members.size(), 2u);
  EXPECT_EQ(members[0].first, "a");
  EXPECT_EQ(members[0].second.to_vector<std::int16_t>(), (std::vector<std::int16_t>{1, 2, 3}));
  EXPECT_EQ(members[1].first, "b");
  EXPECT_EQ(members[1].second.shape(), (dims{2, 1}));
  EXPECT_EQ(members[1].second.to_vector<bool>(), (std::vector<bool>{true, false}));
  const ndarray a = load(write("b.npz", deflated_archive), "a");
  ASSERT_EQ(a.shape(), (dims{5, 8}));
  for (int i = 0; i < 40; ++i) EXPECT_EQ(a.to_vector<float>()[static_cast<std::size_t>(i)], static_cast<float>(i));
}

TEST_F(Npz, FullDiskLeavesTheOldFile) {
  save_npz(path("a.npz"), {{"old", patterned<double>({3})}});
  const std::string before = read("a.npz");
  for (const bool compress : {false, true}) {
    for (const rlim_t limit : {rlim_t{0}, rlim_t{20}, rlim_t{5'000}, rlim_t{80'200}}) {
      auto* const previous_action = std::signal(SIGXFSZ, SIG_IGN);
      rlimit previous;
      ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &previous), 0);
      const rlimit small{limit, previous.rlim_max};
      ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
      const std::string error =
          error_of([&] { save_npz(path("a.npz"), {{"x", patterned<double>({20'000})}}, compress); });
      ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &previous), 0);
      std::signal(SIGXFSZ, previous_action);
      EXPECT_EQ(error, "save_npz: " + path("a.npz") + ": cannot write: File too large");
      EXPECT_EQ(read("a.npz"), before);
      EXPECT_EQ(listing(), (Names{"a.npz"}));
    }
  }
}

TEST_F(Npz, ReplacedFilesKeepTheirPermissions) {
  write("a.npz", "old");
  ASSERT_EQ(::chmod(path("a.npz").c_str(), 0604), 0);
  save_npz(path("a.npz"), {{"x", patterned<double>({3})}});
  struct stat status;
  ASSERT_EQ(::stat(path("a.npz").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0604u);
}

TEST_F(Npz, ManyMembers) {
  Members members;
  for (int i = 0; i < 65'600; ++i) members.emplace_back(std::to_string(i), patterned<std::uint8_t>({}));
  save_npz(path("a.npz"), members);
  EXPECT_TRUE(contains(read("a.npz"), "PK\6\6"));  // Zip64's end of the directory
  EXPECT_EQ(npz_members(path("a.npz")).size(), 65'600u);
  EXPECT_EQ(load(path("a.npz"), "65599").shape(), dims{});
}

}  // namespace
}  // namespace tandem::testing_io
