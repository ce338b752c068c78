"""Random calls of the functions that make arrays."""

import math

import numpy as np

from compare import Expected
from generator import DEPTHS, list_call, tuple_text
from nodes import Operation, call_text


def created(name, arguments, options, value, **how):
    return Operation(name, [], lambda texts: call_text(name, arguments, options), lambda v: Expected(value, **how))


def shape_argument(g):
    shape = g.values.shape()
    text = str(shape[0]) if len(shape) == 1 and g.chance(0.5) else tuple_text(shape) if g.chance(0.7) or not shape else str(list(shape))
    return shape, text


def filled(name):
    def build(g):
        shape, text = shape_argument(g)
        dtype = g.dtype() if g.chance(0.7) else None
        options = [("dtype", dtype.name)] if dtype is not None else []
        if name == "full":
            value, value_text = g.values.literal(dtype if dtype is not None else g.dtype())
            return created(name, [text, value_text], options, np.full(shape, value, dtype))
        if name == "empty":
            return created(name, [text], options, np.zeros(shape, dtype or "float64"), skip=np.True_)
        return created(name, [text], options, (np.zeros if name == "zeros" else np.ones)(shape, dtype or "float64"))

    return build


def filled_like(name):
    def build(g):
        x = g.make(g.dtype(), g.values.shape(), g.random.choice(DEPTHS))
        dtype = g.dtype() if g.chance(0.4) else None
        options = [("dtype", dtype.name)] if dtype is not None else []
        target = dtype if dtype is not None else x.dtype
        if name == "full_like":
            value, text = g.values.literal(target)
            return g.simple(name, [x], lambda v: Expected(np.full(v[0].shape, value, target)), [text], options)
        fill = {"zeros_like": 0, "ones_like": 1, "empty_like": 0}[name]
        skip = np.True_ if name == "empty_like" else None
        return g.simple(name, [x], lambda v: Expected(np.full(v[0].shape, fill, target), skip=skip), [], options)

    return build


def arange(g):
    if g.chance(0.6):
        start, stop = g.random.randint(-20, 20), g.random.randint(-20, 60)
        step = g.random.choice((1, 2, 3, -1, -4))
        numbers = [start, stop, step][: g.random.choice((2, 3))]
        if g.chance(0.3):
            numbers = [stop]
        dtype = g.random.choice((None, None, "int32", "float32", "uint8" if min(numbers) >= 0 else "int16"))
    else:
        start, stop = g.random.uniform(-3, 3), g.random.uniform(-3, 9)
        numbers = [start, stop, g.random.choice((0.1, 0.25, 1.5, -0.5))]
        dtype = g.random.choice((None, "float64", "float32"))
    options = [("dtype", dtype)] if dtype else []
    low, high, by = (0, numbers[0], 1) if len(numbers) == 1 else (numbers + [1])[:3]
    count = max(0, math.ceil((high - low) / by))
    value = np.longdouble(low) + np.arange(count) * np.longdouble(by)
    default = np.dtype("int64" if all(isinstance(number, int) for number in numbers) else "float64")
    target = np.dtype(dtype) if dtype else default
    if target.kind != "f":
        value = value.astype(target)
    tolerance = 4 * np.finfo(target).eps * max(abs(low), abs(high), 1) if target.kind == "f" else 0
    return created("arange", [repr(number) for number in numbers], options, value, dtype=target, tolerance=tolerance, zero_signs=False)


def linspace(g):
    start, stop = (g.random.choice((0, 1, -3, 2.5, g.random.uniform(-9, 9))) for _ in range(2))
    if g.chance(0.15):
        stop = complex(stop, 2)
    count = g.random.choice((0, 1, 2, 3, 7, 50, 1000))
    endpoint = g.chance(0.7)
    arguments = [repr(start), f"{stop.real!r} + 2j" if isinstance(stop, complex) else repr(stop), str(count)]
    options = [] if endpoint else [("endpoint", False)]
    dtype = np.dtype("complex128" if isinstance(stop, complex) else "float64")
    divisor = max(1, count - 1 if endpoint else count)
    steps = np.arange(count).astype(np.longdouble) / divisor
    value = start + steps * (np.clongdouble(stop) - start if isinstance(stop, complex) else np.longdouble(stop) - start)
    tolerance = 4 * np.finfo(dtype).eps * max(abs(start), abs(stop), 1e-300)
    return created("linspace", arguments, options, value, dtype=dtype, tolerance=np.longdouble(tolerance), zero_signs=False)


def eye(g):
    rows, columns, k = g.random.randint(0, 6), g.random.randint(0, 6), g.random.randint(-3, 3)
    dtype = g.dtype()
    if g.chance(0.3):
        return created("eye", [str(rows)], [("dtype", dtype.name)], np.eye(rows, dtype=dtype))
    return created("eye", [str(rows), str(columns)], [("k", k), ("dtype", dtype.name)], np.eye(rows, columns, k, dtype))


def meshgrid(g):
    dtype = g.dtype()
    children = [g.make(dtype, (g.random.randint(0, 5),), g.random.choice(DEPTHS)) for _ in range(g.random.randint(1, 3))]
    indexing = g.random.choice((None, "ij", "xy"))
    pick = g.random.randrange(len(children))
    options = [("indexing", repr(indexing))] if indexing else []
    return list_call("meshgrid", children, lambda v: Expected(np.meshgrid(*v, indexing=indexing or "xy")[pick]), options, pick)


def triangle(name, function):
    def build(g):
        x = g.make(g.dtype(), g.values.shape(least_rank=2), g.random.choice(DEPTHS))
        k = g.random.randint(-4, 4)
        return g.simple(name, [x], lambda v: Expected(function(v[0], k)), [], [("k", k)] if k or g.chance(0.5) else [])

    return build


FUNCTIONS = {
    "zeros": filled("zeros"),
    "ones": filled("ones"),
    "full": filled("full"),
    "empty": filled("empty"),
    "zeros_like": filled_like("zeros_like"),
    "ones_like": filled_like("ones_like"),
    "full_like": filled_like("full_like"),
    "empty_like": filled_like("empty_like"),
    "arange": arange,
    "linspace": linspace,
    "eye": eye,
    "meshgrid": meshgrid,
    "tril": triangle("tril", np.tril),
    "triu": triangle("triu", np.triu),
}
