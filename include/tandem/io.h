#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tandem/export.h>
#include <tandem/ndarray.h>

namespace tandem {

/// Reads a .npy file of version 1.0, 2.0 or 3.0.
///
/// The file is mapped, not copied: pages are read when first used, and writing to the array changes a private copy of
/// them, never the file. Elements of foreign byte order, float16 (becomes float32) and misaligned data are converted into
/// a new array. Fortran order gives a transposed view. The file must not be truncated while the array is in use.
/// Throws: `io_error` naming the file and what is wrong with it; memory is never allocated by what the header claims
/// before the file's size confirms it.
TANDEM_API ndarray load(const std::string& path);
/// Reads one member, "name" or "name.npy", of a .npz file. Throws: `io_error`.
TANDEM_API ndarray load(const std::string& path, const std::string& member);
/// Reads all members of a .npz file, in the file's order, under their names without ".npy". Throws: `io_error`.
TANDEM_API std::vector<std::pair<std::string, ndarray>> load_npz(const std::string& path);
/// Names of the members of a .npz file without ".npy". Throws: `io_error`.
TANDEM_API std::vector<std::string> npz_members(const std::string& path);

/// Writes a .npy file (version 1.0, native values in little-endian, row-major). The file appears whole under its name or
/// not at all: it is written under a temporary name in the same folder and renamed. Throws: `io_error`.
TANDEM_API void save(const std::string& path, const ndarray& array);
/// Writes a .npz file of the given members, deflated if `compress`. Throws: `io_error`, `argument_error` for a name that is
/// empty, path-like or given twice.
TANDEM_API void save_npz(const std::string& path, const std::vector<std::pair<std::string, ndarray>>& members,
                         bool compress = false);

}  // namespace tandem
