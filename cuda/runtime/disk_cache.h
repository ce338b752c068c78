#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace tandem::cuda {

/// Compiled kernels as files, for later processes. An entry is a file of its own, written under a temporary name and
/// renamed, so that any number of processes may use a folder at once; one that is damaged or not of ours is removed and
/// counts as absent. A folder that cannot be read or written is an empty cache.
/// Thread safety: any thread.
class disk_cache {
 public:
  static constexpr std::int64_t default_limit_bytes = std::int64_t{256} << 20;

  /// `folder` is made when something is stored; "" keeps nothing. When entries exceed `limit_bytes`, those that were
  /// used least recently are removed.
  explicit disk_cache(std::filesystem::path folder, std::int64_t limit_bytes = default_limit_bytes);

  /// What was stored under the key, whatever bytes it has, or nothing. Throws: `std::bad_alloc`.
  std::optional<std::string> find(std::string_view key) const;
  /// Keeps `content` if that is possible. Throws: `std::bad_alloc`.
  void store(std::string_view key, std::string_view content);

  /// The file of a key, which need not exist.
  std::filesystem::path file_of(std::string_view key) const;

 private:
  void remove_oldest() const;

  std::filesystem::path folder_;
  std::int64_t limit_bytes_;
  mutable std::mutex guard_;
};

}  // namespace tandem::cuda
