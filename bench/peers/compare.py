"""Compares tandem with its peers; `scripts/bench peers` builds what this needs and runs it."""

import datetime
import random
import shlex
import sys
import tempfile
import time
from pathlib import Path

import arguments
import comparison
import machine
import report
import works
from arguments import PEERS
from peer_process import Peer, PeerError, command

BUILD_FOLDER = arguments.REPOSITORY / "build/peers"


def output_path(asked, facts):
    """Only whole runs go where results are kept."""
    if asked.output:
        return asked.output
    if asked.quick or asked.only or asked.dtype or asked.without:
        return BUILD_FOLDER / "latest.json"
    name = report.slug(f"{facts['date']} {facts['machine']['cpu']} {facts['workers']} cores")
    return arguments.REPOSITORY / "bench/results" / f"{name}.json"


class Progress:
    """A line on a terminal that the next one overwrites; nothing elsewhere."""

    def __init__(self, total):
        self.total = total
        self.start = time.monotonic()
        self.shown = sys.stderr.isatty()

    def show(self, done, text):
        if self.shown:
            gone = time.monotonic() - self.start
            left = f", {gone / done * (self.total - done):.0f} s left" if done else ""
            print(f"\r\033[K[{done}/{self.total}] {text}{left}", end="", file=sys.stderr, flush=True)

    def clear(self):
        if self.shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def start_peers(asked):
    """The peers that run, by name; why each of the others does not; and the one whose results count."""
    running = {}
    missing = {}
    for name in ("tandem", *PEERS):
        start, why = command(name, BUILD_FOLDER)
        if name in asked.without:
            missing[name] = "left out by --without"
        elif start is None:
            missing[name] = why
        else:
            peer = Peer(name, start, asked.cores)
            try:
                peer.start()
                running[name] = peer
            except PeerError as error:
                missing[name] = str(error)
    reference = running.get("numpy")
    if reference is None:
        reference = Peer("numpy", command("numpy", BUILD_FOLDER)[0], asked.cores)
    return running, missing, reference


def main():
    asked = arguments.parse(sys.argv[1:])
    facts = {
        "date": datetime.date.today().isoformat(),
        "command": shlex.join(["scripts/bench", "peers", *asked.words]),
        "commit": machine.commit(),
        "machine": machine.facts(),
        "workers": len(asked.cores),
        "rounds": asked.rounds,
        "turn_s": asked.seconds,
    }
    todo = works.rows(asked.quick, asked.large, asked.only, asked.dtypes)
    running, missing, reference = start_peers(asked)
    if "tandem" in missing:
        sys.exit(f"scripts/bench peers: tandem's worker does not run: {missing['tandem']}")
    facts["versions"] = {name: peer.version for name, peer in running.items()}
    facts["missing"] = missing

    order = random.Random(asked.seed)
    progress = Progress(len(todo))
    table = [report.heading(PEERS)]
    results = []
    facts["rows"] = []
    with tempfile.TemporaryDirectory(prefix="tandem-peers-") as folder:
        try:
            for done, row in enumerate(todo):
                progress.show(done, row.name)
                cells = comparison.compare(
                    row,
                    list(running.values()),
                    reference,
                    asked.rounds,
                    asked.seconds,
                    lambda peers: order.sample(peers, len(peers)),
                    Path(folder),
                )
                table.append(report.cells_of(row, cells, PEERS))
                results.append((row, cells))
                facts["rows"].append(report.figures(row, cells))
        finally:
            progress.clear()
            for peer in {*running.values(), reference}:
                peer.end()

    below = report.notes(missing, results)
    print("\n".join(report.aligned(table)))
    print("\n".join(["", *below]) if below else "")
    path = output_path(asked, facts)
    report.write(path, facts, table, below)
    print(f"{path}\n{path.with_suffix('.md')}")
    sys.exit(1 if any(cell.state in ("wrong", "failed") for _, cells in results for cell in cells.values()) else 0)


if __name__ == "__main__":
    main()
