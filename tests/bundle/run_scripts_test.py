"""scripts/bundle and the scripts of a bundle, with programs that only pretend: what they choose, refuse and report."""

import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

source = pathlib.Path(sys.argv.pop(1))

TANDEM = """#!/bin/bash
echo "$TANDEM_DEVICE strictness=${TANDEM_STRICTNESS-unset}" >>"$(dirname "$0")/../asked"
case $1 in
  --version) echo "tandem 1.2.3" ;;
  info) echo "GPUs              none used: there is no driver" ;;
  eval) if [[ $TANDEM_DEVICE == gpu:7 ]]; then echo "tandem: gpu:7 is not there"; exit 1; fi; echo 3 ;;
esac
"""

# Each leaves what it was told.
PROGRAM = """#!/bin/bash
echo "${TANDEM_DEVICE-none} ${TANDEM_CUDA_COMPILE-none} require=${TANDEM_TEST_REQUIRE_GPU-none} $*" >"$0.told"
"""


# Finds nothing with memcheck, and something with racecheck.
SANITIZER = """#!/bin/bash
echo "$2" >>"$(dirname "$0")/used"
[[ $2 == racecheck ]] && exit 99
shift 4
exec "$@"
"""


class Bundle:
    """A folder like one that scripts/bundle makes."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        for name in ("bin", "share"):
            (self.folder / name).mkdir()
        for name in ("run-gpu-tests", "run-gpu-bench"):
            shutil.copy(source / "scripts/bundled" / name, self.folder)
        shutil.copy(source / "scripts/bundled/cuda-libraries", self.folder / "share")
        shutil.copy(source / "bench/gpu_peers.py", self.folder / "share")
        self.add("tandem", TANDEM)

    def add(self, name, text):
        path = self.folder / "bin" / name
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def add_test(self, name, passed, failed=0, status=0, more=""):
        text = PROGRAM + f"echo '[  PASSED  ] {passed} tests.'\n"
        if failed:
            text += "echo 'x.cpp:3: Failure'\necho 'expected more'\n"
            text += f"echo '[  FAILED  ] {failed} tests, listed below:'\n"
        self.add(f"test_{name}", text + more + f"\nexit {status}\n")

    def told(self, name):
        return (self.folder / "bin" / f"test_{name}.told").read_text().strip()

    def run(self, script, *arguments, **environment):
        return subprocess.run(
            [self.folder / script, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            cwd=self.folder,
            env={**os.environ, **environment},
        )


class WithBundle(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.bundle = Bundle(folder.name)


class RunGpuTests(WithBundle):
    def run_tests(self, *arguments, **environment):
        return self.bundle.run("run-gpu-tests", "--logs", "logs", *arguments, **environment)

    def test_what_passes_passes(self):
        for name in ("contract", "arrays", "residency"):
            self.bundle.add_test(name, 5)
        done = self.run_tests(TANDEM_STRICTNESS="preferred", TANDEM_WORKERS="1")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        lines = [line.split() for line in done.stdout.splitlines() if line.endswith(" passed")]
        names = ["contract", "contract-compiled", "arrays", "residency"]
        table = [line for line in lines if len(line) == 7]
        self.assertEqual([line[0] for line in table], names)
        self.assertEqual([line[2:5] for line in table], [["5", "0", "0"]] * 4)
        self.assertEqual(done.stdout.splitlines()[-1], "run-gpu-tests: passed")
        # The last run of contract is that with compiled kernels.
        self.assertEqual(self.bundle.told("contract"), "none wait require=1 --gtest_color=no")
        self.assertEqual(self.bundle.told("arrays"), "gpu wait require=none --gtest_color=no")
        self.assertEqual(self.bundle.told("residency"), "none wait require=none --gtest_color=no")
        self.assertNotIn("preferred", (self.bundle.folder / "asked").read_text())
        self.assertTrue((self.bundle.folder / "logs/arrays.log").exists())

    def test_a_failure_a_crash_and_a_time_limit_are_told(self):
        self.bundle.add_test("fine", 1)
        self.bundle.add_test("bad", 3, failed=2, status=1)
        self.bundle.add_test("crash", 0, more="kill -SEGV $$")
        self.bundle.add_test("slow", 0, more="exec sleep 60")
        self.bundle.add_test("idle", 0)
        done = self.run_tests("--timeout", "2")
        self.assertEqual(done.returncode, 1)
        table = [line for line in done.stdout.splitlines() if "  gpu  " in line]
        self.assertEqual(
            {line.split()[0]: line.split(maxsplit=6)[6] for line in table},
            {
                "fine": "passed",
                "bad": "FAILED (1)",
                "crash": "FAILED (139)",
                "slow": "TIME LIMIT",
                "idle": "NO CASE RAN",
            },
        )
        self.assertIn("expected more", done.stdout)
        self.assertEqual(done.stdout.splitlines()[-1], "run-gpu-tests: FAILED")

    def test_where_no_case_of_a_gpu_ran_it_fails(self):
        self.bundle.add_test("residency", 5)
        done = self.run_tests()
        self.assertEqual(done.returncode, 1)
        self.assertIn("no case of a GPU ran", done.stdout)

    def test_without_a_gpu_nothing_runs(self):
        self.bundle.add_test("arrays", 5)
        done = self.run_tests("--device", "gpu:7")
        self.assertEqual(done.returncode, 1)
        self.assertIn("gpu:7 is not there", done.stderr)
        self.assertIn("GPUs: none used: there is no driver", done.stderr)
        self.assertFalse((self.bundle.folder / "bin/test_arrays.told").exists())

    def test_a_simulated_device_is_not_taken_for_a_gpu(self):
        for name in ("contract", "arrays"):
            self.bundle.add_test(name, 5)
        done = self.run_tests("--device", "sim:h200", "--only", "contract", "--only", "arrays")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("no GPU was tested", done.stdout)
        self.assertEqual(self.bundle.told("arrays"), "sim:h200 wait require=none --gtest_color=no")
        self.assertEqual(self.bundle.told("contract"), "none background require=none --gtest_color=no")

    def test_a_filter_goes_to_the_programs(self):
        self.bundle.add_test("arrays", 5)
        self.assertEqual(self.run_tests("--filter", "A*:B*").returncode, 0)
        self.assertEqual(self.bundle.told("arrays"), "gpu wait require=none --gtest_color=no --gtest_filter=A*:B*")

    def test_the_sanitizer_runs_the_contract(self):
        self.bundle.add_test("contract", 5)
        self.bundle.add_test("arrays", 5)
        tools = self.bundle.folder / "tools"
        tools.mkdir()
        tool = tools / "compute-sanitizer"
        tool.write_text(SANITIZER)
        tool.chmod(0o755)
        done = self.run_tests("--sanitize", PATH=f"{tools}:{os.environ['PATH']}")
        self.assertEqual((tools / "used").read_text().split(), ["memcheck", "racecheck"])
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"contract-memcheck +gpu .* passed")
        self.assertRegex(done.stdout, r"contract-racecheck +gpu .* FAILED \(99\)")
        self.assertFalse((self.bundle.folder / "bin/test_arrays.told").exists())

    def test_wrong_arguments_are_refused(self):
        self.bundle.add_test("arrays", 5)
        for arguments in (["--all"], ["--only"], ["--only", "nothing"], ["--timeout", "soon"], ["--device", "cpu"],
                          ["--sanitize"]):
            with self.subTest(arguments):
                done = self.run_tests(*arguments)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertTrue(done.stderr.startswith("run-gpu-tests: "), done.stderr)
        self.assertFalse((self.bundle.folder / "bin/test_arrays.told").exists())

    def test_help(self):
        done = self.run_tests("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.startswith("usage: run-gpu-tests "))


CSV = """# device: some
work,median_us,simulated,failure
"add f32 1e8",100,no,
"""

BENCH = """#!/bin/bash
echo "$*" >"$0.told"
[[ $1 == --csv ]] && printf '%s' "$CSV" >"$2"
echo "the table"
exit "${BENCH_STATUS-0}"
"""


class RunGpuBench(WithBundle):
    def run_bench(self, *arguments, status="0"):
        self.bundle.add("bench_gpu", BENCH)
        return self.bundle.run("run-gpu-bench", *arguments, CSV=CSV, BENCH_STATUS=status)

    def test_the_file_says_how_it_was_made(self):
        done = self.run_bench("some.csv", "--only", "add", "--quick", "--without-peers")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("the table", done.stdout)
        lines = (self.bundle.folder / "some.csv").read_text().splitlines()
        self.assertRegex(lines[0], r"^# date: \d{4}-\d\d-\d\dT")
        self.assertRegex(lines[1], r"^# command: .*run-gpu-bench some.csv --only add --quick --without-peers$")
        self.assertIn("# tandem 1.2.3", lines)
        self.assertEqual(lines[-3:], CSV.splitlines())
        told = (self.bundle.folder / "bin/bench_gpu.told").read_text().split()
        self.assertEqual(told[2:], ["--only", "add", "--quick"])

    def test_what_was_measured_before_a_failure_is_kept(self):
        done = self.run_bench("some.csv", "--without-peers", status="1")
        self.assertEqual(done.returncode, 1)
        self.assertTrue((self.bundle.folder / "some.csv").exists())

    def test_without_a_gpu_nothing_is_measured(self):
        done = self.run_bench("some.csv", "--device", "gpu:7")
        self.assertEqual(done.returncode, 1)
        self.assertIn("gpu:7 is not there", done.stderr)
        self.assertFalse((self.bundle.folder / "some.csv").exists())

    def test_wrong_arguments_are_refused(self):
        for arguments in ([], ["--quick"], ["some.csv", "--fast"], ["some.csv", "--only"], ["some.csv", "--csv", "x"]):
            with self.subTest(arguments):
                done = self.run_bench(*arguments)
                self.assertEqual(done.returncode, 2)
                self.assertTrue(done.stderr.startswith("run-gpu-bench: "), done.stderr)


class MakeBundle(unittest.TestCase):
    def run_script(self, *arguments):
        return subprocess.run(
            [source / "scripts/bundle", *arguments], capture_output=True, text=True, timeout=60, cwd="/"
        )

    def test_help(self):
        done = self.run_script("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.startswith("usage: scripts/bundle "))

    def test_wrong_arguments_are_refused(self):
        for arguments in (["--fast"], ["--output"], ["--build-folder", ""], ["somewhere"]):
            with self.subTest(arguments):
                done = self.run_script(*arguments)
                self.assertEqual(done.returncode, 2)
                self.assertTrue(done.stderr.startswith("scripts/bundle: "), done.stderr)

    def test_a_folder_where_nothing_was_built_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            done = self.run_script("--build-folder", folder, "--output", folder)
            self.assertEqual(done.returncode, 1)
            self.assertIn("is no build folder", done.stderr)
            self.assertEqual(os.listdir(folder), [])


if __name__ == "__main__":
    unittest.main()
