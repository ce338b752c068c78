"""References of reductions, scans and products, with bounds on the error of any sensible order of summation."""

import math

import numpy as np

from compare import Expected, is_complex, is_floating, real_part, wide


def epsilon(dtype):
    return np.longdouble(np.finfo(real_part(dtype)).eps)


def largest(dtype):
    return np.longdouble(np.finfo(real_part(dtype)).max)


def axes_of(axis, rank):
    if axis is None:
        return tuple(range(rank))
    return axis if isinstance(axis, tuple) else (axis,)


def count_along(x, axis):
    return math.prod(x.shape[a] for a in axes_of(axis, x.ndim))


def sum_dtype(dtype):
    """NumPy's on a machine with 64-bit long; the same as the array API's."""
    dtype = np.dtype(dtype)
    return np.dtype({"b": "int64", "i": "int64", "u": "uint64"}.get(dtype.kind, dtype))


def float_dtype(dtype):
    return np.dtype(dtype) if is_floating(dtype) else np.dtype("float64")


def logarithm(count):
    return max(1, math.ceil(math.log2(max(2, count)))) + 4


def expect_sum(x, axis=None, keepdims=False, dtype=None):
    dtype = np.dtype(dtype) if dtype is not None else sum_dtype(x.dtype)
    x = x.astype(dtype)
    with np.errstate(all="ignore"):
        if not is_floating(dtype):
            return Expected(np.sum(x, axis=axis, keepdims=keepdims, dtype=dtype))
        value = np.sum(wide(x), axis=axis, keepdims=keepdims)
        magnitude = np.abs(wide(x))
        size = np.sum(magnitude, axis=axis, keepdims=keepdims)
        tolerance = epsilon(dtype) * logarithm(count_along(x, axis)) * size
        # A partial sum may overflow where the sum does not.
        skip = np.sum(np.where(np.isfinite(magnitude), magnitude, 0), axis=axis, keepdims=keepdims) > largest(dtype) / 4
        skip = skip | (np.isinf(size) & is_complex(dtype))
        return Expected(value, dtype, tolerance, skip, zero_signs=False)


def expect_prod(x, axis=None, keepdims=False, dtype=None):
    dtype = np.dtype(dtype) if dtype is not None else sum_dtype(x.dtype)
    x = x.astype(dtype)
    with np.errstate(all="ignore"):
        if not is_floating(dtype):
            return Expected(np.prod(x, axis=axis, keepdims=keepdims, dtype=dtype))
        value = np.prod(wide(x), axis=axis, keepdims=keepdims)
        skip = unsafe_product(x, axis, keepdims)
        tolerance = epsilon(dtype) * (2 * count_along(x, axis) + 4) * np.abs(value)
        return Expected(value, dtype, tolerance, skip, zero_signs=False)


def unsafe_product(x, axis, keepdims):
    """Where some order of multiplication could leave the range of the dtype."""
    magnitude = np.abs(wide(x))
    logs = np.where((magnitude > 0) & np.isfinite(magnitude), np.abs(np.log2(np.where(magnitude > 0, magnitude, 1))), 0)
    limit = float(np.log2(largest(x.dtype))) - 4
    if is_complex(x.dtype):
        limit /= 2
    skip = np.sum(logs, axis=axis, keepdims=keepdims) > limit
    if is_complex(x.dtype):
        skip = skip | ~np.all(np.isfinite(x), axis=axis, keepdims=keepdims)
    return skip


def expect_mean(x, axis=None, keepdims=False):
    dtype = float_dtype(x.dtype)
    total = expect_sum(x.astype(dtype), axis, keepdims)
    with np.errstate(all="ignore"):
        count = np.longdouble(count_along(x, axis))
        value = total.value / count
        tolerance = total.tolerance / count + epsilon(dtype) * np.abs(value)
    return Expected(value, dtype, tolerance, total.skip, zero_signs=False)


def expect_var(x, axis=None, keepdims=False, correction=0, root=False):
    dtype = float_dtype(x.dtype)
    x = wide(x.astype(dtype))
    result = real_part(dtype)
    with np.errstate(all="ignore"):
        count = count_along(x, axis)
        divisor = np.longdouble(max(0, count - correction))
        mean = np.sum(x, axis=axis, keepdims=True) / np.longdouble(count)
        size = np.mean(np.abs(x), axis=axis, keepdims=True)
        distance = np.abs(x - mean)
        value = np.sum(distance * distance, axis=axis, keepdims=keepdims) / divisor
        # The mean is off by d; that adds d * d, and each distance is rounded.
        off = epsilon(dtype) * logarithm(count) * size
        shift = np.sum(np.broadcast_to(2 * off * (off + epsilon(dtype) * distance), x.shape), axis=axis, keepdims=keepdims) / divisor
        tolerance = 4 * epsilon(dtype) * logarithm(count) * value + 4 * shift
        top = np.max(np.abs(x), axis=axis, keepdims=keepdims, initial=0)
        skip = (top > np.sqrt(largest(dtype)) / max(4, count)) & np.isfinite(top)
        skip = skip | (is_complex(dtype) & ~np.isfinite(top))
        # Squares below the smallest number lose their digits.
        skip = skip | ((value > 0) & (value < 1e4 * np.finfo(result).tiny))
        if root:
            upper = np.sqrt(value + tolerance)
            lower = np.sqrt(np.maximum(value - tolerance, 0))
            tolerance = np.maximum(upper - np.sqrt(value), np.sqrt(value) - lower) + epsilon(dtype) * np.sqrt(value)
            value = np.sqrt(value)
    return Expected(value, result, tolerance, skip, zero_signs=False)


def expect_extreme(function, x, axis=None, keepdims=False):
    with np.errstate(all="ignore"):
        return Expected(function(x, axis=axis, keepdims=keepdims), x.dtype, zero_signs=False)


def expect_truth(function, x, axis=None, keepdims=False):
    return Expected(function(x.astype(bool), axis=axis, keepdims=keepdims), "bool")


def expect_count_nonzero(x, axis=None, keepdims=False):
    return Expected(np.sum(x.astype(bool), axis=axis, keepdims=keepdims, dtype="int64"))


def expect_arg(function, x, axis=None, keepdims=False):
    return Expected(function(x, axis=axis, keepdims=keepdims), "int64")


def expect_scan(x, axis=None, dtype=None, include_initial=False, product=False):
    dtype = np.dtype(dtype) if dtype is not None else sum_dtype(x.dtype)
    axis = 0 if axis is None else axis
    x = x.astype(dtype)
    function = np.cumprod if product else np.cumsum
    with np.errstate(all="ignore"):
        if not is_floating(dtype):
            return Expected(with_initial(function(x, axis=axis, dtype=dtype), axis, include_initial, product))
        value = function(wide(x), axis=axis)
        count = x.shape[axis]
        if product:
            tolerance = epsilon(dtype) * (2 * count + 4) * np.abs(value)
            skip = np.broadcast_to(unsafe_product(x, axis, True), x.shape)
        else:
            magnitude = np.abs(wide(x))
            size = np.cumsum(magnitude, axis=axis)
            tolerance = epsilon(dtype) * (count + 4) * size
            skip = np.cumsum(np.where(np.isfinite(magnitude), magnitude, 0), axis=axis) > largest(dtype) / 4
            skip = skip | (np.isinf(size) & is_complex(dtype))
    value = with_initial(value, axis, include_initial, product)
    tolerance = with_initial(tolerance, axis, include_initial, False)
    skip = with_initial(skip, axis, include_initial, False)
    return Expected(value, dtype, tolerance, skip, zero_signs=False)


def with_initial(array, axis, include_initial, product):
    if not include_initial:
        return array
    shape = list(array.shape)
    shape[axis] = 1
    first = np.ones(shape, array.dtype) if product else np.zeros(shape, array.dtype)
    return np.concatenate([first, array], axis=axis)


def expect_product(function, x, y, count):
    """A product over `count` elements by `function(x, y)`, bilinear."""
    dtype = np.result_type(x.dtype, y.dtype)
    x, y = x.astype(dtype), y.astype(dtype)
    with np.errstate(all="ignore"):
        if dtype.kind == "b":
            # Booleans multiply by "and" and add by "or".
            return Expected(function(x.astype("int64"), y.astype("int64")) != 0)
        if not is_floating(dtype):
            return Expected(function(x, y), dtype)
        value = function(wide(x), wide(y))
        size = function(np.abs(wide(x)), np.abs(wide(y)))
        tolerance = epsilon(dtype) * (count + 4) * 2 * size
        # BLAS may add products in any order, and multiplies complex numbers as it likes.
        skip = ~np.isfinite(size) | (size > largest(dtype) / 8)
    # Products below the smallest normal number lose digits.
    tolerance = tolerance + (count + 4) * np.longdouble(np.finfo(real_part(dtype)).tiny) * epsilon(dtype)
    return Expected(value, dtype, tolerance, skip, zero_signs=False)
