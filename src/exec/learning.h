#pragma once

#include <optional>
#include <string>
#include <vector>

#include <tandem/planning.h>

#include "backend/backend.h"
#include "plan/learned.h"
#include "plan/profile_file.h"

// Whether the planner of this process learns, and the file in which what it learned is kept.
namespace tandem::exec {

/// What `set_learning` said last, else the environment variable TANDEM_LEARNING. Thread safety: any thread.
/// Throws: `policy_error` for a variable that cannot be read.
learning learning_now();
void remember_learning(learning what) noexcept;

/// Beside the profile's file: learned.json in the cache folder, NAME.learned.json for a file NAME.json that
/// TANDEM_PROFILE names; "" for none. Throws: `std::bad_alloc`.
std::string lessons_file();

/// What the file holds.
struct kept_lessons {
  std::vector<plan::learned_place> places;
  /// Each with the file's name.
  std::vector<std::string> problems;

  /// What was learned of a place, if it is what it was; why not is added to the problems.
  const plan::learned_place* find(const std::string& place, const plan::validators& here);
};
/// Waits for no pipe. Throws: `std::bad_alloc`; never for what the file holds.
kept_lessons load_lessons();

/// What lessons depend on besides the machine: the library, and the constants that they correct.
/// `machine` is what `find_validators` says of a device. Throws: as `find_host_validators`.
plan::validators lessons_of_host_are_for(const plan::host_profile& constants);
plan::validators lessons_of_device_are_for(plan::validators machine, const plan::device_profile& constants);

/// Writes what was learned of places; what the file has of others stays. Writes nothing if there is nothing to write.
/// Throws: `io_error`, `std::bad_alloc`.
void save_lessons(std::vector<plan::learned_place> places);

}  // namespace tandem::exec
