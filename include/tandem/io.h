#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tandem/export.h>
#include <tandem/ndarray.h>

namespace tandem {

// All functions may be called by many threads at once. An `io_error` names the file and what is wrong with it.

/// Reads a .npy file of version 1.0, 2.0 or 3.0.
///
/// The file is mapped, not copied: pages are read when first used, and writing to the array changes a private copy of
/// them, never the file. Elements of foreign byte order, float16 (becomes float32) and misaligned data are converted
/// into a new array; in a file of bools every byte is looked at, as all but 0 mean true. Fortran order gives a
/// transposed view. The file must not be truncated while the array is in use.
/// Throws: `io_error`, also for object, structured and subarray types and for all that is not a regular file;
/// `out_of_memory`. Memory is never allocated by what the header claims before the file's size confirms it: at most
/// twice the file's size and 64 KiB.
TANDEM_API ndarray load(const std::string& path);
/// Reads one member, "name" or "name.npy", of a .npz file, stored or deflated, into a new array.
///
/// Throws: `io_error`, also for an encrypted member and for an archive with names that are path-like, there twice, or
/// do not end in ".npy"; `out_of_memory`. Stored members are limited as .npy files are. Deflated ones may grow as far
/// as deflate can, 1032 times, but memory follows what really arrives and not what the archive claims.
TANDEM_API ndarray load(const std::string& path, const std::string& member);
/// Reads all members of a .npz file, in the file's order, under their names without ".npy". Throws: as `load`.
TANDEM_API std::vector<std::pair<std::string, ndarray>> load_npz(const std::string& path);
/// Names of the members of a .npz file without ".npy". Throws: `io_error`.
TANDEM_API std::vector<std::string> npz_members(const std::string& path);

/// Writes a .npy file (version 1.0, native values in little-endian, row-major), the same bytes as NumPy writes.
///
/// The file appears whole under its name or not at all: it is written under a temporary name in the same folder,
/// brought to the disk and renamed. So an array may be saved over the file that it was loaded from. A replaced file's
/// permissions are kept, a symbolic link is followed; what may not be written or is not a regular file is not replaced.
/// Views that are not contiguous are written through a buffer of 256 KiB.
/// Throws: `io_error`; an old file is then whole and no other is left.
TANDEM_API void save(const std::string& path, const ndarray& array);
/// Writes a .npz file of the given members, deflated if `compress`, in the same way as `save`. The same arrays give the
/// same bytes. Throws: `io_error`, `argument_error` for a name that is empty, path-like, not UTF-8 or given twice.
TANDEM_API void save_npz(const std::string& path, const std::vector<std::pair<std::string, ndarray>>& members,
                         bool compress = false);

}  // namespace tandem
