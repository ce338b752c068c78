"""References of the element-wise operations, computed by NumPy in its widest precision.

Where tandem means to differ from NumPy 1.24:
- integers and booleans given to operations of floats become float64 (NumPy: float16 and float32 for short integers);
- ceil, floor and trunc of integers are integers (NumPy 1.24: float64);
- a negative power of an integer is truncated (NumPy raises);
- the sign of a complex number is x / |x| (NumPy 1.24 looks at the real part first).
"""

import re

import numpy as np

from compare import Expected, is_complex, is_floating, real_part, unit_in_last_place, wide

KINDS = {
    "all": "biufc",
    "numeric": "iufc",
    "real": "iuf",
    "real_or_bool": "biuf",
    "integer": "iu",
    "integer_or_bool": "biu",
    "floating": "fc",
    "real_floating": "f",
}

# The result of the formula in the precision of its operands.
FUNCTIONS = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "floor_divide": np.floor_divide,
    "remainder": np.remainder,
    "pow": np.power,
    "negative": np.negative,
    "positive": np.positive,
    "abs": np.abs,
    "sign": np.sign,
    "square": np.square,
    "sqrt": np.sqrt,
    "reciprocal": np.reciprocal,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "hypot": np.hypot,
    "copysign": np.copysign,
    "nextafter": np.nextafter,
    "ceil": np.ceil,
    "floor": np.floor,
    "trunc": np.trunc,
    "round": np.round,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "log2": np.log2,
    "log10": np.log10,
    "logaddexp": np.logaddexp,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "real": np.real,
    "imag": np.imag,
    "conj": np.conj,
    "equal": np.equal,
    "not_equal": np.not_equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "isfinite": np.isfinite,
    "isinf": np.isinf,
    "isnan": np.isnan,
    "signbit": np.signbit,
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "logical_xor": np.logical_xor,
    "logical_not": np.logical_not,
    "bitwise_and": np.bitwise_and,
    "bitwise_or": np.bitwise_or,
    "bitwise_xor": np.bitwise_xor,
    "bitwise_invert": np.invert,
    "bitwise_left_shift": np.left_shift,
    "bitwise_right_shift": np.right_shift,
    "where": np.where,
}

# Floats for which the rounding of the operands' own precision is part of the definition.
IN_OWN_PRECISION = {
    "floor_divide", "remainder", "maximum", "minimum", "copysign", "nextafter", "ceil", "floor", "trunc", "round",
    "negative", "positive", "real", "imag", "conj", "where", "sign",
}

# NumPy and C leave open which of two equal zeros these give.
ANY_ZERO = {"maximum", "minimum", "sign"}

# Complex operations that are exact or nearly so part by part, also for infinities and nan.
PART_BY_PART = {"add", "subtract", "negative", "positive", "conj", "real", "imag", "where", "round", "equal", "not_equal"}


class Row:
    def __init__(self, name, operands, kinds, result, ulp, complex_ulp):
        self.name = name
        self.operands = operands
        self.kinds = kinds
        self.result = result
        self.ulp = ulp
        self.complex_ulp = complex_ulp

    def takes(self, dtype):
        """Whether operands of that dtype need no conversion."""
        return np.dtype(dtype).kind in KINDS[self.kinds]

    def accepts(self, dtype):
        """Whether operands may have that dtype: integers and booleans become float64 where only floats are known."""
        return self.takes(dtype) or (not set("biu") & set(KINDS[self.kinds]) and np.dtype(dtype).kind in "biu")


def read_table(path):
    """The rows of the table of element-wise operations: name -> Row."""
    with open(path) as file:
        table = file.read()
    # The bound of complex results is in the table's header.
    least = float(re.search(r"Complex results: the same bound, at least (\d+),", table)[1])
    row = re.compile(r'^TD_(UN|BIN|TER)\s*\((\w+),\s*(\w+),\s*(\w+),.*,\s*\d+,\s*([\d.]+),\s*"', re.MULTILINE)
    rows = {}
    for form, name, kinds, result, ulp in row.findall(table):
        rows[name] = Row(name, {"UN": 1, "BIN": 2, "TER": 3}[form], kinds, result, float(ulp), max(least, float(ulp)))
    return rows


def common_dtype(operands):
    """The dtype that NumPy, with weak scalars, promotes the operands to."""
    strong = [operand.dtype for operand in operands if isinstance(operand, np.ndarray)]
    common = np.result_type(*strong)
    for operand in operands:
        if not isinstance(operand, np.ndarray):
            common = np.result_type(np.zeros(1, common), operand)
    return common


def integer_power(base, exponent):
    if exponent.dtype.kind == "u":
        return np.power(base, exponent)
    magnitude = np.power(base, np.maximum(exponent, 0))
    inverse = np.where(np.abs(base) == 1, np.where(exponent % 2 == 0, 1, base), 0)
    return np.where(exponent >= 0, magnitude, inverse).astype(base.dtype)


def complex_log1p(x):
    # Of |1 + x|^2 - 1, which cancels near -1, and |1 + x|, which cancels near 0, the one that does not.
    excess = x.real * (2 + x.real) + x.imag * x.imag
    modulus = np.where(excess > -0.5, np.log1p(np.maximum(excess, -0.5)) / 2, np.log(np.hypot(1 + x.real, x.imag)))
    return modulus + 1j * np.arctan2(x.imag, 1 + x.real)


def complex_expm1(x):
    half = np.sin(x.imag / 2)
    return np.expm1(x.real) * np.cos(x.imag) - 2 * half * half + 1j * (np.exp(x.real) * np.sin(x.imag))


def complex_sign(x):
    magnitude = np.abs(x)
    return np.where(magnitude == 0, 0, x / np.where(magnitude == 0, 1, magnitude))


COMPLEX_FUNCTIONS = {"log1p": complex_log1p, "expm1": complex_expm1, "sign": complex_sign}


def out_of_reach(operands, value, dtype):
    """Where complex intermediate results may leave the range of the dtype, or infinities follow other rules."""
    largest = np.sqrt(np.finfo(real_part(dtype)).max) / 16
    skip = np.zeros(np.shape(value), bool)
    for operand in list(operands) + [value]:
        magnitude = np.abs(operand)
        skip = skip | ~np.isfinite(operand) | (magnitude > largest) | ((magnitude < 1 / largest) & (magnitude > 0))
    return skip


def complex_tolerance(row, operands, value, dtype):
    units = np.full(np.shape(value), row.complex_ulp, np.longdouble)
    if row.name == "pow" and np.dtype(dtype).name == "complex128":
        x, y = operands
        distance = np.abs(np.log(np.where(x == 0, 1, x)))
        units = units + 2 * np.abs(y) * (1 + distance)
    return units * unit_in_last_place(np.abs(value), dtype) * np.longdouble(1.01)


def expect(row, operands):
    """What the operation gives; operands are arrays and Python numbers."""
    name = row.name
    if name == "where":
        condition, *operands = operands
        condition = np.asarray(condition)
    common = common_dtype(operands)
    if not row.takes(common):
        assert common.kind in "biu", (name, common)
        common = np.dtype("float64")
    operands = [np.asarray(operand).astype(common) for operand in operands]
    with np.errstate(all="ignore"):
        if name == "where":
            return Expected(np.where(condition, *operands))
        expected = expect_converted(row, operands, common)
        check_dtype(row, operands, common, expected.dtype)
    return expected


def check_dtype(row, operands, common, dtype):
    """The rule that gave `dtype` must be NumPy's where the two do not mean to differ."""
    if row.name in ("ceil", "floor", "trunc") and not is_floating(common):
        return
    if row.name == "pow" and not is_floating(common):
        return
    numpy_dtype = FUNCTIONS[row.name](*[np.ones(1, operand.dtype) for operand in operands]).dtype
    assert numpy_dtype == dtype, f"reference of {row.name}: {dtype}, NumPy gives {numpy_dtype}"


def expect_converted(row, operands, common):
    name = row.name
    function = FUNCTIONS[name]
    if not is_floating(common):
        if name == "pow":
            return Expected(integer_power(*np.broadcast_arrays(*operands)))
        if name in ("ceil", "floor", "trunc"):
            return Expected(operands[0])
        return Expected(function(*operands))
    dtype = {"boolean": np.dtype(bool), "real_part": real_part(common), "same": common}[row.result]
    if row.result == "boolean":
        return Expected(function(*operands), dtype)
    if is_complex(common):
        wide_operands = [wide(operand) for operand in operands]
        value = COMPLEX_FUNCTIONS.get(name, function)(*wide_operands)
        if name in PART_BY_PART and row.ulp == 0:
            return Expected(value, dtype)
        tolerance = complex_tolerance(row, wide_operands, value, dtype)
        skip = None if name in PART_BY_PART else out_of_reach(wide_operands, value, dtype)
        return Expected(value, dtype, tolerance, skip, zero_signs=False)
    if name in IN_OWN_PRECISION:
        value = function(*operands)
        # Both sides round the quotient and the remainder.
        units = 2 * row.ulp if name in ("floor_divide", "remainder") else 0
        tolerance = units * unit_in_last_place(np.abs(wide(value)), dtype) if units else 0
        return Expected(value, dtype, tolerance, zero_signs=name not in ANY_ZERO)
    if name == "abs":
        return Expected(function(*operands), dtype)
    value = function(*[wide(operand) for operand in operands])
    # Where the terms of logaddexp cancel, it is as accurate as they are, and they are about log(2) then.
    magnitude = np.maximum(np.abs(value), 1) if name == "logaddexp" else np.abs(value)
    # One percent for the reference's own rounding.
    tolerance = row.ulp * unit_in_last_place(magnitude, dtype) * np.longdouble(1.01)
    return Expected(value, dtype, tolerance)


def expect_astype(x, dtype):
    """Floats to integers truncate, nan gives 0, values out of range saturate; integers wrap."""
    dtype = np.dtype(dtype)
    with np.errstate(all="ignore"):
        if is_floating(x.dtype) and dtype.kind in "iu":
            info = np.iinfo(dtype)
            whole = np.trunc(np.where(np.isnan(x), 0, x)).astype(np.longdouble)
            clipped = np.clip(whole, np.longdouble(info.min), np.longdouble(info.max))
            return Expected(clipped.astype(dtype))
        return Expected(x.astype(dtype))


def expect_clip(rows, x, low, high):
    value = Expected(np.asarray(x))
    if low is not None:
        value = expect(rows["maximum"], [value.rounded(), low])
    if high is not None:
        value = expect(rows["minimum"], [value.rounded(), high])
    return Expected(value.value, value.dtype, zero_signs=False)
