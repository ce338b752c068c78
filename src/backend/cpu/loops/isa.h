#pragma once

// Compiles what stands between TANDEM_LOOPS_BEGIN and TANDEM_LOOPS_END for one instruction set: TANDEM_ISA, the
// namespace that it goes to, and TANDEM_ISA_LEVEL (2 to 4 for x86-64-v2, AVX2 and AVX-512; 0 for the compiler's own)
// come from the build. Whatever the loops include from elsewhere must be included before, here: an inline function of
// the standard library compiled between them could be the copy that the linker keeps for the whole program.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <complex>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include <tandem/dtype.h>

#include "backend/cpu/kernels.h"
#include "core/element.h"
#include "ops/op.h"

#if !defined(TANDEM_ISA) || !defined(TANDEM_ISA_LEVEL)
#error "the build says for which instruction set the loops are compiled"
#endif

#if TANDEM_ISA_LEVEL == 2
#define TANDEM_ISA_FEATURES "sse3,ssse3,sse4.1,sse4.2,popcnt,cx16"
#elif TANDEM_ISA_LEVEL == 3
#define TANDEM_ISA_FEATURES "avx,avx2,fma,f16c,bmi,bmi2,lzcnt,movbe,popcnt"
#elif TANDEM_ISA_LEVEL == 4
#define TANDEM_ISA_FEATURES "avx,avx2,fma,f16c,bmi,bmi2,lzcnt,movbe,popcnt,avx512f,avx512bw,avx512cd,avx512dq,avx512vl"
#endif

// Before a loop whose output may be one of its inputs but overlaps none otherwise: an element is read before it is
// written, so that the loop vectorizes without a check at run time, which would find the overlap and give up.
#if defined(__clang__)
#define TANDEM_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define TANDEM_INDEPENDENT _Pragma("GCC ivdep")
#endif

// Before a loop that is faster with an iteration at a time.
#if defined(__clang__)
#define TANDEM_ONE_BY_ONE _Pragma("clang loop vectorize(disable)")
#else
#define TANDEM_ONE_BY_ONE
#endif

#define TANDEM_PRAGMA_TEXT(text) _Pragma(#text)
#define TANDEM_PRAGMA(text) TANDEM_PRAGMA_TEXT(text)
#if TANDEM_ISA_LEVEL == 0
#define TANDEM_LOOPS_BEGIN
#define TANDEM_LOOPS_END
#elif defined(__clang__)
#define TANDEM_LOOPS_BEGIN \
  TANDEM_PRAGMA(clang attribute push(__attribute__((target(TANDEM_ISA_FEATURES))), apply_to = function))
#define TANDEM_LOOPS_END TANDEM_PRAGMA(clang attribute pop)
#else
#define TANDEM_LOOPS_BEGIN TANDEM_PRAGMA(GCC push_options) TANDEM_PRAGMA(GCC target(TANDEM_ISA_FEATURES))
#define TANDEM_LOOPS_END TANDEM_PRAGMA(GCC pop_options)
#endif
