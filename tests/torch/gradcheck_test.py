# SPDX-License-Identifier: Apache-2.0
"""First and second derivatives of all four results by all six arguments, in reverse and forward mode, against differences.

gradcheck moves single entries, so Q enters through its symmetric part; the tolerance of the solve is far below the error of
the differences (1e-6 of the step). Usage: gradcheck_test.py LIBRARY
"""
import torch
from harness import NAMES, leaves, problem, run
from torch.autograd import gradcheck, gradgradcheck

ops = torch.ops.optnet
SOME_ACTIVE = 1e-3  # of lambda and of s: a problem whose rows are clearly active or clearly not


def solve(q_matrix, *rest):
    return ops.solve_qp((q_matrix + q_matrix.mT) / 2, *rest, eps_abs=1e-12, eps_rel=0.0)[:4]


def check(arguments):
    z, _, multipliers, slacks = solve(*arguments)
    assert bool(((multipliers > SOME_ACTIVE) ^ (slacks > SOME_ACTIVE)).all()), "differences would cross a kink"
    assert bool((multipliers > SOME_ACTIVE).any()) and bool((slacks > SOME_ACTIVE).any())
    assert gradcheck(solve, arguments, check_forward_ad=True)
    assert gradgradcheck(solve, arguments, check_fwd_over_rev=True)


def test_one_problem():
    check(leaves(problem(5, 2, 6, seed=1)))


def test_batch_of_own_data():
    check(leaves(problem(4, 1, 5, batch=3, seed=2)))


def test_shared_matrices():
    check(leaves(problem(4, 1, 5, batch=3, shared=("Q", "A", "G"), seed=3)))


def test_each_argument_alone_shared():
    for name in ("Q", "A", "G", "q"):
        check(leaves(problem(3, 1, 4, batch=2, shared=(name,), seed=4)))


def test_shared_right_hand_sides():
    q_matrix, q, a, b, g, h = problem(3, 1, 4, batch=2, shared=("Q", "A", "G"), seed=5)
    check(leaves([q_matrix, q, a, b[0], g, h.max(0).values]))


def test_batch_dimension_of_one():
    q_matrix, q, a, b, g, h = problem(3, 1, 4, batch=2, shared=("Q", "A", "G"), seed=6)
    check(leaves([q_matrix[None], q, a[None], b[:1], g[None], h]))


def test_z_alone():
    def z_of(q_matrix, *rest):
        return ops.qp((q_matrix + q_matrix.mT) / 2, *rest, eps_abs=1e-12, eps_rel=0.0)

    arguments = leaves(problem(4, 1, 5, batch=2, shared=("G",), seed=7))
    assert gradcheck(z_of, arguments, check_forward_ad=True)
    assert gradgradcheck(z_of, arguments, check_fwd_over_rev=True)


def test_each_argument_alone():
    data = problem(4, 1, 5, batch=2, shared=("A",), seed=8)
    for place, name in enumerate(NAMES):

        def of_one(moved, at=place):
            return solve(*data[:at], moved, *data[at + 1:])

        assert gradcheck(of_one, leaves([data[place]]), check_forward_ad=True), name


def test_functional_transforms():
    """torch.func's jvp, grad and their compositions agree with autograd."""
    q_matrix, q, a, b, g, h = problem(4, 1, 5, batch=3, shared=("Q", "G"), seed=9)

    def loss(x):
        return ops.qp(q_matrix, x, a, b, g, h, eps_abs=1e-12, eps_rel=0.0).pow(3).sum()

    tangent = torch.randn_like(q)
    x = q.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(x), x, create_graph=True)
    (product,) = torch.autograd.grad(gradient, x, tangent)
    torch.testing.assert_close(torch.func.grad(loss)(q), gradient.detach())
    torch.testing.assert_close(torch.func.jvp(loss, (q,), (tangent,))[1], (gradient * tangent).sum().detach())
    torch.testing.assert_close(torch.func.jvp(torch.func.grad(loss), (q,), (tangent,))[1], product)
    torch.testing.assert_close(torch.func.grad(lambda v: (torch.func.grad(loss)(v) * tangent).sum())(q), product)


if __name__ == "__main__":
    run(globals())
