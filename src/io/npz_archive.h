#pragma once

#include <zip.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tandem/ndarray.h>

namespace tandem::io {

struct discard_archive {
  void operator()(zip_t* archive) const noexcept { zip_discard(archive); }
};
using archive_handle = std::unique_ptr<zip_t, discard_archive>;

/// A .npz file opened for reading.
///
/// What it does not believe: names (see `reason_against_member_name`; none may be there twice), and sizes. A stored
/// member must be as long as it claims to be and fit the file. A deflated one may claim what deflate can reach, 1032
/// times its compressed size, but its memory grows only as its bytes arrive. No member is inflated further than its own
/// header says and 64 KiB more: within them its end must be, so that its checksum is always compared. libzip holds
/// about 330 bytes for each member that the archive lists, and this class its name.
class npz_archive {
 public:
  /// `where` begins an error's text. Throws: `io_error`.
  npz_archive(const std::string& path, std::string_view where);

  /// Names without ".npy", in the file's order.
  const std::vector<std::string>& names() const noexcept { return names_; }
  /// The position of the member "name" or "name.npy". Throws: `io_error` if there is none.
  std::size_t find(std::string_view member) const;
  /// Throws: `io_error`, `out_of_memory`.
  ndarray read(std::size_t position) const;

 private:
  std::string member_name(std::size_t position) const;
  void check_duplicates() const;

  std::string where_;
  std::int64_t size_bytes_ = 0;
  archive_handle archive_;
  std::vector<std::string> names_;
};

}  // namespace tandem::io
