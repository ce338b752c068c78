"""Random expressions of a given dtype and shape, for operands of the operations under test."""

import math

import numpy as np

import elementwise
import reductions
from compare import Expected, is_complex, is_floating
from nodes import INFIX, PREFIXES, Leaf, Literal, Operation, Text, call_text, index_text, infix_text, prefix_text
from values import DTYPES, Values

# Elements of the largest arrays.
LARGEST = 30000

# How deep the operands of an expression's root are.
DEPTHS = (0, 0, 1, 1, 2, 3)


class Generator:
    def __init__(self, random, rows):
        self.random = random
        self.rows = rows
        self.values = Values(random)

    def chance(self, probability):
        return self.random.random() < probability

    def dtype(self, kinds="biufc"):
        return self.random.choice([dtype for dtype in DTYPES if dtype.kind in kinds])

    # Leaves

    def leaf(self, dtype, shape):
        stored_shape, entries = self.values.layout(shape)
        return Leaf(self.values.stored(dtype, stored_shape), entries)

    def literal(self, dtype):
        return Literal(*self.values.literal(dtype))

    def list_literal(self, kinds="bifc", count=None):
        """A list of numbers that stands for an array of one axis."""
        kind = self.random.choice(kinds)
        dtype = {"b": "bool", "i": "int64", "f": "float64", "c": "complex128"}[kind]
        count = self.random.randint(1, 5) if count is None else count
        items = [self.values.literal(dtype) for _ in range(count)]
        return Literal(np.array([value for value, _ in items]), "[" + ", ".join(text for _, text in items) + "]")

    # Operations

    def elementwise(self, name, children, plain=False):
        row = self.rows[name]

        def write(texts):
            if name in INFIX and not plain:
                return infix_text(name, *texts)
            if name in PREFIXES and not plain:
                return prefix_text(name, *texts)
            return call_text(name, texts)

        return Operation(name, children, write, lambda values: elementwise.expect(row, values))

    def simple(self, name, children, expect, arguments=(), options=(), ordered=None):
        """A call with arrays, further positional arguments and options."""
        return Operation(name, children, lambda texts: call_text(name, list(texts) + list(arguments), options), expect, ordered)

    def astype(self, child, dtype):
        return self.simple("astype", [child], lambda v: elementwise.expect_astype(v[0], dtype), [np.dtype(dtype).name])

    def index(self, child, entries):
        def expect(values):
            return Expected(eval(f"x[{entries}]", {"x": values[0]}))

        return Operation("index", [child], lambda texts: index_text(texts[0], entries), expect)

    def where(self, children):
        return self.simple("where", children, lambda v: elementwise.expect(self.rows["where"], v))

    # Expressions of a dtype and shape

    def make(self, dtype, shape, depth):
        """A random expression that gives an array of that dtype and shape."""
        if depth > 0 and math.prod(shape) <= LARGEST:
            for _ in range(4):
                producer = self.random.choice(self.producers)
                if (node := producer(self, np.dtype(dtype), tuple(shape), depth - 1)) is not None:
                    assert (node.dtype, node.shape) == (np.dtype(dtype), tuple(shape)), (node.name, node.dtype, node.shape, dtype, shape)
                    return node
        return self.leaf(dtype, shape)

    def broadcastable(self, shape):
        """A shape that broadcasts to `shape`."""
        if self.chance(0.5):
            return shape
        part = [1 if self.chance(0.4) else extent for extent in shape]
        while part and self.chance(0.3):
            part = part[1:]
        return tuple(part)

    def partner(self, dtype):
        """A dtype that promotes to `dtype` beside it."""
        if self.chance(0.6):
            return dtype
        return self.random.choice([other for other in DTYPES if np.result_type(other, dtype) == dtype])

    def unary(self, dtype, shape, depth):
        names = [name for name, row in self.rows.items() if row.operands == 1 and row.takes(dtype) and row.result == "same"]
        if not names:
            return None
        return self.elementwise(self.random.choice(names), [self.make(dtype, shape, depth)], self.chance(0.5))

    def binary(self, dtype, shape, depth):
        names = [name for name, row in self.rows.items() if row.operands == 2 and row.takes(dtype) and row.result == "same"]
        if not names:
            return None
        first = self.make(dtype, shape, depth)
        if self.chance(0.3):
            second = self.literal(dtype)
        else:
            second = self.make(self.partner(dtype), self.broadcastable(shape), depth)
        pair = [first, second]
        if self.chance(0.5):
            pair.reverse()
        return self.elementwise(self.random.choice(names), pair, self.chance(0.3))

    def comparison(self, dtype, shape, depth):
        if dtype.kind != "b":
            return None
        row = self.rows[self.random.choice([name for name, row in self.rows.items() if row.result == "boolean"])]
        operand_dtype = self.random.choice([d for d in DTYPES if row.accepts(d)])
        children = [self.make(operand_dtype, shape, depth)]
        if row.operands == 2:
            children.append(self.literal(operand_dtype) if self.chance(0.3) else self.make(operand_dtype, self.broadcastable(shape), depth))
        return self.elementwise(row.name, children)

    def complex_part(self, dtype, shape, depth):
        if dtype.kind != "f":
            return None
        child = self.make(np.result_type(dtype, np.complex64), shape, depth)
        return self.elementwise(self.random.choice(("abs", "real", "imag")), [child])

    def converted(self, dtype, shape, depth):
        source = self.dtype("biuf" if not is_complex(dtype) else "biufc")
        return self.astype(self.make(source, shape, depth), dtype)

    def chosen(self, dtype, shape, depth):
        condition = self.make("bool", self.broadcastable(shape), depth)
        other = self.literal(dtype) if self.chance(0.3) else self.make(self.partner(dtype), self.broadcastable(shape), depth)
        return self.where([condition, self.make(dtype, shape, depth), other])

    def viewed(self, dtype, shape, depth):
        stored, entries = self.values.layout(shape)
        return self.index(self.make(dtype, stored, depth), entries if entries is not None else "...")

    def permuted(self, dtype, shape, depth):
        order = list(range(len(shape)))
        self.random.shuffle(order)
        source = [0] * len(shape)
        for to, axis in enumerate(order):
            source[axis] = shape[to]
        child = self.make(dtype, tuple(source), depth)
        return self.simple("permute_dims", [child], lambda v: Expected(np.transpose(v[0], order)), [tuple_text(order)])

    def reshaped(self, dtype, shape, depth):
        size = math.prod(shape)
        source = self.random.choice([(size,), (1, size), shape[::-1], (size, 1, 1)])
        return self.simple("reshape", [self.make(dtype, source, depth)], lambda v: Expected(np.reshape(v[0], shape)), [tuple_text(shape)])

    def broadcasted(self, dtype, shape, depth):
        child = self.make(dtype, self.broadcastable(shape), depth)
        return self.simple("broadcast_to", [child], lambda v: Expected(np.broadcast_to(v[0], shape)), [tuple_text(shape)])

    def joined(self, dtype, shape, depth):
        axes = [axis for axis, extent in enumerate(shape) if extent > 1]
        if not axes:
            return None
        axis = self.random.choice(axes)
        cut = self.random.randint(0, shape[axis])
        sides = [shape[:axis] + (extent,) + shape[axis + 1:] for extent in (cut, shape[axis] - cut)]
        children = [self.make(dtype, side, depth) for side in sides]
        return list_call("concat", children, lambda v: Expected(np.concatenate(v, axis=axis)), [("axis", axis)])

    def rolled(self, dtype, shape, depth):
        if not shape:
            return None
        axis = self.random.randrange(len(shape))
        shift = self.random.randint(-5, 9)
        child = self.make(dtype, shape, depth)
        return self.simple("roll", [child], lambda v: Expected(np.roll(v[0], shift, axis)), [str(shift)], [("axis", axis)])

    def reduced(self, dtype, shape, depth):
        """A reduction over an axis that is put in, or kept where the shape has extent 1."""
        single = [axis for axis, extent in enumerate(shape) if extent == 1]
        keepdims = bool(single) and self.chance(0.5)
        axis = self.random.choice(single) if keepdims else self.random.randint(0, len(shape))
        extent = self.random.choice((1, 2, 3, 5, 9, 40))
        source = shape[:axis] + (extent,) + shape[axis + 1 if keepdims else axis:]
        if math.prod(source) > LARGEST:
            return None
        child, expect, name = self.reduction_to(dtype, source, depth, axis, keepdims)
        if child is None:
            return None
        options = [("axis", axis if self.chance(0.7) else axis - len(source))]
        if keepdims:
            options.append(("keepdims", True))
        return self.simple(name, [child], expect, [], options, "layout")

    def reduction_to(self, dtype, source, depth, axis, keepdims):
        choices = []
        if dtype.name in ("int64", "uint64") or is_floating(dtype):
            choices.append("sum")
        if dtype.kind != "c":
            choices += ["max", "min"]
        if is_floating(dtype):
            choices.append("mean")
        if dtype.kind == "b":
            choices += ["any", "all"]
        if dtype.name == "int64":
            choices += ["argmax", "argmin", "count_nonzero"]
        name = self.random.choice(choices)
        source_dtype = dtype
        if name == "sum" and not is_floating(dtype):
            source_dtype = self.dtype("bi" if dtype.name == "int64" else "u")
        elif name in ("any", "all", "count_nonzero"):
            source_dtype = self.dtype()
        elif name in ("argmax", "argmin"):
            source_dtype = self.dtype("biuf")
        expect = REDUCTIONS[name]
        return self.make(source_dtype, source, depth), lambda v: expect(v[0], axis=axis, keepdims=keepdims), name

    producers = [unary, unary, binary, binary, binary, comparison, comparison, complex_part, converted, chosen, viewed, permuted,
                 reshaped, broadcasted, joined, rolled, reduced, reduced]


REDUCTIONS = {
    "sum": reductions.expect_sum,
    "prod": reductions.expect_prod,
    "mean": reductions.expect_mean,
    "var": reductions.expect_var,
    "std": lambda x, **options: reductions.expect_var(x, root=True, **options),
    "max": lambda x, **options: reductions.expect_extreme(np.max, x, **options),
    "min": lambda x, **options: reductions.expect_extreme(np.min, x, **options),
    "any": lambda x, **options: reductions.expect_truth(np.any, x, **options),
    "all": lambda x, **options: reductions.expect_truth(np.all, x, **options),
    "count_nonzero": reductions.expect_count_nonzero,
    "argmax": lambda x, **options: reductions.expect_arg(np.argmax, x, **options),
    "argmin": lambda x, **options: reductions.expect_arg(np.argmin, x, **options),
}


def tuple_text(values):
    return repr(tuple(int(value) for value in values))


def list_call(name, children, expect, options=(), pick=None, is_tuple=False):
    """A call whose first argument is a list of arrays; `pick` takes one of the results."""

    def write(texts):
        left, right = "()" if is_tuple else "[]"
        comma = "," if is_tuple else ""
        items = Text(left + ", ".join(t.short for t in texts) + comma + right, full=left + ", ".join(t.full for t in texts) + comma + right)
        call = call_text(name, [items], options)
        return call if pick is None else index_text(call, str(pick))

    return Operation(name, children, write, expect)


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
