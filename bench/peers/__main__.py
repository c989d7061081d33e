# SPDX-License-Identifier: Apache-2.0
"""optnet beside other QP solvers and differentiable layers in one process: same data, tolerance 1e-8, threads; taking turns.

    python bench/peers build/release/lib/liboptnet.so                        the table
    python bench/peers build/release/lib/liboptnet.so --rows 2.2 --solvers optnet_layer piqp
    python bench/peers build/release/lib/liboptnet.so --rows dense-50-own@16

bench/peers/README.md says what the numbers mean. A solver that is not installed is left out, with a sentence.
"""
import argparse
import os
import pathlib
import sys
import warnings

sys.dont_write_bytecode = True


def options():
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="bench/peers", description=__doc__, formatter_class=raw)
    parser.add_argument("library", type=pathlib.Path, help="liboptnet.so")
    parser.add_argument("--rows", nargs="+", default=["table"], help="names of rows and groups (table, 1.1, 1.2, 2.1 ... 2.6)")
    parser.add_argument("--solvers", nargs="+", help="files of bench/peers/solvers; default: all")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--clock", choices=("cpu", "wall"), help="default: cpu with one thread, else wall")
    parser.add_argument("--seconds", type=float, default=0.5, help="of calls for each solver on each row")
    parser.add_argument("--out", type=pathlib.Path, help="folder for peers.csv, peers.png and peers.svg")
    return parser.parse_args()


def limit_threads(count):
    """Before anything is imported that starts threads. One thread: one core, whatever a solver wants."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"):
        os.environ[name] = str(count)
    if count == 1 and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[os.getpid() % len(cores)]})


def main():
    how = options()
    how.clock = how.clock or ("cpu" if how.threads == 1 else "wall")
    limit_threads(how.threads)
    warnings.filterwarnings("ignore", message=".*[Ss]parse")
    import torch

    import problems
    import report
    import runner
    import solvers
    from solvers import library

    torch.set_num_threads(how.threads)
    library.path = how.library
    classes, versions = {}, {}
    for name in how.solvers or solvers.ALL:
        made, version, missing = solvers.load(name)
        if missing:
            print(missing)
        else:
            classes[name], versions[name] = made, version
            print(f"{made.title} {version}: {made.about}")
    print(f"microseconds of {how.clock} time per problem, lowest decile of the calls, {how.threads} thread(s)", flush=True)
    runner.wake(classes)
    results = []
    for name in problems.names(how.rows):
        results += runner.run_row(name, classes, how)
        for r in results:
            r["version"] = versions[r["file"]]
        if how.out:
            how.out.mkdir(parents=True, exist_ok=True)
            report.write_csv(how.out / "peers.csv", results)
    report.print_matrix(results)
    if how.out:
        report.plot(how.out, results)


if __name__ == "__main__":
    try:
        main()
    except ValueError as error:
        sys.exit(f"bench/peers: {error}")
