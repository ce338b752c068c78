#include "backend/simulated/stage_counts.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <variant>

#include "core/layout.h"

namespace tandem::backend::simulation {

namespace {

// Numbers for code: those of element-wise operations as they are, then these.
enum : std::uint64_t {
  converting = 256,
  copying,
  reducing = 272,
  searching = 288,
  scanning = 304,
  multiplying = 320,
  repeating = 336,
};

std::uint64_t kernel_of(const ops::instruction& of) noexcept {
  return of.converts ? std::uint64_t{converting} : static_cast<std::uint64_t>(of.which);
}

operation_kind kind_of_row(int flops) noexcept {
  if (flops < 4) return operation_kind::arithmetic;
  return flops < 10 ? operation_kind::division : operation_kind::special;
}

double parts_of(dtype type) noexcept { return is_complex(type) ? 4 : 1; }

// The axis along which neighbours lie, of those with more than one element that are not broadcast; -1 if there is none.
int fastest_axis(const detail::layout& at) noexcept {
  int fastest = -1;
  for (int axis = at.shape.size() - 1; axis >= 0; --axis) {
    if (at.shape[axis] < 2 || at.strides[axis] == 0) continue;
    if (fastest < 0 || std::abs(at.strides[axis]) < std::abs(at.strides[fastest])) fastest = axis;
  }
  return fastest;
}

double distinct_elements(const detail::layout& at) noexcept {
  double elements = 1;
  for (int axis = 0; axis < at.shape.size(); ++axis) {
    if (at.strides[axis] != 0 || at.shape[axis] == 0) elements *= static_cast<double>(at.shape[axis]);
  }
  return elements;
}

bool same(const ops::region& x, const ops::region& y) noexcept {
  return x.buffer == y.buffer && x.at.offset == y.at.offset && x.at.shape == y.at.shape && x.at.strides == y.at.strides;
}

// Whether a scan carries rows of neighbours along its axis, in place of single elements.
bool carries_rows(const detail::layout& target, int axis) noexcept {
  const int fastest = fastest_axis(target);
  return fastest >= 0 && fastest != axis && target.shape[fastest] >= 16;
}

class counter {
 public:
  stage_counts take() { return std::move(counts_); }

  void operator()(const ops::elementwise_stage& s) {
    const int axis = fastest_axis(s.target.at);
    counts_.kernel = s.chain.code.empty() ? std::uint64_t{copying} : kernel_of(s.chain.code.back());
    add(s.chain, axis);
    add(s.target, s.chain.type, axis);
  }
  void operator()(const ops::reduce_stage& s) {
    combine(s.chain, s.target, s.chain.type, reducing + static_cast<std::uint64_t>(s.which),
            ops::info(ops::info(s.which).combine).flops, operation_kind::combining);
  }
  void operator()(const ops::arg_stage& s) {
    combine(s.chain, s.target, dtype::int64, searching + (s.largest ? 1 : 0), 1, operation_kind::searching);
  }
  void operator()(const ops::scan_stage& s) {
    counts_.is_scan = true;
    combine(s.chain, s.target, s.chain.type, scanning + static_cast<std::uint64_t>(s.which),
            ops::info(ops::info(s.which).combine).flops,
            carries_rows(s.target.at, s.axis) ? operation_kind::arithmetic : operation_kind::scanning);
  }
  void operator()(const ops::matmul_stage& s) {
    const int rank = s.x.at.shape.size();
    const auto m = static_cast<double>(s.x.at.shape[rank - 2]);
    const auto k = static_cast<double>(s.x.at.shape[rank - 1]);
    const auto n = static_cast<double>(s.y.at.shape[rank - 1]);
    const double results = distinct_elements(s.target.at);
    if (results * k == 0) return;
    counts_.kernel = multiplying + (item_size(real_part(s.type)) > 4 ? 1 : 0);
    for (const ops::region* each : {&s.x, &s.y, &s.target}) add(*each, s.type, fastest_axis(each->at));
    if (!is_floating(s.type)) {
      counts_.computations.push_back({operation_kind::counting, s.type, 2 * results * k, counts_.kernel});
      return;
    }
    counts_.m = m;
    counts_.n = n;
    counts_.k = k;
    counts_.batch = results / (m * n);
    counts_.type = s.type;
  }
  void operator()(const ops::repeat_stage& s) {
    const int axis = fastest_axis(s.target.at);
    counts_.kernel = repeating;
    add(s.x, s.type, axis);
    add(s.ends, dtype::int64, fastest_axis(s.ends.at));
    add(s.target, s.type, axis);
    // Each element of the result looks for where it is from.
    const double steps = 1 + std::log2(std::max(2.0, distinct_elements(s.ends.at)));
    counts_.computations.push_back(
        {operation_kind::searching, dtype::int64, distinct_elements(s.target.at) * steps, repeating});
  }

 private:
  // A region that work along `axis` reads or writes.
  void add(const ops::region& at, dtype type, int axis) {
    const auto item = static_cast<double>(item_size(type));
    const int own = fastest_axis(at.at);
    const double step = own < 0 ? 0 : static_cast<double>(std::abs(at.at.strides[own]));
    const bool is_across = own >= 0 && axis >= 0 && axis != own && std::abs(at.at.strides[axis]) > 1;
    counts_.accesses.push_back({distinct_elements(at.at) * item, item, step, is_across});
  }

  void add(const ops::fused_chain& chain, int axis) {
    const auto elements = static_cast<double>(core::size_of(chain.shape));
    for (std::size_t i = 0; i < chain.sources.size(); ++i) {
      const auto here = chain.sources.begin() + static_cast<std::ptrdiff_t>(i);
      if (std::any_of(chain.sources.begin(), here, [&](const ops::region& each) { return same(each, *here); }))
        continue;
      add(*here, chain.source_types[i], axis);
    }
    for (const ops::instruction& each : chain.code) {
      const int flops = each.converts ? 1 : ops::info(each.which).flops;
      counts_.computations.push_back(
          {kind_of_row(flops), each.operand_type, elements * flops * parts_of(each.operand_type), kernel_of(each)});
    }
  }

  void combine(const ops::fused_chain& chain, const ops::region& target, dtype target_type, std::uint64_t kernel,
               int flops, operation_kind kind) {
    // Along the neighbours of the largest operand.
    int axis = -1;
    double most = 0;
    for (const ops::region& each : chain.sources) {
      const double elements = distinct_elements(each.at);
      if (elements <= most) continue;
      most = elements;
      axis = fastest_axis(each.at);
    }
    counts_.kernel = kernel;
    add(chain, axis);
    add(target, target_type, -1);
    counts_.computations.push_back(
        {kind, chain.type, static_cast<double>(core::size_of(chain.shape)) * flops * parts_of(chain.type), kernel});
  }

  stage_counts counts_;
};

// FNV-1a, then the finish of SplitMix64 by Sebastiano Vigna.
std::uint64_t hash_of(std::string_view machine, std::uint64_t number) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : machine) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash = (hash ^ number) * 0x100000001b3;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
  return hash ^ (hash >> 31);
}

}  // namespace

double stage_counts::touched_bytes() const noexcept {
  double sum = 0;
  for (const memory_access& each : accesses) sum += each.bytes;
  return sum;
}

stage_counts counts_of(const ops::stage& of) {
  counter count;
  std::visit(count, of);
  return count.take();
}

double suits(std::string_view machine, std::uint64_t kernel) noexcept {
  return 0.75 + 0.5 * static_cast<double>(hash_of(machine, kernel) >> 11) * 0x1p-53;
}

}  // namespace tandem::backend::simulation
