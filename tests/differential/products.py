"""Random products."""

import math

import numpy as np

import reductions
from generator import DEPTHS, tuple_text
from nodes import Operation, infix_text


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
        return g.simple("matmul", children, expect, ordered="blas")
    return Operation("matmul", children, lambda texts: infix_text("matmul", *texts), expect, ordered="blas")


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

    return g.simple("tensordot", children, expect, [], options, ordered="blas")


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

    return g.simple("vecdot", children, lambda v: reductions.expect_product(product, *v, shape[axis]), [], options, "layout")


FUNCTIONS = {"matmul": matmul, "tensordot": tensordot, "vecdot": vecdot}
