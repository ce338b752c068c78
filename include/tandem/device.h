#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tandem/export.h>

namespace tandem {

/// Where a policy wants work to be done.
///
/// Thread safety: immutable.
class device {
 public:
  enum class kind : std::uint8_t { automatic, cpu, gpu, simulated };

  /// The library chooses for each evaluation.
  static const device automatic;
  /// The cores of this machine.
  static const device cpu;
  /// The GPU of that number, from 0. There need not be one: only an evaluation that demands it finds out.
  static constexpr device gpu(int index = 0) noexcept { return device(kind::gpu, index); }

  constexpr enum kind kind() const noexcept { return kind_; }
  /// A device that is not there: programs run on the CPU's cores, in memory that the host cannot touch, and a clock
  /// goes by the profile of that name. "h200" is the first device of its profile, "h200:1" another one; see
  /// simulation.h. There need not be such a profile: only an evaluation that demands it finds out.
  /// Thread safety: any thread. Throws: `argument_error` for a name that is empty or has other characters than letters,
  /// digits, '-', '_', '.' and ':'.
  TANDEM_API static device simulated(std::string_view name);
  /// The device that a text names, as `to_string` writes it: "automatic" or "auto", "cpu", "gpu", "gpu:N", "sim:NAME".
  /// Throws: `argument_error` for another text.
  TANDEM_API static device named(std::string_view text);

  /// The number of the GPU; of a simulated device, one of its own in this process; 0 for the others.
  constexpr int index() const noexcept { return index_; }

  friend constexpr bool operator==(const device&, const device&) noexcept = default;

 private:
  constexpr device(enum kind which, int index) noexcept : kind_(which), index_(index) {}

  enum kind kind_;
  int index_;
};

inline constexpr device device::automatic = device(kind::automatic, 0);
inline constexpr device device::cpu = device(kind::cpu, 0);

/// "automatic", "cpu", "gpu:0", "sim:h200". Throws: nothing but `std::bad_alloc`.
TANDEM_API std::string to_string(const device& value);

}  // namespace tandem
