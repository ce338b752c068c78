#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "backend/backend.h"

// How a backend comes from a library of its own, which is opened when it is first needed, so that the library itself
// runs where that one, or what it needs, is missing.
namespace tandem::backend {

/// What the library does for a module. Thread safety: any thread.
struct module_services {
  /// Copies between host addresses with several workers, as the calling thread's policy allows.
  void (*copy)(const std::byte* from, std::byte* to, std::int64_t size_bytes);
  /// Changes in a forked child; what a parent has of a device is of no use there.
  std::uint64_t (*fork_generation)();
  /// Where code that was generated may be kept for later processes; "" if nowhere. Made if it does not exist.
  std::string (*cache_folder)();
};

/// The devices of one kind.
class module {
 public:
  virtual ~module() = default;
  /// Devices that can be used; counts them when it is first called. 0 has a reason.
  virtual int device_count() noexcept = 0;
  virtual std::string why_none() const = 0;
  /// The backend of a device, 0 <= index < device_count(). Lives as long as the program. Throws: `device_error`.
  virtual backend& device(int index) = 0;
};

/// What a module exports, under `module_entry_name`. `build` is the library's, which must be the module's own: the
/// classes that they share have no stable layout. Null if it is not. Called once a process.
using module_entry = module* (*)(const char* build, const module_services& services) noexcept;
inline constexpr const char* module_entry_name = "tandem_open_module";

}  // namespace tandem::backend
