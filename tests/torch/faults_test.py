# SPDX-License-Identifier: Apache-2.0
"""Awkward but legal data through the operator: what comes back, and gradients that are finite and right.

Usage: faults_test.py LIBRARY
"""
import itertools
import math
import os
import time
from fractions import Fraction

import torch
from harness import NAMES, leaves, on_cpu_only, problem, run

ops = torch.ops.optnet
F64 = {"dtype": torch.float64}
TOLERANCE = {"rtol": 1e-9, "atol": 1e-9}  # two roads to one solution, each exact to some 1e-12


def z_gradients(data, weight):
    x = leaves(data)
    result = ops.solve_qp(*x)
    assert result[4].item() == 0
    (result[0] * weight).sum().backward()
    assert all(t.grad.isfinite().all() for t in x)
    return result, [t.grad for t in x]


def append(data, rows, right, where="G"):
    """The problem with more rows of G (or A)."""
    matrix, vector = (4, 5) if where == "G" else (2, 3)
    more = list(data)
    more[matrix] = torch.cat([data[matrix], torch.as_tensor(rows, **F64)])
    more[vector] = torch.cat([data[vector], torch.as_tensor(right, **F64)])
    return more


def test_zero_rows_of_inequalities():
    data, weight = problem(5, 1, 6, seed=1), torch.randn(5, **F64)
    plain, expected = z_gradients(data, weight)
    for right in (1.0, 0.0):  # no constraint; weakly active with multiplier 0
        result, gradients = z_gradients(append(data, torch.zeros(1, 5), [right]), weight)
        torch.testing.assert_close(result[0], plain[0], **TOLERANCE)
        assert result[2][-1].item() == 0 and result[3][-1].item() == right
        for name, ours, theirs in zip(NAMES, gradients, expected):
            torch.testing.assert_close(ours[: theirs.shape[0]], theirs, **TOLERANCE)
    assert ops.solve_qp(*append(data, torch.zeros(1, 5), [-1e-3]))[4].item() == 2


def test_zero_rows_of_equalities():
    data, weight = problem(5, 1, 6, seed=2), torch.randn(5, **F64)
    plain, expected = z_gradients(data, weight)
    result, gradients = z_gradients(append(data, torch.zeros(1, 5), [0.0], "A"), weight)
    torch.testing.assert_close(result[0], plain[0], **TOLERANCE)
    for name, ours, theirs in zip(NAMES, gradients, expected):
        torch.testing.assert_close(ours[: theirs.shape[0]], theirs, **TOLERANCE)
    assert ops.solve_qp(*append(data, torch.zeros(1, 5), [1.0], "A"))[4].item() == 2


def test_duplicated_equality():
    """z and its gradient stay; the copies share the multiplier and the gradients of their row."""
    data, weight = problem(5, 2, 6, seed=3), torch.randn(5, **F64)
    plain, expected = z_gradients(data, weight)
    result, gradients = z_gradients(append(data, data[2][:1], data[3][:1], "A"), weight)
    torch.testing.assert_close(result[0], plain[0], **TOLERANCE)
    torch.testing.assert_close(result[1][0] + result[1][2], plain[1][0], **TOLERANCE)
    for name, ours, theirs in zip(NAMES, gradients, expected):
        if name in "Ab":
            ours = torch.stack([ours[0] + ours[2], ours[1]])
        torch.testing.assert_close(ours, theirs, **TOLERANCE)
    contradiction = append(data, data[2][:1], data[3][:1] + 1, "A")
    _, nu, lam, _, status, *_ = ops.solve_qp(*contradiction)
    assert status.item() == 2
    assert (contradiction[2].T @ nu + contradiction[4].T @ lam).abs().max() <= 1e-8
    torch.testing.assert_close(contradiction[3] @ nu + contradiction[5] @ lam, torch.tensor(-1.0, **F64))


def test_duplicated_active_inequality():
    data, weight = problem(5, 1, 6, seed=4), torch.randn(5, **F64)
    plain, expected = z_gradients(data, weight)
    active = int(plain[2].argmax())
    assert plain[2][active] > 1e-2
    result, gradients = z_gradients(append(data, data[4][active : active + 1], data[5][active : active + 1]), weight)
    torch.testing.assert_close(result[0], plain[0], **TOLERANCE)
    for name, ours, theirs in zip(NAMES, gradients, expected):
        if name in "Gh":
            ours = ours.clone()
            ours[active] += ours[6]
            ours = ours[:6]
        torch.testing.assert_close(ours, theirs, **TOLERANCE)


def test_box_with_equal_bounds():
    """lo = hi pins z there: z follows a common move of both bounds, so their gradients add up to that of z."""
    eye = torch.eye(2, **F64)
    pinned = torch.tensor([0.3, 1.0, -0.3, 1.0], **F64)
    x = leaves([torch.tensor([-2.0, 0.25], **F64), pinned])
    z, *_, = ops.solve_qp(eye, x[0], None, None, torch.cat([eye, -eye]), x[1])
    torch.testing.assert_close(z, torch.tensor([0.3, -0.25], **F64))
    (z * torch.tensor([5.0, 7.0], **F64)).sum().backward()
    torch.testing.assert_close(x[1].grad[0] - x[1].grad[2], torch.tensor(5.0, **F64))
    torch.testing.assert_close(x[0].grad, torch.tensor([0.0, -7.0], **F64))
    crossed = torch.tensor([0.3, 1.0, -0.4, 1.0], **F64)
    assert ops.solve_qp(eye, x[0], None, None, torch.cat([eye, -eye]), crossed)[4].item() == 2


def test_extreme_numbers_are_never_a_false_solution():
    for scale in (1e200, 1e-200, 5e-324):
        data = problem(4, 1, 5, batch=2, seed=5)
        for place in (0, 1, 4):
            given = [t.clone() for t in data]
            given[place][1] *= scale
            x = leaves(given)
            z, *_, status, _, residuals = ops.solve_qp(*x)
            assert status[0].item() == 0
            if status[1].item() == 0:
                assert residuals[1].isfinite().all()
            z[0].sum().backward()
            assert all(t.grad[0].isfinite().all() for t in x)
            assert not any(t.grad[1].any() for t in x)


def test_a_solution_beyond_float32_has_no_gradient():
    """Dense and sparse, shared and own, together and alone: z of the first element is about -1e41."""
    for n, batch, layout in itertools.product((3, 40), (2, 9), ("shared", "own", "csr")):
        Q = 1e-11 * (2 * torch.eye(n) - 0.5 * torch.eye(n).roll(1, 0) - 0.5 * torch.eye(n).roll(-1, 0))
        Q = Q.repeat(batch, 1, 1) if layout == "own" else Q.to_sparse_csr() if layout == "csr" else Q
        q = torch.ones(batch, n)
        q[0, 0] = 1e30
        x = leaves((Q, q))
        z, *_, status, _, _ = ops.solve_qp(*x)
        assert status.tolist() == [5] + [0] * (batch - 1), (n, batch, layout, status)
        z[1:].sum().backward(retain_graph=True)
        alone = [t.grad.clone() for t in x]
        for t in x:
            t.grad = None
        z.sum().backward()
        assert not x[1].grad[0].any(), (n, batch, layout)
        assert all(torch.equal(a.to_dense(), t.grad.to_dense()) for a, t in zip(alone, x)), (n, batch, layout)


def test_solved_is_no_matter_of_rounding():
    """|z| is about 1e9 and Az about 1: few z of doubles are within the tolerance, and Az in double precision cannot tell."""
    for shared in ((), ("Q", "A")):
        Q, q, A, b, _, _ = problem(17, 1, 1, batch=20, shared=shared, seed=5)
        z, *_, status, _, residuals = ops.solve_qp(1e-3 * Q, 1e6 * q, A, b)
        refused = 0
        for k in range(20):
            row, right = A[0] if shared else A[k, 0], Fraction(b[k].item())
            product = sum(Fraction(a) * Fraction(x) for a, x in zip(row.tolist(), z[k].tolist()))
            within = abs(product - right) <= 1.000001e-8 * (1 + max(abs(product), abs(right)))
            assert status[k].item() == 1 or within, (shared, k)
            refused += status[k].item() == 1
        assert refused > 0, shared


@on_cpu_only
def test_a_forked_child_solves_too():
    data = problem(10, 2, 12, batch=50, seed=6)
    expected = ops.qp(*data)
    child = os.fork()
    if child == 0:
        good = torch.equal(ops.qp(*data), expected)
        os._exit(0 if good else 1)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        done, code = os.waitpid(child, os.WNOHANG)
        if done:
            assert os.waitstatus_to_exitcode(code) == 0
            return
        time.sleep(0.01)
    os.kill(child, 9)
    raise AssertionError("the child hangs")


def test_infinite_bounds_beside_failures():
    """An absent row and a NaN row in one batch: neither leaks into the shared gradient."""
    data = problem(5, 1, 6, batch=3, shared=("G",), seed=7)
    data[5][0, 2], data[5][1, 4] = math.inf, math.nan
    x = leaves(data)
    z, nu, lam, s, status, *_ = ops.solve_qp(*x)
    assert status.tolist() == [0, 7, 0] and s[0, 2].item() == math.inf
    (z.sum() + nu.sum() + lam.sum() + s.sum()).backward()
    assert all(t.grad.isfinite().all() for t in x) and x[4].grad.any()
    keep = torch.tensor([0, 2])
    y = leaves([t if name == "G" else t[keep] for name, t in zip(NAMES, data)])
    sum(r.sum() for r in ops.solve_qp(*y)[:4]).backward()
    torch.testing.assert_close(x[4].grad, y[4].grad, **TOLERANCE)


if __name__ == "__main__":
    run(globals())
