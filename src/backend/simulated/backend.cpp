#include "backend/backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <tandem/errors.h>
#include <tandem/simulation.h>

#include "backend/simulated/compiled_programs.h"
#include "backend/simulated/costs.h"
#include "backend/simulated/hints.h"
#include "backend/simulated/memory.h"
#include "backend/simulated/profiles.h"
#include "core/layout.h"
#include "runtime/fork.h"

namespace tandem::backend {

namespace {

using simulation::machine_profile;
using simulation::simulated_memory;

constexpr std::string_view prefix = "sim:";
constexpr int most_devices = 64;

class simulated_executable final : public executable {
 public:
  explicit simulated_executable(ops::program what) : executable(what), code_(cpu().prepare(std::move(what))) {}

  // Memory is what a run asks for before it gives any work.
  bool may_write_in_part() const noexcept override { return false; }
  std::int64_t temporary_bytes() const noexcept override { return code_->temporary_bytes(); }
  const std::shared_ptr<const executable>& code() const noexcept { return code_; }

 private:
  std::shared_ptr<const executable> code_;
};

// A block for as long as it is needed to give some work.
class temporary_block {
 public:
  temporary_block(simulated_memory& where, std::int64_t size_bytes)
      : where_(where), size_bytes_(size_bytes), block_(size_bytes > 0 ? where.allocate(size_bytes) : nullptr) {}
  temporary_block(const temporary_block&) = delete;
  temporary_block& operator=(const temporary_block&) = delete;
  ~temporary_block() { where_.release(block_, size_bytes_, {}); }

 private:
  simulated_memory& where_;
  std::int64_t size_bytes_;
  std::byte* block_;
};

std::string_view name_of(const ops::stage& of) {
  struct visitor {
    std::string_view operator()(const ops::elementwise_stage& s) const {
      if (s.chain.code.empty()) return "copying elements";
      const ops::instruction& last = s.chain.code.back();
      return last.converts ? "astype" : ops::info(last.which).name;
    }
    std::string_view operator()(const ops::reduce_stage& s) const { return ops::info(s.which).name; }
    std::string_view operator()(const ops::arg_stage& s) const { return s.largest ? "argmax" : "argmin"; }
    std::string_view operator()(const ops::scan_stage& s) const {
      return s.which == ops::reduction::sum ? "cumulative_sum" : "cumulative_prod";
    }
    std::string_view operator()(const ops::matmul_stage&) const { return "matmul"; }
    std::string_view operator()(const ops::repeat_stage&) const { return "repeat"; }
  };
  return std::visit(visitor(), of);
}

// Calls `use(region, dtype)` for each region that a stage reads or writes.
template <class Use>
void for_each_region(const ops::stage& of, const ops::program& in, Use&& use) {
  std::visit(
      [&](const auto& s) {
        if constexpr (requires { s.chain; }) {
          for (std::size_t i = 0; i < s.chain.sources.size(); ++i) use(s.chain.sources[i], s.chain.source_types[i]);
        } else {
          use(s.x, s.type);
        }
        if constexpr (requires { s.y; }) use(s.y, s.type);
        if constexpr (requires { s.ends; }) use(s.ends, dtype::int64);
        use(s.target, in.buffers[static_cast<std::size_t>(s.target.buffer)].type);
      },
      of);
}

class simulated_backend final : public backend {
 public:
  simulated_backend(const machine_profile& profile, std::string name, std::uint64_t seed)
      : memory_(profile, std::move(name), seed) {}

  std::string_view name() const noexcept override { return memory_.name(); }

  description describe() override {
    const machine_profile& profile = memory_.profile();
    description result;
    result.device = profile.device;
    result.is_simulated = true;
    const auto add = [&](const char* what, std::string text) { result.facts.emplace_back(what, std::move(text)); };
    add("profile", std::string(profile.name));
    add("source", std::string(profile.source));
    add("memory", fmt::format("{:.0f} GB", static_cast<double>(profile.memory_bytes) * 1e-9));
    add("memory bandwidth", fmt::format("{:.0f} GB/s", profile.bytes_per_s * 1e-9));
    add("float32", fmt::format("{:.2f} TFLOP/s", profile.float32_flops * 1e-12));
    add("float64", fmt::format("{:.2f} TFLOP/s", profile.float64_flops * 1e-12));
    add("link, pageable", fmt::format("{:.0f} GB/s", profile.link.pageable_bytes_per_s * 1e-9));
    add("link, pinned", fmt::format("{:.0f} GB/s", profile.link.pinned_bytes_per_s * 1e-9));
    add("link latency", fmt::format("{:.1f} us", profile.link.latency_us));
    add("kernel launch", fmt::format("{:.1f} us", profile.launch_us));
    return result;
  }

  hardware_hints hints() override { return simulation::hints_of(memory_.profile()); }

  simulated_memory& memory() noexcept override { return memory_; }

  void set_faults(const simulated_faults& faults) {
    memory_.set_faults(faults);
    compiled_.clear();
  }

  std::string why_not(const ops::program&) const override { return ""; }

  double cold_us(const ops::program& what) const override {
    const double compiling_us = memory_.faults().compile_us;
    return compiling_us > 0 && !what.stages.empty() && !compiled_.contains(what) ? compiling_us : 0;
  }

  std::shared_ptr<const executable> prepare(ops::program what) override {
    return std::make_shared<const simulated_executable>(std::move(what));
  }

  void run(const executable& what, const arguments& given, const resolved_policy& rules, std::span<const std::int16_t>,
           late_operands* late) override {
    const auto& ours = static_cast<const simulated_executable&>(what);
    const ops::program& program = ours.program();
    if (program.stages.empty()) return;
    const temporary_block temporaries(memory_, ours.temporary_bytes());
    const double compiling_us = memory_.faults().compile_us;
    if (compiling_us > 0 && compiled_.add(program)) memory_.spend_us(compiling_us);
    // The stages run in one piece, which awaits all that comes late. What takes time is when each is given.
    double work_us = 0;
    int launches = 0;
    for (std::size_t i = 0; i < program.stages.size(); ++i) {
      if (const auto stage = static_cast<int>(i); late != nullptr && late->has(stage)) {
        memory_.spend_work(launches, 1e3 * work_us);
        work_us = 0;
        launches = 0;
        late->bring(stage);
      }
      check_operands(program, program.stages[i], given.operands);
      work_us += simulation::stage_us(memory_.profile(), program.stages[i]);
      launches += simulation::kernels_of(program.stages[i]);
    }
    std::vector<operand> translated(given.operands.begin(), given.operands.end());
    for (operand& each : translated) {
      if (each.data != nullptr) each.data = memory_.accessible(each.data);
    }
    memory_.run(
        std::string(name_of(program.stages.back())),
        [code = ours.code(), operands = std::move(translated),
         numbers = std::vector<scalar>(given.numbers.begin(), given.numbers.end()),
         rules] { cpu().run(*code, {operands, numbers}, rules); },
        launches, 1e3 * work_us);
  }

 private:
  void check_operands(const ops::program& program, const ops::stage& stage, std::span<const operand> operands) {
    for_each_region(stage, program, [&](const ops::region& at, dtype type) {
      const auto buffer = static_cast<std::size_t>(at.buffer);
      if (program.buffers[buffer].use == ops::buffer::role::temporary) return;
      const core::offset_range range = core::range_of(at.at);
      if (range.begin == range.end) return;
      if (reinterpret_cast<std::uintptr_t>(operands[buffer].data) % operand_alignment != 0) {
        throw device_error(fmt::format("{}: element 0 of operand {} of {} must lie at a multiple of {} bytes", name(),
                                       buffer, name_of(stage), operand_alignment));
      }
      const std::int64_t item = item_size(type);
      memory_.check_allocated(fmt::format("operand {} of {}", buffer, name_of(stage)),
                              operands[buffer].data + range.begin * item, (range.end - range.begin) * item);
    });
  }

  simulated_memory memory_;
  simulation::compiled_programs compiled_;
};

// The devices so far, by their names; they stay until the process ends.
struct device_list {
  runtime::fork_safe_mutex guard;
  std::map<std::string, std::unique_ptr<simulated_backend>, std::less<>> by_name;
};

device_list& devices() {
  static constinit runtime::made_once<device_list*> list;
  return *list.get([] { return new device_list; });
}

// FNV-1a: devices of different names get different noise, the same in each process.
std::uint64_t seed_for(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

simulated_backend& device_called(std::string_view name) {
  const std::size_t colon = std::min(name.find(':'), name.size());
  const machine_profile& profile = simulation::find_profile(name.substr(0, colon));
  int number = 0;
  if (colon < name.size()) {
    const std::string_view digits = name.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || end != digits.data() + digits.size() || number < 0 || number >= most_devices) {
      throw device_error(fmt::format("simulated device '{}': expected a number from 0 to {} after the profile", name,
                                     most_devices - 1));
    }
  }
  const std::string full =
      number == 0 ? fmt::format("{}{}", prefix, profile.name) : fmt::format("{}{}:{}", prefix, profile.name, number);
  device_list& list = devices();
  const std::lock_guard lock(list.guard);
  auto found = list.by_name.find(full);
  if (found == list.by_name.end()) {
    found = list.by_name.emplace(full, std::make_unique<simulated_backend>(profile, full, seed_for(full))).first;
  }
  return *found->second;
}

simulated_backend& backend_named(std::string_view name, const char* function) {
  if (!name.starts_with(prefix)) {
    throw device_error(
        fmt::format("{}: '{}' is no simulated device; their names begin with {}", function, name, prefix));
  }
  return device_called(name.substr(prefix.size()));
}

}  // namespace

backend& simulated(std::string_view name) { return device_called(name); }

}  // namespace tandem::backend

namespace tandem {

void set_simulated_faults(std::string_view name, const simulated_faults& faults) {
  backend::backend_named(name, "set_simulated_faults").set_faults(faults);
}

void repair_simulated_device(std::string_view name) {
  backend::backend_named(name, "repair_simulated_device").memory().repair();
}

void limit_simulated_memory(std::string_view name, std::int64_t size_bytes) {
  backend::backend_named(name, "limit_simulated_memory").memory().limit(size_bytes);
}

double simulated_time_us(std::string_view name) {
  backend::simulation::simulated_memory& memory = backend::backend_named(name, "simulated_time_us").memory();
  memory.check_process();
  return memory.time_us();
}

}  // namespace tandem
