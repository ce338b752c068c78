# SLEEF, the vector functions of the CPU backend's exponentials, logarithms, trigonometric and hyperbolic functions. Only
# the library: which functions its header declares depends on the flags of the whole file, and the loops choose their
# instruction set function by function.
#
# Defines SLEEF::SLEEF.
find_library(SLEEF_LIBRARY NAMES sleef)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(SLEEF REQUIRED_VARS SLEEF_LIBRARY)

if(SLEEF_FOUND AND NOT TARGET SLEEF::SLEEF)
  add_library(SLEEF::SLEEF UNKNOWN IMPORTED)
  set_target_properties(SLEEF::SLEEF PROPERTIES IMPORTED_LOCATION ${SLEEF_LIBRARY})
endif()
