#include "cuda/runtime/disk_cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>
#include <vector>

#include "cuda/runtime/content_hash.h"

namespace tandem::cuda {

namespace {

namespace fs = std::filesystem;

constexpr const char* entry_suffix = ".kernel";
constexpr const char* part_suffix = ".part";

/// What a file begins with; the key and the content follow.
struct entry_head {
  std::array<char, 16> magic;
  std::uint64_t key_bytes;
  std::uint64_t content_bytes;
  std::uint64_t checksum;
};
constexpr std::array<char, 16> magic{'t', 'a', 'n', 'd', 'e', 'm', ' ', 'k', 'e', 'r', 'n', 'e', 'l', ' ', '1', '\n'};

std::uint64_t checksum_of(std::string_view key, std::string_view content) noexcept {
  return content_hash(content, content_hash(key));
}

/// A file descriptor that is closed.
class descriptor {
 public:
  explicit descriptor(int number) noexcept : number_(number) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  explicit operator bool() const noexcept { return number_ >= 0; }
  int number() const noexcept { return number_; }

 private:
  int number_;
};

std::optional<std::string> read_all(const fs::path& file) {
  const descriptor from(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat about{};
  if (!from || ::fstat(from.number(), &about) != 0 || !S_ISREG(about.st_mode)) return std::nullopt;
  std::string content(static_cast<std::size_t>(about.st_size), '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t count = ::read(from.number(), content.data() + done, content.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  content.resize(done);
  return content;
}

bool write_all(int to, std::string_view content) noexcept {
  while (!content.empty()) {
    const ssize_t count = ::write(to, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

/// The content of an entry's file, or nothing if it is not an intact entry. `is_other` tells that it is one of another
/// key.
std::optional<std::string> content_of(const std::string& file, std::string_view key, bool& is_other) {
  entry_head head;
  is_other = false;
  if (file.size() < sizeof head) return std::nullopt;
  std::memcpy(&head, file.data(), sizeof head);
  const std::uint64_t rest = file.size() - sizeof head;
  if (head.magic != magic || head.key_bytes > rest || head.content_bytes != rest - head.key_bytes) return std::nullopt;
  const std::string_view stored_key(file.data() + sizeof head, head.key_bytes);
  const std::string_view content(stored_key.data() + stored_key.size(), head.content_bytes);
  if (head.checksum != checksum_of(stored_key, content)) return std::nullopt;
  is_other = stored_key != key;
  if (is_other) return std::nullopt;
  return std::string(content);
}

}  // namespace

disk_cache::disk_cache(fs::path folder, std::int64_t limit_bytes)
    : folder_(std::move(folder)), limit_bytes_(limit_bytes) {}

fs::path disk_cache::file_of(std::string_view key) const {
  return folder_ / fmt::format("{:016x}{:016x}{}", content_hash(key, 1), content_hash(key, 2), entry_suffix);
}

std::optional<std::string> disk_cache::find(std::string_view key) const {
  if (folder_.empty()) return std::nullopt;
  const fs::path file = file_of(key);
  const std::optional<std::string> whole = read_all(file);
  if (!whole) return std::nullopt;
  bool is_other = false;
  std::optional<std::string> content = content_of(*whole, key, is_other);
  std::error_code ignored;
  if (content) {
    fs::last_write_time(file, fs::file_time_type::clock::now(), ignored);  // it is in use
  } else if (!is_other) {
    fs::remove(file, ignored);
  }
  return content;
}

void disk_cache::store(std::string_view key, std::string_view content) {
  if (folder_.empty()) return;
  static std::atomic<unsigned> count{0};
  std::error_code failed;
  fs::create_directories(folder_, failed);
  const fs::path file = file_of(key);
  const fs::path part =
      folder_ / fmt::format("{}.{}.{}{}", file.stem().string(), ::getpid(), count.fetch_add(1), part_suffix);
  const entry_head head{magic, key.size(), content.size(), checksum_of(key, content)};
  bool is_whole = false;
  {
    const descriptor to(::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!to) return;
    is_whole = write_all(to.number(), {reinterpret_cast<const char*>(&head), sizeof head}) &&
               write_all(to.number(), key) && write_all(to.number(), content);
  }
  if (is_whole) fs::rename(part, file, failed);
  if (!is_whole || failed) {
    fs::remove(part, failed);
    return;
  }
  remove_oldest();
}

void disk_cache::remove_oldest() const {
  struct entry {
    fs::path file;
    fs::file_time_type used;
    std::int64_t size_bytes;
  };
  const std::lock_guard lock(guard_);
  std::vector<entry> entries;
  std::int64_t total = 0;
  std::error_code failed;
  const auto now = fs::file_time_type::clock::now();
  for (fs::directory_iterator each(folder_, failed), end; !failed && each != end; each.increment(failed)) {
    std::error_code gone;  // another process may be removing entries, too
    const auto used = each->last_write_time(gone);
    if (gone) continue;
    if (each->path().extension() == part_suffix) {
      // What a process that ended while writing has left.
      if (now - used > std::chrono::hours(1)) fs::remove(each->path(), gone);
      continue;
    }
    if (each->path().extension() != entry_suffix) continue;
    const std::uintmax_t size = each->file_size(gone);
    if (gone) continue;
    entries.push_back({each->path(), used, static_cast<std::int64_t>(size)});
    total += entries.back().size_bytes;
  }
  if (total <= limit_bytes_) return;
  std::ranges::sort(entries, {}, &entry::used);
  // A quarter more than needed, so that not every store has to look for something to remove.
  for (const entry& each : entries) {
    if (total <= limit_bytes_ / 4 * 3) break;
    if (fs::remove(each.file, failed)) total -= each.size_bytes;
  }
}

}  // namespace tandem::cuda
