#include "backend/module.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include <tandem/errors.h>

// The module as the library opens it, on a machine with or without a GPU.
namespace tandem::backend {
namespace {

void copy(const std::byte* from, std::byte* to, std::int64_t size_bytes) {
  std::memcpy(to, from, static_cast<std::size_t>(size_bytes));
}

module_entry entry_of_module() {
  void* const handle = ::dlopen(TANDEM_CUDA_MODULE, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    ADD_FAILURE() << ::dlerror();
    return nullptr;
  }
  return reinterpret_cast<module_entry>(::dlsym(handle, module_entry_name));
}

const module_services services{copy, [] { return std::uint64_t{0}; }, [] { return std::string(); }};

TEST(Module, IsOnlyForItsOwnBuild) {
  const module_entry entry = entry_of_module();
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry("another build", services), nullptr);
}

TEST(Module, CountsDevicesOrSaysWhyThereAreNone) {
  const module_entry entry = entry_of_module();
  ASSERT_NE(entry, nullptr);
  module* const opened = entry(TANDEM_BUILD, services);
  ASSERT_NE(opened, nullptr);
  const int count = opened->device_count();
  ASSERT_GE(count, 0);
  EXPECT_EQ(opened->why_none().empty(), count > 0);
  EXPECT_THROW(opened->device(count), device_error);
  EXPECT_THROW(opened->device(-1), device_error);
  if (count == 0) {
    try {
      opened->device(0);
      FAIL() << "a device that is not there";
    } catch (const device_error& error) {
      EXPECT_NE(std::string(error.what()).find(opened->why_none()), std::string::npos) << error.what();
    }
  }
}

TEST(Module, ExportsItsEntryOnly) {
  void* const handle = ::dlopen(TANDEM_CUDA_MODULE, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(handle, nullptr) << ::dlerror();
  for (const char* const name : {"cudaGetDeviceCount", "cudaMalloc"}) {
    // A symbol of the module itself, not of the libraries that it needs.
    Dl_info about{};
    void* const found = ::dlsym(handle, name);
    if (found == nullptr || ::dladdr(found, &about) == 0) continue;
    EXPECT_EQ(std::string(about.dli_fname).find("libtandem_cuda"), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace tandem::backend
