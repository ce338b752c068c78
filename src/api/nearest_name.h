#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tandem::api {

/// "; did you mean 'NAME'?" for the name that differs from `given` in the fewest letters, or nothing if none is near.
std::string did_you_mean(std::string_view given, std::span<const std::string_view> names);

}  // namespace tandem::api
