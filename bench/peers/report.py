"""The table that people read and the figures that programs read."""

import json
import re

MARKS = {"unsupported": "-", "wrong": "WRONG", "failed": "FAILED"}


def time_text(seconds):
    for unit, size in (("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3)):
        if seconds < 999.5 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def ratio_text(ratio):
    if ratio < 0.0995:
        return f"{ratio:.2g}"
    return f"{ratio:.0f}" if ratio >= 99.5 else f"{ratio:.1f}" if ratio >= 9.95 else f"{ratio:.2f}"


def percent_text(share):
    return f"{100 * share:.0f} %" if share >= 0.095 else f"{100 * share:.2g} %"


def cells_of(row, cells, others):
    """The words of a row. `others` are the peers beside tandem; those that `cells` lacks are missing."""
    own = cells["tandem"].seconds
    words = [row.work, row.dtype, row.shape_text]
    words.append(time_text(own) if own else MARKS.get(cells["tandem"].state, "-"))
    for name in others:
        if name not in cells:
            words.append("missing")
            continue
        seconds = cells[name].seconds
        if seconds is None:
            words.append(MARKS.get(cells[name].state, "-"))
        elif own is None:
            words.append(f"({time_text(seconds)})")
        else:
            words.append((percent_text if name == "roofline" else ratio_text)(seconds / own))
    return words


def heading(others):
    return ["work", "dtype", "shape", "tandem"] + ["of roofline" if name == "roofline" else name for name in others]


def aligned(lines):
    """Columns of equal width; the first three to the left, figures to the right."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    places = [str.ljust] * 3 + [str.rjust] * (len(widths) - 3)
    return ["  ".join(place(*of) for place, *of in zip(places, line, widths)) for line in lines]


def markdown(lines):
    bars = ["| " + " | ".join(line) + " |" for line in lines]
    bars.insert(1, "|" + "---|" * 3 + "---:|" * (len(lines[0]) - 3))
    return bars


def notes(missing, results):
    """What a reader has to know beside the table; `results` are pairs of a row and its cells."""
    found = [f"missing: {name}: {why}" for name, why in missing.items()]
    timed = unsteady = 0
    for row, cells in results:
        for name, cell in cells.items():
            if cell.state in ("wrong", "failed"):
                found.append(f"{cell.state}: {name}: {row.name}: {cell.reason}")
            timed += cell.seconds is not None
            unsteady += cell.unsteady
    if unsteady:
        found.append(f"unsteady: {unsteady} of {timed} figures differ by more than 25 % between rounds")
    return found


def figures(row, cells):
    """One row as a JSON object."""
    peers = {}
    for name, cell in cells.items():
        entry = {"state": cell.state}
        if cell.reason:
            entry["reason"] = cell.reason
        if cell.variant:
            entry["variant"] = cell.variant
        if cell.seconds is not None:
            entry["median_s"] = cell.seconds
            entry["round_medians_s"] = cell.medians
            entry["minimum_s"] = cell.minimum
            entry["evaluations"] = cell.evaluations
            entry["gb_per_s"] = row.moved_bytes / cell.seconds / 1e9
            if row.operations:
                entry["gflop_per_s"] = row.operations / cell.seconds / 1e9
        peers[name] = entry
    return {
        "work": row.work,
        "dtype": row.dtype,
        "shape": list(row.shape),
        "bytes": row.moved_bytes,
        "operations": row.operations,
        "peers": peers,
    }


def slug(text):
    """A part of a file's name: small letters and figures with hyphens."""
    return re.sub(r"[^a-z0-9.]+", "-", re.sub(r"\((r|tm)\)", "", text.lower())).strip("-")


def write(path, facts, table, below):
    """The JSON file, and the table in Markdown beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(facts, indent=1) + "\n")
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    text = [
        f"# {facts['date']}, {facts['machine']['cpu']}, {facts['workers']} of {facts['machine']['cores']} cores",
        "",
        f"{versions}; commit {facts['commit']}.",
        "",
        f"    {facts['command']}",
        "",
        "The time of one evaluation by tandem; how many times as long each peer takes (above 1, tandem is faster); and",
        "what share of the speed of hand-written loops tandem reaches. bench/README.md says more.",
        "",
        *markdown(table),
    ]
    if below:
        text += ["", *(f"- {line}" for line in below)]
    path.with_suffix(".md").write_text("\n".join(text) + "\n")
