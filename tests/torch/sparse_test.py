# SPDX-License-Identifier: Apache-2.0
"""Matrices that are mostly zeros: sparse CSR tensors, and plain tensors in which the zeros are found.

Usage: sparse_test.py LIBRARY
"""
import warnings

import torch
from harness import equal, generator, leaves, problem, refused, run, within

warnings.filterwarnings("ignore", message=".*[Ss]parse (CSR|invariant).*")
ops = torch.ops.optnet
F64 = {"dtype": torch.float64}


def chain(points, batch, seed=0):
    """[Q, q, A, b, G, h] dense: near smooth, neighbours at most 1 apart, the ends meet."""
    random = generator(seed)
    eye = torch.eye(points, **F64)
    difference = (eye - eye.roll(1, 1))[:-1]
    bend = 2 * eye - eye.roll(1, 0) - eye.roll(1, 1)
    q_matrix = 0.5 * eye + bend.mT @ bend
    a = torch.zeros(1, points, **F64)
    a[0, 0], a[0, -1] = 1, -1
    g = torch.cat([difference, -difference])
    q = -10 * torch.randn(batch, points, generator=random, **F64)
    return [q_matrix, q, a, torch.zeros(1, **F64), g, torch.ones(2 * points - 2, **F64)]


def weights(z):
    return torch.linspace(1, 2, z.numel(), **F64).reshape(z.shape)


def gradients(given):
    x = leaves(given)
    z = ops.qp(*x)
    (z * weights(z)).sum().backward()
    return z.detach(), [t.grad for t in x]


def close(a, b, tolerance):
    return within(a, b, tolerance * (1 + b.abs().max().item()))


def as_csr(given):
    return [t.to_sparse_csr() if i in (0, 2, 4) else t for i, t in enumerate(given)]


def test_csr_matrices_give_the_solution_and_the_gradient_of_dense_ones_on_their_pattern():
    for given in (chain(60, 3), chain(60, 12), [t for t in problem(8, 2, 9, seed=1)]):
        csr = as_csr(given)
        z, dense = gradients(given)
        also_z, sparse = gradients(csr)
        assert close(also_z, z, 1e-9)
        for i, (mine, full) in enumerate(zip(sparse, dense)):
            if i not in (0, 2, 4):
                assert close(mine, full, 1e-7)
                continue
            assert mine.layout == torch.sparse_csr
            assert equal(mine.crow_indices(), csr[i].crow_indices()) and equal(mine.col_indices(), csr[i].col_indices())
            # What stands in the pattern; the dense gradient has numbers elsewhere, too.
            assert close(mine.values(), full[csr[i].to_dense() != 0], 1e-7)


def test_each_matrix_may_be_csr_by_itself():
    given = chain(50, 2)
    z, dense = gradients(given)
    for i in (0, 2, 4):
        some = list(given)
        some[i] = given[i].to_sparse_csr()
        also_z, sparse = gradients(some)
        assert close(also_z, z, 1e-9)
        assert close(sparse[i].values(), dense[i][given[i] != 0], 1e-7)
        for j in range(6):
            assert j == i or close(sparse[j], dense[j], 1e-7)


def test_the_gradient_reaches_the_values_that_a_csr_tensor_is_made_of():
    q_matrix, q, a, b, g, h = chain(12, 1)
    pattern = g.to_sparse_csr()

    def z(values):
        made = torch.sparse_csr_tensor(pattern.crow_indices(), pattern.col_indices(), values, g.shape)
        return ops.qp(q_matrix, q, a, b, made, h)

    assert torch.autograd.gradcheck(z, pattern.values().clone().requires_grad_(), eps=1e-6, atol=1e-5)


def test_a_batch_of_csr_matrices_of_one_pattern():
    q_matrix, q, a, b, g, h = chain(40, 3)
    scale = torch.tensor([1.0, 0.5, 2.0], **F64)
    own = g * scale.reshape(3, 1, 1)
    z, dense = gradients([q_matrix, q, a, b, own, h])
    also_z, sparse = gradients([q_matrix.to_sparse_csr(), q, a, b, own.to_sparse_csr(), h])
    assert close(also_z, z, 1e-9)
    assert sparse[4].shape == own.shape and sparse[4].layout == torch.sparse_csr
    assert close(sparse[4].values().flatten(), dense[4][own != 0], 1e-7)
    # A batch of one broadcasts, and its gradient is the sum.
    _, one = gradients([q_matrix, q, a, b, g.unsqueeze(0).to_sparse_csr(), h])
    _, shared = gradients([q_matrix, q, a, b, g.to_sparse_csr(), h])
    assert one[4].shape == (1, *g.shape) and close(one[4].values()[0], shared[4].values(), 1e-12)


def test_int32_indices_float32_and_statuses():
    given = chain(60, 2)
    csr = as_csr(given)
    short = list(csr)
    for i in (0, 2, 4):
        short[i] = torch.sparse_csr_tensor(
            csr[i].crow_indices().int(), csr[i].col_indices().int(), csr[i].values(), csr[i].shape
        )
    assert equal(ops.qp(*short), ops.qp(*csr))
    floats = ops.qp(*[t.float() for t in csr])
    assert floats.dtype == torch.float32 and close(floats.double(), ops.qp(*csr), 1e-4)
    result = ops.solve_qp(*csr)
    assert result[4].tolist() == [0, 0] and result[6].max() <= 1e-7
    result = ops.solve_qp(*csr[:5], torch.full_like(given[5], -1.0))
    assert result[4].tolist() == [2, 2]


def test_a_linear_program_from_csr_matrices():
    n = 80
    q = torch.randn(n, generator=generator(3), **F64)
    box = torch.cat([torch.eye(n, **F64), -torch.eye(n, **F64)]).to_sparse_csr()
    for nothing in (None, torch.zeros(n, n, **F64).to_sparse_csr()):
        z = ops.qp(nothing, q, None, None, box, torch.ones(2 * n, **F64))
        assert within(z, -q.sign(), 1e-8)


def test_mistakes_are_sentences():
    q_matrix, q, a, b, g, h = chain(6, 1)

    def with_g(other):
        return lambda: ops.qp(q_matrix, q, a, b, other, h)

    advice = "convert it with to_sparse_csr() or to_dense()"
    for layout in ("to_sparse_coo", "to_sparse_csc"):
        refused(with_g(getattr(g.to_sparse_csr(), layout)()), 'argument "G"', "only dense (strided) and sparse CSR", advice)
    refused(with_g(g.to_sparse_bsr((2, 2))), 'argument "G"', "layout", advice)
    refused(with_g(g[:, :5].to_sparse_csr()), 'argument "G" is [10, 5], but n = 6')
    refused(with_g(g.float().to_sparse_csr()), 'argument "G" is float32')
    values = torch.ones(10, **F64)
    rows = torch.arange(11)
    turned = torch.stack([torch.arange(5).repeat(2) + 1, torch.arange(5).repeat(2)], 1).flatten()
    with torch.sparse.check_sparse_tensor_invariants(False):
        disorder = torch.sparse_csr_tensor(2 * rows, turned, torch.ones(20, **F64), g.shape)
    refused(with_g(disorder), 'argument "G"', "the columns of row 0 must ascend", "coalesce().to_sparse_csr()")
    several = torch.stack([torch.zeros(10, dtype=torch.long), torch.ones(10, dtype=torch.long)])
    batch = torch.sparse_csr_tensor(rows.repeat(2, 1), several, values.repeat(2, 1), (2, *g.shape))
    refused(lambda: ops.qp(q_matrix, q.expand(2, 6), a, b, batch, h), 'argument "G"', "several patterns")
    blocks = torch.sparse_csr_tensor(rows, several[0], torch.ones(10, 6, **F64), (10, 6, 6))
    refused(with_g(blocks), 'argument "G"', "dense dimension")
    refused(lambda: ops.qp(q_matrix, q, a.to_sparse_csr(), None, g, h), 'argument "b" is absent')


def test_zeros_of_plain_tensors_are_found_and_their_gradient_is_that_of_every_entry():
    # 1e-200 in place of 0 is the same problem for any arithmetic, and a dense one for whoever looks for zeros.
    for given in (chain(60, 2), chain(60, 12)):
        filled = [t.where(t != 0, torch.tensor(1e-200, **F64)) if i in (0, 2, 4) else t for i, t in enumerate(given)]
        z, sparse = gradients(given)
        also_z, dense = gradients(filled)
        assert close(also_z, z, 1e-9)
        for mine, full in zip(sparse, dense):
            assert mine.shape == full.shape and close(mine, full, 1e-7)
        assert bool((sparse[4][given[4] == 0] != 0).any())


def test_the_simplex_in_plain_tensors():
    n = 300
    q = torch.randn(n, generator=generator(5), **F64)
    given = [torch.eye(n, **F64), q, torch.ones(1, n, **F64), torch.ones(1, **F64), -torch.eye(n, **F64)]
    given.append(torch.zeros(n, **F64))
    z, grad = gradients(given)
    ordered = (-q).sort(descending=True).values
    level = (ordered.cumsum(0) - 1) / torch.arange(1, n + 1, **F64)
    t = level[(ordered > level).sum() - 1]
    # The finish ends at a hundredth of the tolerance.
    assert within(z, (-q - t).clamp(min=0), 1e-10)
    # dz = -(v - mean of v over the support) there: so is the gradient by q, and by A that of nu and z. The support is the
    # formula's: beside it z is 0 only to rounding.
    w, on = weights(z), -q > t
    expected = torch.where(on, -(w - w[on].mean()), 0.0)
    assert within(grad[1], expected, 1e-12)
    assert within(grad[0], 0.5 * (torch.outer(expected, z) + torch.outer(z, expected)), 1e-12)


def test_where_the_curvature_is_weak_the_active_rows_are_still_those_of_the_solution():
    # Points far apart are within 1e-8 here. Only the one on the right rows has the gradient of a solve to 1e-12.
    n, batch = 60, 8
    step = torch.eye(n, dtype=torch.float64).diff(dim=0)
    box = torch.eye(n, dtype=torch.float64)
    G = torch.cat([step, -step, box, -box])
    h = torch.cat([torch.full((2 * n - 2,), 0.5, dtype=torch.float64), torch.ones(2 * n, dtype=torch.float64)])
    A, b = torch.ones(1, n, dtype=torch.float64), torch.full((1,), 0.1, dtype=torch.float64)
    compared = 0
    for seed in range(10):
        random = generator(seed)
        curvature = 10 ** (-5 * torch.rand(n, generator=random, dtype=torch.float64))
        q = torch.randn(batch, n, generator=random, dtype=torch.float64) * curvature.sqrt()
        weight = torch.randn(n, generator=random, dtype=torch.float64)

        def solved(eps):
            x = q.clone().requires_grad_()
            out = ops.solve_qp(torch.diag(curvature), x, A, b, G, h, eps_abs=eps, eps_rel=eps)
            (gradient,) = torch.autograd.grad((out[0] * weight).sum(), x)
            return out[4], gradient

        (status, gradient), (exact_status, exact) = solved(1e-8), solved(1e-12)
        assert (status == 0).all()
        for k in range(batch):
            if exact_status[k] != 0:
                continue
            compared += 1
            assert within(gradient[k], exact[k], 1e-8 * exact[k].abs().max().item()), (seed, k)
    assert compared > 60


if __name__ == "__main__":
    run(globals())
