# SPDX-License-Identifier: Apache-2.0
"""The registered operators: schemas, shapes, statuses, errors and the ways a tensor can lie in memory.

Usage: operator_test.py LIBRARY
"""
import math
import threading

import torch
from harness import NAMES, device, equal, leaves, on_cpu_only, problem, refused, run, within

ops = torch.ops.optnet
F64 = {"dtype": torch.float64}
INFINITY = math.inf


def test_schemas():
    assert str(ops.solve_qp.default._schema) == (
        "optnet::solve_qp(Tensor? Q, Tensor q, Tensor? A=None, Tensor? b=None, Tensor? G=None, Tensor? h=None, *, "
        "float? eps_abs=None, float? eps_rel=None, int? max_iter=None) "
        "-> (Tensor z, Tensor nu, Tensor lam, Tensor s, Tensor status, Tensor iterations, Tensor residuals)"
    )
    assert str(ops.qp.default._schema) == (
        "optnet::qp(Tensor? Q, Tensor q, Tensor? A=None, Tensor? b=None, Tensor? G=None, Tensor? h=None, *, "
        'float? eps_abs=None, float? eps_rel=None, int? max_iter=None, str on_failure="throw") -> Tensor'
    )


def test_results_satisfy_the_optimality_conditions():
    q_matrix, q, a, b, g, h = problem(10, 3, 14, batch=6, seed=1)
    z, nu, lam, s, status, iterations, residuals = ops.solve_qp(q_matrix, q, a, b, g, h)

    def times(matrix, vector):
        return (matrix @ vector.unsqueeze(-1)).squeeze(-1)

    assert status.tolist() == [0] * 6 and bool((iterations > 0).all())
    stationarity = (times(q_matrix, z) + q + times(a.mT, nu) + times(g.mT, lam)).abs().amax(1)
    primal = torch.maximum((times(a, z) - b).abs().amax(1), (times(g, z) - h).clamp(min=0).amax(1))
    gap = ((z * times(q_matrix, z)).sum(1) + (q * z).sum(1) + (b * nu).sum(1) + (h * lam).sum(1)).abs()
    # Terms are of size 10: 1e-13 is some hundred roundings of them.
    for ours, theirs in ((primal, residuals[:, 0]), (stationarity, residuals[:, 1]), (gap, residuals[:, 2])):
        assert within(ours, theirs, 1e-13) and ours.max() <= 1e-8
    assert bool((lam >= 0).all()) and within(s, h - times(g, z), 1e-13)
    assert (lam * s).abs().max() <= 1e-8


def test_shapes_of_every_subset_of_batched_arguments():
    whole = problem(4, 1, 5, batch=3, shared=("Q", "A", "G"), seed=2)
    one = [whole[0], whole[1][0], whole[2], whole[3][0], whole[4], whole[5][0]]
    single = ops.solve_qp(*one)
    assert [tuple(t.shape) for t in single] == [(4,), (1,), (5,), (5,), (), (), (3,)]
    for subset in range(1, 2**6):
        given = [t.expand(3, *t.shape).contiguous() if subset >> i & 1 else t for i, t in enumerate(one)]
        result = ops.solve_qp(*given)
        assert [tuple(t.shape) for t in result] == [(3, 4), (3, 1), (3, 5), (3, 5), (3,), (3,), (3, 3)]
        for k in range(3):
            # A batch goes another way than one problem: to rounding of numbers of size 1.
            assert all(within(r[k], o, 1e-13) for r, o in zip(result[:4], single))
    assert ops.qp(*one).shape == (4,) and ops.qp(*whole).shape == (3, 4)
    types = [torch.float64] * 4 + [torch.int64] * 2 + [torch.float64]
    assert [t.dtype for t in single] == types
    floats = ops.solve_qp(*[t.float() for t in one])
    assert [t.dtype for t in floats] == [torch.float32] * 4 + types[4:]


def test_absent_arguments():
    q_matrix, q, a, b, g, h = problem(4, 2, 5, batch=3, seed=3)
    none = torch.empty(0, **F64)
    free = ops.solve_qp(q_matrix, q)
    for gone in (none, torch.empty(0, 0, **F64), torch.empty(0, 4, **F64), torch.empty(3, 0, 4, **F64)):
        right = torch.empty(*gone.shape[:-1], **F64) if gone.dim() > 1 else none
        for given in ((None, None, gone, right), (gone, right, None, None), (gone, right, gone, right)):
            result = ops.solve_qp(q_matrix, q, *given)
            assert all(equal(x, y) for x, y in zip(result, free))
    assert ops.qp(q_matrix, q, a, b).shape == ops.qp(q_matrix, q, None, None, g, h).shape == (3, 4)
    # Q = 0: a linear program, also as a matrix without rows.
    box = torch.cat([torch.eye(4, **F64), -torch.eye(4, **F64)])
    for nothing in (None, none, torch.empty(0, 0, **F64), torch.empty(0, 4, **F64), torch.zeros(4, 4, **F64)):
        z = ops.qp(nothing, q, None, None, box, torch.ones(8, **F64))
        assert within(z, -q.sign(), 1e-8)
    x = leaves([q_matrix, q, torch.empty(0, 4, **F64), torch.empty(0, **F64)])
    ops.qp(*x).sum().backward()
    assert x[2].grad.shape == (0, 4) and x[3].grad.shape == (0,)


def test_no_variables_and_empty_batches():
    z, nu, lam, s, status, *_ = ops.solve_qp(torch.empty(0, 0, **F64), torch.empty(3, 0, **F64))
    assert z.shape == (3, 0) and status.tolist() == [0, 0, 0]
    assert ops.solve_qp(None, torch.empty(0, **F64))[4].item() == 0
    x = leaves(problem(4, 1, 5, batch=0, shared=("Q", "A"), seed=4))
    result = ops.solve_qp(*x)
    assert [tuple(t.shape) for t in result] == [(0, 4), (0, 1), (0, 5), (0, 5), (0,), (0,), (0, 3)]
    sum(t.sum() for t in result[:4]).backward()
    for t in x:
        assert t.grad.shape == t.shape and not t.grad.any()


def test_large_batch_of_tiny_problems():
    q = torch.randn(100_000, 2, **F64)
    eye = torch.eye(2, **F64)
    z = ops.qp(eye, q, None, None, torch.cat([eye, -eye]), torch.ones(4, **F64))
    assert within(z, (-q).clamp(-1, 1), 1e-12)


def test_statuses_and_certificates():
    eye, zero, one = torch.eye(1, **F64), torch.zeros(1, **F64), torch.ones(1, **F64)
    both = torch.tensor([[1.0], [-1.0]], **F64)
    z, nu, lam, s, status, _, _ = ops.solve_qp(eye, zero, None, None, both, torch.tensor([-1.0, -1.0], **F64))
    assert status.item() == 2 and z.isnan().all() and s.isnan().all()
    torch.testing.assert_close(lam, torch.tensor([0.5, 0.5], **F64))  # lambda_1 = lambda_2, -h'lambda = 1
    z, nu, lam, s, status, *_ = ops.solve_qp(None, 4 * one, None, None, eye, one)
    assert status.item() == 3 and lam.isnan().all()
    torch.testing.assert_close(z, torch.tensor([-0.25], **F64))  # q'z = -1
    assert ops.solve_qp(-eye, one)[4].item() == 6
    assert ops.solve_qp(eye, one * INFINITY)[4].item() == 7
    # A singular Q and equalities that contradict each other.
    _, nu, _, _, status, *_ = ops.solve_qp(eye, zero, torch.ones(2, 1, **F64), torch.tensor([0.0, 1.0], **F64))
    assert status.item() == 2
    torch.testing.assert_close(nu, torch.tensor([1.0, -1.0], **F64))
    difficult = problem(20, 3, 30, batch=2, seed=5)
    result = ops.solve_qp(*difficult, max_iter=0)
    assert set(result[4].tolist()) <= {0, 4} and 4 in result[4].tolist()
    assert result[6][result[4] == 4].isfinite().all() and result[0].isfinite().all()


def test_settings():
    data = problem(10, 2, 15, seed=6)
    exact = ops.qp(*data, eps_abs=1e-13, eps_rel=0.0)
    assert within(ops.qp(*data), exact, 1e-8)
    assert ops.solve_qp(*data, eps_abs=0.0, eps_rel=1e-8)[4].item() == 0
    for name, value in (("eps_abs", -1.0), ("eps_rel", math.nan), ("eps_abs", INFINITY), ("max_iter", -1)):
        assert refused(lambda n=name, v=value: ops.solve_qp(*data, **{n: v}), f"setting {name}", "but must be")
    assert refused(lambda: ops.qp(*data, eps_abs=0.0, eps_rel=0.0), "eps_abs and eps_rel are both 0")
    assert refused(lambda: ops.qp(*data, on_failure="ignore"), 'on_failure is "ignore"', '"throw", "mask" or "nan"')


def test_on_failure():
    q_matrix, q, a, b, g, h = problem(4, 1, 5, batch=4, shared=("Q", "A", "G"), seed=7)
    fine = ops.qp(q_matrix, q, a, b, g, h)
    h = h.clone()
    h[2, 1] = -INFINITY
    q[3, 0] = math.nan
    assert refused(lambda: ops.qp(q_matrix, q, a, b, g, h), "element 2 of the batch is primal_infeasible",
                   "2 of 4 failed", "on_failure to mask or nan")
    assert refused(lambda: ops.qp(q_matrix, q[2], a, b[2], g, h[2], on_failure="throw"), "the problem is primal_infeasible")
    for word in ("mask", "nan"):
        z = ops.qp(q_matrix, q, a, b, g, h, on_failure=word)
        assert z[2:].isnan().all() and equal(z[:2], fine[:2])
    # An unbounded problem: mask returns the ray that the solver wrote, nan does not.
    one = torch.ones(1, **F64)
    assert ops.qp(None, one, on_failure="mask").item() == -1 and ops.qp(None, one, on_failure="nan").isnan().all()


def test_errors_name_the_argument_and_both_shapes():
    q_matrix, q, a, b, g, h = problem(10, 3, 5, batch=4, seed=8)
    good = dict(zip(NAMES, (q_matrix, q, a, b, g, h)))

    def call(**changed):
        return lambda: ops.solve_qp(**{**good, **changed})

    wrong = {
        "Q": (torch.zeros(4, 5, 12, **F64), '"Q" is [4, 5, 12]', "n = 10", "[4, 10]", "[batch, 10, 10]"),
        "q": (torch.zeros(2, 4, 10, **F64), '"q" is [2, 4, 10]', "[n] or [batch, n]"),
        "A": (torch.zeros(4, 3, 11, **F64), '"A" is [4, 3, 11]', "n = 10", "[p, 10] or [batch, p, 10]"),
        "b": (torch.zeros(4, 2, **F64), '"b" is [4, 2]', '"A" is [4, 3, 10]', "[3] or [batch, 3]"),
        "G": (torch.zeros(5, 12, **F64), '"G" is [5, 12]', 'n = 10 from argument "q" [4, 10]', "[m, 10]"),
        "h": (torch.zeros(6, **F64), '"h" is [6]', '"G" is [4, 5, 10]', "[5] or [batch, 5]"),
    }
    for name, (value, *parts) in wrong.items():
        assert refused(call(**{name: value}), *parts)
    for name in NAMES:  # three among four
        assert refused(call(**{name: good[name][:3]}), "a batch of 3", "a batch of 4", f'"{name}"')
    for name in ("A", "b", "G", "h"):
        assert refused(call(**{name: None}), f'"{name}" is absent', "give both or neither")
    assert refused(call(Q=torch.tensor(1.0, **F64)), '"Q" is []')
    assert refused(call(b=torch.tensor(1.0, **F64)), '"b" is []', '"A" is [4, 3, 10]')
    assert refused(call(b=torch.tensor(1.0, **F64), A=None), '"b" is []', '"A" is absent')
    assert refused(call(q=torch.tensor(1.0, **F64), Q=None), '"q" is []')


def test_errors_of_dtype_device_and_layout():
    data = problem(3, 1, 2, seed=9)
    names = {torch.int64: "int64", torch.int32: "int32", torch.float16: "float16", torch.bfloat16: "bfloat16",
             torch.complex128: "complex128", torch.bool: "bool"}
    for place, name in enumerate(NAMES):
        for dtype, text in names.items():
            changed = [t.to(dtype) if i == place else t for i, t in enumerate(data)]
            assert refused(lambda c=changed: ops.qp(*c), f'argument "{name}" is {text}', "float64 or float32")
        changed = [t.float() if i == place else t for i, t in enumerate(data)]
        assert refused(lambda c=changed: ops.qp(*c), f'argument "{name}" is float', "float32", "float64", "one dtype")
        changed = [t.to("meta") if i == place else t for i, t in enumerate(data)]
        assert refused(lambda c=changed: ops.qp(*c), f'argument "{name}" is on ', "meta", device(), "one device")
    assert refused(lambda: ops.qp(data[0].to_sparse(), *data[1:]), '"Q" is a tensor of layout Sparse', "to_dense()")


def test_strides_change_nothing():
    """Transposed, sliced, expanded, offset and negated tensors give the bits of their contiguous copies."""
    data = problem(6, 2, 8, batch=4, seed=10)
    plain = ops.solve_qp(*data)

    def transposed(t):
        return t.mT.contiguous().mT if t.dim() == 3 else t.T.contiguous().T

    def sliced(t):
        wide = torch.full((*t.shape[:-1], 2 * t.shape[-1] + 3), math.nan, **F64)
        wide[..., 3::2] = t
        return wide[..., 3::2]

    def negated(t):
        complex_number = torch.complex(torch.zeros_like(t), -t).conj()
        assert complex_number.imag.is_neg()
        return complex_number.imag

    for view in (transposed, sliced, negated):
        views = [view(t) for t in data]
        assert all(not v.is_contiguous() or v.is_neg() for v in views)
        before = [v.clone() for v in views]
        versions = [v._version for v in views]
        assert all(equal(x, y) for x, y in zip(ops.solve_qp(*views), plain))
        assert all(equal(x, y) for x, y in zip(views, before)) and [v._version for v in views] == versions
    flat = [t[0] for t in data]
    own = ops.solve_qp(*[t.repeat(4, *[1] * t.dim()) for t in flat])
    expanded = ops.solve_qp(*[t.expand(4, *t.shape) for t in flat])
    assert all(equal(x, x[:1].expand_as(x)) for x in (*own, *expanded))
    # What is expanded counts as shared, which may go another way.
    assert all(within(x, y, 1e-13) for x, y in zip(own[:4], expanded)) and equal(own[4], expanded[4])


@on_cpu_only
def test_shared_tensors_and_views_are_not_copied():
    data = problem(30, 5, 40, batch=8, shared=("Q", "A"), seed=11)
    data[4] = data[4].mT.contiguous().mT
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as record:
        ops.qp(*data)
    called = {event.key for event in record.key_averages()}
    assert "optnet::_solve" in called
    assert not called & {"aten::copy_", "aten::clone", "aten::contiguous", "aten::expand"}, called


@on_cpu_only
def test_threads_change_no_bit():
    data = problem(12, 3, 20, batch=40, shared=("Q", "G"), seed=12)
    before = torch.get_num_threads()

    def everything():
        x = leaves(data)
        result = ops.solve_qp(*x)
        (result[0].sum() + result[2].pow(2).sum()).backward()
        return [*result, *[t.grad for t in x if t.dim() > 2 or t.shape[0] == 40]]

    torch.set_num_threads(1)
    serial = everything()
    try:
        for threads in (2, 3, 8):
            torch.set_num_threads(threads)
            assert all(equal(x, y) for x, y in zip(everything(), serial)), threads
    finally:
        torch.set_num_threads(before)
    results = [None] * 8

    def work(i):
        results[i] = everything()

    workers = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    for result in results:
        assert all(equal(x, y) for x, y in zip(result, serial))


def test_same_bits_every_time():
    data = problem(12, 3, 20, batch=5, seed=13)
    first = ops.solve_qp(*data)
    for _ in range(20):
        assert all(equal(x, y) for x, y in zip(ops.solve_qp(*data), first))


def test_meta_tensors_give_shapes():
    data = problem(4, 1, 5, batch=3, seed=14)
    for ours, real in zip(ops.solve_qp(*[t.to("meta") for t in data]), ops.solve_qp(*data)):
        assert ours.is_meta and ours.shape == real.shape and ours.dtype == real.dtype


if __name__ == "__main__":
    run(globals())
