"""Every instruction set gives the same bits: the loops differ in how many elements they take at once, in nothing else.

But for the functions of the vector library, which takes what each set has: fused multiply-adds, instructions that take
logarithms apart.

usage: same_bits.py TANDEM
"""

import os
import subprocess
import sys
import tempfile

import numpy as np

command = sys.argv[1]
names = ["x86-64-v2", "avx2", "avx512", "plain"]

ELEMENTWISE = """add subtract multiply divide maximum minimum floor_divide remainder less equal hypot atan2 copysign
logaddexp nextafter pow logical_xor""".split()
UNARY = """negative abs sign square sqrt reciprocal ceil floor trunc round exp expm1 log log1p log2 log10 sin cos tan asin
acos atan sinh cosh tanh asinh acosh atanh isfinite isnan signbit""".split()
VECTOR_LIBRARY = set("""exp expm1 log log1p log2 log10 sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh pow
atan2""".split())
REDUCTIONS = "sum prod min max mean var std any all count_nonzero argmin argmax".split()


def expressions():
    for f in sorted(set(ELEMENTWISE) - VECTOR_LIBRARY):
        yield f"{f}(a, b)"
        yield f"{f}(c, d)"
    for f in sorted(set(UNARY) - VECTOR_LIBRARY):
        yield f"{f}(a)"
        yield f"{f}(c)"
    for f in REDUCTIONS:
        yield f"{f}(a)"
        for axis in (0, 1):
            yield f"{f}(a, axis={axis})"
            yield f"{f}(c, axis={axis})"
            yield f"{f}(t, axis={axis})"
        yield f"{f}(i, axis=0)"
    yield from ["cumulative_sum(a, axis=1)", "a * b + 0.5 * a - b", "z * z + z", "prod(z[:20], axis=0)", "prod(z[:20] * 0.5)", "cumulative_prod(z[:20], axis=0)", "sum(h)", "sum(h, dtype=int16)",
                "sum(h[:88], dtype=int16)", "sum(astype(h, int8)[:600], dtype=int8)", "sum(z, axis=0)", "exp(z)", "i * i - 3 * i",
                "i // 7 + i % 5", "astype(a * 100, int16)", "where(a < b, a, c[:, :7])", "sum((a - b)**2, axis=1)"]


def outcome(name, folder, inputs):
    out = os.path.join(folder, name)
    os.mkdir(out)
    lines = [f"{e}\t-o\t{out}/{n}.npy\t" + "\t".join(inputs) for n, e in enumerate(expressions())]
    done = subprocess.run([command, "eval", "--batch", "-"], input="\n".join(lines), text=True, capture_output=True,
                          env=os.environ | {"TANDEM_ISA": name})
    if "which this processor does not have" in done.stderr or "expected one of" in done.stderr:
        return None
    assert done.returncode == 0, f"{name}: {done.stderr}"
    return [open(f"{out}/{n}.npy", "rb").read() for n in range(len(lines))]


random = np.random.default_rng(20261121)
with tempfile.TemporaryDirectory() as folder:
    arrays = {
        "a": random.normal(size=(1031, 7)).astype("f4"),
        "b": random.normal(size=(1031, 7)).astype("f4"),
        "c": random.normal(size=(1031, 603)),
        "d": random.normal(size=(603,)),
        "t": random.normal(size=(70, 9000)).astype("f4").T,
        "i": random.integers(-1000, 1000, size=(4099,), dtype="i4"),
        "h": random.integers(-1000, 1000, size=(5003,), dtype="i2"),
        "z": (random.normal(size=(513, 3)) + 1j * random.normal(size=(513, 3))).astype("c8"),
    }
    inputs = []
    for key, value in arrays.items():
        np.save(f"{folder}/{key}.npy", value)
        inputs.append(f"{key}={folder}/{key}.npy")
    results = {name: got for name in names if (got := outcome(name, folder, inputs)) is not None}
    first = next(iter(results))
    different = [f"{expression}: {name} differs from {first}" for name, got in results.items()
                 for expression, one, other in zip(expressions(), results[first], got) if one != other]
    print(f"{len(results[first])} expressions with each of {', '.join(results)}")
    print("\n".join(different))
    sys.exit(bool(different) or len(results[first]) < 100)
