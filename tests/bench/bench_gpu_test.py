"""bench_gpu on a simulated device: every work gives a figure labelled simulated, and wrong arguments are refused."""

import csv
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

program = sys.argv.pop(1)


def run(*arguments, **environment):
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, timeout=500, env={**os.environ, **environment}
    )


def rows_of(path):
    lines = [line for line in pathlib.Path(path).read_text().splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


class Simulated(unittest.TestCase):
    def test_every_work_gives_a_simulated_figure(self):
        names = run("--list", "--quick").stdout.split("\n")[:-1]
        self.assertGreater(len(names), 20)
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "table.csv")
            done = run("--device", "sim:h200", "--quick", "--csv", file)
            self.assertEqual(done.returncode, 0, done.stderr)
            rows = rows_of(file)
        self.assertEqual([row["work"] for row in rows], names)
        for row in rows:
            with self.subTest(row["work"]):
                self.assertEqual(row["simulated"], "yes")
                self.assertEqual(row["failure"], "")
                self.assertEqual(row["met"], "", "a simulated figure meets no target")
                self.assertGreater(float(row["median_us"]), 0)
                self.assertLessEqual(float(row["fastest_us"]), float(row["median_us"]))
                self.assertLessEqual(float(row["median_us"]), float(row["slowest_us"]))
        self.assertTrue(done.stdout.startswith("simulated: "), done.stdout)
        shown = [line for line in done.stdout.splitlines() if line.startswith(tuple(names))]
        self.assertEqual(len(shown), len(names))
        for line in shown:
            self.assertTrue(line.endswith("simulated"), line)

    def test_bytes_are_those_of_the_operands_and_the_result(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "table.csv")
            wish = ["--only", "add f64 1e6", "--only", "sum axis 0 f32", "--only", "matmul c64"]
            done = run("--device", "sim:h200", "--quick", "--csv", file, *wish)
            self.assertEqual(done.returncode, 0, done.stderr)
            found = {row["work"]: (row["bytes"], row["flops"]) for row in rows_of(file)}
        self.assertEqual(
            found,
            {
                "add f64 1e6": ("24000000", ""),
                "sum axis 0 f32 (1000, 1000)": ("4004000", ""),
                "matmul c64 256": ("", str(8 * 256**3)),
            },
        )

    def test_a_work_that_fails_is_told_and_the_others_go_on(self):
        # Results of matmul need 256 KiB, so that only it fails.
        wish = ["--only", "matmul f32", "--only", "until the call returns"]
        done = run("--device", "sim:h200", "--quick", *wish, TANDEM_DEVICE_MEMORY="100000")
        self.assertEqual(done.returncode, 1)
        self.assertIn("matmul f32 256 failed: ", done.stdout)
        line = next(line for line in done.stdout.splitlines() if line.startswith("add f32 1000, until"))
        self.assertNotIn("FAILED", line)

    def test_wrong_arguments_are_refused(self):
        for arguments in (["--fast"], ["--device"], ["--device", "cpu"], ["--device", "bpu"], ["--rounds", "0"],
                          ["--only", "nothing has this name", "--list"]):
            with self.subTest(arguments):
                done = run(*arguments)
                self.assertEqual(done.returncode, 2)
                self.assertIn("bench_gpu: ", done.stderr)
                self.assertEqual(done.stdout, "")

    def test_a_file_that_cannot_be_written_is_told_first(self):
        done = run("--device", "sim:h200", "--quick", "--csv", "/nowhere/table.csv")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nowhere/table.csv", done.stderr)

    def test_a_device_that_is_not_there_is_an_error(self):
        for device in ("gpu:99", "sim:none-such"):
            with self.subTest(device):
                done = run("--device", device, "--quick")
                self.assertEqual(done.returncode, 1)
                self.assertIn("bench_gpu: ", done.stderr)


if __name__ == "__main__":
    unittest.main()
