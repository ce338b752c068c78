#include "cuda/runtime/gpu_executable.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include <tandem/errors.h>

#include "cuda/runtime/blas.h"
#include "cuda/runtime/profiler_range.h"
#include "cuda/runtime/program_name.h"

namespace tandem::cuda {

namespace {

/// A parameter of a kernel has at most 4 KiB.
constexpr std::size_t most_words = 512;
constexpr std::int64_t most_blocks = 2147483647;

/// Temporaries of a run: given back when it is over, however it ends.
class temporaries {
 public:
  temporaries(gpu_memory& memory, const lowered_program& of, std::vector<std::byte*>& addresses)
      : memory_(memory), of_(of), addresses_(addresses) {}
  temporaries(const temporaries&) = delete;
  temporaries& operator=(const temporaries&) = delete;
  ~temporaries() {
    for (std::size_t i = 0; i < of_.buffers.size(); ++i) {
      if (of_.buffers[i].use == ops::buffer::role::temporary) end(static_cast<int>(i));
    }
  }

  void begin(int buffer) { addresses_[at(buffer)] = memory_.allocate(of_.buffers[at(buffer)].size_bytes); }
  void end(int buffer) noexcept {
    std::byte*& block = addresses_[at(buffer)];
    // The work that uses it was given to the queue of this thread.
    if (block != nullptr) memory_.release(block, of_.buffers[at(buffer)].size_bytes, {});
    block = nullptr;
  }

 private:
  static std::size_t at(int buffer) noexcept { return static_cast<std::size_t>(buffer); }

  gpu_memory& memory_;
  const lowered_program& of_;
  std::vector<std::byte*>& addresses_;
};

bool touches(const step& what, const std::vector<lowered_program::buffer>& buffers, ops::buffer::role role) {
  const auto is = [&](int buffer) { return buffer >= 0 && buffers[static_cast<std::size_t>(buffer)].use == role; };
  if (const auto* const kernel_launch = std::get_if<launch>(&what)) {
    return std::ranges::any_of(kernel_launch->words, is, &word::buffer);
  }
  const auto& call = std::get<product>(what);
  return is(call.x.buffer) || is(call.y.buffer) || is(call.target.buffer);
}

}  // namespace

bool gpu_executable::way::is_ready() const noexcept {
  return std::ranges::all_of(kernels, [](const stored_kernel* each) { return each == nullptr || each->is_ready(); });
}

gpu_executable::gpu_executable(ops::program what, gpu& where, kernel_store& kernels, compile_mode mode)
    : executable(std::move(what)),
      where_(where),
      kernels_(kernels),
      name_(kept_name(program_name(program()))),
      fused_(make_way(granularity::fused)) {
  if (mode == compile_mode::wait) {
    for (stored_kernel* each : fused_.kernels) {
      if (each != nullptr) kernels_.require(*each);
    }
  } else if (!fused_.is_ready()) {
    for (stored_kernel* each : fused_.kernels) {
      if (each != nullptr) kernels_.request(*each);
    }
    single_ = make_way(granularity::single);
  }
  is_fused_ready_.store(fused_.is_ready(), std::memory_order_release);
}

gpu_executable::way gpu_executable::make_way(granularity grain) {
  way made;
  made.lowered = lower(program(), grain);
  const std::size_t steps = made.lowered.steps.size();
  made.kernels.resize(steps, nullptr);
  made.products.resize(steps);
  made.begins.resize(steps);
  made.ends.resize(steps);
  for (std::size_t i = 0; i < steps; ++i) {
    if (const auto* const kernel_launch = std::get_if<launch>(&made.lowered.steps[i])) {
      if (kernel_launch->words.size() > most_words) {
        throw device_error(fmt::format("{}: '{}' has a kernel of {} words; {} are the most", where_.name(), name_,
                                       kernel_launch->words.size(), most_words));
      }
      made.kernels[i] = &kernels_.find(kernel_launch->code);
    } else {
      made.products[i] = gemms_of(std::get<product>(made.lowered.steps[i]));
      made.multiplies = made.multiplies || !made.products[i].empty();
    }
  }
  for (std::size_t i = 0; i < made.lowered.buffers.size(); ++i) {
    const lowered_program::buffer& each = made.lowered.buffers[i];
    if (each.use != ops::buffer::role::temporary || each.first_step < 0) continue;
    made.begins[static_cast<std::size_t>(each.first_step)].push_back(static_cast<int>(i));
    made.ends[static_cast<std::size_t>(each.last_step)].push_back(static_cast<int>(i));
  }
  std::int64_t now = 0;
  bool is_output_touched = false;
  for (std::size_t i = 0; i < steps; ++i) {
    if (!made.begins[i].empty() && is_output_touched) made.may_write_in_part = true;
    for (const int each : made.begins[i]) now += made.lowered.buffers[static_cast<std::size_t>(each)].size_bytes;
    made.temporary_bytes = std::max(made.temporary_bytes, now);
    for (const int each : made.ends[i]) now -= made.lowered.buffers[static_cast<std::size_t>(each)].size_bytes;
    is_output_touched =
        is_output_touched || touches(made.lowered.steps[i], made.lowered.buffers, ops::buffer::role::output);
  }
  return made;
}

bool gpu_executable::may_write_in_part() const noexcept {
  return fused_.may_write_in_part || (single_ && single_->may_write_in_part);
}

std::int64_t gpu_executable::temporary_bytes() const noexcept {
  return std::max(fused_.temporary_bytes, single_ ? single_->temporary_bytes : 0);
}

const gpu_executable::way& gpu_executable::choose() const {
  if (is_fused_ready_.load(std::memory_order_acquire)) [[likely]]
    return fused_;
  if (fused_.is_ready()) {
    is_fused_ready_.store(true, std::memory_order_release);
    return fused_;
  }
  // Again, because one may have failed meanwhile: for lack of memory it is tried anew, else this says why.
  for (stored_kernel* each : fused_.kernels) {
    if (each != nullptr) kernels_.request(*each);
  }
  // All that may have to be compiled before anything is given.
  for (stored_kernel* each : single_->kernels) {
    if (each != nullptr) kernels_.require(*each);
  }
  return *single_;
}

void gpu_executable::run(const backend::arguments& given, backend::late_operands* late, gpu_memory& memory) const {
  const profiler_range range(name_.c_str());
  // Kernels and cuBLAS are loaded into memory that the pool may have taken.
  const auto with_room = [&](auto&& load) -> decltype(load()) {
    try {
      return load();
    } catch (const out_of_memory&) {
      if (memory.trim() == 0) throw;
      return load();
    }
  };
  const way& by = with_room([&]() -> const way& { return choose(); });
  queue& to = memory.current_queue();
  if (by.multiplies) with_room([&] { to.blas(); });
  where_.note_given(name_);
  try {
    give(by, given, late, to, memory);
  } catch (...) {
    // Who called does not know that a part was given, so nobody would wait for it before a block serves others.
    if (where_.is_usable()) {
      to.gave();  // what failed may have begun
      to.synchronize(name_.c_str());
    }
    throw;
  }
}

void gpu_executable::give(const way& by, const backend::arguments& given, backend::late_operands* late, queue& to,
                          gpu_memory& memory) const {
  std::vector<std::byte*> addresses(by.lowered.buffers.size(), nullptr);
  const auto take_operands = [&] {
    for (std::size_t i = 0; i < given.operands.size() && i < addresses.size(); ++i) {
      if (by.lowered.buffers[i].use != ops::buffer::role::temporary) addresses[i] = given.operands[i].data;
    }
  };
  take_operands();
  int next_stage = 0;
  temporaries blocks(memory, by.lowered, addresses);
  blas_handle* const blas = by.multiplies ? &to.blas() : nullptr;
  for (std::size_t i = 0; i < by.lowered.steps.size(); ++i) {
    for (; late != nullptr && next_stage <= by.lowered.stages[i]; ++next_stage) {
      if (!late->has(next_stage)) continue;
      late->bring(next_stage);
      take_operands();
    }
    for (const int each : by.begins[i]) blocks.begin(each);
    if (const auto* const kernel_launch = std::get_if<launch>(&by.lowered.steps[i])) {
      launch_kernel(*kernel_launch, *by.kernels[i], addresses, given.numbers, to);
    } else {
      const auto& call = std::get<product>(by.lowered.steps[i]);
      const auto address = [&](const product::operand& of) { return addresses[static_cast<std::size_t>(of.buffer)]; };
      for (const gemm& each : by.products[i]) {
        blas->multiply(each, call.type, address(call.x), address(call.y), address(call.target));
        to.gave();
      }
    }
    for (const int each : by.ends[i]) blocks.end(each);
  }
}

void gpu_executable::launch_kernel(const launch& what, const stored_kernel& code, std::span<std::byte* const> addresses,
                                   std::span<const scalar> numbers, queue& to) const {
  std::array<std::uint64_t, most_words> words;
  for (std::size_t i = 0; i < what.words.size(); ++i) words[i] = bits_of(what.words[i], addresses, numbers);
  const std::int64_t blocks = what.strides_by_grid ? std::min(what.blocks, code.blocks_at_once()) : what.blocks;
  if (blocks > most_blocks) {
    throw device_error(fmt::format("{}: '{}' needs {} blocks of threads; a GPU takes {} at a time", where_.name(),
                                   name_, blocks, most_blocks));
  }
  void* arguments[] = {words.data()};
  where_.check(cudaLaunchKernel(reinterpret_cast<const void*>(code.handle()), dim3(static_cast<unsigned>(blocks)),
                                dim3(static_cast<unsigned>(what.code->threads_per_block)), arguments, 0, to.stream()),
               name_.c_str());
  to.gave();
}

}  // namespace tandem::cuda
