# LLVM's OpenMP runtime, for clang and g++ alike. g++'s own runtime (libgomp) is not linked: libomp serves its entry
# points too, so that the program has one thread pool.
#
# Defines LibOMP::LibOMP: compile with OpenMP, link libomp.
find_library(LibOMP_LIBRARY NAMES omp PATHS /usr/lib/llvm-19/lib NO_DEFAULT_PATH)
find_library(LibOMP_LIBRARY NAMES omp)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibOMP REQUIRED_VARS LibOMP_LIBRARY)

if(LibOMP_FOUND AND NOT TARGET LibOMP::LibOMP)
  add_library(LibOMP::LibOMP UNKNOWN IMPORTED)
  # -fopenmp only when compiling: when linking, each compiler would add a runtime of its own.
  set_target_properties(LibOMP::LibOMP PROPERTIES
    IMPORTED_LOCATION ${LibOMP_LIBRARY}
    INTERFACE_COMPILE_OPTIONS $<$<COMPILE_LANGUAGE:CXX>:-fopenmp>)
endif()
