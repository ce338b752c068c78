"""The protocol of protocol.h for workers in Python."""

import sys
import time
import timeit

import numpy as np

SHORTEST_SAMPLE_SECONDS = 20e-6
OPERAND_A = 1
OPERAND_B = 1_000_003


def operand(which, shape, dtype):
    """The formula of inputs.h."""
    index = np.arange(np.prod(shape, dtype=np.int64), dtype=np.uint32)
    scattered = (index + np.uint32(which)) * np.uint32(2654435761)
    return ((scattered >> np.uint32(8)) * 2.0**-24).astype(dtype).reshape(shape)


class Task:
    """A statement and the names that it uses; `target` names the array it writes, if it leaves no value."""

    def __init__(self, statement, names, target=None):
        self.names = names
        self.target = target
        self.statement = statement
        # The statement stands in the timer's loop as it is: a call of a function would be part of short times.
        self.batch_seconds = timeit.Timer(statement, globals=names, timer=time.perf_counter).timeit

    def result(self):
        if self.target is None:
            return eval(self.statement, self.names)
        exec(self.statement, self.names)
        return self.names[self.target]


def measure(task, seconds):
    """(evaluations, median, minimum), in seconds of one evaluation; as `measure` of protocol.cpp."""
    warming = time.perf_counter()
    while True:
        last = task.batch_seconds(1)
        if time.perf_counter() - warming >= 0.1 * seconds:
            break
    batch = 1
    while last < 50 * SHORTEST_SAMPLE_SECONDS:
        last = min(task.batch_seconds(batch), task.batch_seconds(batch))
        if last >= SHORTEST_SAMPLE_SECONDS:
            break
        batch *= 2
    samples = []
    start = time.perf_counter()
    while True:
        samples.append(task.batch_seconds(batch) / batch)
        if time.perf_counter() - start >= seconds:
            break
    samples.sort()
    return len(samples) * batch, samples[len(samples) // 2], samples[0]


class Server:
    def __init__(self, prepare):
        self.make = prepare
        self.task = None

    def answer(self, verb, *arguments):
        if verb == "prepare":
            self.task = None
            name, dtype, shape = arguments
            extents = tuple(int(extent) for extent in shape.split("x"))
            self.task = self.make(name, {"f32": np.float32, "f64": np.float64}[dtype], extents)
            return "unsupported" if self.task is None else "ok"
        if verb == "release":
            self.task = None
            return "ok"
        if self.task is None:
            raise RuntimeError("nothing is prepared")
        if verb == "check":
            path, step = arguments
            values = np.asarray(self.task.result(), dtype=np.float64).reshape(-1)
            values[:: int(step)].tofile(path)
            return f"ok {values.size} {values.sum()!r} {np.abs(values).sum()!r}"
        if verb == "time":
            return "ok {} {!r} {!r}".format(*measure(self.task, float(arguments[0])))
        raise RuntimeError(f"unknown command '{verb}'")


def serve(version, prepare):
    """Obeys lines until the input ends. `prepare(work, dtype, shape)` gives a Task, or None for unsupported work."""
    server = Server(prepare)
    print("ready", version, flush=True)
    for line in sys.stdin:
        try:
            reply = server.answer(*line.split())
        except Exception as error:
            reply = f"failed {type(error).__name__} {error}".replace("\n", " ")
        print(reply, flush=True)
