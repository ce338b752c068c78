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
#include "cli/hints.h"
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

class reader {
 public:
  explicit reader(std::span<const std::string> arguments) : arguments_(arguments) {}

  calibrate_options read() {
    while (next_ < arguments_.size()) read_one(arguments_[next_++]);
    if (options_.show && (options_.asked.quick || options_.asked.file || options_.asked.devices)) {
      throw usage_error("calibrate --show measures nothing, and takes no other option");
    }
    return std::move(options_);
  }

 private:
  void read_one(const std::string& argument) {
    std::string_view name = argument;
    attached_.reset();
    if (const std::size_t equals = argument.find('='); argument.starts_with("--") && equals != argument.npos) {
      name = std::string_view(argument).substr(0, equals);
      attached_ = argument.substr(equals + 1);
    }
    if (name == "--quick") return flag(name, options_.asked.quick);
    if (name == "--show") return flag(name, options_.show);
    if (name == "--help" || name == "-h") return flag(name, options_.help);
    if (name == "-o" || name == "--output") {
      if (options_.asked.file) throw usage_error(fmt::format("{} is given twice", name));
      options_.asked.file = value(name);
      if (options_.asked.file->empty()) throw usage_error(fmt::format("{} needs a value", name));
      return;
    }
    if (name == "--device") return add_device(value(name));
    constexpr std::string_view names[] = {"--quick", "--show", "--help", "--output", "--device"};
    const std::string_view near = nearest(name, names);
    if (!argument.starts_with('-')) {
      throw usage_error(fmt::format("calibrate takes options only; given '{}'", argument));
    }
    throw usage_error(
        fmt::format("there is no option '{}'{}", name, near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
  }

  void flag(std::string_view name, bool& option) const {
    if (attached_) throw usage_error(fmt::format("{} takes no value", name));
    option = true;
  }

  std::string value(std::string_view name) {
    if (attached_) return *attached_;
    if (next_ == arguments_.size()) throw usage_error(fmt::format("{} needs a value", name));
    return arguments_[next_++];
  }

  // The CPU is measured in any case; to name it alone is to want no GPU.
  void add_device(const std::string& text) {
    if (!options_.asked.devices) options_.asked.devices.emplace();
    device which = device::cpu;
    try {
      which = device::named(text);
    } catch (const error& wrong) {
      throw usage_error(fmt::format("--device: {}", wrong.what()));
    }
    if (which == device::automatic) throw usage_error("--device: auto is no device that could be measured");
    if (which != device::cpu) options_.asked.devices->push_back(which);
  }

  std::span<const std::string> arguments_;
  std::size_t next_ = 0;
  std::optional<std::string> attached_;
  calibrate_options options_;
};

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
  calibrate_options options = reader(arguments).read();
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
