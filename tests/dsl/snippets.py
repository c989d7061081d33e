# SPDX-License-Identifier: Apache-2.0
"""Compiles the snippets of a page: all its ```cpp blocks, one after another, are one program.

Usage: snippets.py PAGE COMPILER OPTION...
"""
import pathlib
import re
import subprocess
import sys
import tempfile


def main(page, compiler, *options):
    text = pathlib.Path(page).read_text()
    blocks = list(re.finditer(r"^```cpp\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    if not blocks:
        print(f"{page} has no snippets")
        return 1
    program = ""
    for block in blocks:  # errors name the lines of the page
        program += f'#line {text.count(chr(10), 0, block.start(1)) + 1} "{page}"\n{block.group(1)}'
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "snippets.cpp"
        source.write_text(program)
        return subprocess.run([compiler, "-std=c++20", "-fsyntax-only", *options, str(source)]).returncode


if __name__ == "__main__":
    if len(sys.argv) < 3:
        print(__doc__)
        sys.exit(2)
    sys.exit(main(*sys.argv[1:]))
