#pragma once

#include <cstdint>
#include <string_view>

#include <tandem/export.h>

// Simulated devices, for tests and for asking what a GPU would do: programs run by the CPU's kernels in memory that is
// kept apart, and times are made up from tables of a machine.
//
// A device's name is "sim:PROFILE" or "sim:PROFILE:NUMBER", such as "sim:h200" and "sim:h200:1": each number is a
// device of its own, and 0 may be left out. All functions here make the device if there is none of that name yet, and
// throw `device_error` for a name that is none or a profile that does not exist. Thread safety: any thread.
namespace tandem {

/// What goes wrong on a simulated device, and when. Counts begin where the faults are set; 0 stands for never.
struct simulated_faults {
  /// The allocation of that number throws `out_of_memory`, once.
  std::int64_t fail_allocation = 0;
  /// The copy of that number, to or from the device, throws `device_error` and copies nothing, once.
  std::int64_t fail_copy = 0;
  /// The run of that number fails when it is done, which is after it was given: whoever waits for it gets a
  /// `device_error`. What was given after it is lost, and the device refuses everything until it is repaired.
  std::int64_t fail_run = 0;
  /// Copies take that many times as long.
  double link_slowdown = 1;
  /// Each run whose number is a multiple of `spike_every` takes `spike_factor` times as long.
  std::int64_t spike_every = 0;
  double spike_factor = 1;
  /// The part of the virtual time, 0 to 1, in which another process uses the link, too, and leaves half of it to
  /// copies. It comes and goes every 2 ms at random, the same for a device of one name.
  double link_contention = 0;
  /// All times rise and fall slowly, by as much as this part of them, 0 to 0.9, once in 2 s of virtual time.
  double drift = 0;
  /// Microseconds that a program waits for a compiler before it runs for the first time since the faults were set.
  double compile_us = 0;
};

/// Replaces the faults set before; `set_simulated_faults(name, {})` unsets them.
/// Throws: also `argument_error` for a negative number or a factor that is not positive and finite.
TANDEM_API void set_simulated_faults(std::string_view name, const simulated_faults& faults);

/// Makes a device usable again that failed. Memory keeps what it holds; work that was lost stays lost, and waiting for
/// it stays an error.
TANDEM_API void repair_simulated_device(std::string_view name);

/// The most bytes of the device's memory that can be allocated from now on. Blocks that are allocated stay.
/// Throws: also `argument_error` if negative or more than the profile's device has.
TANDEM_API void limit_simulated_memory(std::string_view name, std::int64_t size_bytes);

/// The virtual time in microseconds that calls and waits for this device have taken of the host since the device was
/// made. It does not depend on real time: the same calls in the same order take the same time.
TANDEM_API double simulated_time_us(std::string_view name);

}  // namespace tandem
