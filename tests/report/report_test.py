"""What the library tells of a running application with TANDEM_INFO=1: applications are built with g++ in ways that are
known to be bad, and in a good one, and their reports must name the problem, the files and a remedy that works.

Usage: report_test.py NAME --compiler G++ --library LIBTANDEM --include FOLDER --runtime LIBOMP --openblas LIBOPENBLAS
       --work FOLDER [--openblas-pthread PATTERN ...]
A test that lacks something says so and ends with status 77."""

import argparse
import glob
import os
import re
import shutil
import subprocess
import sys

SOURCES = os.path.dirname(os.path.abspath(__file__))


def skip(reason):
    print("skipped:", reason)
    sys.exit(77)


class Builder:
    def __init__(self, options):
        self.options = options
        shutil.rmtree(options.work, ignore_errors=True)
        os.makedirs(options.work)

    def path(self, name):
        return os.path.join(self.options.work, name)

    def compile(self, arguments):
        subprocess.run([self.options.compiler, "-std=c++20", "-O1", *arguments], check=True, cwd=self.options.work)

    def application(self, compile_flags=(), before=(), after=(), link_flags=()):
        """The application, linked with `before`, tandem and `after`."""
        folder = os.path.dirname(self.options.library)
        self.compile([*compile_flags, "-I", self.options.include, "-c", os.path.join(SOURCES, "application.cpp"), "-o",
                      "application.o"])
        self.compile(["application.o", *link_flags, "-Wl,--no-as-needed", *before, self.options.library, *after,
                      "-Wl,-rpath," + folder, "-ldl", "-o", "application"])
        return self.path("application")


class Report:
    """The report of a run. `problems` has the message and the remedy of each code."""

    def __init__(self, command, **variables):
        environment = {name: value for name, value in os.environ.items()
                       if not re.match("OMP_|KMP_|GOMP_|OPENBLAS_NUM|GOTO_|LD_|TANDEM_", name)}
        environment["TANDEM_INFO"] = "1"
        environment.update(variables)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        self.text = done.stderr
        self.out = done.stdout
        expect(done.returncode == 0, f"status {done.returncode}", self)
        # "problem           CODE: MESSAGE", then "                  remedy: REMEDY"
        found = re.findall(r"^problem +([a-z0-9-]+): (.*)\n +remedy: (.*)$", self.text, re.MULTILINE)
        self.problems = {code: (message, remedy) for code, message, remedy in found}
        expect(self.text.count("\nproblem ") == len(found), "a problem without a remedy", self)
        expect(bool(found) != ("\nproblems          none known\n" in self.text), "neither problems nor none", self)

    def library(self, name):
        """The line on a library: "libgomp, idle, /lib/x86_64-linux-gnu/libgomp.so.1"."""
        lines = re.findall(rf"^(?:libraries| ) +({name}\b.*, (?:at work|idle), .*)$", self.text, re.MULTILINE)
        expect(len(lines) == 1, f"{len(lines)} lines on {name}", self)
        return lines[0]


def expect(condition, complaint, report):
    if not condition:
        sys.exit(f"{complaint}:\n{report.out}\n{report.text}")


def expect_problem(report, code, in_message, in_remedy):
    expect(code in report.problems, f"no {code}", report)
    message, remedy = report.problems[code]
    for part in in_message:
        expect(part in message, f"the message of {code} does not name {part}", report)
    for part in in_remedy:
        expect(part in remedy, f"the remedy of {code} does not name {part}", report)


def expect_codes(report, codes):
    expect(sorted(report.problems) == sorted(codes), f"expected the problems {codes}", report)


def usual(build):
    report = Report([build.application()])
    expect_codes(report, [])
    expect(", at work, " in report.library("libomp"), "libomp does not work", report)
    expect(", idle, " in report.library("libgomp"), "libgomp is not idle", report)
    expect(report.text.startswith("tandem  "), "something precedes the report", report)
    expect(report.text.count("\ninstruction sets ") == 1, "the report is printed more than once", report)
    for off in ("", "0"):
        silent = subprocess.run([build.path("application")], env={"TANDEM_INFO": off}, capture_output=True, text=True)
        if (silent.returncode, silent.stderr) != (0, ""):
            sys.exit(f"TANDEM_INFO='{off}' prints {silent.stderr}")
    wrong = Report([build.path("application")], TANDEM_INFO="json")
    expect_problem(wrong, "tandem-info", ["'json'"], ["TANDEM_INFO=1"])


def opened(build):
    """A library that uses tandem and is opened with RTLD_LOCAL: nothing of it is in the program's scope, and OpenBLAS's
    calls, none of which has been made, lead to the first of the libraries that were opened together."""
    build.application(["-Dmain=plugin_main", "-fPIC"], link_flags=["-shared"])
    build.compile([os.path.join(SOURCES, "host.cpp"), "-ldl", "-o", "host"])
    report = Report([build.path("host"), build.path("application")])
    expect_codes(report, [])
    expect(", at work, " in report.library("libomp"), "libomp does not work", report)
    expect(", idle, " in report.library("libgomp"), "libgomp is not idle", report)
    expect("\n                  libopenblas.so.0: GOMP_parallel, omp_get_max_threads by libomp.so.5\n" in report.text,
           "OpenBLAS is not served by libomp", report)


def failing(build):
    """What makes the report impossible is said, and the evaluation goes on as without TANDEM_INFO: it fails, too."""
    variables = {"TANDEM_ISA": "sse9"}
    application = build.application()
    usual = subprocess.run([application], env=variables, capture_output=True, text=True)
    done = subprocess.run([application], env={**variables, "TANDEM_INFO": "1"}, capture_output=True, text=True)
    reason = usual.stderr.removeprefix("application: ")
    if usual.returncode != 7 or done.returncode != 7 or "sse9" not in reason:
        sys.exit(f"status {usual.returncode} and {done.returncode}:\n{usual.stderr}\n{done.stderr}")
    if done.stderr != "tandem: TANDEM_INFO: no report: " + reason + usual.stderr:
        sys.exit(f"another text:\n{done.stderr}")


def two_openmp(build, place):
    application = build.application(["-fopenmp"], **{place: ["-lgomp"]})
    report = Report([application])
    expect_codes(report, ["two-openmp"])
    gomp = report.library("libgomp").split(", ")[-1]
    omp = report.library("libomp").split(", ")[-1]
    expect_problem(report, "two-openmp", [gomp, omp, application, os.path.basename(build.options.library)],
                   ["-lomp", "LD_PRELOAD=" + omp])
    # Products are what they are without libgomp, and so on one thread, whatever libgomp is told.
    expected = Report([application], LD_PRELOAD=omp)
    for threads in ("1", "3"):
        expect(Report([application], OMP_NUM_THREADS=threads).out == expected.out, "other products", expected)
    # Both remedies work.
    expect_codes(expected, [])
    linked = build.application(["-fopenmp"], before=[build.options.runtime])
    expect_codes(Report([linked]), [])


def libgomp_before_fork(build):
    application = build.application(["-fopenmp", "-DAPPLICATION_FORKS"], before=["-lgomp"])
    report = Report([application])
    expect_codes(report, ["two-openmp", "libgomp-before-fork"])
    gomp = report.library("libgomp").split(", ")[-1]
    expect_problem(report, "libgomp-before-fork", [gomp, application + " calls fork()"], ["-lomp", "fork before"])
    child = Report([application, "fork"])
    expect_problem(child, "libgomp-before-fork", [gomp, "this process was made by fork()"], ["-lomp"])
    omp = report.library("libomp").split(", ")[-1]
    expect_codes(Report([application, "fork"], LD_PRELOAD=omp), [])


def libiomp(build):
    """A copy of libomp under Intel's name, which is as long, so that it can be written over the old one."""
    with open(build.options.runtime, "rb") as file:
        content = file.read()
    name = re.search(rb"libomp\.so\.5\0", content)
    if name is None:
        skip(f"{build.options.runtime} does not call itself libomp.so.5")
    copy = build.path("libiomp5.so")
    with open(copy, "wb") as file:
        file.write(content.replace(b"libomp.so.5\0", b"libiomp5.so\0"))
    build.compile(["-fopenmp", "-fPIC", "-c", os.path.join(SOURCES, "region.cpp"), "-o", "region.o"])
    build.compile(["-shared", "region.o", copy, "-Wl,-rpath,$ORIGIN", "-o", "libregion.so"])
    report = Report([build.application(), build.path("libregion.so")])
    expect_codes(report, ["libiomp-and-another"])
    omp = report.library("libomp").split(", ")[-1]
    expect_problem(report, "libiomp-and-another", [copy, omp, build.path("libregion.so"), "OMP: Error #15"],
                   ["LD_PRELOAD=" + omp])
    # Where the copy comes first it serves all, and libomp is idle.
    alone = Report([build.path("application")], LD_PRELOAD=copy)
    expect_codes(alone, [])
    expect(", at work, " in alone.library("libiomp5"), "the copy does not work", alone)
    expect(", idle, " in alone.library("libomp"), "libomp is not idle", alone)


def openblas_pthread(build):
    """The file of OpenBLAS's build with threads of its own."""
    for pattern in build.options.openblas_pthread:
        for file in glob.glob(pattern):
            return file
    skip(f"no {' nor '.join(build.options.openblas_pthread)}; scripts/setup gets it (Debian: libopenblas0-pthread)")


def with_openblas_pthread(build):
    file = openblas_pthread(build)
    if len(os.sched_getaffinity(0)) == 1:
        skip("OpenBLAS has no threads of its own on one core")
    folder = os.path.dirname(file)
    # Its folder comes first, and the application may be linked with an OpenBLAS itself, before or after tandem.
    for order in ({}, {"before": [file]}, {"after": [file]}):
        application = build.application(**order)
        report = Report([application], LD_LIBRARY_PATH=folder)
        expect_codes(report, ["openblas-pthreads"])
        omp = report.library("libomp").split(", ")[-1]
        expect_problem(report, "openblas-pthreads", [file, omp],
                       ["libopenblas0-openmp", "LD_PRELOAD=" + omp, "OPENBLAS_NUM_THREADS=1"])
        # Both remedies work.
        expect_codes(Report([application], LD_LIBRARY_PATH=folder, OPENBLAS_NUM_THREADS="1"), [])
        openmp_build = os.path.dirname(build.options.openblas)
        expect_codes(Report([application], LD_LIBRARY_PATH=openmp_build, LD_PRELOAD=omp), [])


def two_openblas(build):
    file = openblas_pthread(build)
    application = build.application()
    usual_openblas = Report([application]).library("OpenBLAS").split(", ")[-1]
    # One thread, so that two are the only problem.
    report = Report([application, file], OPENBLAS_NUM_THREADS="1")
    expect_codes(report, ["two-openblas"])
    expect_problem(report, "two-openblas", [file, usual_openblas], [usual_openblas])


def bound_pools(build):
    application = build.application()
    report = Report([application], OMP_PROC_BIND="true")
    expect_codes(report, ["bound-pools"])
    files = [report.library(name).split(", ")[-1] for name in ("libomp", "libgomp")]
    expect_problem(report, "bound-pools", ["OMP_PROC_BIND is true", *files], ["unset OMP_PROC_BIND"])
    expect("\nthread settings   OMP_PROC_BIND=true\n" in report.text, "the variable is not shown", report)


def no_side_effect(build):
    """LLVM's runtime binds the thread that asks it for a number of threads, if it is to bind: it is not asked."""
    report = Report([build.application()], KMP_AFFINITY="compact")
    expect("thread" not in report.library("libomp"), "libomp was asked", report)
    report = Report([build.path("application")])
    expect("thread" in report.library("libomp"), "libomp was not asked", report)


TESTS = {
    "usual": usual,
    "opened": opened,
    "failing": failing,
    "two_openmp_first": lambda build: two_openmp(build, "before"),
    "two_openmp_last": lambda build: two_openmp(build, "after"),
    "libgomp_before_fork": libgomp_before_fork,
    "libiomp": libiomp,
    "openblas_pthread": with_openblas_pthread,
    "two_openblas": two_openblas,
    "bound_pools": bound_pools,
    "no_side_effect": no_side_effect,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=TESTS)
    for option in ("compiler", "library", "include", "runtime", "openblas", "work"):
        parser.add_argument("--" + option, required=True)
    parser.add_argument("--openblas-pthread", nargs="*", default=[])
    options = parser.parse_args()
    TESTS[options.name](Builder(options))


main()
