#include "exec/operands_on_device.h"

#include <algorithm>
#include <variant>

#include "exec/planning.h"
#include "exec/stage_reads.h"
#include "memory/copy_listener.h"

namespace tandem::exec {

using detail::access;
using detail::device_use;
using detail::storage;

namespace {

// The stage before which each buffer must be there: the first one that reads it or, if that is earlier, that writes an
// output.
short_list<int> stages_of_need(const ops::program& of) {
  const auto count = static_cast<int>(of.stages.size());
  short_list<int> first(of.buffers.size());
  std::ranges::fill(first.all(), count);
  int first_writer = count;
  for (int i = count - 1; i >= 0; --i) {
    const ops::stage& stage = of.stages[static_cast<std::size_t>(i)];
    for_each_read(stage, [&](const ops::region& read) { first[static_cast<std::size_t>(read.buffer)] = i; });
    const int target = std::visit([](const auto& one) { return one.target.buffer; }, stage);
    if (of.buffers[static_cast<std::size_t>(target)].use == ops::buffer::role::output) first_writer = i;
  }
  for (int& each : first.all()) {
    // What no stage reads needs an address like others.
    each = each == count ? 0 : std::min(each, first_writer);
  }
  return first;
}

}  // namespace

bool uses_on_device::needs_large_copy(const storage& of) const {
  return of.size_bytes() >= memory::least_measured_bytes && needs_copy(of, access::read);
}

std::byte* uses_on_device::data(storage& of, access how) {
  for (const auto& [known, use] : uses_) {
    if (known == &of) return use.data();
  }
  if (pins_) of.pin_for(where_);
  // A mark costs more than a small copy has to wait.
  const bool is_large = of.size_bytes() >= memory::least_measured_bytes && needs_copy(of, how);
  if (!is_large) {
    uses_.emplace_back(&of, device_use(of, where_, how));
    return uses_.back().second.data();
  }
  {
    // What will be written to, too, is also used by what was given before.
    const memory::copies_beside_work beside(where_, how == access::read);
    if (place_ > 0) {
      const memory::mark_ptr begin = where_.make_timed_mark();
      uses_.emplace_back(&of, device_use(of, where_, how));
      lessons::add_copy(place_, of.is_pinned(), of.size_bytes(), where_, begin, where_.make_timed_mark());
    } else {
      uses_.emplace_back(&of, device_use(of, where_, how));
    }
    if (!beside.is_beside()) return uses_.back().second.data();
  }
  uses_.back().second.await_bytes();
  return uses_.back().second.data();
}

void uses_on_device::given() {
  const memory::mark_ptr end = where_.make_mark();
  // The output last: memory of the application's is written back then, which may fail, and the operands must know by
  // then who reads them.
  for (auto each = uses_.rbegin(); each != uses_.rend(); ++each) each->second.given(end);
}

late_copies::late_copies(const bound_program& what, uses_on_device& uses, std::span<backend::operand> operands)
    : what_(what), uses_(uses), operands_(operands) {
  const ops::program& program = what_.program();
  if (program.stages.size() < 2) return;
  const std::span<const binding> buffers(what_.buffers);
  const bool may_be_late = std::ranges::any_of(
      buffers, [&](const binding& each) { return each.memory != nullptr && uses_.needs_large_copy(*each.memory); });
  // Else the copies would wait for the stages.
  if (!may_be_late || !memory::copies_beside_work(uses_.where(), true).is_beside()) return;
  const short_list<int> stages = stages_of_need(program);
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    const storage* const memory = buffers[i].memory;
    if (memory == nullptr || !uses_.needs_large_copy(*memory)) continue;
    int stage = stages[i];
    for (std::size_t j = 0; j < buffers.size(); ++j) {
      if (buffers[j].memory == memory) stage = std::min(stage, stages[j]);
    }
    if (stage > 0) entries_.push_back({stage, static_cast<int>(i)});
  }
}

bool late_copies::contains(int buffer) const noexcept {
  return std::ranges::find(entries_, buffer, &entry::buffer) != entries_.end();
}

bool late_copies::has(int stage) const noexcept {
  return std::ranges::find(entries_, stage, &entry::stage) != entries_.end();
}

void late_copies::bring(int stage) {
  const memory::mark_ptr begin = is_measured_ ? uses_.where().make_timed_mark() : nullptr;
  for (const entry& each : entries_) {
    if (each.stage != stage) continue;
    const auto buffer = static_cast<std::size_t>(each.buffer);
    const binding& bound = what_.buffers[buffer];
    operands_[buffer] = {uses_.data(*bound.memory, access::read) + bound.shift_bytes};
  }
  if (is_measured_) pauses_.emplace_back(begin, uses_.where().make_timed_mark());
}

}  // namespace tandem::exec
