# SPDX-License-Identifier: Apache-2.0
"""bench/peers on small rows with optnet alone. Usage: peers_test.py LIBRARY

Times are not looked at. Answers must agree with the reference of bench/peers/reference.py, which counts only where its signs
prove it optimal; a peer that cannot be imported, a row and a solver that do not exist must be named in a sentence.
"""
import csv
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback

import torch

LIBRARY = pathlib.Path(sys.argv[1])
PEERS = pathlib.Path(__file__).resolve().parents[2] / "bench" / "peers"
sys.path.insert(0, str(PEERS))
HAS_LAYERS = LIBRARY.with_name("liboptnet_bench_layers.so").exists()


def run(*arguments, path=""):
    """Exit status and all output. `path` is looked into before the installed packages."""
    environment = dict(os.environ, PYTHONPATH=path)
    command = [sys.executable, str(PEERS), str(LIBRARY), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    return done.returncode, done.stdout + done.stderr


def test_small_rows_are_solved_and_differentiated():
    solvers = ["optnet_operator", "optnet_forward"] + ["optnet_layer"] * HAS_LAYERS
    rows = ["dense-10-shared@8", "dense-10-own@8", "simplex-20", "tv-10@8", "sudoku-64@8", "chain-200", "risk-8", "random-20"]
    with tempfile.TemporaryDirectory() as folder:
        status, said = run("--rows", *rows, "--solvers", *solvers, "--seconds", "0.01", "--out", folder)
        assert status == 0, said
        found = list(csv.DictReader(open(pathlib.Path(folder) / "peers.csv")))
    layers = [r["row"] for r in found if r["solver"] == "optnet layer"]
    assert layers == (["simplex-20", "tv-10@8", "sudoku-64@8", "chain-200", "risk-8"] if HAS_LAYERS else []), layers
    assert sum(r["solver"] == "optnet" for r in found) == len(rows), said
    for r in found:
        # z* and its gradients carry the rounding of a linear system of condition up to 1e6.
        assert float(r["distance"]) <= 1e-9, r
        assert r["solver"] == "optnet, no gradient" or float(r["gradient_difference"]) <= 1e-8, r


def test_a_missing_peer_is_left_out_with_the_way_to_install_it():
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "proxsuite.py").write_text("raise ImportError('not there')\n")
        small = ("--rows", "dense-10-shared@8", "--seconds", "0.01")
        status, said = run(*small, "--solvers", "optnet_operator", "qplayer", path=folder)
    assert status == 0, said
    assert "QPLayer is left out (not there): pip install proxsuite." in said, said


def test_unknown_names_are_refused():
    status, said = run("--rows", "dense-ten")
    assert status == 1 and 'no row is called "dense-ten"' in said and "FAMILY-SIZE" in said, said
    status, said = run("--rows", "chain-150")
    assert status == 1 and "100 times the dimension of the points" in said, said
    status, said = run("--solvers", "nobody")
    assert status == 1 and 'no solver is called "nobody"' in said and "optnet_layer" in said, said


def test_the_reference_is_the_same_from_a_bad_start():
    import problems
    import reference

    problem = problems.make("dense-10-shared@8")
    torch.ops.load_library(str(LIBRARY))
    z = torch.ops.optnet.qp(*problem.dense())
    best = reference.polish(problem, z)
    again = reference.polish(problem, z + 1e-3)
    assert reference.distance(best, again.z, None) <= 1e-12
    shifted, size = reference.distance(best, z + 1e-3, None), float(z.abs().max().clamp(min=1))
    assert abs(shifted - 1e-3 / size) <= 1e-9, shifted


def test_the_reference_of_a_problem_with_a_closed_form():
    """min z^2/2 - z with g z <= h, g = 1, h = 1/2: z = h/g, lambda = 1/2; dz/dg = -1/2, dz/dh = 1, dz/dq = dz/dQ = 0."""
    import reference
    from problem import Problem

    def number(*value):
        return torch.tensor(value, dtype=torch.float64)

    problem = Problem("", 1, number(1).reshape(1, 1), number(-1), G=number(1).reshape(1, 1), h=number(0.5), incoming=number(3))
    for start in (0.5, 0.4, 1.0):
        found = reference.polish(problem, number(start).reshape(1, 1))
        got = [float(x) for x in (found.z, *(found.gradients[name] for name in "QqGh"))]
        assert all(abs(g - e) <= 1e-14 for g, e in zip(got, (0.5, 0, 0, -1.5, 3))), (start, got)


if __name__ == "__main__":
    failed = 0
    tests = [(name, test) for name, test in list(globals().items()) if name.startswith("test_")]
    for name, test in tests:
        try:
            test()
            print(f"ok   {name}", flush=True)
        except Exception:
            failed += 1
            print(f"FAIL {name}\n{traceback.format_exc()}", flush=True)
    print(f"{len(tests) - failed} passed, {failed} failed")
    sys.exit(failed > 0)
