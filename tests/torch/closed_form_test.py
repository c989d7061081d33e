# SPDX-License-Identifier: Apache-2.0
"""Solutions, multipliers and gradients with a formula of their own. Usage: closed_form_test.py LIBRARY

Tolerance: 1e-8 relative, what the gradients promise; the values themselves are exact to some 1e-12.
"""
import torch
from harness import leaves, problem, run, within

ops = torch.ops.optnet
F64 = {"dtype": torch.float64}


def close(a, b, tolerance=1e-8):
    torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


def test_unconstrained_is_a_linear_solve():
    """z = -Q^-1 q, so with d = -Q^-1 g: dq = d, dQ = (d z' + z d') / 2."""
    q_matrix, q, *_ = problem(6, 0, 0, batch=4)
    x = leaves([q_matrix, q])
    z, nu, lam, s, status, *_ = ops.solve_qp(*x)
    assert status.tolist() == [0] * 4 and nu.shape == (4, 0) and lam.shape == s.shape == (4, 0)
    close(z, -torch.linalg.solve(q_matrix, q))
    g = torch.randn_like(z)
    (z * g).sum().backward()
    d = -torch.linalg.solve(q_matrix, g)
    close(x[1].grad, d)
    z = z.detach()
    close(x[0].grad, 0.5 * (d[:, :, None] * z[:, None, :] + z[:, :, None] * d[:, None, :]))


def test_projection_on_an_affine_set():
    """Q = I: z = P(-q) + A^+ b with P = I - A^+ A, nu = -(AA')^-1 (b + A q)."""
    _, q, a, b, *_ = problem(7, 3, 0)
    x = leaves([q, b])
    z, nu, *_ = ops.solve_qp(torch.eye(7, **F64), x[0], a, x[1])
    inverse = torch.linalg.pinv(a)
    project = torch.eye(7, **F64) - inverse @ a
    close(z, -project @ q + inverse @ b)
    close(nu, -torch.linalg.solve(a @ a.T, b + a @ q))
    g, k = torch.randn(7, **F64), torch.randn(3, **F64)
    ((z * g).sum() + (nu * k).sum()).backward()
    gram = torch.linalg.inv(a @ a.T)
    close(x[0].grad, -project @ g - a.T @ gram @ k)
    close(x[1].grad, inverse.T @ g - gram @ k)


def test_box_is_a_clip():
    """Q = I, lo <= z <= hi: z = clip(-q), lambda = (z + q)-, (z + q)+ on the two sides, s the distances."""
    n, batch = 5, 50
    q = 2 * torch.randn(batch, n, **F64)
    eye = torch.eye(n, **F64)
    g, h = torch.cat([eye, -eye]), torch.cat([torch.full((n,), 0.7, **F64), torch.full((n,), 0.4, **F64)])
    x = leaves([q, h])
    z, _, lam, s, *_ = ops.solve_qp(eye, x[0], None, None, g, x[1])
    close(z, (-q).clamp(-0.4, 0.7))
    force = z + q
    close(lam, torch.cat([(-force).clamp(min=0), force.clamp(min=0)], 1))
    close(s, torch.cat([0.7 - z, z + 0.4], 1))
    weight = torch.randn_like(z)
    (z * weight).sum().backward()
    upper, lower = -q > 0.7, -q < -0.4
    close(x[0].grad, -weight * ~(upper | lower))
    close(x[1].grad, torch.cat([(weight * upper).sum(0), -(weight * lower).sum(0)]))


def test_gradients_of_slacks_and_multipliers():
    """Of the box, by h: s = h - G clip(-q), and lambda_i = -q_i - h_i on an active upper bound."""
    n = 4
    q = torch.tensor([-3.0, 0.1, 3.0, -0.2], **F64)
    eye = torch.eye(n, **F64)
    x = leaves([q, torch.ones(2 * n, **F64), torch.cat([eye, -eye])])
    _, _, lam, s, *_ = ops.solve_qp(eye, x[0], None, None, x[2], x[1])
    k, l = torch.randn(2 * n, **F64), torch.randn(2 * n, **F64)
    ((s * k).sum() + (lam * l).sum()).backward()
    # Rows 0 (upper) and 6 (lower) are active: their slack stays 0, the opposite one moves with both bounds.
    expected = k.clone()
    expected[0] = k[4] - l[0]
    expected[6] = k[2] - l[6]
    close(x[1].grad, expected)
    close(x[0].grad, torch.tensor([-l[0], k[1] - k[5], l[6], k[3] - k[7]], **F64))


def test_kink_has_the_mean_of_both_sides():
    """z = max(0, t) at t = 0."""
    t = torch.zeros(1, **F64, requires_grad=True)
    one = torch.ones(1, 1, **F64)
    ops.qp(one, -t, None, None, -one, torch.zeros(1, **F64)).backward()
    close(t.grad, torch.tensor([0.5], **F64))


def test_vertex_of_a_linear_program_does_not_move_with_costs():
    """minimize c'z over the unit simplex: the smallest cost takes all; dz/dc = 0, and z follows the budget."""
    c = torch.tensor([3.0, 1.0, 2.0], **F64)
    x = leaves([c, torch.ones(1, **F64)])
    z = ops.qp(None, x[0], torch.ones(1, 3, **F64), x[1], -torch.eye(3, **F64), torch.zeros(3, **F64))
    close(z, torch.tensor([0.0, 1.0, 0.0], **F64))
    (z * torch.tensor([5.0, 7.0, 11.0], **F64)).sum().backward()
    close(x[0].grad, torch.zeros(3, **F64))
    close(x[1].grad, torch.tensor([7.0], **F64))


def test_shared_gradient_is_the_sum_of_the_separate_ones():
    data = problem(6, 2, 8, batch=5, shared=("Q", "A", "G"), seed=3)
    weight = torch.randn(5, 6, **F64)
    x = leaves(data)
    (ops.qp(*x) * weight).sum().backward()
    sums = [torch.zeros_like(t) for t in data]
    for k in range(5):
        y = leaves([t if name in "QAG" else t[k] for name, t in zip("QqAbGh", data)])
        (ops.qp(*y) * weight[k]).sum().backward()
        for total, own, name in zip(sums, y, "QqAbGh"):
            if name in "QAG":
                total += own.grad
            else:
                total[k] = own.grad
    for ours, expected in zip(x, sums):
        close(ours.grad, expected, 1e-10)


def test_gradient_of_q_matrix_is_symmetric():
    for case in ({"batch": 3}, {"batch": 3, "shared": ("Q", "A", "G")}, {}):
        data = problem(6, 2, 8, seed=4, **case)
        data[0] = data[0] + 0.3 * (lambda t: t - t.mT)(torch.randn_like(data[0]))  # only the symmetric part counts
        x = leaves(data)
        z = ops.qp(*x)
        close(z, ops.qp((data[0] + data[0].mT) / 2, *data[1:]), 1e-12)
        for again in (True, False):  # with a derivative of its own, and without
            (gradient,) = torch.autograd.grad(z.pow(2).sum(), x[0], create_graph=again, retain_graph=True)
            assert within(gradient, gradient.mT, 0) and gradient.abs().max() > 1e-3, case


def test_float32_gradients_are_those_of_float64_rounded():
    data = problem(8, 2, 10, batch=6, shared=("Q", "G"), seed=5)
    single, double = leaves([t.float() for t in data]), leaves([t.float().double() for t in data])
    for x in (single, double):
        z, _, lam, *_ = ops.solve_qp(*x)
        assert z.dtype == x[0].dtype
        (z.pow(2).sum() + lam.sum()).backward()
    for a, b in zip(single, double):
        assert a.grad.dtype == torch.float32
        # Rounding of inputs to the sum, 60 terms of 2^-24 of the largest.
        assert within(a.grad.double(), b.grad, 60 * 2**-24 * b.grad.abs().max().item())


if __name__ == "__main__":
    run(globals())
