"""A peer in a process of its own."""

import ctypes
import importlib.util
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
PYTHON = ("numpy", "numexpr")
PR_SET_PDEATHSIG = 1


class PeerError(Exception):
    """The peer cannot answer: it ended, was too slow or said that it failed."""


def command(name, build_folder):
    """What starts a peer, or None and why it cannot be started."""
    if name in PYTHON:
        if importlib.util.find_spec(name) is None:
            return None, f"Debian's Python has no module {name}"
        return [sys.executable, str(FOLDER / f"{name}_worker.py")], None
    program = build_folder / "bin" / f"worker_{name}"
    if not program.exists():
        return None, f"{program} was not built: its package was not found"
    return [str(program)], None


class Peer:
    """Starts when it is first asked, and anew after it failed.

    It is stopped (SIGSTOP) whenever it is not asked, because threads that wait for work keep their cores busy for a
    while: LLVM's for 200 ms."""

    def __init__(self, name, arguments, cores):
        self.name = name
        self.arguments = arguments
        self.cores = cores
        self.version = None
        self.process = None

    def enter(self):
        """In the new process: its cores, and its end when ours ends, for it may be stopped and see no end of input."""
        os.sched_setaffinity(0, self.cores)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    def start(self):
        count = str(len(self.cores))
        environment = dict(os.environ, OMP_NUM_THREADS=count, NUMEXPR_NUM_THREADS=count, NUMEXPR_MAX_THREADS=count)
        self.process = subprocess.Popen(
            self.arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            preexec_fn=self.enter,
        )
        verb, self.version = (self.read(60).split(" ", 1) + [""])[:2]
        if verb != "ready":
            self.end()
            raise PeerError(f"{self.name} did not start")
        self.process.send_signal(signal.SIGSTOP)

    def read(self, timeout_s):
        """The next line. Workers write whole lines, one for each command."""
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self.process.stdout], [], [], timeout_s)
            part = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not part:
                why = f"took more than {timeout_s} s" if not ready else f"ended with status {self.process.wait()}"
                self.end()
                raise PeerError(why)
            line += part
        return line.decode().rstrip("\n")

    def ask(self, *words, timeout_s=120):
        """The words of the answer after "ok"; None for "unsupported". Throws PeerError."""
        if self.process is None:
            self.start()
        self.process.send_signal(signal.SIGCONT)
        try:
            os.write(self.process.stdin.fileno(), (" ".join(str(word) for word in words) + "\n").encode())
        except BrokenPipeError:
            self.end()
            raise PeerError("ended") from None
        answer = self.read(timeout_s)
        self.process.send_signal(signal.SIGSTOP)
        verb, _, rest = answer.partition(" ")
        if verb == "unsupported":
            return None
        if verb != "ok":
            raise PeerError(answer.removeprefix("failed "))
        return rest.split()

    def end(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None
