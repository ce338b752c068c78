#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tandem/export.h>

// Decisions of where evaluations run, written to a file and made again.
//
// The environment variable TANDEM_DECISIONS=FILE has any application that uses tandem write a log from its first
// evaluation on. A file that cannot be written is an `io_error` of each evaluation.
namespace tandem {

/// Writes each decision from now on, and what came of it, to a file, as lines of JSON; a file that is there is
/// overwritten. "" ends the log that is being written. Forked children write none.
///
/// Evaluations do not fail because of a log: where the file cannot be written any more, the log ends.
/// Thread safety: any thread. Throws: `io_error` if the file cannot be written, and the log before goes on then; or, at
/// the end of a log, if that could not be written completely; and as each evaluation, for variables that are wrong.
TANDEM_API void set_decision_log(const std::string& path);

/// A decision that was not made again as it was.
struct replayed_difference {
  /// Of the evaluation, and its line in the log.
  std::int64_t number;
  std::int64_t line;
  /// What was evaluated, and what is different: "place: gpu:0, recorded cpu".
  std::string expression;
  std::string what;
};

struct replay_result {
  /// Programs that the log tells of, and those on which the planner decided.
  std::int64_t evaluations = 0;
  std::int64_t decisions = 0;
  std::int64_t different = 0;
  /// The first ones, at most 10.
  std::vector<replayed_difference> differences;
  /// The log began before the planner had decided anything. If it did not, what the planner had learned by then is not
  /// known, and decisions may differ because of that.
  bool is_from_start = true;
  /// The log ends within a line, which was left out.
  bool is_cut_off = false;
};

/// Makes the decisions of a log again, by a new planner that is told all that the log has. They are the same, if this
/// version of the library decides as the one that wrote the log, and one thread at a time evaluated.
/// Thread safety: any thread. Throws: `io_error` for a file that is no such log, naming the line and the field.
TANDEM_API replay_result replay(const std::string& log_path);

/// Lines of text, each ended: "1234 decisions, all the same".
TANDEM_API std::string to_string(const replay_result& of);

}  // namespace tandem
