#include "io/npz_archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <tandem/errors.h>

#include "io/file.h"
#include "io/npy_elements.h"
#include "io/npy_header.h"
#include "io/npz_names.h"

namespace tandem::io {

namespace {

// What deflate reaches at most: a match of 258 bytes in 2 bits.
constexpr std::uint64_t most_inflation = 1032;
constexpr std::uint64_t most_trailing_bytes = 64 * 1024;

struct close_member {
  void operator()(zip_file_t* member) const noexcept { zip_fclose(member); }
};
using member_handle = std::unique_ptr<zip_file_t, close_member>;

std::string message_of(int zip_error_code) {
  zip_error_t error;
  zip_error_init_with_code(&error, zip_error_code);
  std::string message = zip_error_strerror(&error);
  zip_error_fini(&error);
  return message;
}

archive_handle open_archive(const std::string& path, std::string_view where, std::int64_t& size_bytes) {
  input_file input = open_input(path, where);
  size_bytes = input.size_bytes;
  std::array<std::byte, 6> start{};
  read_at(input.file, 0, start.data(), start.size(), where);
  if (std::memcmp(start.data(), "\x93NUMPY", start.size()) == 0) {
    throw io_error(fmt::format("{}: is a .npy file, not a .npz archive", where));
  }
  int code = 0;
  archive_handle archive(zip_fdopen(input.file.number(), 0, &code));
  if (archive == nullptr) throw io_error(fmt::format("{}: cannot open as a zip archive: {}", where, message_of(code)));
  input.file.release();  // libzip has closed it
  return archive;
}

// Checks what the archive says about a member, before it is read.
zip_stat_t checked_status(zip_t* archive, std::size_t position, std::int64_t archive_bytes, std::string_view where) {
  zip_stat_t status;
  constexpr zip_uint64_t needed =
      ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if (zip_stat_index(archive, position, 0, &status) != 0 || (status.valid & needed) != needed) {
    throw io_error(fmt::format("{}: the archive has no sizes for it: {}", where, zip_strerror(archive)));
  }
  if (status.encryption_method != ZIP_EM_NONE) throw io_error(fmt::format("{}: is encrypted", where));
  if (status.comp_method != ZIP_CM_STORE && status.comp_method != ZIP_CM_DEFLATE) {
    throw io_error(fmt::format("{}: compression method {} is not read; expected stored (0) or deflated (8)", where,
                               status.comp_method));
  }
  if (status.comp_size > static_cast<std::uint64_t>(archive_bytes)) {
    throw io_error(fmt::format("{}: claims {} bytes in an archive of {}", where, status.comp_size, archive_bytes));
  }
  // Below 2^63 / 1032 compressed bytes, which no file reaches, nothing overflows.
  const std::uint64_t most =
      status.comp_method == ZIP_CM_STORE ? status.comp_size : (status.comp_size + 1) * most_inflation;
  if (status.size > most || (status.comp_method == ZIP_CM_STORE && status.size != status.comp_size)) {
    throw io_error(fmt::format("{}: claims to be {} bytes, {} in the archive", where, status.size, status.comp_size));
  }
  return status;
}

}  // namespace

npz_archive::npz_archive(const std::string& path, std::string_view where)
    : where_(where), archive_(open_archive(path, where, size_bytes_)) {
  const zip_int64_t count = zip_get_num_entries(archive_.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) names_.push_back(member_name(static_cast<std::size_t>(i)));
  check_duplicates();
}

std::string npz_archive::member_name(std::size_t position) const {
  // libzip gives a space for a NUL in either, so that none cuts a name short. As text, the name is UTF-8; if it was
  // not, in the zip's own code page, control characters have become arrows and the like: only the raw name shows them.
  const char* text = zip_get_name(archive_.get(), position, ZIP_FL_ENC_GUESS);
  const char* raw = zip_get_name(archive_.get(), position, ZIP_FL_ENC_RAW);
  if (text == nullptr || raw == nullptr) {
    throw io_error(fmt::format("{}: member {} has no name: {}", where_, position, zip_strerror(archive_.get())));
  }
  const auto reject = [&](std::string_view reason) {
    throw io_error(fmt::format("{}: the name of member {} {}", where_, quoted(text), reason));
  };
  for (std::string_view form : {text, raw}) {
    if (!form.ends_with(member_suffix)) reject("does not end in .npy");
    form.remove_suffix(member_suffix.size());
    const std::string_view reason = reason_against_member_name(form);
    if (!reason.empty()) reject(reason);
  }
  std::string name = text;
  name.resize(name.size() - member_suffix.size());
  return name;
}

void npz_archive::check_duplicates() const {
  std::vector<std::string_view> sorted(names_.begin(), names_.end());
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) throw io_error(fmt::format("{}: member {} is there twice", where_, quoted(*twice)));
}

std::size_t npz_archive::find(std::string_view member) const {
  auto found = std::find(names_.begin(), names_.end(), member);
  if (found == names_.end() && member.ends_with(member_suffix)) {
    found = std::find(names_.begin(), names_.end(), member.substr(0, member.size() - member_suffix.size()));
  }
  if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());

  constexpr std::size_t most_listed = 10;
  std::string list;
  for (std::size_t i = 0; i < std::min(names_.size(), most_listed); ++i) {
    list += (i == 0 ? "" : ", ") + quoted(names_[i]);
  }
  if (names_.size() > most_listed) list += fmt::format(" and {} more", names_.size() - most_listed);
  throw io_error(fmt::format("{}: has no member {}; it has {}", where_, quoted(member), list.empty() ? "none" : list));
}

ndarray npz_archive::read(std::size_t position) const {
  const std::string where = fmt::format("{}: member {}", where_, quoted(names_[position]));
  const zip_stat_t status = checked_status(archive_.get(), position, size_bytes_, where);
  member_handle member(zip_fopen_index(archive_.get(), position, 0));
  if (member == nullptr) throw io_error(fmt::format("{}: cannot open: {}", where, zip_strerror(archive_.get())));
  const byte_reader read = [&](std::byte* to, std::size_t size) {
    std::size_t done = 0;
    while (done < size) {
      const zip_int64_t count = zip_fread(member.get(), to + done, size - done);
      if (count < 0) {
        throw io_error(fmt::format("{}: cannot read: {}", where, zip_error_strerror(zip_file_get_error(member.get()))));
      }
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    return done;
  };

  const npy_header header = read_npy_header(read, where);
  const auto needed = static_cast<std::uint64_t>(header.data_offset + header.data_bytes);
  if (status.size < needed) {
    throw io_error(fmt::format("{}: is {} bytes, but shape {} of {} bytes each needs {}", where, status.size,
                               to_string(header.shape), header.item_bytes, needed));
  }
  if (status.size - needed > most_trailing_bytes) {
    throw io_error(fmt::format("{}: is {} bytes, but its header describes {}", where, status.size, needed));
  }
  // Stored elements are in the file; what is inflated is not confirmed before it arrives.
  ndarray array = make_array(read_elements(header, read, size_bytes_, where), header);
  // The checksum is compared at the end, and only if all was read.
  std::array<std::byte, 4096> rest;
  for (std::uint64_t left = status.size - needed; left > 0;) {
    const std::size_t count = read(rest.data(), static_cast<std::size_t>(std::min<std::uint64_t>(left, rest.size())));
    if (count == 0) throw io_error(fmt::format("{}: ends {} bytes before the {} it claims", where, left, status.size));
    left -= count;
  }
  if (read(rest.data(), 1) != 0) {
    throw io_error(fmt::format("{}: is longer than the {} bytes it claims", where, status.size));
  }
  return array;
}

}  // namespace tandem::io
