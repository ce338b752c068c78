"""bench/gpu_peers.py with libraries that only pretend to have a GPU: what it computes, compares and refuses."""

import csv
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy

script = sys.argv.pop(1)
sys.path.insert(0, os.path.dirname(script))
import gpu_peers  # noqa: E402

# NumPy in CuPy's place.
CUPY = """
from numpy import *
__version__ = "of the test"
class cuda:
    class Device:
        def __init__(self, index=0): pass
        def use(self): pass
        def synchronize(self): pass
"""
TORCH = """
__version__ = "of the test"
class cuda:
    @staticmethod
    def is_available(): return False
"""


class NumpyPeer(gpu_peers.Cupy):
    def __init__(self):
        self.np = numpy
        self.dtypes = {"f32": numpy.float32, "f64": numpy.float64, "c64": numpy.complex64}

    def synchronize(self):
        pass


class Works(unittest.TestCase):
    def result(self, name):
        return gpu_peers.work_called(name).make(NumpyPeer())()

    def test_results(self):
        a = numpy.sin(numpy.arange(100) * 12.9898)
        b = -0.5 * a
        square = a.reshape(10, 10)
        expected = {
            "add f64 1e2": a + b,
            "exp f64 1e2": numpy.exp(a),
            "chain of 4 f64 1e2": a * b + 0.5 * a - b,
            "chain with sqrt f64 1e2": numpy.sqrt(a * a + b * b) - a,
            "sum f64 1e2": a.sum(),
            "sum axis 0 f64 (10, 10)": square.sum(axis=0),
            "sum axis 1 f64 (10, 10)": square.sum(axis=1),
            "matmul f64 10": square @ (-0.5 * square),
        }
        for name, values in expected.items():
            with self.subTest(name):
                found = self.result(name)
                self.assertEqual(found.dtype, numpy.float64)
                numpy.testing.assert_allclose(found, values, rtol=1e-12, atol=1e-12)

    def test_dtypes(self):
        self.assertEqual(self.result("chain of 4 f32 1e2").dtype, numpy.float32)
        self.assertEqual(self.result("add f32 1000, waited for").dtype, numpy.float32)
        self.assertEqual(self.result("matmul c64 7").dtype, numpy.complex64)
        self.assertGreater(abs(self.result("matmul c64 7").imag).max(), 0)

    def test_kinds(self):
        kinds = {
            "add f32 1000, until the call returns": "small",
            "chain of 4 f32 1e8": "chain",
            "matmul f32 1024": "single",
            "first use, compiled": None,
            "host to device f32 25e7": None,
        }
        for name, kind in kinds.items():
            work = gpu_peers.work_called(name)
            self.assertEqual(work and work.kind, kind, name)


class Comparison(unittest.TestCase):
    def run_with(self, rows, *arguments, modules=()):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        place = pathlib.Path(folder.name)
        for name, text in modules:
            (place / f"{name}.py").write_text(text)
        (place / "tandem.csv").write_text("work,median_us,simulated,failure\n" + rows)
        out = place / "peers.csv"
        done = subprocess.run(
            [sys.executable, script, "--tandem", place / "tandem.csv", "--csv", out, "--rounds", "3", *arguments],
            capture_output=True,
            text=True,
            timeout=200,
            env={**os.environ, "PYTHONPATH": str(place)},
        )
        lines = [line for line in out.read_text().splitlines() if line[0] != "#"] if out.exists() else []
        return done, list(csv.DictReader(lines))

    def test_ratios_are_the_peers_time_over_tandems(self):
        rows = ('"add f64 1e4",0.001,no,\n"chain of 4 f32 1e4",1e9,no,\n"first use, compiled",3,no,\n'
                '"matmul f32 64",,no,"lost"\n')
        done, found = self.run_with(rows, modules=[("cupy", CUPY), ("torch", TORCH)])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([row["work"] for row in found], ["add f64 1e4", "chain of 4 f32 1e4"])
        for row in found:
            ratio = float(row["cupy_us"]) / float(row["tandem_us"])
            self.assertAlmostEqual(float(row["cupy_ratio"]) / ratio, 1)
        self.assertEqual([row["met"] for row in found], ["yes", "no"])
        self.assertIn("PyTorch is not there: finds no GPU", done.stdout)
        self.assertIn("CuPy of the test", done.stdout)

    def test_simulated_figures_meet_no_target(self):
        done, found = self.run_with('"add f64 1e4",0.001,yes,\n', modules=[("cupy", CUPY), ("torch", TORCH)])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(found[0]["met"], "")
        self.assertIn("mean nothing", done.stdout)

    def test_a_peer_that_fails_is_told(self):
        broken = CUPY + "def exp(*a, **b): raise RuntimeError('no exp here')\n"
        rows = '"exp f64 1e4",1,no,\n"add f64 1e4",1,no,\n'
        done, found = self.run_with(rows, modules=[("cupy", broken), ("torch", TORCH)])
        self.assertEqual(done.returncode, 1)
        self.assertIn("no exp here", done.stdout)
        self.assertEqual([row["cupy_us"] != "" for row in found], [False, True])

    def test_without_peers_it_says_so(self):
        absent = "raise ImportError('not installed')"
        done, found = self.run_with('"add f64 1e4",1,no,\n', modules=[("cupy", absent), ("torch", absent)])
        self.assertEqual((done.returncode, found), (0, []))
        self.assertIn("CuPy is not there: not installed; PyTorch is not there: not installed", done.stdout)


if __name__ == "__main__":
    unittest.main()
