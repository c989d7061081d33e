# SPDX-License-Identifier: Apache-2.0
"""One row: prepare the solvers, let them take turns, check their answers."""
import reference
import timing
from problems import make
from report import add_ratios, print_row
from solvers.base import Unfit


def prepare(problem, classes):
    """The solvers that take this row, ready to run, by their files' names."""
    ready = {}
    for name, made in classes.items():
        try:
            ready[name] = made(problem.head(made.part) if made.part else problem)
        except Unfit as why:
            if made.peer:
                print(f"{problem.name}: {made.title} {why}")
    return ready


def wake(classes):
    """A small problem before anything is timed: first calls load libraries and start threads."""
    timing.take_turns(list(prepare(make("dense-10-shared@2"), classes).values()), 0.001, "cpu", turn=0.001)


def reference_of(problem, ready):
    """From the first solution that proves optimal once it is polished; None if none does."""
    for solver in ready.values():
        if solver.answers and solver.part is None:
            z = solver.solution()
            if z.shape == (problem.batch, problem.n) and bool(z.isfinite().all()):
                found = reference.polish(problem, z)
                if found is not None:
                    return found
    return None


def result(name, problem, file, solver, mine, checked, how):
    found = {"row": name, "file": file, "solver": solver.title, "batch": problem.batch, "threads": how.threads,
             "clock": how.clock, "calls": len(mine.forward)}
    for what, taken in (("forward", mine.forward), ("backward", mine.backward)):
        found[f"{what}_us"] = 1e6 * timing.quantile(taken, 0.1) / solver.problem.batch
        found[f"{what}_median_us"] = 1e6 * timing.quantile(taken, 0.5) / solver.problem.batch
    answers = checked is not None and solver.answers
    found["distance"] = reference.distance(checked, solver.solution(), problem.counted) if answers else float("nan")
    found["gradient_difference"] = reference.gradient_difference(checked, solver.gradients()) if answers else float("nan")
    return found


def run_row(name, classes, how):
    problem = make(name)
    ready = prepare(problem, classes)
    samples, failed = timing.take_turns(list(ready.values()), how.seconds, how.clock)
    for solver, error in failed.items():
        print(f"{name}: {solver.title} failed: {(str(error).splitlines() or [repr(error)])[0]}")
    ready = {file: solver for file, solver in ready.items() if solver not in failed}
    checked = reference_of(problem, ready)
    results = [result(name, problem, file, solver, samples[solver], checked, how) for file, solver in ready.items()]
    add_ratios(results)
    print_row(name, problem, results)
    return results
