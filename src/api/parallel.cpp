#include <tandem/parallel.h>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <mutex>

#include <tandem/elementwise.h>
#include <tandem/errors.h>
#include <tandem/manipulation.h>

#include "core/layout.h"
#include "exec/report.h"
#include "runtime/policy.h"
#include "runtime/workers.h"

namespace tandem::detail {

std::int64_t count_of(const index_range& range, const char* what) {
  if (range.step == 0) {
    throw argument_error(fmt::format("{}: the range from {} to {} has step 0", what, range.begin, range.end));
  }
  // Unsigned, because ends may be further from each other than the largest signed number.
  const auto begin = static_cast<std::uint64_t>(range.begin);
  const auto end = static_cast<std::uint64_t>(range.end);
  const bool is_up = range.step > 0;
  if (is_up ? range.begin >= range.end : range.begin <= range.end) return 0;
  const std::uint64_t distance = is_up ? end - begin : begin - end;
  const std::uint64_t step = is_up ? static_cast<std::uint64_t>(range.step) : -static_cast<std::uint64_t>(range.step);
  const std::uint64_t count = (distance - 1) / step + 1;
  if (count > static_cast<std::uint64_t>(unlimited)) {
    throw argument_error(
        fmt::format("{}: the range from {} to {} has too many integers", what, range.begin, range.end));
  }
  return static_cast<std::int64_t>(count);
}

std::int64_t count_of_slices(std::span<const ndarray> arrays, const char* what) {
  for (const ndarray& each : arrays) {
    if (each.rank() == 0) throw shape_error(fmt::format("{}: an array of shape () has no slices", what));
    if (each.shape()[0] != arrays[0].shape()[0]) {
      throw shape_error(fmt::format("{}: arrays of shapes {} and {} have {} and {} slices", what,
                                    to_string(arrays[0].shape()), to_string(each.shape()), arrays[0].shape()[0],
                                    each.shape()[0]));
    }
  }
  return arrays[0].shape()[0];
}

std::vector<ndarray> matched_elements(std::span<const ndarray> arrays, std::span<const dtype> types, const char* what) {
  dims shape = arrays[0].shape();
  for (const ndarray& each : arrays) shape = core::broadcast_shapes(shape, each.shape(), what);
  std::vector<ndarray> matched;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    if (!can_cast_same_kind(arrays[i].dtype(), types[i])) {
      throw dtype_error(fmt::format("{}: operand {} is {}, the function takes {}; convert it by astype", what, i,
                                    name(arrays[i].dtype()), name(types[i])));
    }
    matched.emplace_back(broadcast_to(ndarray(astype(arrays[i], types[i])), shape));
  }
  return matched;
}

void check_operands(std::size_t given, std::size_t expected, const char* what) {
  if (given == expected) return;
  throw argument_error(
      fmt::format("{}: {} array{} given, the function takes {}", what, given, given == 1 ? "" : "s", expected));
}

namespace {

// Items for the workers of a team.
class shared_items {
 public:
  shared_items(std::int64_t items, std::int64_t chunk, int workers) noexcept
      : items_(items), chunk_(chunk), divisor_(4 * static_cast<std::int64_t>(workers)) {}

  struct range {
    std::int64_t begin;
    std::int64_t end;
  };

  // The next ones; none if begin is end. Without a given size, a worker takes a quarter of its part of what is left:
  // few turns, and little to wait for at the end.
  range take() noexcept {
    std::int64_t begin = next_.load(std::memory_order_relaxed);
    std::int64_t end = begin;
    do {
      const std::int64_t left = items_ - begin;
      end = begin + std::min(chunk_ > 0 ? chunk_ : std::max<std::int64_t>(left / divisor_, 1), left);
    } while (begin < end && !next_.compare_exchange_weak(begin, end, std::memory_order_relaxed));
    return {begin, end};
  }

 private:
  std::int64_t items_;
  std::int64_t chunk_;
  std::int64_t divisor_;
  std::atomic<std::int64_t> next_{0};
};

void check_chunk(std::int64_t chunk, const char* what) {
  if (chunk < 0) throw argument_error(fmt::format("{}: chunk is {}; expected 0 or more", what, chunk));
}

}  // namespace

void run_chunks(std::int64_t items, const parallel_options& options, void* context, chunk_call call, const char* what) {
  check_chunk(options.chunk, what);
  exec::print_info_if_asked();
  runtime::check_not_lost();
  const int workers = runtime::workers_of(runtime::resolve(options.rules));
  const runtime::inherited_policy inherited = runtime::policy_to_inherit(options.rules);

  stop_flag stop;
  const std::stop_callback on_request(options.stop, [&stop]() noexcept { stop.set(); });
  std::mutex guard;
  std::exception_ptr thrown;
  std::int64_t thrown_at = items;
  std::atomic<std::int64_t> done{0};

  const std::int64_t chunks = options.chunk > 0 ? (items - 1) / options.chunk + 1 : items;
  const int team = static_cast<int>(std::min<std::int64_t>(workers, std::max<std::int64_t>(chunks, 1)));
  // A team is smaller than it was asked to be where others are at work; items are for whoever comes.
  shared_items shared(items, options.chunk, team);
  runtime::run_in_parts(team, [&](int, int parts) {
    const runtime::scoped_team_member member(workers, parts, false);
    const runtime::scoped_inheritance policy(inherited);
    while (!stop.is_set()) {
      const auto [begin, end] = shared.take();
      if (begin == end) break;
      try {
        const std::int64_t count = call(context, begin, end, stop);
        member.end_if_lost();
        done.fetch_add(count, std::memory_order_relaxed);
      } catch (...) {
        member.end_if_lost();
        stop.set();
        const std::lock_guard lock(guard);
        if (begin < thrown_at) {
          thrown = std::current_exception();
          thrown_at = begin;
        }
      }
    }
  });
  if (thrown) std::rethrow_exception(thrown);
  // A request that comes while the last items are being done changes nothing.
  if (stop.is_set() && done.load() < items) {
    throw stopped(fmt::format("{}: a stop was requested before all of {} items were done", what, items));
  }
}

}  // namespace tandem::detail
