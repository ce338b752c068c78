# LLVM's OpenMP runtime, for clang and g++ alike. g++'s own runtime (libgomp) is not linked: libomp serves its entry
# points too, so that the program has one thread pool.
#
# Defines LibOMP::LibOMP: compile with OpenMP, link libomp.
find_library(LibOMP_LIBRARY NAMES omp PATHS /usr/lib/llvm-19/lib NO_DEFAULT_PATH)
find_library(LibOMP_LIBRARY NAMES omp)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibOMP REQUIRED_VARS LibOMP_LIBRARY)

if(LibOMP_FOUND AND NOT TARGET LibOMP::LibOMP)
  get_filename_component(LibOMP_DIRECTORY ${LibOMP_LIBRARY} DIRECTORY)
  add_library(LibOMP::LibOMP INTERFACE IMPORTED)
  # -fopenmp only when compiling: when linking, each compiler would add a runtime of its own.
  target_compile_options(LibOMP::LibOMP INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fopenmp>)
  target_link_libraries(LibOMP::LibOMP INTERFACE ${LibOMP_LIBRARY})
endif()
