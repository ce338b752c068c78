#pragma once

#include "cuda/device/types.h"

// The functions of real numbers that the formulas use, each that of the place: CUDA's, or the C library's where kernels
// are compiled for the host to test them.
#ifndef __CUDACC__
#include <math.h>
#endif

#define TANDEM_DEVICE_MATH ::td::math

namespace td::math {

// clang-format off
TANDEM_HD inline float acos(float x) { return ::acosf(x); }
TANDEM_HD inline double acos(double x) { return ::acos(x); }
TANDEM_HD inline float acosh(float x) { return ::acoshf(x); }
TANDEM_HD inline double acosh(double x) { return ::acosh(x); }
TANDEM_HD inline float asin(float x) { return ::asinf(x); }
TANDEM_HD inline double asin(double x) { return ::asin(x); }
TANDEM_HD inline float asinh(float x) { return ::asinhf(x); }
TANDEM_HD inline double asinh(double x) { return ::asinh(x); }
TANDEM_HD inline float atan(float x) { return ::atanf(x); }
TANDEM_HD inline double atan(double x) { return ::atan(x); }
TANDEM_HD inline float atanh(float x) { return ::atanhf(x); }
TANDEM_HD inline double atanh(double x) { return ::atanh(x); }
TANDEM_HD inline float ceil(float x) { return ::ceilf(x); }
TANDEM_HD inline double ceil(double x) { return ::ceil(x); }
TANDEM_HD inline float cos(float x) { return ::cosf(x); }
TANDEM_HD inline double cos(double x) { return ::cos(x); }
TANDEM_HD inline float cosh(float x) { return ::coshf(x); }
TANDEM_HD inline double cosh(double x) { return ::cosh(x); }
TANDEM_HD inline float exp(float x) { return ::expf(x); }
TANDEM_HD inline double exp(double x) { return ::exp(x); }
TANDEM_HD inline float expm1(float x) { return ::expm1f(x); }
TANDEM_HD inline double expm1(double x) { return ::expm1(x); }
TANDEM_HD inline float fabs(float x) { return ::fabsf(x); }
TANDEM_HD inline double fabs(double x) { return ::fabs(x); }
TANDEM_HD inline float floor(float x) { return ::floorf(x); }
TANDEM_HD inline double floor(double x) { return ::floor(x); }
TANDEM_HD inline float log(float x) { return ::logf(x); }
TANDEM_HD inline double log(double x) { return ::log(x); }
TANDEM_HD inline float log10(float x) { return ::log10f(x); }
TANDEM_HD inline double log10(double x) { return ::log10(x); }
TANDEM_HD inline float log1p(float x) { return ::log1pf(x); }
TANDEM_HD inline double log1p(double x) { return ::log1p(x); }
TANDEM_HD inline float log2(float x) { return ::log2f(x); }
TANDEM_HD inline double log2(double x) { return ::log2(x); }
TANDEM_HD inline float rint(float x) { return ::rintf(x); }
TANDEM_HD inline double rint(double x) { return ::rint(x); }
TANDEM_HD inline float sin(float x) { return ::sinf(x); }
TANDEM_HD inline double sin(double x) { return ::sin(x); }
TANDEM_HD inline float sinh(float x) { return ::sinhf(x); }
TANDEM_HD inline double sinh(double x) { return ::sinh(x); }
TANDEM_HD inline float sqrt(float x) { return ::sqrtf(x); }
TANDEM_HD inline double sqrt(double x) { return ::sqrt(x); }
TANDEM_HD inline float tan(float x) { return ::tanf(x); }
TANDEM_HD inline double tan(double x) { return ::tan(x); }
TANDEM_HD inline float tanh(float x) { return ::tanhf(x); }
TANDEM_HD inline double tanh(double x) { return ::tanh(x); }
TANDEM_HD inline float trunc(float x) { return ::truncf(x); }
TANDEM_HD inline double trunc(double x) { return ::trunc(x); }
TANDEM_HD inline float atan2(float x, float y) { return ::atan2f(x, y); }
TANDEM_HD inline double atan2(double x, double y) { return ::atan2(x, y); }
TANDEM_HD inline float copysign(float x, float y) { return ::copysignf(x, y); }
TANDEM_HD inline double copysign(double x, double y) { return ::copysign(x, y); }
TANDEM_HD inline float fmod(float x, float y) { return ::fmodf(x, y); }
TANDEM_HD inline double fmod(double x, double y) { return ::fmod(x, y); }
TANDEM_HD inline float hypot(float x, float y) { return ::hypotf(x, y); }
TANDEM_HD inline double hypot(double x, double y) { return ::hypot(x, y); }
TANDEM_HD inline float nextafter(float x, float y) { return ::nextafterf(x, y); }
TANDEM_HD inline double nextafter(double x, double y) { return ::nextafter(x, y); }
TANDEM_HD inline float pow(float x, float y) { return ::powf(x, y); }
TANDEM_HD inline double pow(double x, double y) { return ::pow(x, y); }
TANDEM_HD inline float fma(float x, float y, float z) { return ::fmaf(x, y, z); }
TANDEM_HD inline double fma(double x, double y, double z) { return ::fma(x, y, z); }
// clang-format on

TANDEM_HD inline bool signbit(float x) { return __builtin_bit_cast(int, x) < 0; }
TANDEM_HD inline bool signbit(double x) { return __builtin_bit_cast(long long, x) < 0; }

}  // namespace td::math
