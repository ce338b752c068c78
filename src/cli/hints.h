#pragma once

#include <span>
#include <string>
#include <string_view>

// What people who know NumPy or Python may have meant by something that is not there.
namespace tandem::cli {

/// The candidate that differs from `name` by the fewest edits, "" if none is near.
std::string_view nearest(std::string_view name, std::span<const std::string_view> candidates);

/// What to write instead of a NumPy or Python name, such as "did you mean 'asin'?" for arcsin; "" if nothing is known.
std::string numpy_advice(std::string_view name);

/// Why `of.attribute` is not possible, and what is. `of` is "" if it is not a name.
std::string attribute_advice(std::string_view of, std::string_view attribute);

/// Why a word of Python cannot stand in an expression; "" for other names.
std::string_view keyword_advice(std::string_view name) noexcept;

}  // namespace tandem::cli
