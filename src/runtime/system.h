#pragma once

#include <cstdint>
#include <string>

// What the system says of the machine and of the libraries in the process.
namespace tandem::runtime {

/// The processor's name; "" if the system has none.
std::string processor_name();
/// Processors that are switched on, at least 1.
int online_cores() noexcept;
/// The machine's memory, 0 if the system does not say.
std::int64_t memory_bytes() noexcept;
/// What of it can be had without swapping, as the system estimates; 0 if it does not say.
std::int64_t free_memory_bytes();

/// The file of the shared library that has this address; "" if none has.
std::string file_of(const void* address);
/// The file of the OpenMP runtime that serves the library.
std::string openmp_file();

}  // namespace tandem::runtime
