#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <string_view>
#include <vector>

#include "codegen/emulator/kernels.h"
#include "codegen/emulator/launch.h"
#include "cuda/codegen/ready.h"
#include "cuda/runtime/nvrtc_library.h"
#include "cuda/runtime/ready_images.h"
#include "cuda/stand_in/gpu.h"
#include "cuda/stand_in/state.h"

// Kernels: what NVRTC makes of them, libraries that have them, and launches. "Machine code" is the text itself, which
// is compiled for the host when a kernel is looked up.

struct CUkern_st {
  tandem::testing::host_kernel code;
};

struct CUlib_st {
  /// Name and text of its only kernel, or nothing for the kernels that came with the library.
  std::string name;
  std::string text;
};

struct _nvrtcProgram {
  std::string name;
  std::string text;
  std::string log;
};

namespace tandem::testing::stand_in {

namespace {

constexpr std::string_view magic = "stand-in for machine code\n";
constexpr const char* ready_image = "stand-in for a fat binary";
bool has_ready_images = true;

struct kernel_state {
  host_kernels compiled;
  std::map<std::string, std::unique_ptr<CUkern_st>, std::less<>> loaded;
  std::map<std::string, std::shared_ptr<const cuda::kernel>, std::less<>> ready;
};

kernel_state& kernels() {
  static kernel_state& made = *new kernel_state;
  return made;
}

CUkern_st& load(const std::shared_ptr<const cuda::kernel>& what) {
  auto& place = kernels().loaded[what->name];
  if (place == nullptr) {
    cuda::lowered_program program;
    program.steps.emplace_back(cuda::launch{what, {}});
    const cuda::lowered_program* const list[] = {&program};
    kernels().compiled.make_ready(list);
    place = std::make_unique<CUkern_st>(kernels().compiled.at(*what));
  }
  return *place;
}

nvrtcResult version(int* major, int* minor) {
  *major = 13;
  *minor = 0;
  return NVRTC_SUCCESS;
}

const char* error_string(nvrtcResult) { return "a text of the stand-in"; }

nvrtcResult supported_count(int* count) {
  *count = 1;
  return NVRTC_SUCCESS;
}

nvrtcResult supported(int* list) {
  *list = 90;
  return NVRTC_SUCCESS;
}

nvrtcResult create(nvrtcProgram* program, const char* text, const char* name, int, const char* const*,
                   const char* const*) {
  const std::string_view file(name);
  *program = new _nvrtcProgram{std::string(file.substr(0, file.rfind('.'))), text, ""};
  return NVRTC_SUCCESS;
}

nvrtcResult destroy(nvrtcProgram* program) {
  delete *program;
  *program = nullptr;
  return NVRTC_SUCCESS;
}

nvrtcResult compile(nvrtcProgram program, int count, const char* const* options) {
  const call this_call("nvrtcCompileProgram");
  const std::vector<std::string_view> given(options, options + count);
  for (const std::string_view each : {"--gpu-architecture=sm_90", "--fmad=false"}) {
    EXPECT_NE(std::find(given.begin(), given.end(), each), given.end()) << each;
  }
  if (this_call.failure() == cudaSuccess) return NVRTC_SUCCESS;
  program->log = "line 1: the stand-in was told to fail";
  return NVRTC_ERROR_COMPILATION;
}

nvrtcResult log_size(nvrtcProgram program, size_t* size) {
  *size = program->log.size() + 1;
  return NVRTC_SUCCESS;
}

nvrtcResult log(nvrtcProgram program, char* text) {
  std::memcpy(text, program->log.c_str(), program->log.size() + 1);
  return NVRTC_SUCCESS;
}

std::string code_of(const _nvrtcProgram& program) {
  return std::string(magic) + program.name + "\n" + program.text + '\0';
}

nvrtcResult code_size(nvrtcProgram program, size_t* size) {
  *size = code_of(*program).size();
  return NVRTC_SUCCESS;
}

nvrtcResult code(nvrtcProgram program, char* into) {
  const std::string all = code_of(*program);
  std::memcpy(into, all.data(), all.size());
  return NVRTC_SUCCESS;
}

}  // namespace

void make_ready(std::span<const cuda::lowered_program* const> programs) {
  const std::lock_guard lock(guard());
  kernels().compiled.make_ready(programs);
}

void set_ready_images(bool are_there) {
  const std::lock_guard lock(guard());
  has_ready_images = are_there;
}

}  // namespace tandem::testing::stand_in

using namespace tandem::testing::stand_in;

namespace tandem::cuda {

const nvrtc_functions& nvrtc() {
  static const nvrtc_functions made{version,  error_string, supported_count, supported, create,    destroy, compile,
                                    log_size, log,          code_size,       code,      code_size, code};
  return made;
}

std::span<const std::byte* const> ready_images() noexcept {
  static const std::byte* const image = reinterpret_cast<const std::byte*>(ready_image);
  return {&image, 1};
}

}  // namespace tandem::cuda

extern "C" {

cudaError_t cudaLibraryLoadData(cudaLibrary_t* library, const void* code, cudaJitOption*, void**, unsigned,
                                cudaLibraryOption*, void**, unsigned) {
  TANDEM_STAND_IN_CALL;
  const std::string_view text(static_cast<const char*>(code));
  if (text == ready_image) {
    if (kernels().ready.empty()) {
      for (const auto& each : tandem::cuda::ready_kernels()) kernels().ready.emplace(each->name, each);
    }
    *library = new CUlib_st;
    return cudaSuccess;
  }
  if (!text.starts_with(magic)) return failed(cudaErrorInvalidKernelImage);
  const std::size_t end = text.find('\n', magic.size());
  *library =
      new CUlib_st{std::string(text.substr(magic.size(), end - magic.size())), std::string(text.substr(end + 1))};
  return cudaSuccess;
}

cudaError_t cudaLibraryGetKernel(cudaKernel_t* kernel, cudaLibrary_t library, const char* name) {
  TANDEM_STAND_IN_CALL;
  if (library->name.empty()) {
    const auto found = kernels().ready.find(name);
    if (!has_ready_images || found == kernels().ready.end()) return failed(cudaErrorSymbolNotFound);
    *kernel = &load(found->second);
    return cudaSuccess;
  }
  if (library->name != name) return failed(cudaErrorSymbolNotFound);
  auto what = std::make_shared<tandem::cuda::kernel>();
  what->key = what->name = name;
  what->text = [text = library->text] { return text; };
  *kernel = &load(what);
  return cudaSuccess;
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void*, int, size_t) {
  TANDEM_STAND_IN_CALL;
  *blocks = 1;
  return cudaSuccess;
}

cudaError_t cudaLaunchKernel(const void* function, dim3 grid, dim3 block, void** arguments, size_t shared,
                             cudaStream_t stream) {
  TANDEM_STAND_IN_CALL;
  EXPECT_EQ(grid.y * grid.z * block.y * block.z, 1U);
  EXPECT_EQ(shared, 0U);
  // A parameter is read when the kernel is given. How long it is only the kernel knows; the module has room for the
  // longest.
  std::array<std::uint64_t, 512> words;
  std::memcpy(words.data(), arguments[0], sizeof words);
  const CUkern_st& kernel = *static_cast<const CUkern_st*>(function);
  give(resolve(stream), [&kernel, words, grid, block] {
    tandem::testing::launch_on_host(kernel.code, words.data(), static_cast<int>(block.x), grid.x,
                                    tandem::testing::emulated_order::shuffled);
  });
  return cudaSuccess;
}

}  // extern "C"
