"""The arguments of `scripts/bench peers`. As a program, checks them and does nothing else: before anything is built."""

import argparse
import os
import sys
from pathlib import Path

import works

# In the order of the table's columns.
PEERS = ("roofline", "numpy", "numexpr", "torch", "eigen", "xtensor")
REPOSITORY = Path(__file__).resolve().parents[2]


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="scripts/bench peers",
        description="Measures tandem and its peers at the same work in one run, and compares their results first.",
        epilog="Works: " + "; ".join(f"{name}: {meaning}" for name, meaning in works.MEANINGS.items()) + ".",
    )
    parser.add_argument("--quick", action="store_true", help="few sizes and short times: less than 3 minutes")
    parser.add_argument(
        "--large", action="store_true", help="also 50 million elements (some 10 GB of memory) and products of side 4096"
    )
    parser.add_argument("--only", metavar="WORK", action="append", default=[], help="this work (may be repeated)")
    parser.add_argument("--dtype", choices=("f64", "f32"), help="one dtype; the default is both")
    parser.add_argument("--without", metavar="PEER", action="append", default=[], help="leave a peer out (repeatable)")
    parser.add_argument("--workers", type=int, metavar="N", help="cores to use; the default is all permitted ones")
    parser.add_argument("--rounds", type=int, metavar="N", help="times that every peer has its turn (5; quick 3)")
    parser.add_argument("--seconds", type=float, metavar="S", help="of one turn (0.1; quick 0.03)")
    parser.add_argument("--seed", type=int, default=1, help="of the order in which peers have their turns")
    parser.add_argument(
        "-o",
        dest="output",
        type=Path,
        metavar="FILE.json",
        help="where the figures go, and the table as FILE.md; the default is in bench/results for whole runs, and "
        "build/peers/latest.json for others",
    )
    asked = parser.parse_args(arguments)
    for name in asked.only:
        if name not in works.NAMES:
            parser.error(f"unknown work '{name}'; there are {', '.join(works.NAMES)}")
    for name in asked.without:
        if name not in PEERS:
            parser.error(f"unknown peer '{name}'; there are {', '.join(PEERS)}")
    cores = sorted(os.sched_getaffinity(0))
    if asked.workers is not None and not 1 <= asked.workers <= len(cores):
        parser.error(f"--workers is {asked.workers}; this process may use 1 to {len(cores)} cores")
    asked.cores = cores[: asked.workers]
    if asked.output and asked.output.suffix != ".json":
        parser.error(f"-o: the name must end in .json, given {asked.output}")
    if asked.rounds is not None and asked.rounds < 1:
        parser.error(f"--rounds is {asked.rounds}; it must be 1 or more")
    if asked.seconds is not None and not 0 < asked.seconds <= 60:
        parser.error(f"--seconds is {asked.seconds}; it must be above 0 and at most 60")
    asked.rounds = asked.rounds or (3 if asked.quick else 5)
    asked.seconds = asked.seconds or (0.03 if asked.quick else 0.1)
    asked.words = arguments
    asked.dtypes = (asked.dtype,) if asked.dtype else ("f64", "f32")
    if not works.rows(asked.quick, asked.large, asked.only, asked.dtypes):
        parser.error(f"--quick leaves out {', '.join(asked.only)}")
    return asked


if __name__ == "__main__":
    parse(sys.argv[1:])
