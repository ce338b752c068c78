#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Files as this room needs them. `where` begins an error's text: the operation and the file, "load: x.npy".
namespace tandem::io {

/// An open file, closed at the end.
class descriptor {
 public:
  explicit descriptor(int number = -1) noexcept : number_(number) {}
  descriptor(descriptor&& other) noexcept : number_(other.release()) {}
  descriptor& operator=(descriptor&& other) noexcept;
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor();

  int number() const noexcept { return number_; }
  int release() noexcept;

 private:
  int number_;
};

struct input_file {
  descriptor file;
  std::int64_t size_bytes;
};

/// Opens a regular, non-empty file. Never waits, also not for a FIFO's writer. Throws: `io_error`.
input_file open_input(const std::string& path, std::string_view where);

/// Reads `size` bytes from `offset` on, fewer only where the file ends. Throws: `io_error`.
std::size_t read_at(const descriptor& file, std::int64_t offset, std::byte* to, std::size_t size,
                    std::string_view where);

/// A file that takes another's place once it is complete: it is written under a temporary name in the same folder and
/// renamed by `commit`. Without that call nothing is left of it.
///
/// A symbolic link is followed: the file that it names is replaced. The permission bits of a replaced file are kept;
/// one that may not be written is not replaced.
class replacement_file {
 public:
  /// Throws: `io_error` if the destination exists and is not a regular file or may not be written, or if no file can be
  /// made in its folder.
  replacement_file(const std::string& path, std::string_view where);
  replacement_file(const replacement_file&) = delete;
  replacement_file& operator=(const replacement_file&) = delete;
  ~replacement_file();

  /// Writes all bytes at the current position. Throws: `io_error`.
  void write(const std::byte* from, std::size_t size);
  std::int64_t position() const noexcept { return position_; }
  void seek(std::int64_t position) noexcept { position_ = position; }

  /// Brings the file to the disk and gives it its name. Throws: `io_error`; the destination is then what it was.
  void commit();

 private:
  [[noreturn]] void fail(std::string_view action, int error_number) const;
  void create_temporary(mode_t mode);

  std::string path_;
  std::string where_;
  std::string temporary_path_;
  descriptor file_;
  std::int64_t position_ = 0;
};

}  // namespace tandem::io
