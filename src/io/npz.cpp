#include <zip.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <exception>
#include <memory>
#include <span>
#include <utility>

#include <tandem/errors.h>
#include <tandem/io.h>

#include "io/file.h"
#include "io/npy_header.h"
#include "io/npy_stream.h"
#include "io/npz_archive.h"
#include "io/npz_names.h"

namespace tandem {

namespace {

using namespace io;

// NumPy's default level of zlib.
constexpr zip_uint32_t deflate_level = 6;
// 1980-01-01, the first day that zip files know, as NumPy has it: the same arrays give the same bytes.
constexpr zip_uint16_t first_dos_date = (1 << 5) | 1;

/// Where libzip writes an archive. What a write throws is kept, as it must not pass through C.
class archive_sink {
 public:
  explicit archive_sink(replacement_file& file) : file_(&file) { zip_error_init(&error_); }
  archive_sink(const archive_sink&) = delete;
  archive_sink& operator=(const archive_sink&) = delete;
  ~archive_sink() { zip_error_fini(&error_); }

  const std::exception_ptr& failure() const noexcept { return failure_; }

  static zip_int64_t call(void* self, void* data, zip_uint64_t size, zip_source_cmd_t command) noexcept {
    return static_cast<archive_sink*>(self)->run(data, size, command);
  }

 private:
  zip_int64_t run(void* data, zip_uint64_t size, zip_source_cmd_t command) noexcept {
    switch (command) {
      case ZIP_SOURCE_SUPPORTS: return ZIP_SOURCE_SUPPORTS_WRITABLE;
      case ZIP_SOURCE_ERROR: return zip_error_to_data(&error_, data, size);
      case ZIP_SOURCE_STAT: return fail(ZIP_ER_READ, ENOENT);  // not there yet: a new archive
      case ZIP_SOURCE_WRITE: return write(static_cast<const std::byte*>(data), size);
      case ZIP_SOURCE_TELL_WRITE: return file_->position();
      case ZIP_SOURCE_SEEK_WRITE: return seek(data, size);
      case ZIP_SOURCE_BEGIN_WRITE:
      case ZIP_SOURCE_COMMIT_WRITE:
      case ZIP_SOURCE_ROLLBACK_WRITE:
      case ZIP_SOURCE_REMOVE:
      case ZIP_SOURCE_FREE: return 0;
      default: return fail(ZIP_ER_OPNOTSUPP, 0);
    }
  }

  zip_int64_t fail(int code, int system_code) noexcept {
    zip_error_set(&error_, code, system_code);
    return -1;
  }

  zip_int64_t write(const std::byte* data, zip_uint64_t size) noexcept {
    try {
      file_->write(data, size);
    } catch (...) {
      failure_ = std::current_exception();
      return fail(ZIP_ER_WRITE, EIO);
    }
    end_ = std::max(end_, file_->position());
    return static_cast<zip_int64_t>(size);
  }

  zip_int64_t seek(void* data, zip_uint64_t size) noexcept {
    const zip_int64_t position = zip_source_seek_compute_offset(static_cast<zip_uint64_t>(file_->position()),
                                                                static_cast<zip_uint64_t>(end_), data, size, &error_);
    if (position < 0) return -1;
    file_->seek(position);
    return 0;
  }

  replacement_file* file_;
  std::int64_t end_ = 0;
  std::exception_ptr failure_;
  zip_error_t error_;
};

/// Where libzip reads a member from.
class member_source {
 public:
  member_source(const ndarray& array, std::vector<std::byte>& buffer) : stream_(array, buffer) {
    zip_error_init(&error_);
  }
  member_source(const member_source&) = delete;
  member_source& operator=(const member_source&) = delete;
  ~member_source() { zip_error_fini(&error_); }

  static zip_int64_t call(void* self, void* data, zip_uint64_t size, zip_source_cmd_t command) noexcept {
    return static_cast<member_source*>(self)->run(data, size, command);
  }

 private:
  zip_int64_t run(void* data, zip_uint64_t size, zip_source_cmd_t command) noexcept {
    switch (command) {
      case ZIP_SOURCE_SUPPORTS: return ZIP_SOURCE_SUPPORTS_READABLE;
      case ZIP_SOURCE_ERROR: return zip_error_to_data(&error_, data, size);
      case ZIP_SOURCE_OPEN:
        stream_.rewind();
        rest_ = {};
        return 0;
      case ZIP_SOURCE_READ: return read(static_cast<std::byte*>(data), size);
      case ZIP_SOURCE_STAT: {
        auto* status = static_cast<zip_stat_t*>(data);
        zip_stat_init(status);
        status->size = static_cast<zip_uint64_t>(stream_.size_bytes());
        status->valid = ZIP_STAT_SIZE;
        return sizeof(*status);
      }
      case ZIP_SOURCE_CLOSE:
      case ZIP_SOURCE_FREE: return 0;
      default: zip_error_set(&error_, ZIP_ER_OPNOTSUPP, 0); return -1;
    }
  }

  zip_int64_t read(std::byte* to, zip_uint64_t size) noexcept {
    zip_uint64_t done = 0;
    while (done < size) {
      if (rest_.empty()) rest_ = stream_.next();
      if (rest_.empty()) break;
      const std::size_t count = std::min<std::size_t>(rest_.size(), size - done);
      std::memcpy(to + done, rest_.data(), count);
      rest_ = rest_.subspan(count);
      done += count;
    }
    return static_cast<zip_int64_t>(done);
  }

  npy_stream stream_;
  std::span<const std::byte> rest_;
  zip_error_t error_;
};

struct free_source {
  void operator()(zip_source_t* source) const noexcept { zip_source_free(source); }
};
using source_handle = std::unique_ptr<zip_source_t, free_source>;

source_handle make_source(zip_source_callback call, void* self, std::string_view where) {
  zip_error_t error;
  zip_error_init(&error);
  source_handle source(zip_source_function_create(call, self, &error));
  zip_error_fini(&error);
  if (source == nullptr) throw out_of_memory(fmt::format("{}: no memory for the archive", where));
  return source;
}

void add_member(zip_t* archive, const std::string& name, member_source& member, bool compress, std::string_view where) {
  source_handle source = make_source(member_source::call, &member, where);
  const zip_int64_t position =
      zip_file_add(archive, (name + std::string(member_suffix)).c_str(), source.get(), ZIP_FL_ENC_UTF_8);
  if (position < 0) {
    // The one rule about names that libzip knows and the check before does not.
    if (zip_error_code_zip(zip_get_error(archive)) == ZIP_ER_INVAL) {
      throw argument_error(fmt::format("{}: member name {} is not UTF-8", where, quoted(name)));
    }
    throw io_error(fmt::format("{}: cannot add member {}: {}", where, quoted(name), zip_strerror(archive)));
  }
  static_cast<void>(source.release());  // the archive's now
  const auto at = static_cast<zip_uint64_t>(position);
  if (zip_set_file_compression(archive, at, compress ? ZIP_CM_DEFLATE : ZIP_CM_STORE, deflate_level) != 0 ||
      zip_file_set_dostime(archive, at, 0, first_dos_date, 0) != 0) {
    throw io_error(fmt::format("{}: member {}: {}", where, quoted(name), zip_strerror(archive)));
  }
}

void check_names(const std::vector<std::pair<std::string, ndarray>>& members, std::string_view where) {
  std::vector<std::string_view> sorted;
  for (const auto& [name, array] : members) {
    const std::string_view reason = reason_against_member_name(name);
    if (!reason.empty()) throw argument_error(fmt::format("{}: member name {} {}", where, quoted(name), reason));
    sorted.push_back(name);
  }
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) {
    throw argument_error(fmt::format("{}: member name {} is given twice", where, quoted(*twice)));
  }
}

// libzip writes no archive without members; this one is an end-of-directory record alone.
void write_empty_archive(replacement_file& file) {
  std::array<std::byte, 22> record{};
  std::memcpy(record.data(), "PK\5\6", 4);
  file.write(record.data(), record.size());
}

}  // namespace

ndarray load(const std::string& path, const std::string& member) {
  const npz_archive archive(path, fmt::format("load: {}", path));
  return archive.read(archive.find(member));
}

std::vector<std::pair<std::string, ndarray>> load_npz(const std::string& path) {
  const npz_archive archive(path, fmt::format("load_npz: {}", path));
  std::vector<std::pair<std::string, ndarray>> members;
  members.reserve(archive.names().size());
  for (std::size_t i = 0; i < archive.names().size(); ++i) members.emplace_back(archive.names()[i], archive.read(i));
  return members;
}

std::vector<std::string> npz_members(const std::string& path) {
  return npz_archive(path, fmt::format("npz_members: {}", path)).names();
}

void save_npz(const std::string& path, const std::vector<std::pair<std::string, ndarray>>& members, bool compress) {
  const std::string where = fmt::format("save_npz: {}", path);
  check_names(members, where);
  replacement_file file(path, where);
  if (members.empty()) {
    write_empty_archive(file);
    return file.commit();
  }

  // These are used by the archive until it is closed or discarded, so they are made before it.
  archive_sink sink(file);
  std::vector<std::byte> buffer;
  std::deque<member_source> sources;
  source_handle target = make_source(archive_sink::call, &sink, where);
  zip_error_t error;
  zip_error_init(&error);
  archive_handle archive(zip_open_from_source(target.get(), ZIP_CREATE, &error));
  zip_error_fini(&error);
  if (archive == nullptr) throw out_of_memory(fmt::format("{}: no memory for the archive", where));
  static_cast<void>(target.release());  // the archive's now
  for (const auto& [name, array] : members) {
    add_member(archive.get(), name, sources.emplace_back(array, buffer), compress, where);
  }
  if (zip_close(archive.get()) != 0) {
    if (sink.failure()) std::rethrow_exception(sink.failure());
    throw io_error(fmt::format("{}: cannot write: {}", where, zip_strerror(archive.get())));
  }
  static_cast<void>(archive.release());  // closed
  file.commit();
}

}  // namespace tandem
