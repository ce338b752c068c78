"""For each function of `tandem ops`, random expressions with it at the root."""

import math

import numpy as np

import elementwise
import reductions
from compare import Expected
from generator import REDUCTIONS, list_call, tuple_text
from nodes import Operation, call_text, index_text, infix_text
from values import DTYPES

DEPTHS = (0, 0, 1, 1, 2, 3)


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


def random_axes(g, rank, several=True):
    """An axis argument: its value for NumPy and its text; None for all."""
    choice = g.random.random()
    if choice < 0.25 or rank == 0:
        return None, None
    if choice < 0.65 or not several:
        axis = g.random.randrange(-rank, rank)
        return axis, str(axis)
    axes = g.random.sample(range(rank), g.random.randint(0, rank))
    axes = [axis - rank if g.chance(0.3) else axis for axis in axes]
    text = tuple_text(axes) if g.chance(0.7) or len(axes) < 2 else str(list(axes))
    return tuple(axes), text


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
        return g.simple(name, [x], lambda v: REDUCTIONS[name](v[0], **chosen), arguments, options)

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
        return g.simple(name, [x], lambda v: reductions.expect_scan(v[0], **chosen), [], options)

    return build


# Creation: no operand is computed, so the value is the reference's own.


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


# Manipulation


def operand(g, least_rank=0):
    return g.make(g.dtype(), g.values.shape(least_rank), g.random.choice(DEPTHS))


def reshape(g):
    x = operand(g)
    size = math.prod(x.shape)
    shapes = [(size,), (1, size), x.shape[::-1], (size, 1), x.shape + (1,)]
    shapes += [(size // part, part) for part in (2, 3, 5) if size % part == 0]
    shape = g.random.choice(shapes)
    unknown = size > 0 and shape and g.chance(0.4)
    if unknown:
        at = g.random.randrange(len(shape))
        shape = shape[:at] + (-1,) + shape[at + 1:]
    text = str(shape[0]) if len(shape) == 1 and g.chance(0.3) else tuple_text(shape)
    return g.simple("reshape", [x], lambda v: Expected(np.reshape(v[0], shape)), [text])


def permute_dims(g):
    x = operand(g)
    order = list(range(len(x.shape)))
    g.random.shuffle(order)
    return g.simple("permute_dims", [x], lambda v: Expected(np.transpose(v[0], order)), [tuple_text(order)])


def moveaxis(g):
    x = operand(g, least_rank=1)
    rank = len(x.shape)
    count = g.random.randint(1, rank)
    source, destination = g.random.sample(range(rank), count), g.random.sample(range(-rank, 0), count)
    texts = [str(source[0]), str(destination[0])] if count == 1 else [tuple_text(source), tuple_text(destination)]
    return g.simple("moveaxis", [x], lambda v: Expected(np.moveaxis(v[0], source, destination)), texts)


def matrix_transpose(g):
    return g.simple("matrix_transpose", [operand(g, least_rank=2)], lambda v: Expected(np.swapaxes(v[0], -1, -2)))


def expand_dims(g):
    x = operand(g)
    axis = g.random.randint(-len(x.shape) - 1, len(x.shape))
    return g.simple("expand_dims", [x], lambda v: Expected(np.expand_dims(v[0], axis)), [], [("axis", axis)])


def squeeze(g):
    shape = list(g.values.shape())
    for _ in range(g.random.randint(1, 2)):
        shape.insert(g.random.randint(0, len(shape)), 1)
    single = [axis for axis, extent in enumerate(shape) if extent == 1]
    axes = g.random.sample(single, g.random.randint(1, len(single)))
    x = g.make(g.dtype(), tuple(shape), g.random.choice(DEPTHS))
    text = str(axes[0]) if len(axes) == 1 else tuple_text(axes)
    return g.simple("squeeze", [x], lambda v: Expected(np.squeeze(v[0], tuple(axes))), [], [("axis", text)])


def flip(g):
    x = operand(g)
    axis, text = random_axes(g, len(x.shape))
    return g.simple("flip", [x], lambda v: Expected(np.flip(v[0], axis)), [], [] if text is None else [("axis", text)])


def broadcast_to(g):
    shape = g.values.shape()
    x = g.make(g.dtype(), g.broadcastable(shape), g.random.choice(DEPTHS))
    return g.simple("broadcast_to", [x], lambda v: Expected(np.broadcast_to(v[0], shape)), [tuple_text(shape)])


def broadcast_arrays(g):
    shape = g.values.shape()
    children = [g.make(g.dtype(), g.broadcastable(shape), g.random.choice(DEPTHS)) for _ in range(g.random.randint(1, 3))]
    pick = g.random.randrange(len(children))
    return list_call("broadcast_arrays", children, lambda v: Expected(np.broadcast_arrays(*v)[pick]), pick=pick)


def concat(g):
    shape = list(g.values.shape(least_rank=1))
    axis = g.random.randrange(len(shape))
    dtype = g.dtype()
    children = []
    for _ in range(g.random.randint(1, 4)):
        shape[axis] = g.random.randint(0, 5)
        children.append(g.make(g.partner(dtype), tuple(shape), g.random.choice(DEPTHS)))
    if g.chance(0.2):
        return list_call("concat", children, lambda v: Expected(np.concatenate(v, axis=None)), [("axis", None)])
    options = [("axis", axis if g.chance(0.7) else axis - len(shape))] if axis or g.chance(0.5) else []
    return list_call("concat", children, lambda v: Expected(np.concatenate(v, axis=axis)), options, is_tuple=g.chance(0.2))


def stack(g):
    shape = g.values.shape()
    dtype = g.dtype()
    children = [g.make(g.partner(dtype), shape, g.random.choice(DEPTHS)) for _ in range(g.random.randint(1, 4))]
    axis = g.random.randint(-len(shape) - 1, len(shape))
    return list_call("stack", children, lambda v: Expected(np.stack(v, axis)), [("axis", axis)])


def unstack(g):
    x = operand(g, least_rank=1)
    axes = [axis for axis, extent in enumerate(x.shape) if extent > 0]
    if not axes:
        return unstack(g)
    axis = g.random.choice(axes)
    pick = g.random.randrange(-x.shape[axis], x.shape[axis])

    def write(texts):
        return index_text(call_text("unstack", texts, [("axis", axis)]), str(pick))

    return Operation("unstack", [x], write, lambda v: Expected(np.take(v[0], pick, axis)))


def roll(g):
    x = operand(g)
    axis, text = random_axes(g, len(x.shape))
    if isinstance(axis, tuple) and len(axis) > 1:
        shift = tuple(g.random.randint(-9, 9) for _ in axis)
        return g.simple("roll", [x], lambda v: Expected(np.roll(v[0], shift, axis)), [tuple_text(shift)], [("axis", text)])
    if axis == ():
        axis, text = None, None
    shift = g.random.randint(-20, 20)
    return g.simple("roll", [x], lambda v: Expected(np.roll(v[0], shift, axis)), [str(shift)], [] if text is None else [("axis", text)])


def repeat(g):
    x = operand(g)
    axis = None if not x.shape or g.chance(0.3) else g.random.randrange(-len(x.shape), len(x.shape))
    options = [] if axis is None else [("axis", axis)]
    extent = math.prod(x.shape) if axis is None else x.shape[axis]
    if g.chance(0.4) and 0 < extent < 20:
        counts = [g.random.randint(0, 3) for _ in range(extent)]
        return g.simple("repeat", [x], lambda v: Expected(np.repeat(v[0], counts, axis)), [str(counts)], options)
    count = g.random.randint(0, 3)
    return g.simple("repeat", [x], lambda v: Expected(np.repeat(v[0], count, axis)), [str(count)], options)


def tile(g):
    x = operand(g)
    repetitions = tuple(g.random.randint(0, 3) for _ in range(g.random.randint(0, 3)))
    text = str(repetitions[0]) if len(repetitions) == 1 and g.chance(0.5) else tuple_text(repetitions)
    return g.simple("tile", [x], lambda v: Expected(np.tile(v[0], repetitions)), [text])


# Products


def product_dtypes(g):
    first = g.dtype()
    return first, first if g.chance(0.6) else g.dtype()


def matmul(g):
    m, k, n = (g.random.choice((0, 1, 2, 3, 5, 8, 17, 40)) for _ in range(3))
    left, right = (m, k), (k, n)
    if g.chance(0.5):
        batch = g.values.shape(extents=(0, 1, 2, 3))[-2:]
        batch = tuple(min(extent, 3) for extent in batch)
        left, right = g.broadcastable(batch) + left, g.broadcastable(batch) + right
    if g.chance(0.2):
        left = (k,)
    if g.chance(0.2):
        right = (k,)
    depth = g.random.choice(DEPTHS)
    first, second = product_dtypes(g)
    children = [g.make(first, left, depth), g.make(second, right, depth)]

    def expect(values):
        return reductions.expect_product(np.matmul, *values, k)

    if g.chance(0.5):
        return g.simple("matmul", children, expect, ordered=True)
    return Operation("matmul", children, lambda texts: infix_text("matmul", *texts), expect, ordered=True)


def tensordot(g):
    count = g.random.randint(0, 2)
    shared = tuple(g.random.randint(0, 5) for _ in range(count))
    left = tuple(g.random.randint(1, 4) for _ in range(g.random.randint(0, 2)))
    right = tuple(g.random.randint(1, 4) for _ in range(g.random.randint(0, 2)))
    first, second = product_dtypes(g)
    depth = g.random.choice(DEPTHS)
    if count == 0 or g.chance(0.5):
        children = [g.make(first, left + shared, depth), g.make(second, shared + right, depth)]
        options = [] if count == 2 and g.chance(0.5) else [("axes", count)]
        axes = count
    else:
        # The shared axes anywhere, paired by the lists.
        x_axes = g.random.sample(range(len(left) + count), count)
        y_axes = g.random.sample(range(len(right) + count), count)
        x_shape, y_shape = placed(left, shared, x_axes), placed(right, shared, y_axes)
        children = [g.make(first, x_shape, depth), g.make(second, y_shape, depth)]
        options = [("x_axes", tuple_text(x_axes)), ("y_axes", tuple_text(y_axes))]
        axes = (x_axes, y_axes)

    def expect(values):
        return reductions.expect_product(lambda x, y: np.tensordot(x, y, axes), *values, math.prod(shared))

    return g.simple("tensordot", children, expect, [], options, ordered=True)


def placed(free, shared, axes):
    """A shape with the shared extents at the given axes and the others in order around them."""
    shape = [None] * (len(free) + len(shared))
    for axis, extent in zip(axes, shared):
        shape[axis] = extent
    rest = iter(free)
    return tuple(next(rest) if extent is None else extent for extent in shape)


def vecdot(g):
    shape = g.values.shape(least_rank=1)
    axis = g.random.randrange(-len(shape), 0)
    depth = g.random.choice(DEPTHS)
    first, second = product_dtypes(g)
    other = tuple(1 if i != len(shape) + axis and g.chance(0.3) else extent for i, extent in enumerate(shape))
    children = [g.make(first, shape, depth), g.make(second, other, depth)]
    options = [] if axis == -1 and g.chance(0.5) else [("axis", axis)]

    def product(x, y):
        return np.sum(np.conj(x) * y, axis=axis, dtype=np.result_type(x, y))

    return g.simple("vecdot", children, lambda v: reductions.expect_product(product, *v, shape[axis]), [], options)


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
    "reshape": reshape,
    "permute_dims": permute_dims,
    "moveaxis": moveaxis,
    "matrix_transpose": matrix_transpose,
    "expand_dims": expand_dims,
    "squeeze": squeeze,
    "flip": flip,
    "broadcast_to": broadcast_to,
    "broadcast_arrays": broadcast_arrays,
    "concat": concat,
    "stack": stack,
    "unstack": unstack,
    "roll": roll,
    "repeat": repeat,
    "tile": tile,
    "matmul": matmul,
    "tensordot": tensordot,
    "vecdot": vecdot,
}


def builders(rows):
    """Function name -> what builds an expression with it at the root."""
    assert set(rows) == set(elementwise.FUNCTIONS), set(rows) ^ set(elementwise.FUNCTIONS)
    return {name: OTHERS.get(name) or elementwise_root(name) for name in list(rows) + list(OTHERS)}
