# SPDX-License-Identifier: Apache-2.0
"""CUDA tensors against CPU tensors: the same solutions, statuses and gradients. Skipped where torch sees no GPU.

The two roads end on the same active rows, refined on the same data: float64 results agree to 1e-10 of their size (the matrices
have condition below 1e4), float32 results to its rounding and the tolerance.

Usage: cuda_test.py LIBRARY
"""
import sys

import torch
from harness import equal, leaves, problem, refused, run, within

ops = torch.ops.optnet
CASES = [
    {"shared": ()},
    {"shared": ("Q", "A", "G")},
    {"shared": ("Q", "q", "A", "b", "G", "h")},
    {"shared": ("Q",)},
]


def cuda(tensors):
    return [t.cuda() for t in tensors]


def close(on_gpu, on_cpu, relative=1e-10):
    """As `within`, relative to the size of the numbers; what is not finite must be the same."""
    found, finite = on_gpu.cpu(), on_cpu.isfinite()
    assert equal(found[~finite], on_cpu[~finite]), "what is not finite differs"
    size = max(1.0, on_cpu[finite].abs().max().item()) if finite.any() else 1.0
    return within(found[finite], on_cpu[finite], relative * size)


def test_results_are_those_of_the_cpu():
    for case in CASES:
        for n, p, m in ((3, 0, 4), (10, 2, 15), (40, 10, 60), (100, 0, 100)):
            data = problem(n, p, m, batch=20, **case)
            expected, found = ops.solve_qp(*data), ops.solve_qp(*cuda(data))
            for name, e, f in zip(("z", "nu", "lam", "s"), expected, found):
                assert f.is_cuda and close(f, e), (case, n, name)
            assert torch.equal(found[4].cpu(), expected[4])
            assert found[6].max() <= 1e-6, found[6].max()


def test_float32():
    data = problem(20, 4, 30, batch=16, shared=("Q", "A", "G"), dtype=torch.float32)
    assert close(ops.qp(*cuda(data)), ops.qp(*data), 1e-5)


def test_gradients_are_those_of_the_cpu():
    for case in CASES:
        data = problem(12, 3, 18, batch=9, **case)
        on_cpu, on_gpu = leaves(data), leaves(cuda(data))
        weights = torch.randn(9, 12, dtype=torch.float64)
        (weights * ops.qp(*on_cpu)).sum().backward()
        (weights.cuda() * ops.qp(*on_gpu)).sum().backward()
        for c, g in zip(on_cpu, on_gpu):
            assert close(g.grad, c.grad, 1e-9), case


def test_gradcheck():
    data = leaves(cuda(problem(4, 1, 5, batch=2)))
    assert torch.autograd.gradcheck(lambda *t: ops.qp(*t), data)
    assert torch.autograd.gradgradcheck(lambda *t: ops.qp(*t), data)


def test_singular_and_dependent_problems_take_the_whole_road():
    for change in ("singular", "dependent"):
        data = problem(8, 2, 20, batch=4)
        if change == "singular":
            data[0][1, 3, :] = data[0][1, :, 3] = 0
            data[4][1, :8], data[4][1, 8:16] = torch.eye(8), -torch.eye(8)
            data[5][1, :16] = 1  # a box keeps it bounded
            data[2][1], data[3][1] = 0, 0
        else:
            data[2][2, 1] = data[2][2, 0]
            data[3][2, 1] = data[3][2, 0]
        expected, found = ops.solve_qp(*data), ops.solve_qp(*cuda(data))
        assert torch.equal(found[4].cpu(), expected[4]), change
        assert (expected[4] == 0).all(), change
        assert close(found[0], expected[0], 1e-6), change


def test_structures_that_are_refused_go_through_the_cpu():
    data = problem(12, 2, 15, batch=4, shared=("Q", "A", "G"))
    sparse = list(data)
    sparse[4] = data[4].to_sparse_csr()
    moved = cuda(sparse)
    moved[1].requires_grad_()
    z = ops.qp(*moved)
    assert z.is_cuda and close(z.detach(), ops.qp(*sparse))
    z.sum().backward()
    on_cpu = sparse[1].clone().requires_grad_()
    ops.qp(sparse[0], on_cpu, *sparse[2:]).sum().backward()
    assert close(moved[1].grad, on_cpu.grad, 1e-9)


def test_sparse_structures_have_kernels_of_their_own():
    points = 60
    eye = torch.eye(points, dtype=torch.float64)
    steps = (eye - eye.roll(1, 1))[:-1]
    for batch in (1, 7, 20000):
        q = -10 * torch.randn(batch, points, dtype=torch.float64)
        data = [0.5 * eye + steps.mT @ steps, q, None, None, torch.cat([steps, -steps]), None]
        data[5] = torch.ones(2 * points - 2, dtype=torch.float64)
        data = [t if i not in (0, 4) else t.to_sparse_csr() for i, t in enumerate(data)]
        on_cpu, on_gpu = ([t if t is None else t.to(device) for t in data] for device in ("cpu", "cuda"))
        for side in (on_cpu, on_gpu):
            side[1].requires_grad_()
        expected, found = ops.qp(*on_cpu), ops.qp(*on_gpu)
        assert found.is_cuda and close(found.detach(), expected.detach()), batch
        expected.square().sum().backward()
        found.square().sum().backward()
        assert close(on_gpu[1].grad, on_cpu[1].grad, 1e-9), batch


def test_problems_beyond_shared_memory():
    for shared in (("Q", "A", "G"), ()):
        data = problem(280, 30, 300, batch=3, shared=shared)
        on_cpu, on_gpu = leaves(data), leaves(cuda(data))
        expected, found = ops.qp(*on_cpu), ops.qp(*on_gpu)
        assert close(found.detach(), expected.detach())
        expected.sum().backward()
        found.sum().backward()
        for c, g in zip(on_cpu, on_gpu):
            assert close(g.grad, c.grad, 1e-8), shared


def test_many_small_problems():
    data = problem(6, 1, 8, batch=20000, shared=("Q",))
    assert close(ops.qp(*cuda(data)), ops.qp(*data))


def test_failures_stay_their_own():
    data = problem(6, 1, 8, batch=5)
    good = ops.solve_qp(*cuda(data))
    data[1][2, 0] = float("nan")
    mixed = ops.solve_qp(*cuda(data))
    assert mixed[4].tolist() == [0, 0, 7, 0, 0]
    others = [0, 1, 3, 4]
    assert torch.equal(mixed[0][others], good[0][others])
    assert refused(lambda: ops.qp(*cuda(data)), "element 2 of the batch is invalid_input")
    z = ops.qp(*cuda(data), on_failure="nan")
    assert z[2].isnan().all() and torch.equal(z[others], good[0][others])
    moved = leaves(cuda(data))
    ops.qp(*moved, on_failure="mask")[others].sum().backward()
    assert all(t.grad.isfinite().all() for t in moved)
    assert (moved[1].grad[2] == 0).all()


def test_another_stream():
    data = cuda(problem(30, 5, 40, batch=64, shared=("Q", "A", "G")))
    expected = ops.qp(*data)
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        moved = leaves(data)
        z = ops.qp(*moved)
        z.sum().backward()
    stream.synchronize()
    assert torch.equal(z, expected)


def test_run_to_run_bits():
    data = cuda(problem(25, 4, 35, batch=200))
    first = ops.qp(*data)
    for _ in range(5):
        assert torch.equal(ops.qp(*data), first)


def test_capture_is_refused():
    data = cuda(problem(5, 1, 6, batch=2))
    ops.qp(*data)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()

    def capture():
        with torch.cuda.graph(graph):
            ops.qp(*data)

    assert refused(capture, "cannot be captured in a CUDA graph")


def test_mixed_devices_are_named():
    data = problem(5, 1, 6, batch=2)
    data[0] = data[0].cuda()
    assert refused(lambda: ops.qp(*data), "is on", "all tensors of a call live on one device")


if __name__ == "__main__":
    if not torch.cuda.is_available():
        print("no GPU")
        sys.exit(77)
    run(globals())
