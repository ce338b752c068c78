"""Loops are compiled for several instruction sets in one program, and of an inline function the linker keeps one copy.

So a function that other files may define as well must not use what only some processors have: every symbol that is not
in the namespace of its instruction set is disassembled and must do without what AVX and its successors brought.

usage: loops_test.py NAMESPACE OBJECT...
"""

import re
import subprocess
import sys

namespace, objects = sys.argv[1], sys.argv[2:]
checked = own = 0
wrong = []
for path in objects:
    # A name as it is mangled: its length before it.
    tag = f"{len(namespace)}{namespace}"
    listing = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], check=True, capture_output=True, text=True)
    shared = set()
    for line in subprocess.run(["nm", "--defined-only", path], check=True, capture_output=True, text=True).stdout.splitlines():
        _, kind, name = line.split(maxsplit=2)
        if kind in "WVu" and tag not in name:
            shared.add(name)
    function = None
    for line in listing.stdout.splitlines():
        if head := re.match(r"[0-9a-f]+ <(.+)>:$", line):
            function = head[1]
            checked += function in shared
            own += function not in shared
        elif function in shared and re.search(r":\s+v(?!er[rw]\b)[a-z]|%[yz]mm", line):
            wrong.append(f"{path}: {function}: {line.strip()}")
            function = None
print(f"{namespace}: {own} functions of its own, {checked} shared ones")
for each in wrong:
    print("shared with the whole program, but not for every processor:", each)
if own == 0:
    print("no function was found")
sys.exit(bool(wrong) or own == 0)
