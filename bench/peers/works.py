"""What is compared: works, their sizes, and the bytes they have to move."""

from dataclasses import dataclass
from math import prod

SIZES = (1, 1000, 10_000, 100_000, 1_000_000, 10_000_000)
LARGE_SIZES = (50_000_000,)
TABLES = ((3162, 3162), (1_000_000, 10), (10, 1_000_000))
CUBE = (215, 215, 215)
SQUARE = (3000, 3000)
SIDES = (8, 16, 32, 64, 128, 256, 512, 1024, 2048)
LARGE_SIDES = (4096,)
BATCHES = ((10_000, 4, 4), (1000, 32, 32))

FRESH = ("add", "chain", "exp")
INTO = ("add_into", "chain_into")
REDUCTIONS = ("sum", "sum0", "sum1", "mean", "var", "max", "argmax")
CUBE_REDUCTIONS = ("sum", "sum0", "sum1", "sum2")
MOVES = ("transposed", "strided")
NAMES = FRESH + INTO + REDUCTIONS + ("sum2",) + MOVES + ("matmul",)

QUICK_SIZES = (1, 10_000, 1_000_000, 10_000_000)
QUICK_SIZES_INTO = (10_000, 1_000_000)
QUICK_TABLES = ((3162, 3162),)
QUICK_REDUCTIONS = ("sum", "sum0", "sum1", "var", "argmax")
QUICK_CUBE_REDUCTIONS = ("sum1",)
QUICK_SIDES = (8, 64, 512)
QUICK_BATCHES = ((10_000, 4, 4),)

MEANINGS = {
    "add": "a + b into a fresh array",
    "chain": "a * b + 0.5 * a - b into a fresh array",
    "exp": "exp(a) into a fresh array",
    "add_into": "a + b into an array that is there",
    "chain_into": "a * b + 0.5 * a - b into an array that is there",
    "sum": "sum of all elements",
    "sum0": "sum over axis 0",
    "sum1": "sum over axis 1",
    "sum2": "sum over axis 2",
    "mean": "mean of all elements",
    "var": "variance of all elements",
    "max": "largest element",
    "argmax": "position of the largest element",
    "transposed": "a.T + b",
    "strided": "a[:, ::2] * 2",
    "matmul": "matrix product over the last two axes",
}


@dataclass(frozen=True)
class Row:
    work: str
    dtype: str
    shape: tuple

    @property
    def item_bytes(self):
        return {"f32": 4, "f64": 8}[self.dtype]

    @property
    def shape_text(self):
        return "x".join(str(extent) for extent in self.shape)

    @property
    def name(self):
        return f"{self.work} {self.dtype} {self.shape_text}"

    @property
    def result_size(self):
        if self.work in ("sum0", "sum1", "sum2"):
            axis = int(self.work[3])
            return prod(self.shape[:axis] + self.shape[axis + 1 :])
        if self.work in REDUCTIONS:
            return 1
        return prod(self.shape) // (2 if self.work == "strided" else 1)

    @property
    def moved_bytes(self):
        """Each operand and the result once; of a strided operand the cache lines, which is all of it."""
        operands = 1 if self.work in REDUCTIONS + ("sum2", "exp", "strided") else 2
        return (operands * prod(self.shape) + self.result_size) * self.item_bytes

    @property
    def operations(self):
        """Multiplications and additions of a product, else None."""
        return 2 * prod(self.shape) * self.shape[-1] if self.work == "matmul" else None

    @property
    def summed(self):
        """How many numbers are added up for one element of the result."""
        if self.work == "matmul":
            return self.shape[-1]
        if self.work in ("sum0", "sum1", "sum2"):
            return self.shape[int(self.work[3])]
        return prod(self.shape) if self.work in ("sum", "mean", "var") else 1


def rows(quick=False, large=False, only=(), dtypes=("f64", "f32")):
    """The rows in the order of the table."""
    if quick:
        places = [(work, (size,)) for work in FRESH for size in QUICK_SIZES]
        places += [(work, (size,)) for work in INTO for size in QUICK_SIZES_INTO]
        places += [(work, table) for work in QUICK_REDUCTIONS for table in QUICK_TABLES]
        places += [(work, CUBE) for work in QUICK_CUBE_REDUCTIONS]
        sides, batches = QUICK_SIDES, QUICK_BATCHES
    else:
        places = [(work, (size,)) for work in FRESH + INTO for size in SIZES + (LARGE_SIZES if large else ())]
        places += [(work, table) for work in REDUCTIONS for table in TABLES]
        places += [(work, CUBE) for work in CUBE_REDUCTIONS]
        sides, batches = SIDES + (LARGE_SIDES if large else ()), BATCHES
    places += [(work, SQUARE) for work in MOVES]
    places += [("matmul", (side, side)) for side in sides]
    places += [("matmul", batch) for batch in batches]
    return [Row(work, dtype, shape) for work, shape in places for dtype in dtypes if not only or work in only]
