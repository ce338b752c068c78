#include "io/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include <tandem/errors.h>

namespace tandem::io {

namespace {

// Linux moves at most 0x7ffff000 bytes a call; less keeps an interrupted call short.
constexpr std::size_t largest_transfer_bytes = std::size_t{1} << 30;

constexpr mode_t permission_bits = S_IRWXU | S_IRWXG | S_IRWXO;

std::string message_of(int error_number) { return std::generic_category().message(error_number); }

std::string_view kind_of_file(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

// A C string would end at the NUL and name another file.
void check_path(const std::string& path, std::string_view where) {
  if (path.find('\0') == std::string::npos) return;
  throw io_error(fmt::format("{}: the path contains a NUL character here", where.substr(0, where.find('\0'))));
}

// The path of the file that a chain of symbolic links ends at, existing or not.
std::string resolve_links(const std::string& path, std::string_view where) {
  namespace fs = std::filesystem;
  constexpr int most_links = 40;
  fs::path resolved = path;
  std::error_code error;
  for (int i = 0; i < most_links; ++i) {
    if (!fs::is_symlink(resolved, error)) return resolved.string();
    const fs::path target = fs::read_symlink(resolved, error);
    if (error) throw io_error(fmt::format("{}: cannot follow the link: {}", where, error.message()));
    resolved = resolved.parent_path() / target;
  }
  throw io_error(fmt::format("{}: cannot follow the link: {}", where, message_of(ELOOP)));
}

}  // namespace

descriptor& descriptor::operator=(descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

descriptor::~descriptor() {
  if (number_ >= 0) ::close(number_);
}

int descriptor::release() noexcept { return std::exchange(number_, -1); }

input_file open_input(const std::string& path, std::string_view where) {
  check_path(path, where);
  // O_NONBLOCK: opening a FIFO would wait for a writer. It means nothing for a regular file.
  descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.number() < 0) throw io_error(fmt::format("{}: cannot open: {}", where, message_of(errno)));
  struct stat status;
  if (::fstat(file.number(), &status) != 0) {
    throw io_error(fmt::format("{}: cannot read the file's size: {}", where, message_of(errno)));
  }
  if (!S_ISREG(status.st_mode)) {
    throw io_error(fmt::format("{}: is {}, not a regular file", where, kind_of_file(status.st_mode)));
  }
  if (status.st_size == 0) throw io_error(fmt::format("{}: the file is empty", where));
  return {std::move(file), status.st_size};
}

std::size_t read_at(const descriptor& file, std::int64_t offset, std::byte* to, std::size_t size,
                    std::string_view where) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count = ::pread(file.number(), to + done, std::min(size - done, largest_transfer_bytes),
                                  offset + static_cast<std::int64_t>(done));
    if (count == 0) break;
    if (count > 0) {
      done += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      throw io_error(fmt::format("{}: cannot read: {}", where, message_of(errno)));
    }
  }
  return done;
}

replacement_file::replacement_file(const std::string& path, std::string_view where) : where_(where) {
  check_path(path, where);
  if (path.empty() || path.back() == '/') throw io_error(fmt::format("{}: the path names no file", where));
  path_ = resolve_links(path, where);
  struct stat status;
  const bool exists = ::stat(path_.c_str(), &status) == 0;
  if (!exists && errno != ENOENT) fail("cannot write", errno);
  if (exists && !S_ISREG(status.st_mode)) {
    throw io_error(fmt::format("{}: is {}, not a regular file", where, kind_of_file(status.st_mode)));
  }
  if (exists && ::faccessat(AT_FDCWD, path_.c_str(), W_OK, AT_EACCESS) != 0) fail("cannot write", errno);

  const mode_t wanted =
      exists ? status.st_mode & permission_bits : S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH;
  create_temporary(wanted);
  if (!exists) return;
  // The umask may have taken bits away that the replaced file has.
  struct stat created;
  if (::fstat(file_.number(), &created) != 0 ||
      ((created.st_mode & permission_bits) != wanted && ::fchmod(file_.number(), wanted) != 0)) {
    const int error_number = errno;
    ::unlink(temporary_path_.c_str());
    fail("cannot set the permissions", error_number);
  }
}

replacement_file::~replacement_file() {
  if (file_.number() >= 0) ::unlink(temporary_path_.c_str());
}

void replacement_file::fail(std::string_view action, int error_number) const {
  throw io_error(fmt::format("{}: {}: {}", where_, action, message_of(error_number)));
}

void replacement_file::create_temporary(mode_t mode) {
  static std::atomic<unsigned> counter{0};
  const std::string folder = path_.substr(0, path_.rfind('/') + 1);
  // Taken names are those of processes that were killed, or that share the folder over a network: another try helps.
  for (int i = 0; i < 100; ++i) {
    const auto now = std::chrono::system_clock::now().time_since_epoch().count();
    temporary_path_ = fmt::format("{}.tandem-{:x}-{:x}-{:x}.tmp", folder, ::getpid(), now, counter.fetch_add(1));
    file_ = descriptor(::open(temporary_path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (file_.number() >= 0) return;
    if (errno != EEXIST && errno != EINTR) break;
  }
  const int error_number = errno;
  fail(fmt::format("cannot create a file in folder '{}'", folder.empty() ? "." : folder), error_number);
}

void replacement_file::write(const std::byte* from, std::size_t size) {
  while (size > 0) {
    const ssize_t count = ::pwrite(file_.number(), from, std::min(size, largest_transfer_bytes), position_);
    if (count > 0) {
      from += count;
      size -= static_cast<std::size_t>(count);
      position_ += count;
    } else if (count == 0) {
      fail("cannot write", EIO);
    } else if (errno != EINTR) {
      fail("cannot write", errno);
    }
  }
}

void replacement_file::commit() {
  while (::fsync(file_.number()) != 0) {
    if (errno != EINTR) fail("cannot write", errno);
  }
  if (::rename(temporary_path_.c_str(), path_.c_str()) != 0) fail("cannot rename the temporary file", errno);
  // Everything is on the disk: an error of close could not be undone and would mean nothing.
  file_ = descriptor();
}

}  // namespace tandem::io
