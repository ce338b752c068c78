#include "runtime/cache_folder.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace tandem::runtime {

std::string cache_folder() {
  const std::string folder = cache_folder_name();
  if (folder.empty()) return "";
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  return failed ? "" : folder;
}

std::string cache_folder_name() {
  if (const char* const wish = std::getenv("TANDEM_CACHE")) return wish;
  if (const char* const cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/') {
    return (std::filesystem::path(cache) / "tandem").string();
  }
  if (const char* const home = std::getenv("HOME"); home != nullptr && *home == '/') {
    return (std::filesystem::path(home) / ".cache" / "tandem").string();
  }
  return "";
}

}  // namespace tandem::runtime
