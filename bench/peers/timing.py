# SPDX-License-Identifier: Apache-2.0
"""Turns: every solver makes a few calls, then the next one, round and round, so that a disturbance hits all alike."""
import dataclasses
import time

CLOCKS = {"cpu": time.process_time, "wall": time.perf_counter}


@dataclasses.dataclass
class Samples:
    """Seconds of single calls."""

    forward: list = dataclasses.field(default_factory=list)
    backward: list = dataclasses.field(default_factory=list)
    spent: float = 0.0


def quantile(samples, share):
    """The sample below which that share of them lies; NaN without samples."""
    ordered = sorted(samples)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else float("nan")


def cost_of(clock):
    """What reading the clock twice takes."""
    taken = []
    for _ in range(200):
        start = clock()
        taken.append(clock() - start)
    return quantile(taken, 0.1)


def one_call(solver, clock, cost):
    """Seconds of the forward and the backward pass."""
    solver.reset()
    start = clock()
    solver.forward()
    forward = clock() - start
    start = clock()
    if solver.differentiable:
        solver.backward()
    return max(forward - cost, 0.0), max(clock() - start - cost, 0.0)


def take_turns(solvers, seconds, clock_name, turn=0.05, least=3):
    """Samples per solver, and the exceptions of those that failed. Everybody gets `seconds` of calls in turns of `turn`, and at
    least `least` calls, one if a call takes longer than `seconds`. The first call of all is not counted unless it takes ten
    times that, nor is the first call of a turn if it is shorter than a turn: it brings the data back to the caches."""
    clock = CLOCKS[clock_name]
    cost = cost_of(clock)
    samples, failed = {solver: Samples() for solver in solvers}, {}

    def call(solver):
        start = time.perf_counter()
        forward, backward = one_call(solver, clock, cost)
        took = time.perf_counter() - start
        samples[solver].spent += took
        return forward, backward, took

    def count(solver, forward, backward):
        samples[solver].forward.append(forward)
        if solver.differentiable:
            samples[solver].backward.append(backward)

    wanted = {}
    for solver in solvers:
        try:
            forward, backward, took = call(solver)
        except Exception as error:  # whatever a package throws
            failed[solver] = error
            continue
        samples[solver].spent = 0.0
        if took < 10 * seconds:
            wanted[solver] = least if took < seconds else 1
        else:
            count(solver, forward, backward)
    waiting = list(wanted)
    while waiting:
        for solver in waiting:
            end = time.perf_counter() + turn
            forward, backward, took = call(solver)
            if took > turn:
                count(solver, forward, backward)
            while time.perf_counter() < end:
                forward, backward, _ = call(solver)
                count(solver, forward, backward)
        waiting = [s for s in waiting if samples[s].spent < seconds or len(samples[s].forward) < wanted[s]]
    return samples, failed
