# SPDX-License-Identifier: Apache-2.0
"""The README's first program is that of the quickstart, line by line. Usage: readme.py README QUICKSTART"""
import pathlib
import re
import sys

if __name__ == "__main__":
    readme, quickstart = (pathlib.Path(p).read_text() for p in sys.argv[1:3])
    shown = re.search(r"^```cpp\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL).group(1)
    run = re.search(r"^// \[README\]\n(.*?)^// \[/README\]$", quickstart, re.MULTILINE | re.DOTALL).group(1)
    if shown != run:
        sys.exit("The first program of README.md is not the one between [README] marks in examples/quickstart/main.cpp: copy it.")
