#pragma once

#include <atomic>
#include <cstdint>

// Who wants to know what an application itself does with arrays that evaluations use.
namespace tandem::memory {

/// Storages are known by `storage::id`. Thread safety: any thread calls.
class storage_watcher {
 public:
  /// The application has the bytes on the host, for the first time since an evaluation wrote them; it is going to write
  /// them, for the first time since an evaluation used them; a storage that an evaluation has used is being destroyed.
  virtual void on_host_read(std::uint64_t id) noexcept = 0;
  virtual void on_host_write(std::uint64_t id) noexcept = 0;
  virtual void on_free(std::uint64_t id) noexcept = 0;

 protected:
  ~storage_watcher() = default;
};

/// Null if nobody wants to know. It must live as long as the process.
inline std::atomic<storage_watcher*> watcher{nullptr};

}  // namespace tandem::memory
