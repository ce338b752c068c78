#pragma once

#include <string>

namespace tandem::runtime {

/// Where files are kept that make later processes faster: TANDEM_CACHE, else XDG_CACHE_HOME/tandem, else
/// HOME/.cache/tandem. "" for nowhere: TANDEM_CACHE is empty, or no variable says. Throws: `std::bad_alloc`.
std::string cache_folder_name();

/// The same, made if it was not there; "" also if it cannot be made. Throws: `std::bad_alloc`.
std::string cache_folder();

}  // namespace tandem::runtime
