#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "plan/events.h"
#include "plan/planner.h"

// What a planner decided and what came of it, as lines of JSON in a file; `decision_reader` reads them.
//
// Each line is an object whose "kind" says what it is. The first one is the header; a task and a call site are written
// once, before the first evaluation that has them, which names them by number. Infinite numbers are null. A device is
// written when work can run on it from then on.
namespace tandem::plan {

/// What a log begins with.
struct log_header {
  /// The library's version.
  std::string version;
  planner_settings settings;
  /// The planner had decided nothing before, so that it can be made anew as it was.
  bool is_from_start = true;
  /// Of the host; the log has no devices but those that it is told of.
  profile constants;
};

/// Of the lines. A reader refuses what is newer.
inline constexpr int log_format = 1;

/// Writes a log. What is written goes to the file in blocks of about 64 KiB, and when the log is closed.
class decision_log : public observer {
 public:
  /// Begins a new file, or the contents of one anew; it must be a regular file or a character device, and the folder
  /// must be there. Throws: `io_error`.
  decision_log(const std::string& path, const log_header& header);
  /// Writes what is left. Errors are not told; see `close`.
  ~decision_log() override;

  // After an error of writing nothing more is written, so that an application goes on whatever happens to the file.
  void on_device(const named_device_profile& what) override;
  void on_evaluation(const evaluation& what) override;
  void on_failure(std::uint64_t number) override;
  void on_outcome(std::uint64_t number, double measured_us) override;
  void on_copy(int place, bool to_device, bool is_pinned, std::int64_t bytes, double measured_us) override;
  void on_host_read(std::uint64_t id) override;
  void on_host_write(std::uint64_t id) override;
  void on_free(std::uint64_t id) override;

  /// Writes what is left, and ends the log. Throws: `io_error` if that fails, or something did before.
  void close();
  /// Ends the log without writing what is left: in a forked child, whose parent will write it.
  void abandon() noexcept;

 private:
  int site_number(std::string_view site);
  std::uint64_t task_number(const evaluation& what);
  /// Not what was still running when the log began.
  bool has(std::uint64_t number) const noexcept { return first_number_ != 0 && number >= first_number_; }
  void end_line();
  void flush() noexcept;

  std::string path_;
  int file_;
  profile host_;
  /// Of the first error of writing; 0 if there was none.
  int error_ = 0;
  std::string buffer_;
  std::unordered_map<std::uint64_t, std::uint64_t> tasks_;
  std::unordered_map<std::string, int> sites_;
  /// Of the first evaluation; 0 before that.
  std::uint64_t first_number_ = 0;
};

}  // namespace tandem::plan
