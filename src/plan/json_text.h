#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

// What the files of the planner have in common: JSON that nobody vouches for, and what is said of it.
namespace tandem::plan {

/// Why nothing of a text can be used.
struct refusal {
  std::string problem;
};
/// Of a text that cannot be parsed, with what the parser says, in characters that every reader can show.
refusal no_json(std::string_view reason);

/// How a value begins, in what nobody can take for something else on a terminal. Throws: `std::bad_alloc`.
std::string beginning_of(const nlohmann::json& value);
/// The same, but of what has parts only what it is: "an object", "a list".
std::string shown(const nlohmann::json& value);

/// A number as files have it: measurements are not worth more than five digits.
double five_digits(double value);

}  // namespace tandem::plan
