#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tandem/tandem.h>

#include "io/files.h"
#include "io/memory_watch.h"
#include "io/zip_bytes.h"

namespace tandem::testing_io {
namespace {

using namespace std::literals;
using NpzHostile = file_test;

std::string small() { return npy(header_of("<i2", "(2,)"), "\1\0\2\0"s); }

template <class Change>
zip_member changed(zip_member member, Change change) {
  change(member);
  return member;
}

TEST_F(NpzHostile, Names) {
  const struct {
    std::vector<zip_member> members;
    std::string_view reason;
  } cases[] = {
      {{stored("a.npy", small()), stored("a.npy", small())}, "member 'a' is there twice"},
      {{stored("a.npy", small()), stored("b.npy", small()), stored("a.npy", small())}, "member 'a' is there twice"},
      {{stored("../a.npy", small())}, "the name of member '../a.npy' is a path"},
      {{stored("/etc/a.npy", small())}, "is a path"},
      {{stored("a/b.npy", small())}, "is a path"},
      {{stored("a\\b.npy", small())}, "is a path"},
      {{stored("..\\a.npy", small())}, "is a path"},
      {{stored("folder/", "")}, "'folder/' does not end in .npy"},
      {{stored("...npy", small())}, "the name of member '...npy' is a path"},
      {{stored("..npy", small())}, "the name of member '..npy' is a path"},
      {{stored(".npy", small())}, "the name of member '.npy' is empty"},
      {{stored("", small())}, "does not end in .npy"},
      {{stored("a", small())}, "'a' does not end in .npy"},
      {{stored("a.NPY", small())}, "does not end in .npy"},
      {{stored("readme.txt", "hello")}, "does not end in .npy"},
      {{stored("good.npy", small()), stored("evil/x.npy", small())}, "is a path"},
      {{stored("a\x1b[2J.npy", small())}, "contains control characters"},
      {{stored("a\n.npy", small())}, "contains control characters"},
      {{changed(stored("\xff.npy", small()), [](zip_member& m) { m.flags = 0x800; })}, "cannot open as a zip archive"},
  };
  for (const auto& [members, reason] : cases) {
    SCOPED_TRACE(reason);
    write("a.npz", zip_of(members));
    for (const std::string& error :
         {error_of([&] { npz_members(path("a.npz")); }), error_of([&] { load_npz(path("a.npz")); }),
          error_of([&] { load(path("a.npz"), "good"); })}) {
      EXPECT_TRUE(contains(error, reason)) << error;
      EXPECT_TRUE(contains(error, ": " + path("a.npz") + ": ")) << error;
      EXPECT_FALSE(contains(error, "\x1b"));
    }
  }
  // A name in the zip's own code page becomes UTF-8.
  EXPECT_EQ(npz_members(write("a.npz", zip_of({stored("\x82.npy", small())}))), (std::vector<std::string>{"\xc3\xa9"}));
}

// libzip makes it a space: the name is not cut short, and what was rejected behind it still is.
TEST_F(NpzHostile, NamesWithANul) {
  for (const std::uint16_t flags : {0, 0x800}) {
    const auto names_of = [&](const std::string& name) {
      return npz_members(
          write("a.npz", zip_of({changed(stored(name, small()), [&](zip_member& m) { m.flags = flags; })})));
    };
    EXPECT_EQ(names_of("a\0b.npy"s), (std::vector<std::string>{"a b"}));
    EXPECT_EQ(names_of("a.npy\0.npy"s), (std::vector<std::string>{"a.npy "}));
    EXPECT_TRUE(contains(error_of([&] { names_of("a.npy\0"s); }), "'a.npy ' does not end in .npy"));
    EXPECT_TRUE(contains(error_of([&] { names_of("a.npy\0../../x.npy"s); }), "is a path"));
  }
}

TEST_F(NpzHostile, Members) {
  const std::string file = small();
  const struct {
    zip_member member;
    std::string_view reason;
  } cases[] = {
      {stored("a.npy", ""), "ends within the header"},
      {stored("a.npy", "hello"), "is not a .npy file"},
      {stored("a.npy", file.substr(0, 5)), "ends within the header"},
      {stored("a.npy", file.substr(0, 40)), "ends within the header"},
      {stored("a.npy", file.substr(0, file.size() - 1)), "but shape (2,) of 2 bytes each needs"},
      {deflated("a.npy", file.substr(0, file.size() - 1)), "but shape (2,) of 2 bytes each needs"},
      {stored("a.npy", npy(header_of("|O", "(2,)"), "")), "Python objects"},
      {stored("a.npy", npy(header_of("<i8", "(1000000000000,)"), "")), "of 8 bytes each needs 8000000000"},
      {stored("a.npy", "PK\3\4"), "is a zip archive"},
      // Checksums.
      {changed(stored("a.npy", file), [](zip_member& m) { m.crc ^= 1; }), "CRC error"},
      {changed(stored("a.npy", file), [](zip_member& m) { m.data.back() ^= 1; }), "CRC error"},
      {changed(deflated("a.npy", file), [](zip_member& m) { m.crc ^= 1; }), "CRC error"},
      {changed(deflated("a.npy", file), [](zip_member& m) { m.data.back() ^= 1; }), "CRC error"},
      {changed(deflated("a.npy", file + std::string(60'000, 'x')), [](zip_member& m) { m.data.back() ^= 1; }),
       "CRC error"},
      // Sizes.
      {changed(stored("a.npy", file), [](zip_member& m) { ++m.whole_bytes; }), "claims to be"},
      {changed(stored("a.npy", file), [](zip_member& m) { --m.whole_bytes; }), "claims to be"},
      {changed(stored("a.npy", file), [](zip_member& m) { m.whole_bytes = 0xfffffff0; }),
       "claims to be 4294967280 bytes"},
      {changed(stored("a.npy", file), [](zip_member& m) { m.stored_bytes = m.whole_bytes = 0xfffffff0; }),
       "claims 4294967280 bytes in an archive of"},
      {changed(deflated("a.npy", file), [](zip_member& m) { m.whole_bytes = 0xfffffff0; }),
       "claims to be 4294967280 bytes"},
      {changed(deflated("a.npy", file), [](zip_member& m) { m.stored_bytes = 0xfffffff0; }), "claims 4294967280 bytes"},
      {changed(deflated("a.npy", file), [](zip_member& m) { m.stored_bytes = 10; }), "cannot read"},
      {changed(deflated("a.npy", file), [](zip_member& m) { ++m.whole_bytes; }), "ends 1 bytes before the"},
      {changed(deflated("a.npy", file + "x"), [](zip_member& m) { --m.whole_bytes; }), "is longer than the"},
      {changed(deflated("a.npy", file + std::string(5'000, 'x')), [](zip_member& m) { m.whole_bytes -= 5'000; }),
       "is longer than the"},
      {deflated("a.npy", file + std::string(70'000, 'x')), "bytes, but its header describes"},
      {stored("a.npy", file + std::string(70'000, 'x')), "bytes, but its header describes"},
      // Forms.
      {changed(stored("a.npy", file), [](zip_member& m) { m.flags = 1; }), "is encrypted"},
      {changed(stored("a.npy", file), [](zip_member& m) { m.method = 12; }), "compression method 12 is not read"},
      {changed(stored("a.npy", file), [](zip_member& m) { m.method = 8; }), ""},
      {changed(deflated("a.npy", file), [](zip_member& m) { m.data[0] = '\7'; }), "cannot read"},
      {changed(deflated("a.npy", file), [](zip_member& m) { m.data[1] ^= 1; }), "cannot read"},
  };
  int count = 0;
  for (const auto& [member, reason] : cases) {
    SCOPED_TRACE(::testing::Message() << "case " << ++count << ": " << reason);
    const std::string bytes = zip_of({member});
    write("a.npz", bytes);
    memory_watch::start();
    const std::string error = error_of([&] { load(path("a.npz"), "a"); });
    EXPECT_LE(memory_watch::requested_bytes(), 2 * static_cast<std::int64_t>(bytes.size()) + 65'536);
    EXPECT_TRUE(error.starts_with("load: " + path("a.npz") + ": member 'a': ")) << error;
    EXPECT_TRUE(contains(error, reason)) << error;
    EXPECT_TRUE(
        error_of([&] { load_npz(path("a.npz")); }).starts_with("load_npz: " + path("a.npz") + ": member 'a': "));
  }
}

// A header that claims gigabytes, in a member that claims them too: only what arrives is held.
TEST_F(NpzHostile, DeflatedMembersThatClaimMoreThanTheyHave) {
  std::string contents = npy(header_of("|u1", "(1000000000,)"), std::string(1'000'000, 'x'));
  zip_member member = deflated("a.npy", contents);
  member.whole_bytes = static_cast<std::uint32_t>(contents.size() + 999'000'000);
  const std::string bytes = zip_of({member});
  write("a.npz", bytes);
  memory_watch::start();
  const std::string error = error_of([&] { load(path("a.npz"), "a"); });
  // The member's bytes arrive, fill what the file's size allows, and need no more.
  EXPECT_LE(memory_watch::requested_bytes(), 2 * static_cast<std::int64_t>(bytes.size()) + 65'536);
  EXPECT_TRUE(contains(error, "cannot read") || contains(error, "ends after")) << error;
}

// Real compression far beyond the file's size is read, and takes little more than the array.
TEST_F(NpzHostile, HighlyCompressedMembersGrowAsTheyArrive) {
  const std::vector<std::uint8_t> values(20'000'000, 7);
  save_npz(path("a.npz"), {{"a", array(std::span(values), {20'000'000})}}, true);
  ASSERT_LT(read("a.npz").size(), 100'000u);
  memory_watch::start();
  const ndarray a = load(path("a.npz"), "a");
  // Doubling asks for 1 + 1/2 + 1/4 + ... of the whole, one after the other.
  EXPECT_LE(memory_watch::requested_bytes(), 3 * a.size_bytes() + 65'536);
  EXPECT_EQ(a.to_vector<std::uint8_t>(), values);
}

TEST_F(NpzHostile, TruncatedAtEveryByte) {
  const std::string whole = zip_of({stored("a.npy", small()), deflated("b.npy", small())});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string error = error_of([&] { load_npz(write("a.npz", whole.substr(0, size))); });
    EXPECT_FALSE(error.empty()) << "cut to " << size;
  }
  EXPECT_EQ(load_npz(write("a.npz", whole)).size(), 2u);
}

TEST_F(NpzHostile, ChangedBytes) {
  const std::string whole = zip_of({stored("a.npy", small()), deflated("b.npy", small())});
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char other : {'\0', '\1', '\x7f', '\xff'}) {
      std::string bytes = whole;
      bytes[at] = other;
      write("a.npz", bytes);
      memory_watch::start();
      try {
        for (const auto& [name, a] : load_npz(path("a.npz"))) EXPECT_EQ(a.size_bytes(), 4);
      } catch (const io_error& error) {
        EXPECT_TRUE(contains(error.what(), path("a.npz")));
      }
      EXPECT_LE(memory_watch::requested_bytes(), 2 * static_cast<std::int64_t>(whole.size()) + 65'536);
    }
  }
}

// The end of the directory claims entries that are not there.
TEST_F(NpzHostile, DirectoriesThatClaimEntries) {
  std::string bytes = zip_of({stored("a.npy", small())});
  const std::size_t end = bytes.size() - 22;
  bytes[end + 8] = bytes[end + 9] = bytes[end + 10] = bytes[end + 11] = '\xff';
  EXPECT_TRUE(contains(error_of([&] { load_npz(write("a.npz", bytes)); }), "cannot open as a zip archive"));

  // Zip64: 2^40 entries.
  const std::string whole = zip_of({stored("a.npy", small())});
  const std::size_t directory = whole.find("PK\1\2");
  const std::size_t size = whole.size() - 22 - directory;
  const std::uint64_t claimed = std::uint64_t{1} << 40;
  const std::string zip64 = whole.substr(0, whole.size() - 22) + "PK\6\6" + little_endian(44, 8) +
                            little_endian(45, 2) + little_endian(45, 2) + little_endian(0, 8) +
                            little_endian(claimed, 8) + little_endian(claimed, 8) + little_endian(size, 8) +
                            little_endian(directory, 8) + "PK\6\7" + little_endian(0, 4) +
                            little_endian(whole.size() - 22, 8) + little_endian(1, 4) + "PK\5\6" + little_endian(0, 4) +
                            little_endian(0xffff, 2) + little_endian(0xffff, 2) + little_endian(0xffffffff, 4) +
                            little_endian(0xffffffff, 4) + little_endian(0, 2);
  EXPECT_TRUE(contains(error_of([&] { load_npz(write("b.npz", zip64)); }), "cannot open as a zip archive"));
}

TEST_F(NpzHostile, ThingsThatAreNoArchives) {
  const auto error = [&](const std::string& from) { return error_of([&] { load_npz(from); }); };
  EXPECT_TRUE(contains(error(write("a.npz", small())), "is a .npy file, not a .npz archive"));
  EXPECT_TRUE(contains(error(write("b.npz", "hello")), "cannot open as a zip archive: Not a zip archive"));
  EXPECT_TRUE(contains(error(write("c.npz", "")), "the file is empty"));
  EXPECT_TRUE(contains(error(write("d.npz", std::string(100'000, 'P'))), "cannot open as a zip archive"));
  EXPECT_TRUE(contains(error(folder()), "is a directory, not a regular file"));
  EXPECT_TRUE(contains(error(path("absent.npz")), "load_npz: " + path("absent.npz") + ": cannot open: No such file"));
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_TRUE(contains(error(path("fifo")), "is a FIFO"));
  EXPECT_TRUE(contains(error_of([&] { npz_members(path("b.npz")); }), "npz_members: " + path("b.npz") + ": "));
  EXPECT_TRUE(contains(error_of([&] { load(path("b.npz"), "a"); }), "load: " + path("b.npz") + ": "));
  save_npz(path("e.npz"), {{"a", patterned<double>({2})}});
  EXPECT_TRUE(contains(error_of([&] { load(path("e.npz")); }), "is a zip archive (.npz), not a .npy file"));
}

}  // namespace
}  // namespace tandem::testing_io
