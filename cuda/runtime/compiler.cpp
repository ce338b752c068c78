#include "cuda/runtime/compiler.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>

#include <tandem/errors.h>

#include "cuda/codegen/headers.h"
#include "cuda/runtime/content_hash.h"
#include "cuda/runtime/nvrtc_library.h"
#include "cuda/runtime/process.h"

namespace tandem::cuda {

namespace {

void check(nvrtcResult status, const char* operation) {
  if (status == NVRTC_SUCCESS) return;
  throw device_error(fmt::format("NVRTC cannot {} ({})", operation, nvrtc().error_string(status)));
}

/// A program of NVRTC's that is destroyed.
class compilation {
 public:
  compilation(const std::string& name, const std::string& text) {
    std::vector<const char*> texts;
    std::vector<const char*> names;
    for (const header& each : headers()) {
      texts.push_back(each.text);
      names.push_back(each.name);
    }
    check(nvrtc().create(&program_, text.c_str(), (name + ".cu").c_str(), static_cast<int>(texts.size()), texts.data(),
                         names.data()),
          "read a kernel");
  }
  compilation(const compilation&) = delete;
  compilation& operator=(const compilation&) = delete;
  ~compilation() { nvrtc().destroy(&program_); }
  nvrtcProgram get() const noexcept { return program_; }

  /// The first lines of what the compiler has said.
  std::string log() const {
    std::size_t size = 0;
    if (nvrtc().log_size(program_, &size) != NVRTC_SUCCESS || size == 0) return "it says nothing";
    std::string text(size, '\0');
    if (nvrtc().log(program_, text.data()) != NVRTC_SUCCESS) return "it says nothing";
    text.resize(text.find('\0') == std::string::npos ? size : text.find('\0'));
    std::size_t end = 0;
    for (int line = 0; line < 8 && end != std::string::npos; ++line) end = text.find('\n', end == 0 ? 0 : end + 1);
    return text.substr(0, end);
  }

 private:
  nvrtcProgram program_ = nullptr;
};

}  // namespace

compile_target target_for(int architecture, std::span<const int> supported) {
  int newest = 0;
  for (const int each : supported) {
    if (each == architecture) return {architecture, true};
    if (each < architecture) newest = std::max(newest, each);
  }
  if (newest > 0) return {newest, false};
  throw device_error(fmt::format("NVRTC compiles for none of the compute capabilities up to {}.{}; it knows {}",
                                 architecture / 10, architecture % 10, fmt::join(supported, ", ")));
}

compiler::compiler(int architecture) {
  int count = 0;
  check(nvrtc().supported_count(&count), "say what it compiles for");
  std::vector<int> supported(static_cast<std::size_t>(count));
  check(nvrtc().supported(supported.data()), "say what it compiles for");
  target_ = target_for(architecture, supported);

  // Each operation rounds as if it ran alone: where a chain contracts, its text says so.
  options_ = {fmt::format("--gpu-architecture={}_{}", target_.is_machine_code ? "sm" : "compute", target_.architecture),
              "--std=c++20", "--fmad=false"};
  int major = 0;
  int minor = 0;
  check(nvrtc().version(&major, &minor), "say its version");
  std::uint64_t hash = 0;
  for (const header& each : headers()) hash = content_hash(each.text, content_hash(each.name, hash));
  surroundings_ = fmt::format("NVRTC {}.{}\n{}\nheaders {:016x}\n", major, minor, fmt::join(options_, " "), hash);
}

std::string compiler::identity(const std::string& text) const { return surroundings_ + text; }

void compiler::start() const {
  static constinit std::atomic<bool> has_started{false};
  if (has_started.load(std::memory_order_acquire)) return;
  compile("td_start", "extern \"C\" __global__ void td_start(double* x) { *x = sqrt(*x); }\n");
  if (!has_started.exchange(true, std::memory_order_acq_rel)) end_before_others();
}

std::string compiler::compile(const std::string& name, const std::string& text) const {
  const compilation program(name, text);
  std::vector<const char*> options;
  for (const std::string& each : options_) options.push_back(each.c_str());
  const nvrtcResult status = nvrtc().compile(program.get(), static_cast<int>(options.size()), options.data());
  if (status != NVRTC_SUCCESS) {
    throw device_error(
        fmt::format("kernel {} does not compile ({}): {}", name, nvrtc().error_string(status), program.log()));
  }
  std::size_t size = 0;
  const char* const operation = "hand over what it compiled";
  check(target_.is_machine_code ? nvrtc().cubin_size(program.get(), &size) : nvrtc().ptx_size(program.get(), &size),
        operation);
  std::string code(size, '\0');
  check(target_.is_machine_code ? nvrtc().cubin(program.get(), code.data()) : nvrtc().ptx(program.get(), code.data()),
        operation);
  return code;
}

}  // namespace tandem::cuda
