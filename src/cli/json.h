#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

// JSON as text, for the little of it that the command writes.
namespace tandem::cli {

/// A string in quotes, escaped; bytes that are no UTF-8 become U+FFFD, for JSON has no other strings.
std::string json_string(std::string_view text);

/// Names and values, the latter JSON already, on a line each, indented by `depth` levels but for the first line.
std::string json_object(const std::vector<std::pair<std::string_view, std::string>>& members, int depth);

/// Values, JSON already, on one line.
std::string json_array(const std::vector<std::string>& values);

}  // namespace tandem::cli
