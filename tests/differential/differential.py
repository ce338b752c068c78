#!/usr/bin/python3
"""Compares `tandem eval` with NumPy 1.24 over random expressions.

Each expression is a tree of operations. Every operation of the tree is computed by tandem on what tandem computed for
its operands, and compared with NumPy in its widest precision on the same operands; so the bound of a single operation
holds for each, however ill-conditioned the whole is. The whole expression, which tandem computes in one pass, must then
have the same bits as the last step, for any number of workers. Reductions and products of floats are exempt where their
order follows how the operands lie in memory; they must still agree with NumPy, and for any number of workers, where BLAS
has no part in them.

    /usr/bin/python3 differential.py --command build/release/bin/tandem [--seed N] [--count N] [--only FUNCTION]

Prints 'N passed, N failed'; the exit status is 0 if none failed.
"""

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import warnings

sys.dont_write_bytecode = True

import numpy as np

import elementwise
import functions
import invalid
import nodes
from compare import identical
from generator import Generator

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../include/tandem/tables/elementwise.inc")
REFUSED_SHARE = 0.08


class Line:
    """One line of the batch: an expression and the file of its result."""

    def __init__(self, expression, inputs, output):
        self.expression = expression
        self.inputs = inputs
        self.output = output
        self.error = None

    def text(self):
        return "\t".join(["-o", self.output, "--", self.expression, *self.inputs])

    def result(self):
        return np.load(self.output)


class Case:
    """An expression, its lines and what is wrong with it."""

    def __init__(self, number, name, root, folder):
        self.number = number
        self.name = name
        self.root = root
        self.folder = folder
        self.problems = []
        self.names = {}
        self.leaves = nodes.leaves(root)
        for i, leaf in enumerate(self.leaves):
            self.names[leaf] = "abcdfghijklmnopqrtuvwxyz"[i] if i < 24 else f"a{i}"
            np.save(self.path(self.names[leaf]), leaf.stored)
        self.operations = nodes.operations(root)
        for i, operation in enumerate(self.operations):
            self.names[operation] = f"s{i}"
        self.steps = {operation: self.line(nodes.write(operation, self.names), operation.children, self.names[operation])
                      for operation in self.operations}
        self.text = nodes.write(root, self.names, whole=True)
        nodes.check_precedence(self.text)
        self.whole = self.line(self.text, self.leaves, "whole")
        self.again = self.line(self.text, self.leaves, "again")

    def path(self, name):
        return os.path.join(self.folder, f"{self.number}_{name}.npy")

    def line(self, text, children, output):
        inputs = [f"{self.names[child]}={self.path(self.names[child])}" for child in dict.fromkeys(children) if child in self.names]
        return Line(text.short, inputs, self.path(output))

    def check(self):
        values = {leaf: leaf.value for leaf in self.leaves}
        for operation, line in self.steps.items():
            if line.error:
                self.problems.append(f"{line.expression}: {line.error}")
                return
            result = line.result()
            values[operation] = result
            operands = [values.get(child, child.value) for child in operation.children]
            expected = operation.expect(operands)
            problem = expected.problem(result)
            if problem:
                self.problems.append(f"{line.expression}: {problem}")
                for child, operand in zip(operation.children, operands):
                    self.problems.append(f"  operand {self.names.get(child, 'literal')}: {summary(operand)}")
            elif (spoiled := expected.spoiled(result)) is not None and expected.problem(spoiled) is None:
                self.problems.append(f"{line.expression}: a wrong element is not noticed: {summary(result)}")
        self.check_whole(values[self.root], expected)

    def check_whole(self, step, expected):
        """The whole must have the bits of the last step, and for any number of workers the same."""
        for line, how in ((self.whole, "computed as a whole"), (self.again, "computed by another number of workers")):
            if line.error:
                self.problems.append(f"{how}: {line.error}")
                return
        if any(operation.name.startswith("empty") for operation in self.operations):
            return
        whole, again = self.whole.result(), self.again.result()
        dependence = {operation.ordered for operation in self.operations}
        if "blas" not in dependence and not identical(whole, again):
            self.problems.append(f"other bits by another number of workers: {summary(whole)} and {summary(again)}")
        if dependence == {None}:
            if not identical(whole, step):
                self.problems.append(f"computed as a whole: other bits than in steps: {summary(whole)} and {summary(step)}")
        elif all(operation.ordered is None for operation in self.operations if operation is not self.root):
            # Only the root has rounded in another order.
            if problem := expected.problem(whole):
                self.problems.append(f"computed as a whole: {problem}")
        elif (whole.dtype, whole.shape) != (step.dtype, step.shape):
            self.problems.append(f"computed as a whole: {summary(whole)}, in steps {summary(step)}")

    def report(self):
        print(f"case {self.number} ({self.name}): {self.text.short}")
        for leaf in self.leaves:
            print(f"  {self.names[leaf]}: {leaf.stored.dtype} {leaf.stored.shape}")
        for problem in self.problems:
            print(f"  {problem}")


class RefusedCase:
    """An expression that must fail, with the column of the error."""

    def __init__(self, number, made, folder):
        self.number = number
        self.name = "refused"
        self.problems = []
        names = "ab"[: len(made.leaves)]
        paths = [os.path.join(folder, f"{number}_{name}.npy") for name in names]
        for leaf, path in zip(made.leaves, paths):
            np.save(path, leaf.stored)
        self.made = made
        self.line = Line(made.text.format(*names), [f"{n}={p}" for n, p in zip(names, paths)], os.path.join(folder, f"{number}_whole.npy"))

    def check(self):
        if self.line.error is None:
            self.problems.append("was not refused")
        elif not re.match(r"column \d+: ", self.line.error):
            self.problems.append(f"refused without a column: {self.line.error}")
        if os.path.exists(self.line.output):
            self.problems.append("wrote a file")

    def report(self):
        print(f"case {self.number} (refused): {self.line.expression}")
        for leaf in self.made.leaves:
            print(f"  {leaf.stored.dtype} {leaf.stored.shape}")
        for problem in self.problems:
            print(f"  {problem}")


def summary(value):
    if not isinstance(value, np.ndarray):
        return repr(value)
    text = np.array2string(value.ravel()[:6], separator=", ")
    return f"{value.dtype} {value.shape} {text}"


def run_batch(command, lines, folder, options):
    """Runs the lines as one batch and notes their errors."""
    path = os.path.join(folder, "lines")
    with open(path, "w") as file:
        file.write("\n".join(line.text() for line in lines) + "\n")
    done = subprocess.run([command, "eval", "--batch", path, *options], capture_output=True, text=True)
    os.remove(path)
    failed = 0
    for message in done.stderr.splitlines():
        found = re.match(r"tandem: line (\d+): (.*)", message)
        if not found:
            sys.exit(f"the command failed with {done.returncode}: {done.stderr[-2000:]}")
        lines[int(found[1]) - 1].error = found[2]
        failed += 1
    if done.returncode != (1 if failed else 0) or done.stdout:
        sys.exit(f"the command ended with {done.returncode} and {failed} errors; it printed {done.stdout[:500]!r}")


def known_functions(command):
    """The functions that the command lists."""
    listed = subprocess.run([command, "ops"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"^  (\w+)\(", listed, re.MULTILINE))


def make_cases(arguments, rows, builders, folder):
    chooser = random.Random(arguments.seed)
    names = [arguments.only] if arguments.only else sorted(builders)
    cases = []
    for number in range(arguments.count):
        # Each case has its own stream, so that one can be repeated alone.
        g = Generator(random.Random(chooser.getrandbits(64)), rows)
        if not arguments.only and chooser.random() < REFUSED_SHARE:
            cases.append(RefusedCase(number, invalid.make(g), folder))
        else:
            name = names[number % len(names)]
            cases.append(Case(number, name, builders[name](g), folder))
    return cases


def compare(arguments, folder):
    rows = elementwise.read_table(arguments.table)
    builders = functions.builders(rows)
    listed = known_functions(arguments.command)
    if listed != set(builders):
        print(f"without a reference here: {sorted(listed - set(builders))}; not in the command: {sorted(set(builders) - listed)}")
        return 1

    cases = make_cases(arguments, rows, builders, folder)
    lines = []
    repeated = []
    for case in cases:
        if isinstance(case, Case):
            lines.extend(case.steps.values())
            lines.append(case.whole)
            repeated.append(case.again)
        else:
            lines.append(case.line)
    run_batch(arguments.command, lines, folder, ["--workers", "1"])
    run_batch(arguments.command, repeated, folder, ["--workers", "3"])

    failed = 0
    for case in cases:
        case.check()
        if case.problems:
            failed += 1
            if failed <= arguments.show:
                case.report()
    operations = sum(len(case.operations) for case in cases if isinstance(case, Case))
    print(f"seed {arguments.seed}: {len(cases)} expressions, {operations} operations, {len(builders)} functions")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 0 if failed == 0 and cases else 1


def main():
    parser = argparse.ArgumentParser(description="Compares `tandem eval` with NumPy over random expressions.")
    parser.add_argument("--command", required=True, help="the tandem command")
    parser.add_argument("--seed", type=int, default=20250318)
    parser.add_argument("--count", type=int, default=4000, help="number of expressions")
    parser.add_argument("--only", help="only expressions with this function at the root")
    parser.add_argument("--show", type=int, default=20, help="failures to print in full")
    parser.add_argument("--keep", help="work in this folder and keep it")
    parser.add_argument("--table", default=TABLE, help="the table of element-wise operations, for their error bounds")
    arguments = parser.parse_args()
    np._set_promotion_state("weak")
    np.seterr(all="ignore")
    warnings.simplefilter("ignore")
    if arguments.keep:
        os.makedirs(arguments.keep, exist_ok=True)
        return compare(arguments, arguments.keep)
    # Ten thousands of small files: in memory where that is possible.
    parent = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = tempfile.mkdtemp(prefix="tandem_differential_", dir=parent)
    try:
        return compare(arguments, folder)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
