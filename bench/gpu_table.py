# SPDX-License-Identifier: Apache-2.0
"""The GPU beside the CPU, beside torch's own batched Cholesky factorization of Q on the same GPU, and beside the
solvers of gpu_peers.py that are installed: microseconds of a whole batch, the median of the repeats, for the solve and
for the gradient by every argument with an incoming gradient ~ N(0, 1). Below each row the kernels of the GPU alone,
their number and the microseconds in which they run, and what torch takes for a backward pass that does nothing. Then a
line for each peer: how far its z and its gradient by q are from ours, too, and the seconds in which it was set up, with
compilers of its own.

The rows have the names of peers/problems.py; tolerance 1e-8, float64. Solutions and gradients of GPU and CPU are
compared, too: the script ends with 1 where they differ by more than 1e-6 of their size.

Usage: gpu_table.py LIBRARY [ROW...] [--peers [NAME...]] [--repeats 50] [--seconds 0.5] [--device cuda]
"""
import argparse
import gc
import pathlib
import statistics
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent / "peers"))
import gpu_peers  # noqa: E402
import problems  # noqa: E402

ROWS = ["sudoku-64@128", "dense-10-shared@128", "dense-10-own@128", "dense-100-shared@1", "dense-100-shared@128",
        "dense-100-own@128", "dense-300-shared@128", "sudoku-64@10000", "dense-10-shared@10000", "dense-100-shared@10000"]
TOLERANCE = 1e-6
PATIENCE = 5.0  # seconds: a peer whose first call takes longer has no place in that row


class Clock:
    """Medians of so many repeats, or of as many as so many seconds hold; three at least."""

    def __init__(self, device, repeats, seconds):
        self.device, self.repeats, self.seconds = device, repeats, seconds

    def wait(self):
        if self.device == "cuda":
            torch.cuda.synchronize()

    def median(self, run, prepare=lambda: None):
        """Microseconds of run(prepare()), without what `prepare` takes, and the last result."""
        times, end = [], time.perf_counter() + self.seconds
        result = run(prepare())  # warms caches
        while len(times) < self.repeats and (len(times) < 3 or time.perf_counter() < end):
            given = prepare()
            self.wait()
            start = time.perf_counter()
            result = run(given)
            self.wait()
            times.append(1e6 * (time.perf_counter() - start))
        return statistics.median(times), result

    def seconds_of(self, run):
        """Of one call, and its result."""
        self.wait()
        start = time.perf_counter()
        result = run()
        self.wait()
        return time.perf_counter() - start, result


class Measured:
    """One solver on one row: microseconds of `forward` and `backward`, z and the gradients."""

    def __init__(self, clock, data, weight, solve):
        self.clock, self.weight, self.solve = clock, weight, solve
        self.leaves = [t.detach().clone().requires_grad_() for t in data]
        with torch.no_grad():
            self.forward, self.z = clock.median(lambda _: solve(*self.leaves))
        self.backward, self.gradients = clock.median(self.differentiate, lambda: solve(*self.leaves))

    def differentiate(self, z):
        return torch.autograd.grad(z, self.leaves, self.weight)

    def kernels(self):
        """"number in microseconds" of the GPU's kernels, of the solve and of the gradient."""
        with torch.no_grad():
            forward = kernels_of(lambda: self.solve(*self.leaves))
        z = self.solve(*self.leaves)
        return forward, kernels_of(lambda: self.differentiate(z))

    def text(self):
        return f"{self.forward:10.1f} / {self.backward:9.1f}"


def kernels_of(run):
    torch.cuda.synchronize()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        run()
        torch.cuda.synchronize()
    events = [e for e in profile.key_averages() if e.device_type == torch.autograd.DeviceType.CUDA]
    return f"{sum(e.count for e in events)} in {sum(e.self_device_time_total for e in events):.1f}"


def empty_pass(clock):
    """Microseconds of a backward pass in which nothing is to be done."""
    leaf = torch.zeros(1, device=clock.device, requires_grad=True)
    ones = torch.ones_like(leaf)
    return clock.median(lambda twice: torch.autograd.grad(twice, leaf, ones), lambda: 2 * leaf)[0]


def ours(q_matrix, q, g, h, a=None, b=None):
    return torch.ops.optnet.qp(q_matrix, q, a, b, g, h)


def tensors(problem):
    """[Q, q, G, h] and, where there are equalities, [A, b]."""
    return [t for t in (problem.Q, problem.q, problem.G, problem.h, problem.A, problem.b) if t is not None]


def difference(found, expected):
    """Relative to the size of the numbers."""
    found, expected = (t if t.layout == torch.strided else t.values() for t in (found.cpu(), expected))
    return (found - expected).abs().max().item() / max(expected.abs().max().item(), 1e-300)


def beside(make, clock, cpu, data, weight):
    """A peer's line: microseconds and differences from what the CPU found, or why there are none."""
    try:
        setup, solve = clock.seconds_of(lambda: make(*data))
        with torch.no_grad():
            first, _ = clock.seconds_of(lambda: solve(*data))
        if first > PATIENCE:
            return f"left out: its first call takes {first:.1f} s"
        found = Measured(clock, data, weight, solve)
        by_z, by_q = difference(found.z, cpu.z), difference(found.gradients[1], cpu.gradients[1])
        return f"{found.text()}   differences {by_z:.1e} / {by_q:.1e}   set up in {setup:.1f} s"
    except Exception as error:  # whatever a package throws
        return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def row(name, clock, cpu_clock, peers):
    """Prints what it finds; the largest difference of GPU and CPU."""
    problem = problems.make(name)
    data, weight = tensors(problem), problem.weight()
    on_gpu = [t.to(clock.device) for t in data]
    gpu = Measured(clock, on_gpu, weight.to(clock.device), ours)
    cpu = Measured(cpu_clock, data, weight, ours)
    by_z = difference(gpu.z, cpu.z)
    by_gradient = max(difference(g, c) for g, c in zip(gpu.gradients, cpu.gradients))
    line = f"{name:<23} GPU {gpu.text()}   CPU {cpu.text()}"
    if on_gpu[0].layout == torch.strided:
        matrices = on_gpu[0].expand(problem.batch, problem.n, problem.n).contiguous()
        line += f"   torch's Cholesky {clock.median(lambda _: torch.linalg.cholesky(matrices))[0]:9.1f}"
        del matrices
    print(f"{line}   differences {by_z:.1e} / {by_gradient:.1e}", flush=True)
    if clock.device == "cuda":
        forward, backward = gpu.kernels()
        print(f"{'':<23} kernels {forward} / {backward}   an empty backward pass {empty_pass(clock):.1f}", flush=True)
    for peer in peers:
        _, title, make = gpu_peers.PEERS[peer]
        print(f"{'':<23} {title:<20} {beside(make, clock, cpu, on_gpu, weight.to(clock.device))}", flush=True)
        gc.collect()
        torch.cuda.empty_cache()
    return max(by_z, by_gradient)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("rows", nargs="*", default=ROWS)
    parser.add_argument("--peers", nargs="*", choices=gpu_peers.PEERS, default=gpu_peers.installed(),
                        help="default: all that are installed")
    parser.add_argument("--repeats", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=0.5, help="no more repeats of a measurement after that")
    parser.add_argument("--device", default="cuda", help="cpu tries the script itself where there is no GPU")
    arguments = parser.parse_intermixed_args()
    torch.ops.load_library(arguments.library)
    if arguments.device == "cuda" and not torch.cuda.is_available():
        sys.exit("torch sees no GPU")
    clock = Clock(arguments.device, arguments.repeats, arguments.seconds)
    cpu_clock = Clock("cpu", min(arguments.repeats, 10), arguments.seconds)
    gpu = torch.cuda.get_device_name() if arguments.device == "cuda" else "no GPU, the CPU in its place"
    print(f"{gpu}; torch {torch.__version__}; microseconds of a batch, solve / gradient; CPU with {torch.get_num_threads()} threads")
    worst = {name: row(name, clock, cpu_clock, arguments.peers) for name in arguments.rows}
    apart = [f"{name} by {value:.1e}" for name, value in worst.items() if not value <= TOLERANCE]
    if apart:
        sys.exit(f"GPU and CPU differ by more than {TOLERANCE} of their size: " + ", ".join(apart))


if __name__ == "__main__":
    main()
