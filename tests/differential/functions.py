"""For each function of `tandem ops`, random expressions with it at the root."""

import numpy as np

import creation
import elementwise
import manipulation
import products
import reductions
from generator import DEPTHS, REDUCTIONS, random_axes
from nodes import Operation, call_text
from values import DTYPES


def elementwise_root(name):
    def build(g):
        row = g.rows[name]
        shape = g.values.shape()
        depth = g.random.choice(DEPTHS)
        accepted = [dtype for dtype in DTYPES if row.accepts(dtype)]
        first_dtype = g.random.choice(accepted)
        first = g.make(first_dtype, shape, depth)
        if row.operands == 1:
            return g.elementwise(name, [first], g.chance(0.5))
        if g.chance(0.25):
            second = g.literal(first_dtype if g.chance(0.5) else g.random.choice(accepted))
            if isinstance(second.value, int) and second.value < 0 and first_dtype.kind == "u":
                second = g.literal(first_dtype)
        elif len(shape) == 1 and shape[0] in (1, 2, 3, 4, 5) and g.chance(0.3):
            second = g.list_literal(count=shape[0])
        else:
            second_dtype = first_dtype if g.chance(0.4) else g.random.choice(accepted)
            second = g.make(second_dtype, g.broadcastable(shape), depth)
        children = [first, second]
        if not row.accepts(elementwise.common_dtype([child.value for child in children])):
            children = [first, g.make(first_dtype, shape, depth)]
        if g.chance(0.5):
            children.reverse()
        return g.elementwise(name, children, g.chance(0.3))

    return build


def where(g):
    shape = g.values.shape()
    depth = g.random.choice(DEPTHS)
    condition = g.make("bool", g.broadcastable(shape), depth)
    dtype = g.dtype()
    first = g.make(dtype, shape, depth)
    second = g.literal(dtype) if g.chance(0.3) else g.make(g.dtype(), g.broadcastable(shape), depth)
    return g.where([condition, first, second] if g.chance(0.5) else [condition, second, first])


def clip(g):
    shape = g.values.shape()
    dtype = g.dtype("iuf")
    x = g.make(dtype, shape, g.random.choice(DEPTHS))
    bounds = [g.literal(dtype) if g.chance(0.6) else g.make(dtype, g.broadcastable(shape), 0) for _ in range(2)]
    style = g.random.randrange(4)

    def expect(values):
        low = values[1] if style != 1 else None
        high = values[-1] if style != 2 else None
        return elementwise.expect_clip(g.rows, values[0], low, high)

    def write(texts):
        if style == 1:
            return call_text("clip", [texts[0], "None", texts[1]])
        if style == 2:
            return call_text("clip", [texts[0], texts[1]])
        return call_text("clip", texts)

    return Operation("clip", [x] + (bounds if style not in (1, 2) else bounds[:1]), write, expect)


def astype(g):
    target = g.dtype()
    source = g.dtype() if target.kind in "cb" else g.dtype("biuf")
    return g.astype(g.make(source, g.values.shape(), g.random.choice(DEPTHS)), target)


def reduction(name, kinds="biufc", several=True, extents=(0, 1, 1, 2, 3, 4, 5, 7, 8), special=()):
    def build(g):
        shape = g.values.shape(extents=extents)
        x = g.make(g.dtype(kinds), shape, g.random.choice(DEPTHS))
        axis, text = random_axes(g, len(shape), several)
        arguments = []
        options = []
        if text is not None and g.chance(0.2):
            arguments.append(text)
        elif text is not None or g.chance(0.2):
            options.append(("axis", text))
        chosen = {"axis": axis}
        if g.chance(0.4):
            chosen["keepdims"] = g.chance(0.8)
            options.append(("keepdims", chosen["keepdims"]))
        if "dtype" in special and g.chance(0.3):
            targets = [dtype for dtype in DTYPES if dtype.kind in {"b": "iufc", "i": "ifc", "u": "ufc", "f": "fc", "c": "c"}[x.dtype.kind]]
            chosen["dtype"] = g.random.choice(targets)
            options.append(("dtype", chosen["dtype"].name if g.chance(0.7) else repr(chosen["dtype"].name)))
        if "correction" in special and g.chance(0.4):
            chosen["correction"] = g.random.choice((0, 1, 1, 2, 0.5))
            options.append(("correction", chosen["correction"]))
        return g.simple(name, [x], lambda v: REDUCTIONS[name](v[0], **chosen), arguments, options, "layout")

    return build


def scan(name):
    def build(g):
        shape = g.values.shape(least_rank=1)
        x = g.make(g.dtype(), shape, g.random.choice(DEPTHS))
        axis = None if len(shape) == 1 and g.chance(0.5) else g.random.randrange(-len(shape), len(shape))
        options = [] if axis is None else [("axis", axis)]
        chosen = {"axis": axis, "product": name == "cumulative_prod"}
        if g.chance(0.3):
            chosen["include_initial"] = True
            options.append(("include_initial", True))
        if g.chance(0.2) and x.dtype.kind != "c":
            chosen["dtype"] = np.dtype("float64")
            options.append(("dtype", "float64"))
        return g.simple(name, [x], lambda v: reductions.expect_scan(v[0], **chosen), [], options, "layout")

    return build


NOT_EMPTY = (1, 1, 2, 3, 4, 5, 7, 8)

OTHERS = {
    "where": where,
    "clip": clip,
    "astype": astype,
    "sum": reduction("sum", special=("dtype",)),
    "prod": reduction("prod", special=("dtype",)),
    "min": reduction("min", "biuf", extents=NOT_EMPTY),
    "max": reduction("max", "biuf", extents=NOT_EMPTY),
    "mean": reduction("mean"),
    "var": reduction("var", special=("correction",)),
    "std": reduction("std", special=("correction",)),
    "all": reduction("all"),
    "any": reduction("any"),
    "count_nonzero": reduction("count_nonzero"),
    "argmin": reduction("argmin", "biuf", several=False, extents=NOT_EMPTY),
    "argmax": reduction("argmax", "biuf", several=False, extents=NOT_EMPTY),
    "cumulative_sum": scan("cumulative_sum"),
    "cumulative_prod": scan("cumulative_prod"),
    **creation.FUNCTIONS,
    **manipulation.FUNCTIONS,
    **products.FUNCTIONS,
}


def builders(rows):
    """Function name -> what builds an expression with it at the root."""
    assert set(rows) == set(elementwise.FUNCTIONS), set(rows) ^ set(elementwise.FUNCTIONS)
    return {name: OTHERS.get(name) or elementwise_root(name) for name in list(rows) + list(OTHERS)}
