"""What is being measured, and on what."""

import os
import platform
import subprocess
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def facts():
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    caches = {}
    for cache in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        if (cache / "type").read_text().strip() != "Instruction":
            caches["L" + (cache / "level").read_text().strip()] = (cache / "size").read_text().strip()
    return {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)),
        "caches": caches,
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", platform.platform()),
    }


def commit():
    """The commit that is measured, marked if the tree differs from it."""
    asked = subprocess.run(
        ["git", "-C", str(FOLDER), "describe", "--always", "--dirty", "--exclude=*"], capture_output=True, text=True
    )
    return asked.stdout.strip() if asked.returncode == 0 else "unknown"
