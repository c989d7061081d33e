# SPDX-License-Identifier: Apache-2.0
"""optnet beside qpth in one process: same data, tolerance 1e-8, threads; forward and backward.

Data of OptNet's timing experiment: L ~ U(0,1), Q = LL' + 1e-3 I, G, z0, q ~ N(0,1), s0 ~ U(0,1), h = G z0 + s0, in float64.
The two take turns and the median of the repeats counts; both answers and gradients are compared. qpth returns the batch
*mean* for gradients of shared arguments, so it gets the matrices expanded where gradients are compared.

Usage: qpth_compare.py LIBRARY [--threads 2] [--batch 128] [--sizes 10 50 100] [--repeats 5]
"""
import argparse
import statistics
import sys
import time
import types

import torch


def problem(n, batch, shared, seed):
    random = torch.Generator().manual_seed(seed)
    k = () if shared else (batch,)

    def uniform(*shape):
        return torch.rand(*shape, generator=random, dtype=torch.float64)

    def normal(*shape):
        return torch.randn(*shape, generator=random, dtype=torch.float64)

    factor = uniform(*k, n, n)
    q_matrix = factor @ factor.mT + 1e-3 * torch.eye(n, dtype=torch.float64)
    g = normal(*k, n, n)
    q = normal(batch, n)
    h = (g @ normal(batch, n, 1)).squeeze(-1) + uniform(batch, n)
    return q_matrix, q, g, h


def timed(run):
    start = time.perf_counter()
    result = run()
    return time.perf_counter() - start, result


def compare(n, batch, shared, repeats):
    # qpth imports CVXPY for a solver that is not used here.
    sys.modules.setdefault("cvxpy", types.ModuleType("cvxpy"))
    from qpth.qp import QPFunction

    q_matrix, q, g, h = problem(n, batch, shared, seed=n)
    empty = torch.empty(0, dtype=torch.float64)

    def leaves():
        return [t.clone().requires_grad_() for t in (q_matrix, q, g, h)]

    times = {"optnet": ([], []), "qpth": ([], [])}
    difference = 0.0
    for repeat in range(repeats + 1):
        ours, theirs = leaves(), leaves()
        f1, z1 = timed(lambda: torch.ops.optnet.qp(ours[0], ours[1], None, None, ours[2], ours[3]))
        b1, _ = timed(lambda: z1.sum().backward())
        f2, z2 = timed(lambda: QPFunction(eps=1e-8, verbose=-1, check_Q_spd=False)(*theirs, empty, empty))
        b2, _ = timed(lambda: z2.sum().backward())
        difference = max(difference, (z1 - z2).abs().max().item() / z2.abs().max().item())
        if repeat == 0:
            continue  # the first turn warms caches and threads
        for name, f, b in (("optnet", f1, b1), ("qpth", f2, b2)):
            times[name][0].append(f)
            times[name][1].append(b)
    median = {name: [1e6 * statistics.median(t) / batch for t in pair] for name, pair in times.items()}
    (of, ob), (qf, qb) = median["optnet"], median["qpth"]
    print(f"n=m={n:<4} batch {batch} {'shared' if shared else 'own   '}  optnet {of:9.1f} / {ob:7.1f}   qpth {qf:9.1f} / {qb:7.1f} "
          f"  ratio {qf / of:6.1f} / {qb / ob:5.1f}   backward/forward {ob / of:5.2f}   difference {difference:.1e}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 50, 100])
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.ops.load_library(arguments.library)
    print(f"microseconds per problem, forward / backward, {arguments.threads} threads")
    for n in arguments.sizes:
        for shared in (True, False):
            compare(n, arguments.batch, shared, arguments.repeats)


if __name__ == "__main__":
    main()
