"""Makes the bundle of a build and runs it where nothing but glibc is: whole_test.py SOURCE_FOLDER BUILD_FOLDER.

Needs patchelf and xz, and root or user namespaces, for a root folder of its own; exit status 77 where they are missing.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

GLIBC = ["libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1"]
IN_ROOT = """
set -e
for folder in proc sys dev; do mount --rbind /$folder "$0/$folder"; done
exec env -i $2 "$(command -v chroot)" "$0" $1
"""


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def run(arguments, **more):
    return subprocess.run(arguments, capture_output=True, text=True, timeout=600, **more)


def require(is_so, what, done):
    if not is_so:
        sys.exit(f"{what}\n{done.stdout}\n{done.stderr}")


def main():
    source, build = sys.argv[1:]
    for tool in ("patchelf", "xz", "unshare"):
        if shutil.which(tool) is None:
            skip(f"there is no {tool}; scripts/setup bundle installs it")
    unshare = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    if run([*unshare, "true"]).returncode != 0:
        skip("there is neither root nor a user namespace")

    with tempfile.TemporaryDirectory() as folder:
        made = run([os.path.join(source, "scripts/bundle"), "--build-folder", build, "--output", folder])
        require(made.returncode == 0, "scripts/bundle failed", made)
        names = sorted(os.listdir(folder))
        require(len(names) == 2 and names[1] == names[0] + ".tar.xz", f"unexpected files: {names}", made)

        root = pathlib.Path(folder) / "root"
        for name in ("lib64", "lib/x86_64-linux-gnu", "proc", "sys", "dev", "tmp", "some where"):
            (root / name).mkdir(parents=True)
        shutil.copy("/lib64/ld-linux-x86-64.so.2", root / "lib64")
        for library in GLIBC:
            shutil.copy(f"/lib/x86_64-linux-gnu/{library}", root / "lib/x86_64-linux-gnu")
        # Unpacked from the archive, and moved: nothing may depend on where it was made.
        unpacked = run(["tar", "-C", root, "-xf", os.path.join(folder, names[1])])
        require(unpacked.returncode == 0, "the archive does not unpack", unpacked)
        (root / names[0]).rename(root / "moved")

        ran = 0
        for program in sorted((root / "moved/bin").iterdir()):
            settings, arguments = "TANDEM_DEVICE=sim:h200", ""
            if program.name == "tandem":
                arguments = " info"
            elif program.name == "bench_gpu":
                arguments = " --device sim:h200 --quick --only add --only matmul"
            elif program.name in ("test_residency", "test_contract"):
                settings = "KMP_AFFINITY=disabled"  # they choose devices themselves; something harmless
            done = run([*unshare, "bash", "-c", IN_ROOT, root, f"/moved/bin/{program.name}{arguments}", settings])
            print(f"{program.name}: status {done.returncode}")
            require(done.returncode == 0, f"{program.name} failed in the moved bundle", done)
            if program.name == "tandem":
                require("/moved/" in done.stdout and "openblas" in done.stdout, "its libraries are not used", done)
            ran += 1
        require(ran >= 12, f"only {ran} programs are in the bundle", made)

        # Here, where bash and everything else is, but no GPU.
        wish = ["--device", "sim:h200", "--only", "print", "--only", "creation", "--logs", os.path.join(folder, "logs")]
        scripts = run([root / "moved/run-gpu-tests", *wish])
        require(scripts.returncode == 0 and "no GPU was tested" in scripts.stdout, "run-gpu-tests failed", scripts)
        if not os.path.exists("/proc/driver/nvidia/version"):
            for name, arguments in (("run-gpu-tests", []), ("run-gpu-bench", [os.path.join(folder, "x.csv")])):
                refused = run([root / "moved" / name, *arguments])
                require(refused.returncode == 1, f"{name} did not fail without a GPU", refused)
                require("cannot use gpu on this machine" in refused.stderr, f"{name} does not say so", refused)
        wish = ["--device", "sim:h200", "--quick", "--only", "sum"]
        measured = run([root / "moved/run-gpu-bench", os.path.join(folder, "x.csv"), *wish])
        require(measured.returncode == 0, "run-gpu-bench failed", measured)
        lines = pathlib.Path(folder, "x.csv").read_text().splitlines()
        require(sum("sum" in line for line in lines) >= 6, "figures are missing", measured)


if __name__ == "__main__":
    main()
