#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tandem/errors.h>
#include <tandem/planning.h>

#include "cli/commands.h"
#include "cli/option_reader.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "cli/status.h"
#include "cli/waiting.h"

namespace tandem::cli {

namespace {

struct calibrate_options {
  calibration_options asked;
  bool show = false;
  bool help = false;
};

calibrate_options read_options(std::span<const std::string> arguments) {
  calibrate_options options;
  calibration_options& asked = options.asked;
  option_reader reader(arguments);
  reader.flag({"--quick"}, asked.quick);
  reader.flag({"--show"}, options.show);
  reader.flag({"-h", "--help"}, options.help);
  reader.once({"-o", "--output"}, asked.file, [](std::string_view name, std::string file) {
    if (file.empty()) throw usage_error(fmt::format("{} needs a value", name));
    return file;
  });
  // The CPU is measured in any case; to name it alone is to want no GPU.
  reader.each({"--device"}, [&](std::string_view name, const std::string& text) {
    if (!asked.devices) asked.devices.emplace();
    const device which = parse_device(name, text);
    if (which == device::automatic) throw usage_error("--device: auto is no device that could be measured");
    if (which != device::cpu) asked.devices->push_back(which);
  });
  if (const std::string* const other = reader.next_other()) {
    if (other->starts_with('-')) reader.refuse(*other);
    throw usage_error(fmt::format("calibrate takes options only; given '{}'", *other));
  }
  if (options.show && (asked.quick || asked.file || asked.devices)) {
    throw usage_error("calibrate --show measures nothing, and takes no other option");
  }
  return options;
}

/// A line on standard error that is written over ten times a second and erased at the end; nothing if that is no
/// terminal.
class calibration_line {
 public:
  calibration_line() : is_shown_(isatty(STDERR_FILENO) == 1) {}
  calibration_line(const calibration_line&) = delete;
  calibration_line& operator=(const calibration_line&) = delete;
  ~calibration_line() {
    if (widest_ == 0) return;
    std::fprintf(stderr, "\r%*s\r", static_cast<int>(widest_), "");
    std::fflush(stderr);
  }

  void show(int done, int total, std::string_view what) {
    const auto now = std::chrono::steady_clock::now();
    if (!is_shown_ || now < next_) return;
    next_ = now + std::chrono::milliseconds(100);
    std::string line = fmt::format(" {:3} %  {}", total > 0 ? 100 * done / total : 0, what);
    widest_ = std::max(widest_, line.size());
    line.resize(widest_, ' ');
    std::fprintf(stderr, "\r%s", line.c_str());
    std::fflush(stderr);
  }

 private:
  bool is_shown_;
  std::size_t widest_ = 0;
  std::chrono::steady_clock::time_point next_{};
};

void show(const profile_report& found) {
  std::string text = found.file.empty() ? "no profile: shipped constants serve\n" : found.file + "\n";
  write_output(text + found.summary);
  for (const std::string& each : found.problems) {
    std::fputs(fmt::format("tandem: warning: {}\n", each).c_str(), stderr);
  }
}

// `part` is the time for which threads were ready to run but waited for a core, all together, over all time.
std::string contention_note(double part) {
  constexpr double most = 0.1;
  if (part < most) return "";
  return fmt::format(
      "Contended: threads waited for a core, which others had, for {:.0f} % of the time; measure again when the "
      "machine "
      "is idle.\n",
      100 * part);
}

}  // namespace

int run_calibrate(std::span<const std::string> arguments) {
  calibrate_options options = read_options(arguments);
  if (options.help) {
    write_output(help_text("calibrate"));
  } else if (options.show) {
    show(current_profile());
  } else {
    const auto begin = std::chrono::steady_clock::now();
    const std::optional<double> waited_before = seconds_waited();
    profile_report made;
    {
      calibration_line line;
      options.asked.progress = [&](int done, int total, std::string_view what) { line.show(done, total, what); };
      made = calibrate(options.asked);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    const std::optional<double> waited = seconds_waited();
    show(made);
    std::string end = fmt::format("measured in {:.1f} s\n", took.count());
    if (waited && waited_before) end += contention_note((*waited - *waited_before) / took.count());
    write_output(end);
  }
  return exit_success;
}

}  // namespace tandem::cli
