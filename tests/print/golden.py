#!/usr/bin/python3
"""Writes golden_*.inc beside this file: arrays as C++ and the text that NumPy gives them.

Run it with NumPy 1.24, whose text tandem's is: newer releases choose the notation of float32 otherwise.
"""

import pathlib

import numpy as np

assert np.__version__.startswith("1.24."), np.__version__

CPP = {
    "bool": "bool", "int8": "std::int8_t", "int16": "std::int16_t", "int32": "std::int32_t", "int64": "std::int64_t",
    "uint8": "std::uint8_t", "uint16": "std::uint16_t", "uint32": "std::uint32_t", "uint64": "std::uint64_t",
    "float32": "float", "float64": "double", "complex64": "std::complex<float>", "complex128": "std::complex<double>",
}
NAN, INF = float("nan"), float("inf")


def literal(x):
    """One element as C++."""
    if isinstance(x, np.bool_):
        return "true" if x else "false"
    if isinstance(x, np.complexfloating):
        return "{" + literal(x.real) + ", " + literal(x.imag) + "}"
    if isinstance(x, np.floating):
        suffix = "F" if x.dtype == np.float32 else ""
        if np.isnan(x):
            return "NAN"
        if np.isinf(x):
            return ("-" if x < 0 else "") + "INFINITY"
        return np.format_float_scientific(x, trim="0") + suffix
    if x.dtype == np.uint64:
        return str(x) + "U"
    return "INT64_MIN" if x == np.iinfo(np.int64).min else str(x)


class Table:
    def __init__(self, name):
        self.name, self.rows = name, []

    def add(self, label, a, source=None, **options):
        a = np.asarray(a)
        shape = "{" + ", ".join(map(str, a.shape)) + "}"
        kind = CPP[a.dtype.name]
        if source is None:
            source = f"made<{kind}>({shape}, {{{', '.join(literal(x) for x in a.ravel())}}})"
        with np.printoptions(**options):
            text = str(a)
        names = (("precision", "precision"), ("threshold", "threshold"), ("edgeitems", "edge_items"),
                 ("linewidth", "line_width"), ("suppress", "suppress_small"))
        chosen = ", ".join(f".{ours} = {str(options[theirs]).lower()}" for theirs, ours in names if theirs in options)
        self.rows.append(f'{{"{label}", {source},\n {{{chosen}}}, R"({text})"}},\n')

    def ramp(self, label, dtype, shape, start, step, **options):
        kind = np.dtype(dtype)
        count = int(np.prod(shape))
        a = (kind.type(start) + np.arange(count).astype(kind) * kind.type(step)).astype(kind).reshape(shape)
        extents = "{" + ", ".join(map(str, shape)) + "}"
        self.add(label, a, f"ramp<{CPP[kind.name]}>({extents}, {start}, {step})", **options)

    def write(self):
        path = pathlib.Path(__file__).parent / f"golden_{self.name}.inc"
        head = f"// Written by golden.py with NumPy {np.__version__}.\n// clang-format off\n"
        path.write_text(head + "".join(self.rows) + "// clang-format on\n")


f4, f8 = np.float32, np.float64

# Numbers: notation, digits, padding.
t = Table("numbers")
t.add("bool", np.array([True, False, True]))
t.add("all false", np.array([[False], [False]]))
for kind in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"):
    info = np.iinfo(kind)
    t.add(f"{kind} limits", np.array([info.min, 0, 7, info.max], kind))
    t.add(f"{kind} of one width", np.array([3, 4, 5], kind))
for kind in (f4, f8):
    name = np.dtype(kind).name
    info = np.finfo(kind)

    def floats(label, values, **options):
        t.add(f"{name} {label}", np.array(values, kind), **options)

    floats("integers", [1, -2, 300])
    floats("zeros", [0.0, -0.0, 0.0])
    floats("fractions share a point", [0.5, -12.25, 100, 3.125])
    floats("thirds", [1 / 3, -2 / 3, 10 / 3])
    floats("mantissa cut at eight digits", [0.1234567891234, 1, 0.9999999999])
    floats("just below 1e8", [99999992, 1])
    floats("1e8 needs an exponent", [1e8])
    floats("1e-4 is the bound", [1e-4, 1e-2])
    floats("below 1e-4 needs an exponent", [0.00009, 0.01])
    floats("a ratio of 1000 does not", [0.125, 125])
    floats("a ratio above 1000 needs an exponent", [0.125, 125.125])
    floats("a ratio that float32 rounds to 1000", [0.005, 5])
    floats("zeros do not count for the ratio", [0, 1e-3, 1])
    floats("exponents", [1e-5, 1.5e10, -2.25])
    floats("three-digit exponents" if kind is f8 else "largest exponents", [float(info.max), float(info.tiny), 1])
    floats("smallest", [float(info.smallest_subnormal), float(info.tiny), float(info.eps)])
    floats("nan", [NAN, 1, 2.5])
    floats("inf and wide numbers", [INF, 1000.5, -1000.5])
    floats("negative inf", [-INF, 1, 2])
    floats("inf and nan alone", [INF, NAN])
    floats("negative inf alone", [-INF, NAN])
    floats("nan among exponents", [NAN, -INF, 1e20, 1e-20])
    floats("shorter digits are filled with the exact ones", [1e-10, 1.2345678e-3, 3.3e5])
    floats("a power of two", [2.0**-96, 1.23456e-20, 2.0**87])
    floats("precision 3", [1 / 3, 2, 1234.56789], precision=3)
    floats("precision 0", [0.5, 1.5, 2.5, -0.4], precision=0)
    floats("precision 0 and exponents", [1.5e20, 2.5e20], precision=0)
    floats("precision 15", [0.1, 1 / 3], precision=15)
    floats("suppress", [1e-9, -1e-9, 1, 5e-9], suppress=True)
    floats("suppress keeps large exponents", [1e9, 1], suppress=True)
    floats("suppress and a large ratio", [0.001, 1234567.5], suppress=True)
t.add("float64 nearest decimal belongs to the neighbour", np.array([2.0**-645, 1.123456789012345e10]), precision=15)
t.add("float32 digits are its own", np.array([0.1, 0.2, 16777216, 33554434], f4))
t.add("float32 last digit before the units", np.array([99999992, 88888888], f4))
for kind in (np.complex64, np.complex128):
    name = np.dtype(kind).name
    t.add(f"{name} integers", np.array([1 + 2j, -3 - 4j, 10], kind))
    t.add(f"{name} parts are padded apart", np.array([0.5 + 100j, -12.25 + 1j, 100 - 0.125j], kind))
    t.add(f"{name} exponents in one part", np.array([1e-9 + 1j, 1 + 2.5j], kind))
    t.add(f"{name} exponents in both", np.array([1e-9 + 1e9j, 1 - 2.5j], kind))
    t.add(f"{name} nan and inf", np.array([complex(NAN, INF), complex(-INF, NAN), complex(INF, -INF), 1 + 1j], kind))
    t.add(f"{name} nan alone", np.array([complex(NAN, NAN)], kind))
    t.add(f"{name} signed zeros", np.array([complex(0.0, -0.0), complex(-0.0, 0.0)], kind))
    t.add(f"{name} thirds", np.array([complex(1 / 3, -2 / 3), complex(1e3, 1)], kind))
    t.add(f"{name} precision 2", np.array([complex(1 / 3, -2 / 3), complex(-10, 1)], kind), precision=2)
t.write()

# Layout: rows, nesting, wrapping, summaries.
t = Table("layout")
t.add("empty", np.zeros((0,)))
t.add("empty (0, 3)", np.zeros((0, 3)))
t.add("empty (3, 0)", np.zeros((3, 0), np.int32))
t.add("empty (2, 0, 4)", np.zeros((2, 0, 4), bool))
t.add("one element", np.array([5]))
t.add("size-1 axes", np.array([[[[2.5]]]]))
t.ramp("matrix", "int64", (3, 4), -5, 1)
t.ramp("column", "float64", (4, 1), 0, 0.5)
t.ramp("rank 3", "int32", (2, 3, 2), 0, 1)
t.ramp("rank 5", "int8", (2, 1, 2, 2, 3), -12, 1)
t.ramp("wrapped row", "int64", (40,), 0, 1)
t.ramp("wrapped row fills the width", "int64", (30,), 1000, 1)
t.ramp("wrapped floats lose trailing spaces", "float64", (14,), 0.0625, 0.0625)
t.ramp("wrapped matrix", "float64", (2, 12), 100, 0.25)
t.ramp("wrapped rank 3", "int64", (2, 1, 20), 99990, 1)
t.ramp("line width 20", "int64", (15,), 0, 1, linewidth=20)
t.ramp("line width 1", "int64", (2, 2), 10, 1, linewidth=1)
t.ramp("line width 200", "int64", (45,), 0, 1, linewidth=200)
t.ramp("1000 elements are all shown", "uint8", (2, 500), 0, 0)
t.ramp("1001 elements are summarized", "int64", (1001,), 0, 1)
t.ramp("summarized matrix", "int64", (100, 100), 0, 1)
t.ramp("summarized rows", "float64", (1000, 2), 0, 0.5)
t.ramp("summarized columns", "float32", (2, 1000), 0, 0.5)
t.ramp("axes of six are whole", "int64", (6, 7, 6), 0, 1, threshold=100)
t.ramp("summarized rank 3", "int16", (11, 10, 10), -500, 1)
t.ramp("summarized exponents", "float64", (2000,), 0, 1048576)
t.ramp("threshold 5", "int64", (6,), 0, 1, threshold=5)
t.ramp("threshold 0, one edge item", "int64", (3, 3), 0, 1, threshold=0, edgeitems=1)
t.ramp("no edge items", "int64", (5,), 3, 0, threshold=0, edgeitems=0)
t.ramp("no edge items, matrix", "int64", (3, 5), 3, 0, threshold=0, edgeitems=0)
t.ramp("many edge items", "int64", (1001,), 0, 1, edgeitems=20)
t.ramp("summary is wrapped", "int64", (1001,), 1000000000000, 1, linewidth=40)
t.write()

# Arrays without axes: the text of their only element.
t = Table("single")
for value in (True, False):
    t.add("bool", np.array(value))
for kind in ("int8", "int64", "uint8", "uint64"):
    t.add(f"{kind} largest", np.array(np.iinfo(kind).max, kind))
    t.add(f"{kind} smallest", np.array(np.iinfo(kind).min, kind))
for kind in (f4, f8):
    name = np.dtype(kind).name
    info = np.finfo(kind)
    for value in (0.0, -0.0, 1, -2.5, 3.14, 0.1, 1 / 3, 1e-4, 9.9e-5, 1e-5, 1.5e-5, 1e8, 123456789, 1e15, 9.9e15, 1e16,
                  1.25e16, 2.0**70, float(info.max), float(info.tiny), float(info.smallest_subnormal), NAN, INF, -INF):
        t.add(f"{name}", np.array(value, kind))
    t.add(f"{name} ignores precision", np.array(1 / 3, kind), precision=2)
    t.add(f"{name} ignores suppress", np.array(1e-9, kind), suppress=True)
for kind in (np.complex64, np.complex128):
    name = np.dtype(kind).name
    for value in (0, 1 + 2j, 2j, -2j, complex(-0.0, 1), complex(0.0, -0.0), 1.5 - 0.1j, 1e-5 + 1e20j, 3,
                  complex(NAN, NAN), complex(0, NAN), complex(0, -INF), complex(INF, -INF), complex(-INF, INF),
                  complex(1, NAN)):
        t.add(f"{name}", np.array(value, kind))
t.write()
