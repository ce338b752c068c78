"""Expressions that must be refused, by tandem and by NumPy."""

import numpy as np

from nodes import INFIX, Leaf


class Invalid:
    def __init__(self, text, leaves, compute):
        self.text = text
        self.leaves = leaves
        self.compute = compute

    def numpy_refuses(self):
        try:
            with np.errstate(all="ignore"):
                self.compute(*[leaf.value for leaf in self.leaves])
        except Exception:
            return True
        return False


def shapes_that_do_not_broadcast(g):
    shape = g.values.shape(least_rank=1, extents=(2, 3, 4, 5))
    other = list(shape)
    other[g.random.randrange(len(shape))] += g.random.randint(1, 3)
    name, function = g.random.choice((("add", np.add), ("multiply", np.multiply), ("less", np.less), ("maximum", np.maximum)))
    leaves = [Leaf(g.values.array(g.dtype("iuf"), s), None) for s in (shape, tuple(other))]
    text = f"{{0}} {INFIX[name][0]} {{1}}" if name in INFIX else f"{name}({{0}}, {{1}})"
    return Invalid(text, leaves, function)


def axis_out_of_range(g):
    shape = g.values.shape(extents=(1, 2, 3))
    rank = len(shape)
    axis = g.random.choice((rank, rank + 3, -rank - 1, -rank - 7))
    if rank == 0 and axis in (0, -1):
        axis = 1
    name, function = g.random.choice((("sum", np.sum), ("max", np.max), ("mean", np.mean), ("flip", np.flip), ("argmax", np.argmax)))
    return Invalid(f"{name}({{0}}, axis={axis})", [Leaf(g.values.array(g.dtype("iuf"), shape), None)], lambda x: function(x, axis=axis))


def axis_given_twice(g):
    shape = g.values.shape(least_rank=2, extents=(1, 2, 3))
    axes = (1, 1) if g.chance(0.5) else (0, -len(shape))
    return Invalid(f"sum({{0}}, axis={axes})", [Leaf(g.values.array(g.dtype(), shape), None)], lambda x: np.sum(x, axis=axes))


def index_out_of_range(g):
    shape = g.values.shape(least_rank=1, extents=(0, 1, 2, 3))
    axis = g.random.randrange(len(shape))
    position = g.random.choice((shape[axis], shape[axis] + 5, -shape[axis] - 1))
    entries = ":, " * axis + str(position)
    return Invalid(f"{{0}}[{entries}]", [Leaf(g.values.array(g.dtype(), shape), None)], lambda x: eval(f"x[{entries}]"))


def too_many_indices(g):
    shape = g.values.shape()
    entries = ", ".join([":"] * (len(shape) + 1))
    return Invalid(f"{{0}}[{entries}]", [Leaf(g.values.array(g.dtype(), shape), None)], lambda x: eval(f"x[{entries}]"))


def wrong_kind(g):
    text, kinds, function = g.random.choice((
        ("-{0}", "b", np.negative),
        ("~{0}", "fc", np.invert),
        ("{0} & {0}", "fc", lambda x: x & x),
        ("{0} << {0}", "fc", lambda x: x << x),
        ("{0} - {0}", "b", lambda x: x - x),
        ("floor({0})", "c", np.floor),
        ("atan2({0}, {0})", "c", lambda x: np.arctan2(x, x)),
        ("{0} % {0}", "c", lambda x: x % x),
        ("signbit({0})", "c", np.signbit),
    ))
    return Invalid(text, [Leaf(g.values.array(g.dtype(kinds), g.values.shape()), None)], function)


def sizes_that_do_not_fit(g):
    shape = g.values.shape(extents=(2, 3))
    x = Leaf(g.values.array(g.dtype("iuf"), shape), None)
    size = x.value.size
    choice = g.random.randrange(4)
    if choice == 0:
        return Invalid(f"reshape({{0}}, ({size + 1},))", [x], lambda v: np.reshape(v, (size + 1,)))
    if choice == 1:
        return Invalid("reshape({0}, (7, -1, 11))", [x], lambda v: np.reshape(v, (7, -1, 11)) if v.size % 77 else None)
    if choice == 2:
        return Invalid("broadcast_to({0}, (1,))", [Leaf(g.values.array("int8", (2,)), None)], lambda v: np.broadcast_to(v, (1,)))
    leaves = [Leaf(g.values.array("float64", s), None) for s in ((2, 3), (4, 2))]
    return Invalid("{0} @ {1}", leaves, np.matmul)


def extremes_of_nothing(g):
    name, function = g.random.choice((("max", np.max), ("min", np.min), ("argmax", np.argmax)))
    shape = g.random.choice(((0,), (0, 3), (2, 0)))
    return Invalid(f"{name}({{0}})", [Leaf(g.values.array(g.dtype("iuf"), shape), None)], function)


MAKERS = (shapes_that_do_not_broadcast, axis_out_of_range, axis_given_twice, index_out_of_range, too_many_indices, wrong_kind,
          sizes_that_do_not_fit, extremes_of_nothing)


def make(g):
    """An expression that NumPy refuses."""
    while True:
        made = g.random.choice(MAKERS)(g)
        if made.numpy_refuses():
            return made
