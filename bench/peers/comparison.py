"""Asks all peers for one row: are the results equal, and how long does it take?"""

import math
import statistics

import numpy as np
import worker
from peer_process import PeerError

EPSILON = {"f32": 2.0**-23, "f64": 2.0**-52}
DTYPES = {"f32": np.float32, "f64": np.float64}
# Above so many elements, each k-th is compared, and the sum of all.
COMPARED = 1_000_000


def tolerance(row):
    """Relative to the magnitude of the result. Rounding of n additions is a walk of sqrt(n) steps where they are simply
    added one after the other, which some peers do; other works are a few roundings."""
    return EPSILON[row.dtype] * (4 * math.sqrt(row.summed) + 8)


class Cell:
    """What one peer did with one row. `state`: timed, unsupported, wrong or failed."""

    def __init__(self):
        self.state = "timed"
        self.reason = None
        self.variant = None
        self.medians = []
        self.minimum = float("inf")
        self.evaluations = 0

    def reject(self, state, reason=None):
        self.state = state
        self.reason = reason

    @property
    def unsteady(self):
        """Whether the rounds differ so much that the machine had other work."""
        return self.seconds is not None and max(self.medians) > 1.25 * min(self.medians)

    @property
    def seconds(self):
        return statistics.median(self.medians) if self.state == "timed" and self.medians else None


def result_of(peer, row, folder):
    """(sample, count, sum, sum of magnitudes) of the peer's result."""
    step = math.ceil(row.result_size / COMPARED)
    path = folder / "result.f64"
    count, total, magnitude = peer.ask("check", path, step)
    sample = np.fromfile(path, np.float64)
    path.unlink()
    return sample, int(count), float(total), float(magnitude)


def difference(row, expected, found):
    """Why the results differ, or None."""
    (sample, count, total, magnitude), (other, other_count, other_total, _) = expected, found
    if count != other_count or sample.size != other.size:
        return f"{other_count} elements instead of {count}"
    limit = tolerance(row)
    if row.work == "argmax":
        # Any position of a largest element will do: which of several is not the same for all peers.
        elements = worker.operand(worker.OPERAND_A, (math.prod(row.shape),), DTYPES[row.dtype])
        right = elements[int(other[0])] == elements[int(sample[0])]
        return None if right else f"{other[0]:.0f} instead of {sample[0]:.0f}"
    # a * b + 0.5 * a - b cancels: what counts is how large its terms are, 1 at most.
    scale = np.maximum(np.abs(sample), 1) if row.work.startswith("chain") else np.abs(sample)
    apart = np.abs(sample - other)
    bad = ~(apart <= limit * scale)
    if bad.any():
        at = int(np.argmax(np.where(np.isnan(apart), np.inf, apart)))
        return f"{other[at]!r} instead of {sample[at]!r} ({np.count_nonzero(bad)} of {sample.size} compared differ)"
    # The check's own additions round, too.
    limit += 4 * math.sqrt(count) * EPSILON["f64"]
    if not abs(total - other_total) <= limit * max(magnitude, count if row.work.startswith("chain") else 0):
        return f"the sum of all elements is {other_total!r} instead of {total!r}"
    return None


def compare(row, peers, reference, rounds, seconds, shuffle, folder):
    """{name: Cell} for `peers`; `reference`, whose result is the expected one, need not be one of them."""
    cells = {peer.name: Cell() for peer in peers}
    ready = []
    try:
        reference.ask("prepare", row.work, row.dtype, row.shape_text)
        expected = result_of(reference, row, folder)
        for peer in peers:
            cell = cells[peer.name]
            try:
                if peer is not reference:
                    answer = peer.ask("prepare", row.work, row.dtype, row.shape_text)
                    if answer is None:
                        cell.reject("unsupported")
                        continue
                    cell.variant = answer[0] if answer else None
                    wrong = difference(row, expected, result_of(peer, row, folder))
                    if wrong:
                        cell.reject("wrong", wrong)
                        continue
                ready.append(peer)
            except PeerError as error:
                cell.reject("failed", str(error))
        for _ in range(rounds):
            for peer in shuffle([peer for peer in ready if cells[peer.name].state == "timed"]):
                cell = cells[peer.name]
                try:
                    count, median, minimum = peer.ask("time", seconds)
                    cell.evaluations += int(count)
                    cell.medians.append(float(median))
                    cell.minimum = min(cell.minimum, float(minimum))
                except PeerError as error:
                    cell.reject("failed", str(error))
    finally:
        for peer in {*peers, reference}:
            try:
                if peer.process is not None:
                    peer.ask("release")
            except PeerError:
                pass  # it ended, and with it what it held
    return cells
