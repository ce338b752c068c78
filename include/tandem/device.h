#pragma once

#include <cstdint>
#include <string>

#include <tandem/export.h>

namespace tandem {

/// Where a policy wants work to be done.
///
/// Thread safety: immutable.
class device {
 public:
  enum class kind : std::uint8_t { automatic, cpu, gpu };

  /// The library chooses for each evaluation.
  static const device automatic;
  /// The cores of this machine.
  static const device cpu;
  /// The GPU of that number, from 0. There need not be one: only an evaluation that demands it finds out.
  static constexpr device gpu(int index = 0) noexcept { return device(kind::gpu, index); }

  constexpr enum kind kind() const noexcept { return kind_; }
  /// The number of the GPU; 0 for the others.
  constexpr int index() const noexcept { return index_; }

  friend constexpr bool operator==(const device&, const device&) noexcept = default;

 private:
  constexpr device(enum kind which, int index) noexcept : kind_(which), index_(index) {}

  enum kind kind_;
  int index_;
};

inline constexpr device device::automatic = device(kind::automatic, 0);
inline constexpr device device::cpu = device(kind::cpu, 0);

/// "automatic", "cpu", "gpu:0". Throws: nothing but `std::bad_alloc`.
TANDEM_API std::string to_string(const device& value);

}  // namespace tandem
