"""What an operation must give, and whether an array is that."""

import numpy as np

REAL_PART = {"complex64": "float32", "complex128": "float64"}


def real_part(dtype):
    return np.dtype(REAL_PART.get(np.dtype(dtype).name, np.dtype(dtype)))


def is_floating(dtype):
    return np.dtype(dtype).kind in "fc"


def is_complex(dtype):
    return np.dtype(dtype).kind == "c"


def wide(array):
    """The values in the widest precision there is: 64 bits of mantissa."""
    return array.astype(np.clongdouble if is_complex(array.dtype) else np.longdouble)


def unit_in_last_place(magnitude, dtype):
    """Distance of neighbouring numbers of a real dtype around the given magnitudes (long double)."""
    info = np.finfo(real_part(dtype))
    exponent = np.frexp(np.where(np.isfinite(magnitude), magnitude, 1))[1]
    lowest = int(info.minexp) - info.nmant
    return np.ldexp(np.longdouble(1), np.maximum(exponent - 1 - info.nmant, lowest))


class Expected:
    """A dtype, a shape, values and how far from them a result may be.

    value      array of the expected shape; in `dtype` or in a wider precision
    tolerance  0, or what the distance must not exceed (long double, broadcasts to the shape)
    skip       None, or where values are not compared because no reference can tell them
    """

    def __init__(self, value, dtype=None, tolerance=0, skip=None, zero_signs=True):
        self.value = np.asarray(value)
        self.dtype = np.dtype(dtype if dtype is not None else self.value.dtype)
        self.tolerance = tolerance
        self.skip = skip
        self.zero_signs = zero_signs

    @property
    def shape(self):
        return self.value.shape

    def rounded(self):
        """The values in their dtype, to go on with where no result is at hand."""
        with np.errstate(all="ignore"):
            return np.array(self.value.astype(self.dtype), order="C")

    def problem(self, got):
        """What is wrong with `got`, or None."""
        if got.dtype != self.dtype:
            return f"dtype is {got.dtype}, expected {self.dtype}"
        if got.shape != self.shape:
            return f"shape is {got.shape}, expected {self.shape}"
        with np.errstate(all="ignore"):
            right = self._right(got)
        if self.skip is not None:
            right = right | self.skip
        if np.all(right):
            return None
        at = tuple(int(i) for i in np.argwhere(~np.broadcast_to(right, got.shape))[0])
        text = f"element {at} is {got[at]!r}, expected {self.value[at]!r}"
        tolerance = np.broadcast_to(np.asarray(self.tolerance), got.shape)[at]
        if tolerance != 0:
            text += f" within {float(tolerance):.3g} (off by {float(abs(wide(got)[at] - wide(self.value)[at])):.3g})"
        return text + f"; {int(np.sum(~np.broadcast_to(right, got.shape)))} of {got.size} differ"

    def spoiled(self, got):
        """`got` with one wrong element, or None where no element can be told from a wrong one."""
        compared = np.ones(got.shape, bool) if self.skip is None else ~np.broadcast_to(self.skip, got.shape)
        if is_floating(self.dtype):
            compared = compared & np.isfinite(got) & np.isfinite(wide(self.value))
        places = np.argwhere(compared)
        if len(places) == 0:
            return None
        at = tuple(places[len(places) // 2])
        spoiled = got.copy()
        if self.dtype.kind == "b":
            spoiled[at] = not got[at]
        elif not is_floating(self.dtype):
            spoiled[at] = got[at] ^ got.dtype.type(1)
        else:
            value = wide(self.value)[at]
            off = np.broadcast_to(np.asarray(self.tolerance, np.longdouble), got.shape)[at]
            unit = unit_in_last_place(np.abs(value), self.dtype)
            spoiled[at] = got[at] + (2 * off + 2 * unit if value.real <= 0 else -2 * off - 2 * unit)
            if not np.isfinite(spoiled[at]):
                return None
        return spoiled

    def _right(self, got):
        rounded = self.value.astype(self.dtype)
        if not is_floating(self.dtype):
            return got == rounded
        if is_complex(self.dtype):
            same = self._same(got.real, rounded.real) & self._same(got.imag, rounded.imag)
            same |= np.isnan(got) & np.isnan(rounded)
        else:
            same = self._same(got, rounded)
        if np.all(np.asarray(self.tolerance) == 0):
            return same
        near = np.abs(wide(got) - wide(self.value)) <= self.tolerance
        # A bound that reaches beyond the largest number allows infinity.
        largest = np.finfo(self.dtype).max
        over = np.isinf(got) & (np.abs(wide(self.value)) + self.tolerance > largest) & (not is_complex(self.dtype))
        return same | near | (over & (np.sign(got.real) == np.sign(wide(self.value).real)))

    def _same(self, got, expected):
        same = (got == expected) | (np.isnan(got) & np.isnan(expected))
        if self.zero_signs:
            same &= ~((got == 0) & (np.signbit(got) != np.signbit(expected)))
        return same


def identical(left, right):
    """Whether two arrays have the same dtype, shape and bits; any nan is as good as another."""
    if left.dtype != right.dtype or left.shape != right.shape:
        return False
    if is_complex(left.dtype):
        return identical(left.real, right.real) and identical(left.imag, right.imag)
    if is_floating(left.dtype):
        same = (left == right) & (np.signbit(left) == np.signbit(right))
        return bool(np.all(same | (np.isnan(left) & np.isnan(right))))
    return bool(np.all(left == right))
