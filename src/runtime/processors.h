#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/machine_view.h"

// Sets of processors, and which of them belong to the faster cores of a processor with two kinds.
namespace tandem::runtime {

/// More than Linux supports.
inline constexpr int most_processors = 65536;

/// Processors as the kernel writes them: number p is bit p % 64 of word p / 64, or of 32 where a word has as many.
/// What is beyond the last word is not in the set.
using processor_mask = std::vector<unsigned long>;
using mask_view = std::span<const unsigned long>;

/// The mask of these processors; numbers outside [0, most_processors) are left out.
processor_mask mask_of(std::span<const int> processors);
std::vector<int> processors_of(mask_view mask);

bool contains(mask_view mask, int processor) noexcept;
int count_of(mask_view mask) noexcept;
/// The number of processors that are in both.
int count_in_both(mask_view a, mask_view b) noexcept;

/// Reads a list such as "0-3,8", as the kernel writes it; empty if it is none. An empty list is a list.
std::optional<processor_mask> read_processors(std::string_view list);
/// The list of a mask: "0-3,8"; "" for none.
std::string list_of(mask_view mask);

/// Room for the affinity mask of a thread, without an allocation.
inline constexpr std::size_t mask_words = most_processors / (8 * sizeof(unsigned long));
/// Writes the affinity mask of the calling thread to `words` and gives the part that was written; nothing if the
/// system does not say it.
mask_view affinity_of_this_thread(std::span<unsigned long, mask_words> words) noexcept;
processor_mask affinity_of_this_thread();

/// The faster cores of a processor that has slower ones, too.
struct performance_cores {
  /// A core, by its first processor, and one of its processors; sorted. Empty where all cores are of one kind.
  std::vector<std::pair<int, int>> processors;
  /// Where they were found.
  std::string source;

  /// The number of these cores that the mask has a processor of.
  int within(mask_view mask) const noexcept;
};

/// Intel's processors of two kinds have a list for each, others have the capacity of each processor, of which the
/// fastest of the machine have 1024. A core of at least half the highest capacity counts as a faster one: a loop is cut
/// into equal parts and lasts as long as its slowest part, so that as many cores of half the speed as of the full one
/// at least break even, and slower ones lose.
performance_cores find_performance_cores(const machine_view& view);

}  // namespace tandem::runtime
