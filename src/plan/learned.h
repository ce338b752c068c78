#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tandem/dtype.h>

#include "plan/profile.h"

// What a planner has learned, as later processes can begin with.
namespace tandem::plan {

/// Raised when a text of before would be understood wrongly.
inline constexpr int learned_version = 1;
inline constexpr std::size_t most_learned_bytes = 64 * 1024;

/// What learned factors may be at most, and their reciprocals at least. Links share their lanes and their switches with
/// others, and may lose more than a kernel does.
inline constexpr double most_of_work = 4;
inline constexpr double most_of_link = 16;

struct learned_factor {
  double factor = 1;
  /// Relative deviation of measurements from what was predicted for them.
  double sigma = 0;
  int samples = 0;
};

/// Of work: see `stage_task::operation`; `size` is the power of two of a stage's bytes and operations.
struct learned_work {
  std::uint16_t operation;
  dtype type;
  int size;
  learned_factor learned;
};

/// Of copies between the host and the place.
struct learned_link {
  direction to;
  memory_kind kind;
  learned_factor learned;
};

struct learned_place {
  /// "cpu", "gpu:0".
  std::string name;
  /// What must be the same for the factors to be of use.
  validators valid_for;
  std::vector<learned_work> work;
  std::vector<learned_link> links;

  bool empty() const noexcept { return work.empty() && links.empty(); }
};

/// As JSON, at most `most_learned_bytes`: if there are more, those with the most samples. Places of which nothing was
/// learned are left out. Throws: `io_error` if not even the places fit, `std::bad_alloc`.
std::string text_of(const std::vector<learned_place>& places);

/// What is to be had of a text that nobody vouches for: a factor in which anything is wrong is left out.
struct learned_parts {
  std::vector<learned_place> places;
  /// What is wrong, each with where it is: "places.cpu.work[3].factor: 9 is not between 0.25 and 4".
  std::vector<std::string> problems;
};
/// Throws: `std::bad_alloc`.
learned_parts read_learned_text(std::string_view text);

/// Differs for constants that differ: factors are of use with those only that they were learned with.
/// Throws: `std::bad_alloc`.
std::string fingerprint(const host_profile& of);
std::string fingerprint(const device_profile& of);

}  // namespace tandem::plan
