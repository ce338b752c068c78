"""Runs the commands that a page shows and compares what they print with what the page shows.

A command is a line `    $ tandem ...` or `    $ NAME=...`; the indented lines up to the next command or the end of the
block are its output, both streams together.
"""

import difflib
import os
import subprocess
import sys
import tempfile

page, programs = sys.argv[1], os.path.abspath(sys.argv[2])
with open(page) as file:
    lines = file.read().splitlines()

commands = []
shown = None
for line in lines:
    text = line[4:] if line.startswith("    ") else None
    if text is not None and text.startswith(("$ tandem ", "$ dem=")):
        shown = []
        commands.append((text[2:], shown))
    elif text is None:
        shown = None
    elif shown is not None:
        shown.append(text)

if not commands:
    sys.exit(f"{page} shows no commands")

# One shell for all, since later commands use the files and variables of earlier ones.
mark = "-- end of command --"
script = "".join(f"{command}\necho '{mark}'\n" for command, _ in commands)
environment = os.environ | {"PATH": programs + os.pathsep + os.environ["PATH"]}
with tempfile.TemporaryDirectory() as folder:
    result = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
printed = result.stdout.split(mark + "\n")
failures = 0
for (command, expected), output in zip(commands, printed, strict=False):
    difference = list(difflib.unified_diff(expected, output.splitlines(), "shown", "printed", lineterm=""))
    if difference:
        failures += 1
        print(f"$ {command}", *difference, sep="\n")
print(f"{len(commands)} commands, {failures} differ")
sys.exit(1 if failures or len(printed) != len(commands) + 1 else 0)
