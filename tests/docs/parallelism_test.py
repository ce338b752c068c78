"""Whether docs/parallelism.md is whole: it mentions every function and class of the public headers, and what it shows as
C++ is in the example that is built and run.

Usage: parallelism_test.py PAGE INCLUDE_FOLDER EXAMPLE
"""

import pathlib
import re
import sys
import textwrap

page_file, include_folder, example_file = sys.argv[1:]
page = pathlib.Path(page_file).read_text()


def without_inner_braces(text):
    """The text with what is in braces left out, but for namespaces, and without namespaces called detail."""
    kept = []
    # Of each open brace whether what is in it is kept.
    stack = []
    begin = 0
    for at, char in enumerate(text):
        if char == "{":
            head = text[begin:at]
            is_namespace = re.search(r"\bnamespace\s+[\w:]+\s*$", head) is not None
            is_kept = is_namespace and not re.search(r"\bdetail\s*$", head)
            if all(stack):
                kept.append(";" if is_namespace else head + "{}")
            stack.append(is_kept)
            begin = at + 1
        elif char == "}":
            if all(stack):
                kept.append(text[begin:at])
            stack.pop()
            begin = at + 1
    kept.append(text[begin:])
    return "".join(kept)


def declared_names(header):
    """Functions of namespace tandem, exported or templates, and exported classes."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", header, flags=re.DOTALL)
    text = re.sub(r"^\s*#(?:[^\n]*\\\n)*[^\n]*", "", text, flags=re.MULTILINE)
    for statement in re.split(r";|(?<=\))\s*\{\}|(?<=noexcept)\s*\{\}", without_inner_braces(text)):
        statement = statement.strip()
        classes = re.search(r"\b(?:class|struct)\s+TANDEM_API\s+(\w+)", statement)
        if classes:
            yield classes[1]
            continue
        if "TANDEM_API" not in statement and not statement.startswith("template"):
            continue
        statement = re.sub(r"^template\s*<[^{]*?>\s*(?=[a-z])", "", statement)
        function = re.search(r"\b(operator\s*(?:\(\)|[^\s\w(]+)|[a-z_]\w*)\s*\(", statement)
        if function:
            yield function[1].replace(" ", "")


# What stands between backticks, whole and word by word.
quoted = set()
prose = re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
for span in re.findall(r"`([^`\n]+)`", prose):
    quoted.add(span.replace("\\|", "|"))
    quoted.update(re.findall(r"\w+", span))

failures = []
count = 0
for header in sorted(pathlib.Path(include_folder, "tandem").glob("*.h")):
    for name in declared_names(header.read_text()):
        count += 1
        mention = name.removeprefix("operator")
        if mention not in quoted:
            failures.append(f"{header.name} declares {name}, which {page_file} does not mention")

# A guard against a search that finds nothing.
for name in ("eval", "scoped_policy", "parallel_map", "wrap", "sum", "operator+", "host_memory", "save_npz"):
    if not any(name in declared_names(each.read_text()) for each in pathlib.Path(include_folder, "tandem").glob("*.h")):
        failures.append(f"this test no longer finds the declaration of {name}")

parts = pathlib.Path(example_file).read_text().split("// [")
shown = {textwrap.dedent(part.split("]\n", 1)[1].rstrip(" ")) for part in parts[1::2]}
snippets = re.findall(r"^```cpp\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
for snippet in snippets:
    if snippet not in shown:
        failures.append(f"{page_file} shows C++ that is no marked part of {example_file}:\n{snippet}")
if len(snippets) != len(shown):
    failures.append(f"{example_file} has {len(shown)} marked parts, {page_file} shows {len(snippets)}")

print(f"{count} declarations, {len(snippets)} snippets, {len(failures)} failures", *failures, sep="\n")
sys.exit(1 if failures else 0)
