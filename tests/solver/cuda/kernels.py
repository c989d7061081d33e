# SPDX-License-Identifier: Apache-2.0
"""Registers, spills and shared memory of every kernel, as the compiler reports them, against a table: of a template, the most
that one of its kernels needs.

A kernel that needs more than its line says has grown: find out why, or write the new numbers into the table. So has one
that is not in the table, or is in no report. Less than that is no fault: other releases of the compiler differ.

Usage: kernels.py TABLE REPORT... [--write]     a REPORT is what `nvcc -Xptxas -v` said; --write makes the table anew
"""
import pathlib
import re
import sys

COLUMNS = ("registers", "spilled", "shared")
HEAD = """# What nvcc 13.0 makes of the kernels: at most so many registers per thread, bytes of spills per thread, and bytes of
# shared memory per block beside what a launch asks for. kernels.py --write makes this file anew.
"""
ENTRY = re.compile(r"Compiling entry function '(\w+)' for 'sm_(\d+)'")
FUNCTION = re.compile(r"Function properties for (\w+)")
SPILLS = re.compile(r"(\d+) bytes spill stores, (\d+) bytes spill loads")
USED = re.compile(r"Used (\d+) registers")
SHARED = re.compile(r"(\d+) bytes smem")
# And the threads of a block, where it is compiled for several, and how many blocks a processor shall have.
NAME = re.compile(r"\d([a-z][a-z_]*_kernel)(?:ILi(\d+)E(?:Li(\d+)E)?)?")


def read_report(text):
    """{(kernel, sm): [registers, spilled, shared]}; what a kernel's own functions spill counts for it."""
    found, here, spilled = {}, None, 0
    for line in text.splitlines():
        if entry := ENTRY.search(line):
            name = NAME.search(entry[1])
            if name is None:
                sys.exit(f"a kernel of unknown name: {entry[1]}")
            arguments = ",".join(argument for argument in name.groups()[1:] if argument)
            here = (name[1] + (f"<{arguments}>" if arguments else ""), int(entry[2]))
            found.setdefault(here, [0, 0, 0])
            spilled = 0
        elif here and (spills := SPILLS.search(line)):
            spilled += int(spills[1]) + int(spills[2])
            found[here][1] = max(found[here][1], spilled)
        elif here and (used := USED.search(line)):
            shared = SHARED.search(line)
            found[here][0] = max(found[here][0], int(used[1]))
            found[here][2] = max(found[here][2], int(shared[1]) if shared else 0)
    return found


def read_table(text):
    rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return {(r[0], int(r[1])): [int(v) for v in r[2:5]] for r in rows}


def write_table(found):
    rows = [f"{kernel:<24} {sm:>4} {v[0]:>10} {v[1]:>8} {v[2]:>7}" for (kernel, sm), v in sorted(found.items())]
    return HEAD + "# kernel                   sm  registers  spilled  shared\n" + "\n".join(rows) + "\n"


def main():
    table, *reports = (pathlib.Path(word) for word in sys.argv[1:] if word != "--write")
    found = {}
    for report in reports:
        text = report.read_text()
        if "is not allowed" in text:
            sys.exit(f"{report}: a kernel calls what is there for the host alone:\n{text[:500]}")
        here = read_report(text)
        if not here:
            sys.exit(f"{report} says nothing of any kernel")
        found |= here
    if "--write" in sys.argv:
        table.write_text(write_table(found))
        return
    allowed, faults = read_table(table.read_text()), []
    for key, values in sorted(found.items()):
        name = "{} for sm_{}".format(*key)
        if key[1] not in {sm for _, sm in allowed}:
            continue  # another GPU was asked for
        if key not in allowed:
            faults.append(f"{name} is not in the table: {values}")
            continue
        for column, value, most in zip(COLUMNS, values, allowed[key]):
            if value > most:
                faults.append(f"{name}: {column} {value}, but the table says {most}")
    for kernel, sm in sorted(allowed.keys() - found.keys()):
        if sm in {of for _, of in found}:
            faults.append(f"{kernel} for sm_{sm} is in the table, but in no report")
    print(f"{len(found)} kernels read")
    if faults:
        sys.exit("\n".join(faults))


main()
