#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "plan/decision_log.h"
#include "plan/profile_text.h"

// Reads what `decision_log` wrote, or what only looks like it.
namespace tandem::plan {

/// A file of which nothing is believed: each field is checked, and memory is bounded by limits on lines, not by what
/// they say.
class decision_reader {
 public:
  /// Reads the header. Throws: `io_error` for a file that cannot be read, that is no regular file, or whose first line
  /// is no header of this format or an older one.
  explicit decision_reader(const std::string& path);
  decision_reader(const decision_reader&) = delete;
  decision_reader& operator=(const decision_reader&) = delete;
  ~decision_reader();

  const log_header& header() const noexcept { return header_; }

  /// Tells `to` of all that happened, in the order of the file. Tasks and texts live as long as this.
  /// Throws: `io_error` that names the file, the line and the field that is wrong; what was told by then is all right.
  void read(observer& to);

  /// Of the lines that were read: the header is line 1.
  std::int64_t line() const noexcept { return line_; }
  /// Whether the file ends within a line, as that of an application that was killed may. That line was left out.
  bool is_cut_off() const noexcept { return is_cut_off_; }

 private:
  struct definition {
    std::uint64_t structure;
    std::string name;
    std::string text;
    task what;
  };
  class line_fields;

  bool next_line(std::string& line, std::size_t most_bytes);
  static profile_parts profile_of(const line_fields& from);
  void read_header(const line_fields& from);
  void read_task(const line_fields& from);
  void read_site(const line_fields& from);
  void read_device(const line_fields& from, observer& to);
  void read_evaluation(const line_fields& from, observer& to);
  void read_event(const line_fields& from, observer& to);
  operand_state operand_of(const line_fields& from, const void* value, const std::string& where);

  std::string path_;
  std::FILE* file_;
  std::int64_t line_ = 0;
  bool is_cut_off_ = false;
  log_header header_;
  int devices_ = 0;
  std::vector<std::unique_ptr<definition>> tasks_;
  /// The first is "".
  std::vector<std::unique_ptr<std::string>> sites_;
  std::uint64_t last_number_ = 0;
  /// The credits that operands point to while an evaluation is told.
  std::vector<std::unique_ptr<std::atomic<float>>> credits_;
  std::size_t credits_used_ = 0;
};

}  // namespace tandem::plan
