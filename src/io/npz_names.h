#pragma once

#include <string_view>

namespace tandem::io {

/// What members of a .npz file end in.
inline constexpr std::string_view member_suffix = ".npy";

/// Why `name`, without the suffix, cannot name a member of a .npz file; empty if it can.
///
/// A name that a program may take for a path would let an archive write where its reader does not expect it.
std::string_view reason_against_member_name(std::string_view name);

}  // namespace tandem::io
