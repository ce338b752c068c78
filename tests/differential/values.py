"""Random arrays: values of every kind, in every layout."""

import numpy as np

DTYPES = [np.dtype(name) for name in (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float32", "float64", "complex64", "complex128")]


class Values:
    def __init__(self, random):
        self.random = random
        self.numbers = np.random.default_rng(random.getrandbits(64))

    def shape(self, least_rank=0, extents=(0, 1, 1, 2, 3, 4, 5, 7, 8)):
        rank = max(least_rank, self.random.choice((0, 1, 1, 2, 2, 2, 3, 3, 4)))
        if rank == 1 and self.random.random() < 0.3:
            return (self.random.choice((16, 17, 100, 511, 513, 1025, 4099)),)
        if rank == 2 and self.random.random() < 0.15:
            return self.random.choice(((3, 700), (129, 17), (1, 1030), (600, 2)))
        return tuple(self.random.choice(extents) for _ in range(rank))

    def integers(self, dtype, shape):
        info = np.iinfo(dtype)
        low = max(info.min, -20)
        values = self.numbers.integers(low, min(info.max, 40), shape, dtype, endpoint=True)
        style = self.random.random()
        if style < 0.3:
            values = self.numbers.integers(info.min, info.max, shape, dtype, endpoint=True)
        elif style < 0.5:
            special = np.array([info.min, info.max, info.max - 1, 0, 1, max(info.min, -1)], dtype)
            values = np.where(self.numbers.random(shape) < 0.2, self.numbers.choice(special, shape), values)
        return values.astype(dtype)

    def floats(self, dtype, shape):
        info = np.finfo(dtype)
        values = self.numbers.standard_normal(shape)
        style = self.random.random()
        if style < 0.25:
            values = values * 10.0 ** self.numbers.uniform(-4, 4, shape)
        elif style < 0.35:
            values = np.round(values * 4) / 2
        elif style < 0.45:
            values = self.numbers.random(shape)
        with np.errstate(all="ignore"):
            values = np.asarray(values).astype(dtype)
        if self.random.random() < 0.2:
            special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, info.tiny, info.tiny / 8, info.max, -info.max,
                                info.eps, 0.5, -2.5, 1e30], dtype)
            values = np.where(self.numbers.random(shape) < 0.15, self.numbers.choice(special, shape), values)
        return values.astype(dtype)

    def array(self, dtype, shape):
        dtype = np.dtype(dtype)
        if dtype.kind == "b":
            return self.numbers.random(shape) < self.random.choice((0.1, 0.5, 0.9))
        if dtype.kind in "iu":
            return self.integers(dtype, shape)
        if dtype.kind == "f":
            return self.floats(dtype, shape)
        part = np.float32 if dtype.name == "complex64" else np.float64
        real = self.floats(part, shape)
        imaginary = self.floats(part, shape) if self.random.random() < 0.9 else np.zeros(shape, part)
        result = np.empty(shape, dtype)
        result.real = real
        result.imag = imaginary
        return result

    def layout(self, shape):
        """A shape to store and the index that views it in `shape`; None for the array as it is."""
        if self.random.random() < 0.35:
            return shape, None
        stored = []
        entries = []
        for extent in shape:
            if self.random.random() < 0.1:
                stored.append(self.random.choice((1, 3)))
                entries.append(str(self.random.choice((0, -1))))
            extent_stored, entry = self.axis(extent)
            if extent_stored is not None:
                stored.append(extent_stored)
            entries.append(entry)
        if self.random.random() < 0.2:
            # Whole axes at the end or in the middle need no entries.
            at = self.random.randint(0, len(entries))
            extra = 0
            while at < len(entries) and entries[at] == ":":
                del entries[at]
                extra += 1
            entries.insert(at, "...")
        if not entries:
            return tuple(stored), "..."
        return tuple(stored), ", ".join(entries)

    def axis(self, extent):
        """How an axis is cut out of a longer one: the stored extent (None for no axis) and the entry."""
        choice = self.random.randrange(8)
        if extent == 1 and choice == 0:
            return None, "None"
        if extent == 0:
            return self.random.choice(((0, ":"), (3, "2:1"), (3, "5:"), (4, ":0"), (2, "-1:0")))
        if choice == 1:
            return extent, "::-1"
        if choice == 2:
            return 2 * extent, "::2"
        if choice == 3:
            return 2 * extent - 1, "::-2"
        if choice == 4:
            return extent + 2, "2:"
        if choice == 5:
            return extent + 1, f"-{extent}:"
        if choice == 6:
            return extent + 3, f"{extent}:0:-1"
        return extent, ":"

    def stored(self, dtype, shape):
        """An array to save, sometimes in Fortran order or foreign byte order."""
        array = np.asarray(self.array(dtype, shape))
        if len(shape) > 1 and self.random.random() < 0.3:
            array = np.asfortranarray(array)
        return array

    def literal(self, dtype):
        """A number that does not change the dtype of an array, and its text."""
        kind = np.dtype(dtype).kind
        kinds = {"b": "b", "i": "bi", "u": "bi", "f": "if", "c": "ifc"}[kind]
        chosen = self.random.choice(kinds)
        if chosen == "b":
            text = self.random.choice(("True", "False"))
        elif chosen == "i":
            text = str(self.random.choice((0, 1, 2, 3, 5, 7, 20, 100)))
            if kind != "u" and self.random.random() < 0.3:
                text = "-" + text
        elif chosen == "f":
            text = self.random.choice(("0.5", "-1.25", "2.0", "1e-3", ".75", "3.", "1_0.5", "0.1", "1e3", "-0.0"))
        else:
            text = self.random.choice(("1j", "0.5j", "-2j", "2.5e-1j"))
        return eval(text), text
