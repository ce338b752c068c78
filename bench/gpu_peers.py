#!/usr/bin/env python3
"""Measures the works of bench_gpu with CuPy and PyTorch, and compares them with tandem's figures.

Each work is done in the library's own manner, in the same sizes and by the same method as in bench_gpu: after warming
up, medians of rounds, each of which has as many calls as fill 20 ms and one synchronization. Products are in full
float32 (no TF32). A library that cannot be imported, or that finds no GPU, is left out, and the table says why.
"""

import argparse
import csv
import math
import statistics
import sys
import time

# The least ratio of a peer's time to tandem's, by the kind of work.
TARGETS = {"single": {"cupy": 1.0, "torch": 1.0}, "chain": {"cupy": 2.5, "torch": 2.5}, "small": {"cupy": 2.0}}

NAMES = {"cupy": "CuPy", "torch": "PyTorch"}


def as_size(text):
    """1e8 -> 100000000."""
    digits, zeros = text.split("e")
    return int(digits) * 10 ** int(zeros)


class Cupy:
    def __init__(self, index):
        import cupy

        self.np = cupy
        self.version = f"CuPy {cupy.__version__}"
        cupy.cuda.Device(index).use()
        self.dtypes = {"f32": cupy.float32, "f64": cupy.float64, "c64": cupy.complex64}
        self.synchronize()

    def synchronize(self):
        self.np.cuda.Device().synchronize()

    def operand(self, shape, dtype):
        np = self.np
        phase = np.arange(math.prod(shape), dtype=np.float64) * 12.9898
        values = np.sin(phase)
        if dtype == "c64":
            values = values + 1j * np.cos(phase)
        return values.astype(self.dtypes[dtype]).reshape(shape)

    def empty(self, shape, dtype):
        return self.np.empty(shape, dtype=self.dtypes[dtype])

    def sum(self, a, axis, out):
        return self.np.sum(a, axis=axis, out=out)


class Torch:
    def __init__(self, index):
        import torch

        self.np = torch
        self.version = f"PyTorch {torch.__version__}"
        if not torch.cuda.is_available():
            raise RuntimeError("finds no GPU")
        torch.cuda.set_device(index)
        self.device = torch.device("cuda", index)
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.set_grad_enabled(False)
        self.dtypes = {"f32": torch.float32, "f64": torch.float64, "c64": torch.complex64}
        self.synchronize()

    def synchronize(self):
        self.np.cuda.synchronize()

    def operand(self, shape, dtype):
        torch = self.np
        phase = torch.arange(math.prod(shape), dtype=torch.float64, device=self.device) * 12.9898
        values = torch.sin(phase)
        if dtype == "c64":
            values = torch.complex(values, torch.cos(phase))
        return values.to(self.dtypes[dtype]).reshape(shape)

    def empty(self, shape, dtype):
        return self.np.empty(shape, dtype=self.dtypes[dtype], device=self.device)

    def sum(self, a, axis, out):
        if axis is None:
            return self.np.sum(a)
        return self.np.sum(a, dim=axis, out=out)


PEERS = {"cupy": Cupy, "torch": Torch}


class Work:
    """A work of bench_gpu by its name there, such as "sum axis 0 f32 (10000, 10000)"."""

    def __init__(self, kind, make, until_return=False, waits_each=False):
        self.kind = kind
        self.make = make  # (peer) -> a function that does it once
        self.until_return = until_return
        self.waits_each = waits_each


def work_called(name):
    """The work, or None if peers have nothing like it."""
    words = name.split()
    if name.startswith("add f32 1000, "):

        def make(peer):
            a, b = peer.operand((1000,), "f32"), peer.operand((1000,), "f32") * -0.5
            return lambda: a + b

        manner = name.split(", ")[1]
        return Work("small", make, manner == "until the call returns", manner == "waited for")
    if name.startswith(("chain of 4 ", "chain with sqrt ")):
        dtype, size = words[-2], as_size(words[-1])

        def make(peer):
            a = peer.operand((size,), dtype)
            b = a * -0.5
            if words[1] == "of":
                return lambda: a * b + 0.5 * a - b
            return lambda: peer.np.sqrt(a * a + b * b) - a

        return Work("chain", make)
    if words[0] in ("add", "exp") and len(words) == 3:
        dtype, size = words[1], as_size(words[2])

        def make(peer):
            a, out = peer.operand((size,), dtype), peer.empty((size,), dtype)
            if words[0] == "exp":
                return lambda: peer.np.exp(a, out=out)
            b = a * -0.5
            return lambda: peer.np.add(a, b, out=out)

        return Work("single", make)
    if words[0] == "sum":
        axis = int(words[2]) if words[1] == "axis" else None
        dtype = words[3 if axis is not None else 1]
        if axis is None:
            shape = (as_size(words[2]),)
        else:
            shape = tuple(int(each) for each in name[name.index("(") + 1 : -1].split(","))

        def make(peer):
            a = peer.operand(shape, dtype)
            out = peer.empty(() if axis is None else (shape[1 - axis],), dtype)
            return lambda: peer.sum(a, axis, out)

        return Work("single", make)
    if words[0] == "matmul":
        dtype, n = words[1], int(words[2])

        def make(peer):
            a, out = peer.operand((n, n), dtype), peer.empty((n, n), dtype)
            b = a * -0.5
            return lambda: peer.np.matmul(a, b, out=out)

        return Work("single", make)
    return None


def median_us(work, peer, rounds, turn_s):
    call, wait = work.make(peer), peer.synchronize

    def turn(calls):
        begin = time.perf_counter()
        for _ in range(calls):
            call()
            if work.waits_each:
                wait()
        if work.until_return:
            end = time.perf_counter()
            wait()
            return end - begin
        wait()
        return time.perf_counter() - begin

    wait()
    turn(2)
    calls = 100 if work.until_return else 1
    while not work.until_return and (took := turn(calls)) < turn_s and calls < 100_000:
        calls = int(min(100_000, calls * min(max(1.1 * turn_s / max(took, 1e-9), 1.5), 10) + 1))
    return 1e6 * statistics.median(turn(calls) / calls for _ in range(rounds))


def time_text(us):
    return f"{us:.2f} us" if us < 1e3 else f"{us * 1e-3:.3f} ms" if us < 1e6 else f"{us * 1e-6:.3f} s"


def table_text(lines):
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:]))])
        for line in lines
    )


def device_index(text):
    if text == "gpu":
        return 0
    if text.startswith("gpu:") and text[4:].isdigit():
        return int(text[4:])
    if text.startswith("sim:"):
        return 0
    raise argparse.ArgumentTypeError(f"'{text}' is not gpu, gpu:N or sim:NAME")


def parsed_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tandem", required=True, metavar="FILE", help="what bench_gpu --csv wrote")
    parser.add_argument("--csv", metavar="FILE", help="writes the figures to FILE, too")
    parser.add_argument("--device", type=device_index, default=0, help="as bench_gpu's; sim: is GPU 0")
    parser.add_argument("--only", action="append", default=[], help="as bench_gpu's")
    parser.add_argument("--quick", action="store_true", help="as bench_gpu's")
    parser.add_argument("--rounds", type=int, help="as bench_gpu's")
    return parser.parse_args()


def read_tandem(path):
    """The rows, and whether their figures are meant to meet a target."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    is_quick = any(line.startswith("# sizes are those of --quick") for line in lines)
    return rows, not is_quick and not any(row["simulated"] == "yes" for row in rows)


def main():
    wish = parsed_arguments()
    rows, has_targets = read_tandem(wish.tandem)
    rounds = wish.rounds or (3 if wish.quick else 15)
    turn_s = 0 if wish.quick else 0.02
    peers, notes = {}, []
    for name, make in PEERS.items():
        try:
            peers[name] = make(wish.device)
        except Exception as error:  # whatever keeps a library from working keeps it out of the table
            reason = str(error).strip().splitlines() or [type(error).__name__]
            notes.append(f"{NAMES[name]} is not there: {reason[0]}")
    if not peers:
        print("peers: " + "; ".join(notes))
        return 0

    heads = [each for name in peers for each in (NAMES[name], f"{NAMES[name]}/tandem")]
    lines = [["work", "tandem", *heads, "target", "met"]]
    found = [["work", "tandem_us", *(each for name in peers for each in (f"{name}_us", f"{name}_ratio")), "met"]]
    failed = False
    for row in rows:
        work = work_called(row["work"])
        if work is None or row["failure"] or (wish.only and not any(part in row["work"] for part in wish.only)):
            continue
        print(f"peers: {row['work']}", file=sys.stderr)
        ours = float(row["median_us"])
        line, figures, outcomes = [row["work"], time_text(ours)], [row["work"], ours], []
        for name, peer in peers.items():
            try:
                theirs = median_us(work, peer, rounds, turn_s)
            except Exception as error:
                notes.append(f"{row['work']} failed with {NAMES[name]}: {error}")
                failed = True
                line += ["FAILED", "-"]
                figures += ["", ""]
                continue
            line += [time_text(theirs), f"{theirs / ours:.2f}x"]
            figures += [theirs, theirs / ours]
            if name in TARGETS[work.kind]:
                outcomes.append(theirs / ours >= TARGETS[work.kind][name])
        targets = TARGETS[work.kind]
        line.append(f">= {next(iter(targets.values()))}x" + (" CuPy" if "torch" not in targets else ""))
        met = "-" if not has_targets or not outcomes else "yes" if all(outcomes) else "NO"
        lines.append([*line, met])
        found.append([*figures, "" if met == "-" else met.lower()])
    print("tandem beside " + ", ".join(peer.version for peer in peers.values()))
    print()
    print(table_text(lines))
    for note in notes:
        print(note)
    if not has_targets:
        print("tandem's figures are simulated or of small sizes: ratios mean nothing, and no target is meant for them")
    if wish.csv:
        with open(wish.csv, "w", encoding="utf-8", newline="") as file:
            print("# " + ", ".join(peer.version for peer in peers.values()), file=file)
            csv.writer(file, lineterminator="\n").writerows(found)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
