# SPDX-License-Identifier: Apache-2.0
"""Leaves out one barrier at a time: the thread sanitizer must notice.

A crew lets the indices of a phase go to other workers than those of the phase before (threads.hpp), so that a barrier is
missed wherever the next phase reads or overwrites what the last one wrote. Every barrier of a reduction is. Of those of phases
a few are not: where the next phase has nothing to do for these data, or fills another part of the memory, as the loads of Q, A and
G do one after the other, or reads the last one's results only behind a reduction, whose own barrier orders them, too.

A warp is 32 threads that take turns on a few processors: fewer of its barriers are tried. The sanitizer remembers four accesses
to a number, and 32 threads that read one make it forget who wrote it: of those of a warp fewer are noticed.

Usage: mutation.py PROGRAM     the program of mutation.cpp, built with -fsanitize=thread
"""
import os
import subprocess
import sys

NOTICED = 66
PROGRAM = sys.argv[1]
ENVIRONMENT = {**os.environ, "TSAN_OPTIONS": f"halt_on_error=1 exitcode={NOTICED} log_path=/dev/null"}
# {team: {barrier: (how many are tried, the share that must be noticed)}}
TEAMS = {
    "block": {"reduction": (12, 1.0), "phase": (40, 0.85)},
    "sparse-block": {"reduction": (12, 1.0), "phase": (40, 0.9)},
    "warp": {"phase": (48, 0.7)},
    "sparse-warp": {"phase": (12, 0.75)},
}


def run(*words):
    return subprocess.run([PROGRAM, *words], env=ENVIRONMENT, capture_output=True, text=True, timeout=120)


def spread(count, most):
    """At most `most` numbers below `count`, evenly but in no period: iterations have one."""
    return sorted({int(count * (i * 0.6180339887 % 1)) for i in range(most)})


def main():
    for team, kinds in TEAMS.items():
        whole = run(team)
        if whole.returncode != 0:
            sys.exit(f"with every barrier in place a {team} ends with {whole.returncode}: {whole.stderr}")
        counts = dict(zip(("phase", "reduction"), map(int, whole.stdout.split())))
        for kind, (most, least) in kinds.items():
            tried = spread(counts[kind], most)
            missed = [i for i in tried if run(team, kind, str(i)).returncode != NOTICED]
            print(f"{team}, {kind}: {len(tried) - len(missed)} of {len(tried)} noticed, of {counts[kind]}; missed: {missed}", flush=True)
            if len(tried) - len(missed) < least * len(tried):
                sys.exit(f"too many barriers of a {kind} can go without notice")


main()
