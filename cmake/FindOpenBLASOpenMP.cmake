# OpenBLAS in its OpenMP build, by Debian's folder for it: the name libopenblas alone may lead to the build with threads
# of its own.
#
# Defines OpenBLASOpenMP::OpenBLAS. Link it after LibOMP::LibOMP, so that libomp serves its OpenMP calls.
find_library(OpenBLASOpenMP_LIBRARY NAMES openblas PATH_SUFFIXES openblas-openmp)
find_path(OpenBLASOpenMP_INCLUDE_DIR NAMES cblas.h PATH_SUFFIXES openblas-openmp x86_64-linux-gnu/openblas-openmp aarch64-linux-gnu/openblas-openmp)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpenBLASOpenMP REQUIRED_VARS OpenBLASOpenMP_LIBRARY OpenBLASOpenMP_INCLUDE_DIR)

if(OpenBLASOpenMP_FOUND AND NOT TARGET OpenBLASOpenMP::OpenBLAS)
  add_library(OpenBLASOpenMP::OpenBLAS UNKNOWN IMPORTED)
  set_target_properties(OpenBLASOpenMP::OpenBLAS PROPERTIES
    IMPORTED_LOCATION ${OpenBLASOpenMP_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${OpenBLASOpenMP_INCLUDE_DIR})
endif()
