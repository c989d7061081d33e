# SPDX-License-Identifier: Apache-2.0
"""Leaves out one barrier at a time: the thread sanitizer must notice each of a reduction, and many of the others.

Not all of the others: a barrier between two phases in which every worker reads only what it has written itself is there
for the rule, not for these data. Of all of them about three in five are noticed, so two in five of a few are asked for.
On the sparse form most phases go through vectors entry by entry, or have one column alone in its level: about one in four
is noticed there, so one in ten is asked for.

Usage: mutation.py PROGRAM     the program of mutation.cpp, built with -fsanitize=thread
"""
import os
import subprocess
import sys

NOTICED = 66
PROGRAM = sys.argv[1]
ENVIRONMENT = {**os.environ, "TSAN_OPTIONS": f"halt_on_error=1 exitcode={NOTICED} log_path=/dev/null"}


def run(*words):
    return subprocess.run([PROGRAM, *words], env=ENVIRONMENT, capture_output=True, text=True, timeout=120)


def spread(count, most):
    """At most `most` numbers below `count`, evenly."""
    return sorted({i * count // most for i in range(most)})


def main():
    teams = {
        "block": {"reduction": 1.0, "phase": 0.4},
        "warp": {"phase": 0.4},
        "sparse-block": {"reduction": 1.0, "phase": 0.1},
    }
    for team, asked in teams.items():
        whole = run(team)
        if whole.returncode != 0:
            sys.exit(f"with every barrier in place a {team} ends with {whole.returncode}: {whole.stderr}")
        counts = dict(zip(("phase", "reduction"), map(int, whole.stdout.split())))
        for kind, least in asked.items():
            tried = spread(counts[kind], 12)
            missed = [i for i in tried if run(team, kind, str(i)).returncode != NOTICED]
            print(f"{team}, {kind}: {len(tried) - len(missed)} of {len(tried)} noticed, of {counts[kind]}; missed: {missed}")
            if len(tried) - len(missed) < least * len(tried):
                sys.exit(f"too many barriers of a {kind} can go without notice")


main()
