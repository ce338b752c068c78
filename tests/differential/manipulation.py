"""Random calls of the functions that arrange elements."""

import functools
import math

import numpy as np

from compare import Expected
from generator import DEPTHS, list_call, random_axes, tuple_text
from nodes import Operation, call_text, index_text


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


def joined(function, arrays, axis):
    """The arrays joined, promoted from left to right. NumPy promotes all at once, with float32 for int16, uint16, float32."""
    dtype = functools.reduce(np.promote_types, [array.dtype for array in arrays])
    return Expected(function([array.astype(dtype) for array in arrays], axis))


def concat(g):
    shape = list(g.values.shape(least_rank=1))
    axis = g.random.randrange(len(shape))
    dtype = g.dtype()
    children = []
    for _ in range(g.random.randint(1, 4)):
        shape[axis] = g.random.randint(0, 5)
        children.append(g.make(g.partner(dtype), tuple(shape), g.random.choice(DEPTHS)))
    if g.chance(0.2):
        return list_call("concat", children, lambda v: joined(np.concatenate, v, None), [("axis", None)])
    options = [("axis", axis if g.chance(0.7) else axis - len(shape))] if axis or g.chance(0.5) else []
    return list_call("concat", children, lambda v: joined(np.concatenate, v, axis), options, is_tuple=g.chance(0.2))


def stack(g):
    shape = g.values.shape()
    dtype = g.dtype()
    children = [g.make(g.partner(dtype), shape, g.random.choice(DEPTHS)) for _ in range(g.random.randint(1, 4))]
    axis = g.random.randint(-len(shape) - 1, len(shape))
    return list_call("stack", children, lambda v: joined(np.stack, v, axis), [("axis", axis)])


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


FUNCTIONS = {
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
}
