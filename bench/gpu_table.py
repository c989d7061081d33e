# SPDX-License-Identifier: Apache-2.0
"""The GPU beside the CPU, beside torch's own batched Cholesky factorization of Q on the same GPU, and beside qpth where it is
installed: microseconds of a whole batch, forward / backward with all gradients, the median of the repeats.

Data of OptNet's timing experiment (qpth_compare.py), tolerance 1e-8, float64. The two answers are compared, too.

Usage: gpu_table.py LIBRARY [--repeats 20] [--batches 1 128 10000] [--sizes 8 10 50 100 300 600]
"""
import argparse
import pathlib
import statistics
import sys
import time
import types

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent / "peers"))
from qpth_compare import problem  # noqa: E402


def median(run, repeats, wait):
    """Microseconds, and the last result."""
    times = []
    for repeat in range(repeats + 2):
        wait()
        start = time.perf_counter()
        result = run()
        wait()
        if repeat >= 2:  # the first turns warm caches
            times.append(1e6 * (time.perf_counter() - start))
    return statistics.median(times), result


def measure(data, solve, repeats, wait):
    """(forward, backward, z)"""
    leaves = [t.detach().clone().requires_grad_() for t in data]
    with torch.no_grad():
        forward, z = median(lambda: solve(*leaves), repeats, wait)
    both, _ = median(lambda: solve(*leaves).sum().backward(), repeats, wait)
    return forward, both - forward, z


def ours(q_matrix, q, g, h):
    return torch.ops.optnet.qp(q_matrix, q, None, None, g, h)


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


def row(n, batch, shared, repeats):
    data = problem(n, batch, shared, seed=n)
    on_gpu = [t.cuda() for t in data]
    f, b, z = measure(on_gpu, ours, repeats, torch.cuda.synchronize)
    cpu_repeats = max(3, repeats // 4)
    cf, cb, expected = measure(data, ours, cpu_repeats, lambda: None)
    difference = (z.cpu() - expected).abs().max().item() / expected.abs().max().item()
    line = f"n=m={n:<4} batch {batch:<6} {'shared' if shared else 'own   '}  GPU {f:10.1f} / {b:9.1f}   CPU {cf:11.1f} / {cb:10.1f}"
    matrices = on_gpu[0].expand(batch, n, n).contiguous()
    line += f"   torch's Cholesky {median(lambda: torch.linalg.cholesky(matrices), repeats, torch.cuda.synchronize)[0]:9.1f}"
    other = qpth()
    if other is not None and batch * n * n <= 2_000_000:
        qf, qb, _ = measure(on_gpu, other, cpu_repeats, torch.cuda.synchronize)
        line += f"   qpth {qf:10.1f} / {qb:9.1f}"
    print(line + f"   difference {difference:.1e}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 128, 10000])
    parser.add_argument("--sizes", type=int, nargs="+", default=[8, 10, 50, 100, 300, 600])
    arguments = parser.parse_args()
    torch.ops.load_library(arguments.library)
    if not torch.cuda.is_available():
        sys.exit("torch sees no GPU")
    print(f"{torch.cuda.get_device_name()}; microseconds of a batch, forward / backward; CPU with {torch.get_num_threads()} threads")
    for n in arguments.sizes:
        for batch in arguments.batches:
            if batch * n > 1_000_000:
                continue  # minutes on the CPU
            for shared in (True, False):
                if shared or batch * n * n <= 20_000_000:  # own matrices of a larger batch take gigabytes
                    row(n, batch, shared, arguments.repeats)


if __name__ == "__main__":
    main()
