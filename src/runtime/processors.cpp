#include "runtime/processors.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <limits>
#include <system_error>

namespace tandem::runtime {

namespace {

constexpr int word_bits = std::numeric_limits<unsigned long>::digits;

void insert(processor_mask& mask, int processor) {
  const auto word = static_cast<std::size_t>(processor / word_bits);
  if (mask.size() <= word) mask.resize(word + 1);
  mask[word] |= 1UL << (processor % word_bits);
}

constexpr const char* processor_folder = "/sys/devices/system/cpu";

std::optional<processor_mask> processors_in(const machine_view& view, const std::string& path) {
  const std::optional<std::string> text = text_of(view, path);
  return text ? read_processors(*text) : std::nullopt;
}

/// The core of a processor, by its first processor. One that the system does not tell of is a core of its own.
int core_of(const machine_view& view, int processor) {
  const std::string folder = fmt::format("{}/cpu{}/topology/", processor_folder, processor);
  // The second is the older name.
  for (const char* const file : {"core_cpus_list", "thread_siblings_list"}) {
    const std::optional<processor_mask> siblings = processors_in(view, folder + file);
    if (siblings && contains(*siblings, processor)) return processors_of(*siblings).front();
  }
  return processor;
}

performance_cores with_cores(const machine_view& view, mask_view fast, std::string source) {
  performance_cores found{{}, std::move(source)};
  for (const int processor : processors_of(fast)) found.processors.emplace_back(core_of(view, processor), processor);
  std::sort(found.processors.begin(), found.processors.end());
  return found;
}

performance_cores find_by_lists(const machine_view& view) {
  const std::string path = "/sys/devices/cpu_core/cpus";
  const std::optional<processor_mask> fast = processors_in(view, path);
  if (!fast || count_of(*fast) == 0) return {};
  // The second is the kind of Arrow Lake's slowest cores.
  for (const char* const slower : {"/sys/devices/cpu_atom/cpus", "/sys/devices/cpu_lowpower/cpus"}) {
    const std::optional<processor_mask> slow = processors_in(view, slower);
    if (slow && count_of(*slow) > 0) return with_cores(view, *fast, fmt::format("{}: {}", path, list_of(*fast)));
  }
  return {};
}

performance_cores find_by_capacity(const machine_view& view) {
  std::vector<std::pair<int, std::int64_t>> capacities;
  std::int64_t highest = 0;
  std::error_code failure;
  std::filesystem::directory_iterator entry(view.root + processor_folder, failure);
  for (; !failure && entry != std::filesystem::directory_iterator(); entry.increment(failure)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with("cpu")) continue;
    const std::optional<std::int64_t> processor = whole_number(std::string_view(name).substr(3), most_processors - 1);
    if (!processor) continue;
    const std::optional<std::string> text = text_of(view, fmt::format("{}/{}/cpu_capacity", processor_folder, name));
    const std::optional<std::int64_t> capacity =
        text ? whole_number(trimmed(*text), std::numeric_limits<int>::max()) : std::nullopt;
    if (!capacity) continue;
    capacities.emplace_back(static_cast<int>(*processor), *capacity);
    highest = std::max(highest, *capacity);
  }
  processor_mask fast;
  bool two_kinds = false;
  for (const auto& [processor, capacity] : capacities) {
    if (2 * capacity >= highest) {
      insert(fast, processor);
    } else {
      two_kinds = true;
    }
  }
  if (!two_kinds) return {};
  return with_cores(
      view, fast,
      fmt::format("{}/cpu*/cpu_capacity: at least half of {} for {}", processor_folder, highest, list_of(fast)));
}

}  // namespace

processor_mask mask_of(std::span<const int> processors) {
  processor_mask mask;
  for (const int processor : processors) {
    if (processor >= 0 && processor < most_processors) insert(mask, processor);
  }
  return mask;
}

std::vector<int> processors_of(mask_view mask) {
  std::vector<int> processors;
  for (std::size_t word = 0; word < mask.size(); ++word) {
    for (unsigned long rest = mask[word]; rest != 0; rest &= rest - 1) {
      processors.push_back(static_cast<int>(word) * word_bits + std::countr_zero(rest));
    }
  }
  return processors;
}

bool contains(mask_view mask, int processor) noexcept {
  const auto word = static_cast<std::size_t>(processor / word_bits);
  return word < mask.size() && (mask[word] >> (processor % word_bits) & 1) != 0;
}

int count_of(mask_view mask) noexcept { return count_in_both(mask, mask); }

int count_in_both(mask_view a, mask_view b) noexcept {
  int count = 0;
  for (std::size_t word = 0; word < std::min(a.size(), b.size()); ++word) count += std::popcount(a[word] & b[word]);
  return count;
}

std::optional<processor_mask> read_processors(std::string_view list) {
  list = trimmed(list);
  processor_mask mask;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view range = list.substr(0, comma);
    const std::size_t dash = range.find('-');
    const std::optional<std::int64_t> first = whole_number(range.substr(0, dash), most_processors - 1);
    const std::optional<std::int64_t> last =
        dash == std::string_view::npos ? first : whole_number(range.substr(dash + 1), most_processors - 1);
    if (!first || !last || *first > *last) return std::nullopt;
    for (std::int64_t processor = *first; processor <= *last; ++processor) insert(mask, static_cast<int>(processor));
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
    if (list.empty()) return std::nullopt;
  }
  return mask;
}

std::string list_of(mask_view mask) {
  const std::vector<int> processors = processors_of(mask);
  std::string list;
  for (std::size_t begin = 0; begin < processors.size();) {
    std::size_t last = begin;
    while (last + 1 < processors.size() && processors[last + 1] == processors[last] + 1) ++last;
    if (!list.empty()) list += ",";
    list += last == begin ? fmt::format("{}", processors[begin])
                          : fmt::format("{}-{}", processors[begin], processors[last]);
    begin = last + 1;
  }
  return list;
}

// The system call says how many bytes it wrote, so that the room need not be cleared before, as the C library does.
mask_view affinity_of_this_thread(std::span<unsigned long, mask_words> words) noexcept {
  const long bytes = ::syscall(SYS_sched_getaffinity, 0, words.size_bytes(), words.data());
  if (bytes <= 0) return {};
  return words.first(static_cast<std::size_t>(bytes) / sizeof(unsigned long));
}

processor_mask affinity_of_this_thread() {
  unsigned long words[mask_words];
  const mask_view mask = affinity_of_this_thread(words);
  return {mask.begin(), mask.end()};
}

int performance_cores::within(mask_view mask) const noexcept {
  int count = 0;
  int last_core = -1;
  for (const auto& [core, processor] : processors) {
    if (core == last_core || !contains(mask, processor)) continue;
    ++count;
    last_core = core;
  }
  return count;
}

performance_cores find_performance_cores(const machine_view& view) {
  performance_cores found = find_by_lists(view);
  return found.processors.empty() ? find_by_capacity(view) : found;
}

}  // namespace tandem::runtime
