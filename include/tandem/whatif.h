#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tandem/device.h>
#include <tandem/export.h>

// What another machine would have done: this host with a device that it does not have, for an application that ran here
// or is running. Times there are predictions, of a device that need not exist; nothing runs on it.
//
// The environment variable TANDEM_WHATIF=sim:h200 has any application that uses tandem report that when it ends;
// TANDEM_WHATIF_OUTPUT=FILE.txt, FILE.json or FILE.html says where, else it is text on standard error. A process ends
// by exit() or the end of main; one that is killed, or ends by abort(), _exit() or quick_exit(), reports nothing. What
// is wrong with either variable is an error of each evaluation: `argument_error`, `device_error`, or `io_error` for a
// file in no folder.
namespace tandem {

/// Copies between host and device, in one direction.
struct whatif_copies {
  std::int64_t count = 0;
  std::int64_t bytes = 0;
  double us = 0;
};

/// The evaluations of a place in the application's code, or all of them. Times are in microseconds, and sums.
struct whatif_site {
  /// "file.cpp:12"; "" if the call did not tell.
  std::string where;
  /// What was evaluated there first: "add(multiply(f32[8,8], f32[8,8]), 1)".
  std::string expression;
  std::int64_t evaluations = 0;
  /// Of them: those that the device would have done, and those whose time here is not measured but predicted.
  std::int64_t on_device = 0;
  std::int64_t unmeasured = 0;
  /// What they took here, with copies if a device took part.
  double here_us = 0;
  /// What they would take there: work of the host, for which its times here stand; work of the device; copies. Nothing
  /// overlaps. Copies of results that the host reads count for the evaluations that made them.
  double there_host_us = 0;
  double there_device_us = 0;
  whatif_copies to_device;
  whatif_copies to_host;

  double there_us() const noexcept { return there_host_us + there_device_us + to_device.us + to_host.us; }
  /// How many times as fast; 1 if nothing takes any time.
  double speedup() const noexcept { return there_us() > 0 ? here_us / there_us() : 1; }
};

/// Arrays of one use: operands of a place in the code, or its results, of one size.
struct whatif_array {
  /// "operand 2 of matmul at file.cpp:12", "result of ...".
  std::string what;
  /// How many there were, and of how many bytes each.
  std::int64_t count = 0;
  std::int64_t bytes = 0;
  /// Evaluations that use one there, by place, and those on the device that make one.
  std::int64_t device_uses = 0;
  std::int64_t host_uses = 0;
  std::int64_t made_on_device = 0;
  whatif_copies to_device;
  whatif_copies to_host;
  /// What to do with them there, in words: "move it once and keep it there", "stays on the host", ...
  std::string advice;
};

struct whatif_report {
  /// "sim:h200".
  std::string device;
  bool is_simulated = false;
  std::int64_t device_memory_bytes = 0;
  /// Where the constants of the device and of the host are from.
  std::string device_source;
  std::string host_source;
  /// Those that took longest here first. At most 4096; the last one has the rest then.
  std::vector<whatif_site> sites;
  whatif_site total;
  /// Those that take part in copies or are made on the device: those with the most bytes first.
  std::vector<whatif_array> arrays;
};

/// What `where`, a device that need not be there, would have done for the application that wrote a decision log.
/// Throws: `io_error` for a file that is no such log, naming the line and the field; `argument_error` for the CPU and
/// `device::automatic`; `device_error` for a GPU that is not there or an unknown simulated device.
TANDEM_API whatif_report whatif(const std::string& log_path, const device& where);

/// Lines of text, each ended; with so many sites and arrays at most.
TANDEM_API std::string to_string(const whatif_report& of, int most_rows = 30);
/// JSON, all of it, ended by a newline.
TANDEM_API std::string to_json(const whatif_report& of);
/// A page of HTML with charts that needs no other file.
TANDEM_API std::string to_html(const whatif_report& of, int most_rows = 100);

/// Writes a report to a file, by the end of whose name it is text (".txt"), JSON (".json") or HTML (".html").
/// Throws: `argument_error` for another name, `io_error`.
TANDEM_API void save(const whatif_report& of, const std::string& path);

}  // namespace tandem
