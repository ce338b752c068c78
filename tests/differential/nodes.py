"""Expressions as trees that can be written in the language of `tandem eval` and know what they must give."""

import ast

import numpy as np

# Precedence as in Python's grammar, from the loosest to the tightest.
COMPARISON, OR, XOR, AND, SHIFT, SUM, PRODUCT, PREFIX, POWER, ATOM = range(1, 11)

INFIX = {
    "add": ("+", SUM),
    "subtract": ("-", SUM),
    "multiply": ("*", PRODUCT),
    "divide": ("/", PRODUCT),
    "floor_divide": ("//", PRODUCT),
    "remainder": ("%", PRODUCT),
    "matmul": ("@", PRODUCT),
    "pow": ("**", POWER),
    "bitwise_left_shift": ("<<", SHIFT),
    "bitwise_right_shift": (">>", SHIFT),
    "bitwise_and": ("&", AND),
    "bitwise_xor": ("^", XOR),
    "bitwise_or": ("|", OR),
    "less": ("<", COMPARISON),
    "less_equal": ("<=", COMPARISON),
    "greater": (">", COMPARISON),
    "greater_equal": (">=", COMPARISON),
    "equal": ("==", COMPARISON),
    "not_equal": ("!=", COMPARISON),
}
PREFIXES = {"negative": "-", "positive": "+", "bitwise_invert": "~"}


class Text:
    """A piece of an expression: as short as precedence allows, and with all parentheses."""

    def __init__(self, short, precedence=ATOM, full=None):
        self.short = short
        self.precedence = precedence
        self.full = full if full is not None else short

    def inside(self, precedence):
        return self.short if self.precedence >= precedence else f"({self.short})"


def call_text(name, arguments, options=()):
    """A call; arguments are Text or str, options are (name, str)."""
    texts = [argument if isinstance(argument, Text) else Text(argument) for argument in arguments]
    named = [f"{key}={value}" for key, value in options]
    short = ", ".join([text.short for text in texts] + named)
    full = ", ".join([text.full for text in texts] + named)
    return Text(f"{name}({short})", ATOM, f"{name}({full})")


def infix_text(name, left, right):
    symbol, precedence = INFIX[name]
    if precedence == POWER:
        sides = left.inside(ATOM), right.inside(PREFIX)
    elif precedence == COMPARISON:
        sides = left.inside(OR), right.inside(OR)
    else:
        sides = left.inside(precedence), right.inside(precedence + 1)
    return Text(f"{sides[0]} {symbol} {sides[1]}", precedence, f"(({left.full}) {symbol} ({right.full}))")


def prefix_text(name, operand):
    symbol = PREFIXES[name]
    return Text(f"{symbol}{operand.inside(PREFIX)}", PREFIX, f"({symbol}({operand.full}))")


def index_text(base, entries):
    return Text(f"{base.inside(ATOM)}[{entries}]", ATOM, f"({base.full})[{entries}]")


def check_precedence(text):
    """Python itself must read both forms alike, or the generator is wrong."""
    assert ast.dump(ast.parse(text.short, mode="eval")) == ast.dump(ast.parse(text.full, mode="eval")), text.short


class Literal:
    """A number or a list of numbers; never computed on its own."""

    children = ()

    def __init__(self, value, text):
        self.value = value
        self.literal_text = text


class Leaf:
    """An array in a file, read through a view."""

    children = ()

    def __init__(self, stored, entries):
        self.stored = stored = np.asarray(stored)
        self.entries = entries
        self.value = stored if entries is None else np.asarray(eval(f"stored[{entries}]", {"stored": stored}))
        self.dtype = self.value.dtype
        self.shape = self.value.shape


class Operation:
    """An operation on children.

    write(texts) -> Text of the operation on children written so
    expect(values) -> Expected for children of these values (arrays, or Python numbers for literals)
    ordered: None, or what a rounding result depends on besides the operands' values: "layout", how they lie in memory,
    for the order of reductions follows it; or "blas", also the number of workers
    """

    def __init__(self, name, children, write, expect, ordered=None):
        self.name = name
        self.children = tuple(children)
        self.write = write
        self.expect = expect
        expected = expect([child.value for child in children])
        self.value = expected.rounded()
        self.dtype = expected.dtype
        self.shape = expected.shape
        self.ordered = ordered if self.dtype.kind in "fc" else None


def operations(root):
    """All operations of a tree, operands before what uses them."""
    found = []
    stack = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            if node not in found:
                found.append(node)
        elif isinstance(node, Operation):
            stack.append((node, True))
            stack.extend((child, False) for child in node.children)
    return found


def leaves(root):
    """All leaves of a tree."""
    found = []
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, Leaf) and node not in found:
            found.append(node)
        stack.extend(node.children)
    return found


def write(node, names, whole=False):
    """The text of a node; its operands by name where they have one, and `whole` writes operations out."""
    if isinstance(node, Literal):
        text = node.literal_text
        return Text(text, PREFIX if text.startswith("-") else ATOM, f"({text})")
    if isinstance(node, Leaf):
        name = Text(names[node])
        return name if node.entries is None else index_text(name, node.entries)

    def child_text(child):
        if isinstance(child, Operation) and not whole:
            return Text(names[child])
        return write(child, names, whole)

    return node.write([child_text(child) for child in node.children])
