# SPDX-License-Identifier: Apache-2.0
"""The GPU beside the CPU, beside torch's own batched Cholesky factorization of Q on the same GPU, and beside qpth where it is
installed: microseconds of a whole batch, forward / backward with all gradients, the median of the repeats.

The rows "dense" and "sudoku" of peers/problems.py, tolerance 1e-8, float64. The two answers are compared, too: the script
ends with 1 where they differ by more than 1e-6 of their size.

Usage: gpu_table.py LIBRARY [--repeats 20] [--seconds 3] [--batches 1 128 10000] [--sizes 8 10 50 100 300 600]
                            [--device cuda]
"""
import argparse
import pathlib
import statistics
import sys
import time
import types

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent / "peers"))
import problems  # noqa: E402


class Clock:
    """Medians of so many repeats, or of as many as so many seconds hold; three at least."""

    def __init__(self, repeats, seconds):
        self.repeats, self.seconds = repeats, seconds

    def median(self, run, wait):
        """Microseconds, and the last result."""
        times, end = [], time.perf_counter() + self.seconds
        run()  # warms caches
        while len(times) < self.repeats and (len(times) < 3 or time.perf_counter() < end):
            wait()
            start = time.perf_counter()
            result = run()
            wait()
            times.append(1e6 * (time.perf_counter() - start))
        return statistics.median(times), result

    def measure(self, data, solve, wait):
        """(forward, backward, z)"""
        leaves = [t if t is None else t.detach().clone().requires_grad_() for t in data]
        with torch.no_grad():
            forward, z = self.median(lambda: solve(*leaves), wait)
        both, _ = self.median(lambda: solve(*leaves).sum().backward(), wait)
        return forward, both - forward, z


def ours(q_matrix, q, g, h, a=None, b=None):
    return torch.ops.optnet.qp(q_matrix, q, a, b, g, h)


def tensors(problem):
    """[Q, q, G, h] and, where there are equalities, [A, b]."""
    return [t for t in (problem.Q, problem.q, problem.G, problem.h, problem.A, problem.b) if t is not None]


def qpth():
    sys.modules.setdefault("cvxpy", types.ModuleType("cvxpy"))
    try:
        from qpth.qp import QPFunction
    except ImportError:
        return None

    def solve(q_matrix, q, g, h):
        empty = torch.empty(0, dtype=q.dtype, device=q.device)
        return QPFunction(eps=1e-8, verbose=-1, check_Q_spd=False)(q_matrix, q, g, h, empty, empty)

    return solve


def row(name, data, device, clock):
    """Prints one line; the difference of the two answers, relative to their size."""
    n, batch = data[1].shape[-1], data[1].shape[0]
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    on_gpu = [t.to(device) for t in data]
    f, b, z = clock.measure(on_gpu, ours, wait)
    cf, cb, expected = clock.measure(data, ours, lambda: None)
    difference = (z.cpu() - expected).abs().max().item() / expected.abs().max().item()
    line = f"{name:<11} batch {batch:<6} {'own   ' if data[0].dim() > 2 else 'shared'}"
    line += f"  GPU {f:10.1f} / {b:9.1f}   CPU {cf:11.1f} / {cb:10.1f}"
    matrices = on_gpu[0].expand(batch, n, n).contiguous()
    line += f"   torch's Cholesky {clock.median(lambda: torch.linalg.cholesky(matrices), wait)[0]:9.1f}"
    other = qpth()
    if other is not None and len(data) == 4 and batch * n * n <= 2_000_000:
        qf, qb, _ = clock.measure(on_gpu, other, wait)
        line += f"   qpth {qf:10.1f} / {qb:9.1f}"
    print(line + f"   difference {difference:.1e}", flush=True)
    return difference


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=3, help="no more repeats of a measurement after that")
    parser.add_argument("--device", default="cuda", help="cpu tries the script itself where there is no GPU")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 128, 10000])
    parser.add_argument("--sizes", type=int, nargs="+", default=[8, 10, 50, 100, 300, 600])
    arguments = parser.parse_args()
    torch.ops.load_library(arguments.library)
    device, clock = arguments.device, Clock(arguments.repeats, arguments.seconds)
    if device == "cuda" and not torch.cuda.is_available():
        sys.exit("torch sees no GPU")
    name = torch.cuda.get_device_name() if device == "cuda" else "no GPU, the CPU in its place"
    print(f"{name}; microseconds of a batch, forward / backward; CPU with {torch.get_num_threads()} threads")
    differences = [row("mini-Sudoku", tensors(problems.sudoku(64, batch, False)), device, clock) for batch in arguments.batches]
    for n in arguments.sizes:
        for batch in arguments.batches:
            if batch * n > 1_000_000:
                continue  # minutes on the CPU
            for shared in (True, False):
                if shared or batch * n * n <= 20_000_000:  # own matrices of a larger batch take gigabytes
                    differences.append(row(f"n=m={n}", tensors(problems.dense(n, batch, not shared)), device, clock))
    if not max(differences) <= 1e-6:
        sys.exit(f"the two answers differ by {max(differences):.1e} of their size")


if __name__ == "__main__":
    main()
