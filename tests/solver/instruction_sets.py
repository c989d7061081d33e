# SPDX-License-Identifier: Apache-2.0
"""Objects compiled for one instruction set must hold no weak symbol.

An inline function or template of std or Eigen is emitted as a weak symbol wherever it is used, and the linker keeps any one of the
copies. If that is the one with AVX-512 instructions, the portable path dies on a processor without them.

Usage: instruction_sets.py NM OBJECT...      all objects of the solver; those of kernels_*.cpp are judged
"""
import pathlib
import subprocess
import sys

JUDGED = {"kernels_portable", "kernels_avx2", "kernels_avx512"}
WEAK = set("uvVwW")  # see nm(1)


def weak_symbols(nm, obj):
    listing = subprocess.run([nm, "--demangle", "--defined-only", obj], capture_output=True, text=True, check=True)
    lines = (line.split(maxsplit=2) for line in listing.stdout.splitlines())
    return [fields[2] for fields in lines if len(fields) == 3 and fields[1] in WEAK]


def main(nm, *objects):
    weak = {pathlib.Path(obj).name.split(".")[0]: weak_symbols(nm, obj) for obj in objects}
    absent = JUDGED - weak.keys()
    if absent:
        print(f"no object of {', '.join(sorted(absent))} was given")
        return 1
    if not any(symbols for name, symbols in weak.items() if name not in JUDGED):
        print("no weak symbol in any other object: this test does not see them")
        return 1
    for name in sorted(JUDGED):
        for symbol in weak[name]:
            print(f"{name} holds a weak symbol: {symbol}")
    return 1 if any(weak[name] for name in JUDGED) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
