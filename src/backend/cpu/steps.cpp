#include "backend/cpu/steps.h"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace tandem::backend {

namespace {

using kernels::arithmetic;
using form = kernels::fused_work::form;

// A loop in the making.
struct draft {
  const ops::instruction* last;
  /// Whether `work` says what it does; if not, it is the loop of `last`.
  bool is_fused;
  kernels::fused_work work;
  int operands[step::most_operands];
  int arity;
  /// How many operands of later instructions its result is.
  int readers;

  int result() const { return last->result; }
  bool is(form shape) const { return is_fused && work.shape == shape; }
};

// How often each instruction's result is read before another one takes its register.
std::vector<int> count_readers(const ops::fused_chain& chain) {
  std::vector<int> readers(chain.code.size());
  std::vector<int> reads_of_register(
      chain.sources.size() + chain.constants.size() + static_cast<std::size_t>(chain.scratch_registers), 0);
  ++reads_of_register[static_cast<std::size_t>(chain.result)];
  for (std::size_t i = chain.code.size(); i-- > 0;) {
    const ops::instruction& code = chain.code[i];
    int& reads = reads_of_register[static_cast<std::size_t>(code.result)];
    readers[i] = reads;
    reads = 0;
    for (int k = 0; k < code.arity; ++k) ++reads_of_register[static_cast<std::size_t>(code.operands[k])];
  }
  return readers;
}

std::optional<arithmetic> arithmetic_of(const ops::instruction& code) {
  if (code.converts || (code.operand_type != dtype::float32 && code.operand_type != dtype::float64)) return {};
  switch (code.which) {
    case ops::op::add: return arithmetic::add;
    case ops::op::subtract: return arithmetic::subtract;
    case ops::op::multiply:
    case ops::op::square: return arithmetic::multiply;
    default: return {};
  }
}

draft draft_of(const ops::instruction& code, int readers) {
  draft made{&code, false, {}, {code.operands[0], code.operands[1], code.operands[2]}, code.arity, readers};
  if (const auto operation = arithmetic_of(code)) {
    made.is_fused = true;
    made.work = {form::single, {*operation}};
    if (code.arity == 1) made.operands[made.arity++] = code.operands[0];  // x * x
  }
  return made;
}

// `next`, one operation on the results of `left` and `right`, with these two.
draft forked(const draft& left, const draft& right, const draft& next) {
  draft made = next;
  made.work = {form::fork, {left.work.operations[0], right.work.operations[0], next.work.operations[0]}};
  std::copy_n(left.operands, 2, made.operands);
  std::copy_n(right.operands, 2, made.operands + 2);
  made.arity = 4;
  return made;
}

// `next`, one operation on the result of `before` and another operand, with `before`. None if there is no such loop.
std::optional<draft> appended(const draft& before, const draft& next) {
  if (before.is(form::line) || before.is(form::fork_line)) return {};
  draft made = next;
  made.work = before.work;
  made.work.shape = before.is(form::single) ? form::pair : before.is(form::pair) ? form::line : form::fork_line;
  const bool is_left = next.operands[0] == before.result();
  arithmetic operation = next.work.operations[0];
  if (operation == arithmetic::subtract && !is_left) operation = arithmetic::subtract_from;
  made.work.operations[before.arity - 1] = operation;
  std::copy_n(before.operands, before.arity, made.operands);
  made.operands[before.arity] = next.operands[is_left ? 1 : 0];
  made.arity = before.arity + 1;
  return made;
}

// Adds `next`, together with what went just before where one loop serves. What is drawn into a loop is not computed
// earlier any more, so that registers may be read later than the chain says; only what was drawn in wrote in between.
void add(std::vector<draft>& drafts, const draft& next) {
  const auto is_read_here_only = [&](const draft& of, int reads) {
    const auto count = std::count(next.last->operands, next.last->operands + next.last->arity, of.result());
    return of.is_fused && of.readers == reads && count == reads;
  };
  if (next.is_fused && !drafts.empty()) {
    const draft before = drafts.back();
    const bool is_squared = next.operands[0] == next.operands[1];
    if (is_squared && before.is(form::single) && is_read_here_only(before, next.last->arity)) {
      drafts.back() = forked(before, before, next);
      return;
    }
    if (!is_squared && is_read_here_only(before, 1)) {
      if (drafts.size() > 1 && before.is(form::single)) {
        const draft earlier = drafts[drafts.size() - 2];
        if (earlier.is(form::single) && earlier.result() != before.result() && is_read_here_only(earlier, 1)) {
          const bool in_order = next.operands[0] == earlier.result();
          drafts.pop_back();
          drafts.back() = in_order ? forked(earlier, before, next) : forked(before, earlier, next);
          return;
        }
      }
      if (const auto made = appended(before, next)) {
        drafts.back() = *made;
        return;
      }
    }
  }
  drafts.push_back(next);
}

}  // namespace

std::vector<step> steps_of(const ops::fused_chain& chain) {
  const std::vector<int> readers = count_readers(chain);
  std::vector<draft> drafts;
  for (std::size_t i = 0; i < chain.code.size(); ++i) add(drafts, draft_of(chain.code[i], readers[i]));
  std::vector<step> steps;
  steps.reserve(drafts.size());
  for (const draft& from : drafts) {
    const ops::instruction& code = *from.last;
    step made{};
    if (from.is_fused) {
      const auto loop = chain.contracts ? &kernels::contracted : &kernels::fused;
      made.kernel = loop(from.work, code.operand_type, false);
      made.streaming = loop(from.work, code.operand_type, true);
    } else {
      made.kernel = code.converts ? kernels::convert(code.operand_type, code.result_type)
                                  : kernels::map(code.which, code.operand_type);
    }
    std::copy_n(from.operands, from.arity, made.operands);
    made.arity = from.arity;
    made.result = from.result();
    steps.push_back(made);
  }
  return steps;
}

}  // namespace tandem::backend
