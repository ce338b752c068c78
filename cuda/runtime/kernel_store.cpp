#include "cuda/runtime/kernel_store.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <tandem/errors.h>

#include "cuda/runtime/background.h"
#include "cuda/runtime/ready_images.h"

namespace tandem::cuda {

const compiler& kernel_store::compiler_locked() {
  if (compiler_ == nullptr) compiler_ = std::make_unique<const compiler>(where_.architecture());
  return *compiler_;
}

namespace {

cudaError_t blocks_at_once(cudaKernel_t handle, const kernel& what, int& blocks) noexcept {
  return cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, reinterpret_cast<const void*>(handle),
                                                       what.threads_per_block, 0);
}

/// Whether a binary has nothing that the GPU could run, which is noticed when it is loaded, when a kernel is looked up
/// or when that is first used, as CUDA likes.
bool has_no_code(cudaError_t status) noexcept {
  switch (status) {
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorInvalidKernelImage:
    case cudaErrorInvalidDeviceFunction:
    case cudaErrorUnsupportedPtxVersion:  // of PTX, which the driver would have to translate
    case cudaErrorJitCompilerNotFound:
    case cudaErrorJitCompilationDisabled: return true;
    default: return false;
  }
}

}  // namespace

void kernel_store::adopt(stored_kernel& which, cudaKernel_t handle, int blocks) noexcept {
  which.handle_ = handle;
  which.blocks_at_once_ = std::int64_t{std::max(blocks, 1)} * where_.multiprocessors();
}

bool kernel_store::load_ready_locked(stored_kernel& which) {
  if (!ready_) {
    std::vector<cudaLibrary_t> libraries;
    cudaLibraryOption option = cudaLibraryBinaryIsPreserved;
    int is_preserved = 1;
    void* value = &is_preserved;
    for (const std::byte* image : ready_images()) {
      cudaLibrary_t library = nullptr;
      const cudaError_t status = cudaLibraryLoadData(&library, image, nullptr, nullptr, 0, &option, &value, 1);
      // None of the architectures that it was built for: then kernels are compiled when they are needed.
      if (has_no_code(status)) {
        cudaGetLastError();
        continue;
      }
      where_.check(status, "load the library's kernels");
      libraries.push_back(library);
    }
    ready_ = std::move(libraries);
  }
  for (cudaLibrary_t library : *ready_) {
    cudaKernel_t handle = nullptr;
    const cudaError_t status = cudaLibraryGetKernel(&handle, library, which.what_->name.c_str());
    if (status == cudaErrorSymbolNotFound || has_no_code(status)) {
      cudaGetLastError();
      continue;
    }
    where_.check(status, "look for a kernel");
    int blocks = 0;
    const cudaError_t usable = blocks_at_once(handle, *which.what_, blocks);
    if (has_no_code(usable)) {
      cudaGetLastError();
      return false;
    }
    where_.check(usable, "look at a kernel");
    adopt(which, handle, blocks);
    return true;
  }
  return false;
}

void kernel_store::load(stored_kernel& which, const std::string& code) {
  cudaLibrary_t library = nullptr;
  where_.check(cudaLibraryLoadData(&library, code.data(), nullptr, nullptr, 0, nullptr, nullptr, 0), "load a kernel");
  cudaKernel_t handle = nullptr;
  where_.check(cudaLibraryGetKernel(&handle, library, which.what_->name.c_str()), "load a kernel");
  int blocks = 0;
  where_.check(blocks_at_once(handle, *which.what_, blocks), "load a kernel");
  adopt(which, handle, blocks);
}

stored_kernel& kernel_store::find(const std::shared_ptr<const kernel>& what) {
  std::unique_lock lock(guard_);
  std::unique_ptr<stored_kernel>& place = by_key_[what->key];
  if (place != nullptr) return *place;
  auto made = std::make_unique<stored_kernel>();
  made->what_ = what;
  try {
    if (load_ready_locked(*made)) {
      made->state_ = stored_kernel::state::ready;
      made->is_ready_.store(true, std::memory_order_release);
    }
  } catch (...) {
    by_key_.erase(what->key);
    throw;
  }
  place = std::move(made);
  return *place;
}

bool kernel_store::is_at_hand(const stored_kernel& which) {
  if (which.is_ready()) return true;
  const compiler* with = nullptr;
  {
    const std::lock_guard lock(guard_);
    with = &compiler_locked();
  }
  return cache_.find(with->identity(which.what_->text())).has_value();
}

void kernel_store::make_or_throw(stored_kernel& which) {
  const gpu_scope scope(where_, "compile a kernel");
  const compiler* with = nullptr;
  {
    const std::lock_guard lock(guard_);
    with = &compiler_locked();
  }
  const std::string text = which.what_->text();
  const std::string identity = with->identity(text);
  if (const std::optional<std::string> known = cache_.find(identity)) {
    try {
      load(which, *known);
      return;
    } catch (const device_error&) {
      // What was kept is of no use; if it is the device that is not, what follows says so.
    }
  }
  const std::string code = with->compile(which.what_->name, text);
  has_compiled_.store(true, std::memory_order_relaxed);
  load(which, code);
  cache_.store(identity, code);
}

std::exception_ptr kernel_store::make(stored_kernel& which) noexcept {
  // The caller has set the state to `compiling`, so nobody else touches the kernel.
  stored_kernel::state end = stored_kernel::state::ready;
  std::exception_ptr failure;
  std::string text;
  try {
    make_or_throw(which);
  } catch (const device_error& error) {
    end = stored_kernel::state::failed;
    failure = std::current_exception();
    text = error.what();
  } catch (...) {
    end = stored_kernel::state::absent;  // for lack of memory, which may be there the next time
    failure = std::current_exception();
  }
  {
    const std::lock_guard lock(guard_);
    which.failure_ = std::move(text);
    which.state_ = end;
    which.is_ready_.store(end == stored_kernel::state::ready, std::memory_order_release);
  }
  has_finished_.notify_all();
  return failure;
}

void kernel_store::require(stored_kernel& which) {
  if (which.is_ready()) return;
  std::unique_lock lock(guard_);
  has_finished_.wait(lock, [&] { return which.state_ != stored_kernel::state::compiling; });
  if (which.state_ == stored_kernel::state::absent) {
    which.state_ = stored_kernel::state::compiling;
    lock.unlock();
    if (const std::exception_ptr failure = make(which)) std::rethrow_exception(failure);
    return;
  }
  if (which.state_ == stored_kernel::state::failed) throw device_error(which.failure_);
}

void kernel_store::start_compiler_for(const stored_kernel& which) {
  try {
    const compiler* with = nullptr;
    {
      const std::lock_guard lock(guard_);
      with = &compiler_locked();
    }
    if (!cache_.find(with->identity(which.what_->text()))) with->start();
  } catch (const device_error&) {
    // Who compiles meets the same, and keeps it for all who ask for the kernel.
  }
}

void kernel_store::request(stored_kernel& which) {
  if (which.is_ready()) return;
  {
    const std::lock_guard lock(guard_);
    if (which.state_ == stored_kernel::state::failed) throw device_error(which.failure_);
    if (which.state_ != stored_kernel::state::absent) return;
    which.state_ = stored_kernel::state::compiling;
  }
  try {
    start_compiler_for(which);
    do_in_background([this, &which] { make(which); });
  } catch (...) {
    {
      const std::lock_guard lock(guard_);
      which.state_ = stored_kernel::state::absent;
    }
    has_finished_.notify_all();
    throw;
  }
}

}  // namespace tandem::cuda
