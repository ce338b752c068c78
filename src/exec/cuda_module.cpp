#include "exec/cuda_module.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "runtime/cache_folder.h"
#include "runtime/fork.h"
#include "runtime/policy.h"
#include "runtime/system.h"
#include "runtime/workers.h"

namespace tandem::exec {

namespace {

constexpr const char* module_file = "libtandem_cuda.so";

void copy_with_workers(const std::byte* from, std::byte* to, std::int64_t size_bytes) {
  // One core does not fill the memory's bandwidth; parts of less than 1 MiB are not worth sharing out.
  constexpr std::int64_t part = std::int64_t{1} << 20;
  const std::int64_t parts = (size_bytes + part - 1) / part;
  const int workers = parts < 2 ? 1 : runtime::workers_of(runtime::resolve({}));
  runtime::parallel_for(parts, static_cast<int>(std::min<std::int64_t>(workers, parts)),
                        [&](std::int64_t begin, std::int64_t end, int) {
                          const std::int64_t first = begin * part;
                          const std::int64_t beyond = std::min(size_bytes, end * part);
                          std::memcpy(to + first, from + first, static_cast<std::size_t>(beyond - first));
                        });
}

cuda_module open() {
  const std::filesystem::path own(runtime::file_of(reinterpret_cast<const void*>(&open_cuda_module)));
  const std::filesystem::path folder = own.parent_path();
  // A program that has the library inside lies in bin, beside lib.
  std::string failures;
  for (const std::filesystem::path& file :
       {folder / module_file, folder.parent_path() / "lib" / module_file, std::filesystem::path(module_file)}) {
    std::error_code ignored;
    if (file.has_parent_path() && !std::filesystem::exists(file, ignored)) continue;
    void* const handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
      const char* const reason = ::dlerror();
      failures = reason == nullptr ? "" : reason;
      continue;
    }
    const auto entry = reinterpret_cast<backend::module_entry>(::dlsym(handle, backend::module_entry_name));
    static const backend::module_services services{
        copy_with_workers, [] { return std::uint64_t{runtime::fork_generation()}; }, runtime::cache_folder};
    backend::module* const code = entry == nullptr ? nullptr : entry(TANDEM_BUILD, services);
    if (code != nullptr) return {code, ""};
    return {nullptr, fmt::format("{} is of another build of tandem", file.string())};
  }
  return {nullptr, fmt::format("this build of tandem has no code for GPUs, or it cannot be opened ({})", failures)};
}

}  // namespace

const cuda_module& open_cuda_module() {
  static constinit runtime::made_once<cuda_module> opened;
  return opened.get(open);
}

}  // namespace tandem::exec
