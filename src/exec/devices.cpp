#include "exec/devices.h"

#include <fmt/format.h>

#include <vector>

#include <tandem/errors.h>

#include "exec/cuda_module.h"
#include "runtime/fork.h"

namespace tandem::exec {

namespace {

// Backends by their memory, of devices that have been asked for: few.
struct known_backends {
  runtime::fork_safe_mutex guard;
  std::vector<backend::backend*> all;
};

known_backends& known() {
  static constinit runtime::made_once<known_backends*> made;
  return *made.get([] { return new known_backends; });
}

backend::backend& gpu(int index) {
  const cuda_module& module = open_cuda_module();
  if (module.code == nullptr || module.code->device_count() == 0) {
    throw device_error(fmt::format("gpu:{} is not there: {}", index, why_no_gpu()));
  }
  const int count = module.code->device_count();
  if (index >= count) {
    throw device_error(fmt::format("gpu:{} is not there: this machine has {} GPU{}, counted from 0", index, count,
                                   count == 1 ? "" : "s"));
  }
  return module.code->device(index);
}

}  // namespace

backend::backend& backend_of(const device& where) {
  if (where.kind() == device::kind::cpu) return backend::cpu();
  backend::backend& found = where.kind() == device::kind::gpu
                                ? gpu(where.index())
                                : backend::simulated(std::string_view(to_string(where)).substr(4));
  known_backends& list = known();
  const std::lock_guard lock(list.guard);
  if (std::ranges::find(list.all, &found) == list.all.end()) list.all.push_back(&found);
  return found;
}

backend::backend& backend_with(const memory::device_memory& memory) noexcept {
  known_backends& list = known();
  const std::lock_guard lock(list.guard);
  for (backend::backend* each : list.all) {
    if (&each->memory() == &memory) return *each;
  }
  return backend::cpu();
}

int gpu_count() noexcept {
  const cuda_module& module = open_cuda_module();
  return module.code == nullptr ? 0 : module.code->device_count();
}

std::string why_no_gpu() {
  const cuda_module& module = open_cuda_module();
  return module.code == nullptr ? module.why_missing : module.code->why_none();
}

bool has_code_for_gpus() { return open_cuda_module().code != nullptr; }

}  // namespace tandem::exec
