# SPDX-License-Identifier: Apache-2.0
"""The outer products of a gradient against a sum by einsum in the same precision: shared or not, symmetric, strided, float32.

The bound is that of a sum of k products in any order, (k + 3) u sum |a||b| (Higham, Accuracy and Stability, 3.1).
Usage: outer_products_test.py LIBRARY
"""
import torch
from harness import leaves, on_cpu_only, run

def product(u, x, v, y, scale, shared, symmetric):
    return torch.ops.optnet._outer_products([u, x, v, y], [scale], [shared], [symmetric])[0]


def expected(u, x, v, y, scale, shared, symmetric):
    pattern = "ki,kj->ij" if shared else "ki,kj->kij"
    total = torch.einsum(pattern, u, x) + (0 if v is None else torch.einsum(pattern, v, y))
    return scale * ((total + total.mT) / 2 if symmetric else total)


def check(u, x, v, y, scale, shared, symmetric=False):
    found = product(u, x, v, y, scale, shared, symmetric)
    exact = expected(*(t if t is None else t.double() for t in (u, x, v, y)), scale, shared, symmetric)
    size = expected(*(t if t is None else t.double().abs() for t in (u, x, v, y)), abs(scale), shared, symmetric)
    terms = (2 if v is not None else 1) * (len(u) if shared else 1)
    assert found.dtype == u.dtype and found.shape == exact.shape
    assert bool(((found.double() - exact).abs() <= (terms + 3) * torch.finfo(u.dtype).eps * size).all())


def vectors(batch, size, dtype=torch.float64):
    return torch.randn(batch, size, dtype=dtype)


def test_sums_and_single_products():
    for dtype in (torch.float64, torch.float32):
        for batch, rows, cols in ((1, 1, 1), (1, 37, 20), (7, 5, 3), (130, 37, 101), (0, 4, 6), (3, 0, 2)):
            u, v = vectors(batch, rows, dtype), vectors(batch, rows, dtype)
            x, y = vectors(batch, cols, dtype), vectors(batch, cols, dtype)
            for shared in (True, False):
                check(u, x, v, y, -1.0, shared)
                check(u, x, None, None, 0.5, shared)


def test_symmetric_part():
    for batch, size in ((1, 45), (9, 1), (9, 16), (9, 45)):
        u, x = vectors(batch, size), vectors(batch, size)
        check(u, x, None, None, -2.0, True, symmetric=True)
        found = product(u, x, None, None, -2.0, True, True)
        assert torch.equal(found, found.mT)


def test_one_problem_without_a_batch():
    u, v, x, y = vectors(1, 5), vectors(1, 5), vectors(1, 3), vectors(1, 3)
    for shared in (True, False):
        assert torch.equal(product(u[0], x[0], v[0], y[0], -2.0, shared, False), product(u, x, v, y, -2.0, True, False))
    assert torch.equal(product(u[0], v[0], None, None, 0.5, True, True), product(u, v, None, None, 0.5, True, True))


def test_several_at_once_are_what_each_is_alone():
    u, v, x, y = vectors(130, 70), vectors(130, 70), vectors(130, 40), vectors(130, 40)
    all_of = [(u, x, v, y, -1.0, True, False), (u, v, None, None, 2.0, True, True), (x, y, None, None, 0.5, False, False)]
    together = torch.ops.optnet._outer_products(
        [t for of in all_of for t in of[:4]], *([of[i] for of in all_of] for i in (4, 5, 6))
    )
    assert all(torch.equal(found, product(*of)) for found, of in zip(together, all_of))


def test_parts_of_longer_vectors_and_other_strides():
    whole = vectors(6, 20)
    check(whole[:, 3:8], whole[:, 10:], whole[:, 15:], whole[:, :10], 1.0, True)
    check(whole.T.contiguous().T[:, :4], whole[:, ::2], None, None, 1.0, False)
    check(whole[:1, :4].expand(6, 4), whole, None, None, 1.0, True)


@on_cpu_only
def test_same_numbers_for_any_number_of_threads():
    u, x, v, y = (vectors(128, 100) for _ in range(4))
    before = torch.get_num_threads()
    try:
        found = []
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            found.append([product(u, x, v, y, 1.0, shared, False) for shared in (True, False)])
            found[-1].append(product(u, x, None, None, 1.0, True, True))
    finally:
        torch.set_num_threads(before)
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other))


def test_derivatives():
    for shared, lead in ((True, (3,)), (False, (3,)), (True, ())):
        arguments = leaves([torch.randn(*lead, size, dtype=torch.float64) for size in (2, 4, 2, 4)])
        one = lambda *of: product(*of, -1.5, shared, False)  # noqa: E731
        assert torch.autograd.gradcheck(one, arguments, check_forward_ad=True)


if __name__ == "__main__":
    run(globals())
