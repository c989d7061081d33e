# SPDX-License-Identifier: Apache-2.0
"""The operators inside torch's autograd: what is computed, saved, refused and left alone. Usage: autograd_test.py LIBRARY"""
import math

import torch
from harness import NAMES, device, equal, generator, leaves, on_cpu_only, problem, refused, run

ops = torch.ops.optnet
F64 = {"dtype": torch.float64}


def gradients(data, loss=lambda r: r[0].pow(2).sum(), **settings):
    x = leaves(data)
    loss(ops.solve_qp(*x, **settings)).backward()
    return [t.grad for t in x]


@on_cpu_only
def test_only_what_is_asked_for():
    data = problem(5, 2, 6, batch=3, seed=1)
    for first in range(6):
        for second in range(first, 6):
            x = [t.clone().requires_grad_(i in (first, second)) for i, t in enumerate(data)]
            ops.qp(*x).pow(2).sum().backward()
            assert [t.grad is not None for t in x] == [i in (first, second) for i in range(6)]
    x = leaves(data)
    full = gradients(data)
    z = ops.qp(*x)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as record:
        (only_q,) = torch.autograd.grad(z.pow(2).sum(), x[1])
    assert equal(only_q, full[1])
    # No outer product was formed for the matrices that nobody asked about.
    assert not {event.key for event in record.key_averages()} & {"aten::bmm", "aten::mm"}


def test_nothing_is_saved_where_nothing_is_wanted():
    data = problem(5, 2, 6, seed=2)
    saved = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t):
        assert ops.qp(*data).grad_fn is None
        x = leaves(data)
        with torch.no_grad():
            assert ops.solve_qp(*x)[0].grad_fn is None
        assert saved == []
        z, nu, lam, s, status, iterations, residuals = ops.solve_qp(*x)
        assert saved != []
    assert all(t.requires_grad for t in (z, nu, lam, s))
    assert not any(t.requires_grad for t in (status, iterations, residuals))


def test_inference_mode():
    data = problem(5, 2, 6, batch=3, seed=3)
    expected = ops.solve_qp(*data)
    with torch.inference_mode():
        result = ops.solve_qp(*leaves(data))
        assert result[0].is_inference() and not result[0].requires_grad
    assert all(equal(x, y) for x, y in zip(result, expected))


def test_in_place_changes_are_noticed():
    data = problem(5, 2, 6, batch=3, shared=("Q",), seed=4)
    for place in (0, 2, 4):
        x = leaves(data)
        inputs = [t * 1 for t in x]
        z = ops.qp(*inputs)
        inputs[place].mul_(2)
        assert refused(lambda out=z: out.sum().backward(), "modified by an inplace operation"), NAMES[place]
    x = leaves(data)
    z = ops.qp(*x)
    z.mul_(2)
    assert refused(lambda: z.sum().backward(), "modified by an inplace operation")
    # A second derivative needs z, too, where the first is made of it.
    x = leaves(data)
    z = ops.qp(*x)
    (first,) = torch.autograd.grad(z.sum(), x[0], create_graph=True)
    z.detach().mul_(2)
    assert refused(lambda: first.sum().backward(), "modified by an inplace operation")
    # The gradient does not depend on q beyond z: a change of q is no error, and the numbers are right.
    x = leaves(data)
    inputs = [t * 1 for t in x]
    z = ops.qp(*inputs)
    inputs[1].zero_()
    z.pow(2).sum().backward()
    assert all(equal(t.grad, expected) for t, expected in zip(x, gradients(data)))


def test_backward_twice():
    data = problem(5, 2, 6, batch=3, seed=5)
    x = leaves(data)
    loss = ops.qp(*x).pow(2).sum()
    first = torch.autograd.grad(loss, x, retain_graph=True)
    second = torch.autograd.grad(loss, x)
    assert all(equal(a, b) for a, b in zip(first, second))
    assert refused(lambda: torch.autograd.grad(loss, x), "backward through the graph a second time")
    # The engine is as good as before.
    assert all(equal(a, b) for a, b in zip(gradients(data), first))


def test_incoming_gradients_of_every_sort():
    data = problem(5, 2, 6, batch=4, seed=6)
    x = leaves(data)
    z = ops.qp(*x)
    zero = torch.autograd.grad(z, x, torch.zeros_like(z), retain_graph=True)
    assert not any(t.any() for t in zero)
    weight = torch.randn(5, 4, **F64).T  # not contiguous
    plain = torch.autograd.grad(z, x, weight.contiguous(), retain_graph=True)
    for other in (weight, torch.randn(1, **F64)):
        full = other.expand_as(z)
        a = torch.autograd.grad(z, x, full, retain_graph=True)
        b = torch.autograd.grad(z, x, full.contiguous(), retain_graph=True)
        assert all(equal(s, t) for s, t in zip(a, b))
    broken = weight.clone()
    broken[2, 1] = math.nan
    for ours, clean in zip(torch.autograd.grad(z, x, broken, retain_graph=True), plain):
        rest = [0, 1, 3]
        assert equal(ours[rest], clean[rest])
    # Outputs that a loss does not use: the gradients of the others alone.
    y = leaves(data)
    result = ops.solve_qp(*y)
    torch.autograd.backward(result[0], weight)
    assert all(equal(t.grad, clean) for t, clean in zip(y, plain))
    for place in (1, 2, 3):
        y = leaves(data)
        ops.solve_qp(*y)[place].sum().backward()
        assert all(t.grad.isfinite().all() for t in y) and y[1].grad.any()


FAILURES = {
    "NaN": lambda t: t.reshape(-1).__setitem__(0, math.nan),
    "infinity": lambda t: t.reshape(-1).__setitem__(0, math.inf),
}


def check_isolation(healthy, broken, element, shared=()):
    """Values and gradients of the other elements are the same bits; those of the failed one are exactly zero."""
    batch = healthy[1].shape[0]
    others = [k for k in range(batch) if k != element]
    random = generator(1)

    def all_of(data, poison):
        x = leaves(data)
        result = ops.solve_qp(*x)
        loss = 0
        for r in result[:4]:
            weight = torch.randn(r.shape, generator=random.manual_seed(r.shape[1]), **F64)
            weight[element] = math.nan if poison else 0.0
            loss = loss + (r * weight).sum()
        torch.autograd.backward(loss)
        return result, [t.grad for t in x]

    good, good_gradients = all_of(healthy, poison=False)
    bad, bad_gradients = all_of(broken, poison=True)
    assert good[4].tolist() == [0] * batch and bad[4][element].item() > 1
    for a, b in zip(good, bad):
        assert equal(a[others], b[others])
    for name, a, b in zip(NAMES, good_gradients, bad_gradients):
        if name in shared:
            assert b.isfinite().all() and equal(a, b), name
        else:
            assert equal(a[others], b[others]), name
            assert not b[element].any() and b[element].isfinite().all(), name


def test_a_failed_element_harms_no_other():
    for shared in ((), ("Q", "A", "G")):
        data = problem(5, 2, 6, batch=4, shared=shared, seed=7)
        for place, name in enumerate(NAMES):
            if name in shared:
                continue
            for what, spoil in FAILURES.items():
                if name == "h" and what == "infinity":
                    continue  # that is an absent row
                broken = [t.clone() for t in data]
                spoil(broken[place][2])
                check_isolation(data, broken, 2, shared)
        infeasible = [t.clone() for t in data]
        infeasible[5][1, 3] = -math.inf
        check_isolation(data, infeasible, 1, shared)
    nonconvex = [t.clone() for t in problem(5, 2, 6, batch=4, seed=7)]
    nonconvex[0][3] = -nonconvex[0][3]
    check_isolation(problem(5, 2, 6, batch=4, seed=7), nonconvex, 3)


@on_cpu_only
def test_no_bit_depends_on_the_place_in_the_batch_or_on_threads():
    threads = torch.get_num_threads()
    random = torch.Generator().manual_seed(3)
    for n, m, shared in ((20, 13, ("Q", "A", "G")), (101, 60, ("Q", "A", "G")), (13, 9, ())):
        data = problem(n, 4, m, batch=37, shared=shared, seed=n)
        weights = [torch.randn(37, size, generator=random, **F64) for size in (n, 4, m, m)]

        def results(order):
            x = leaves([t if name in shared else t[order] for name, t in zip(NAMES, data)])
            result = ops.solve_qp(*x)[:4]
            sum((r * w[order]).sum() for r, w in zip(result, weights)).backward()
            return [*result, *(t.grad for name, t in zip(NAMES, x) if name not in shared)]

        plain = results(torch.arange(37))
        order = torch.randperm(37, generator=random)
        for count in (1, 2):
            torch.set_num_threads(count)
            assert all(equal(a[order], b) for a, b in zip(plain, results(order))), (n, count)
        torch.set_num_threads(threads)


def test_unbounded_and_unfinished_elements_have_no_gradient():
    box = torch.cat([torch.eye(2, **F64), -torch.eye(2, **F64)])
    h = torch.ones(2, 4, **F64)
    h[1] = math.inf
    x = leaves([torch.ones(2, 2, **F64), box, h])
    z, _, lam, s, status, *_ = ops.solve_qp(None, x[0], None, None, x[1], x[2])
    assert status.tolist() == [0, 3]
    (z.sum() + lam.sum() + s.sum()).backward()
    assert not x[0].grad[1].any() and not x[2].grad[1].any()
    y = leaves([torch.ones(2, **F64), box, torch.ones(4, **F64)])
    z, _, lam, s, *_ = ops.solve_qp(None, y[0], None, None, y[1], y[2])
    (z.sum() + lam.sum() + s.sum()).backward()
    assert torch.allclose(x[1].grad, y[1].grad, rtol=1e-12, atol=1e-12)  # the shared G hears of element 0 only
    data = problem(20, 3, 30, batch=2, seed=8)
    x = leaves(data)
    result = ops.solve_qp(*x, max_iter=0)
    assert result[4].tolist() == [4, 4]
    sum(r.sum() for r in result[:4]).backward()
    assert not any(t.grad.any() or t.grad.isnan().any() for t in x)


def test_second_derivatives_beside_a_failed_element():
    data = problem(4, 1, 5, batch=3, shared=("Q", "G"), seed=9)
    broken = [t.clone() for t in data]
    broken[1][1] = math.nan

    def second(given):
        x = leaves(given)
        z, nu, lam, s, *_ = ops.solve_qp(*x)
        keep = torch.tensor([0, 2])
        loss = z[keep].pow(3).sum() + lam[keep].sum() * nu[keep].sum() + s[keep].pow(2).sum()
        first = torch.autograd.grad(loss, x, create_graph=True)
        return torch.autograd.grad(sum(g.pow(2).sum() for g in first), x)

    for name, a, b in zip(NAMES, second(data), second(broken)):
        if name in "QG":
            torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)
        else:
            assert not b[1].any(), name
            torch.testing.assert_close(a[[0, 2]], b[[0, 2]], rtol=1e-10, atol=1e-10)


def test_absent_rows_have_zero_gradient():
    data = problem(5, 2, 9, batch=3, shared=("G",), seed=10)
    for bound in (math.inf, 1e20, 1e25):
        given = [t.clone() for t in data]
        given[5][:, 6:] = bound
        without = [*given[:4], given[4][:6].clone(), given[5][:, :6].clone()]

        def loss(r):
            return r[0].pow(2).sum() + r[2].sum() + r[3].sum()

        a, b = gradients(given, loss), gradients(without, loss)
        for name, ours, expected in zip(NAMES, a, b):
            if name == "G":
                assert not ours[6:].any()
                ours = ours[:6]
            if name == "h":
                assert not ours[:, 6:].any()
                ours = ours[:, :6]
            torch.testing.assert_close(ours, expected, rtol=1e-10, atol=1e-10)
    all_absent = [*data[:5], torch.full_like(data[5], math.inf)]
    torch.testing.assert_close(ops.qp(*all_absent), ops.qp(*data[:4]), rtol=1e-12, atol=1e-12)
    for name, g in zip(NAMES, gradients(all_absent)):
        assert g.isfinite().all() and (name not in "Gh" or not g.any())


def test_autocast_changes_nothing():
    for dtype in (torch.float32, torch.float64):
        data = problem(6, 2, 8, batch=3, shared=("Q", "G"), seed=11, dtype=dtype)
        plain = [ops.qp(*data), *gradients(data, lambda r: r[0].sum() + r[3].sum())]
        with torch.autocast(device(), dtype=torch.bfloat16):
            inside = [ops.qp(*data), *gradients(data, lambda r: r[0].sum() + r[3].sum())]
        assert all(equal(a, b) for a, b in zip(plain, inside))
    data = problem(6, 2, 8, batch=3, shared=("Q", "G"), seed=11, dtype=torch.float32)
    q = data[1].bfloat16().requires_grad_()
    with torch.autocast(device(), dtype=torch.bfloat16):  # as a layer before this one would hand it over
        z = ops.qp(data[0], q, *data[2:])
    assert z.dtype == torch.float32 and equal(z, ops.qp(data[0], q.detach().float(), *data[2:]))
    z.sum().backward()
    assert q.grad.dtype == torch.bfloat16 and q.grad.any()


def test_batch_dimension_of_one_keeps_its_shape():
    data = problem(5, 2, 6, batch=3, shared=("Q", "A", "G"), seed=12)
    shared = gradients(data)
    for ours, expected in zip(gradients([t[None] if t.dim() == 2 and n in "QAG" else t for n, t in zip(NAMES, data)]), shared):
        assert equal(ours.squeeze(0), expected) and ours.dim() == (3 if ours.shape[0] == 1 else 2)


def test_vmap_is_refused_where_it_would_mix_problems():
    data = problem(4, 1, 5, batch=3, seed=13)

    def loss(*arguments):
        return ops.qp(*arguments).sum()

    assert refused(lambda: torch.func.vmap(torch.func.grad(loss))(*data), "vmap over optnet is not supported", "leading batch")
    single = problem(4, 1, 5, batch=None, seed=13)
    assert refused(lambda: torch.autograd.functional.jacobian(lambda q: ops.qp(single[0], q, *single[2:]), single[1], vectorize=True),
                   "vmap over optnet is not supported", "leading batch")


def test_compile_traces_the_forward_pass_and_says_how_to_have_gradients():
    data = problem(4, 1, 5, batch=3, seed=14)

    def layer(q, h):
        return 2 * ops.qp(data[0], q + 1, *data[2:5], h)

    def compiled(function, backend, gradient, full=True):
        torch._dynamo.reset()
        x = [t.clone().requires_grad_(gradient) for t in (data[1], data[5])]
        z = torch.compile(function, backend=backend, fullgraph=full)(*x)
        return [z, *torch.autograd.grad(z.sum(), x)] if gradient else [z]

    expected = compiled(layer, "eager", True)
    x = leaves([data[1], data[5]])
    z = layer(*x)
    assert all(equal(a, b) for a, b in zip(expected, [z, *torch.autograd.grad(z.sum(), x)]))
    assert equal(compiled(layer, "aot_eager", False)[0], z)
    assert refused(lambda: compiled(layer, "aot_eager", True), "torch.compiler.disable", 'backend="eager"')
    apart = torch.compiler.disable(lambda q, h: ops.qp(data[0], q, *data[2:5], h))
    found = compiled(lambda q, h: 2 * apart(q + 1, h), "aot_eager", True, full=False)
    assert all(equal(a, b) for a, b in zip(found, expected))


def test_hooks_and_anomaly_mode():
    data = problem(4, 1, 5, batch=2, seed=14)
    expected = gradients(data)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
        assert all(equal(a, b) for a, b in zip(gradients(data), expected))
    with torch.autograd.detect_anomaly(check_nan=True):
        assert all(equal(a, b) for a, b in zip(gradients(data), expected))
    x = leaves(data)
    z = ops.qp(*x)

    def fail(_):
        raise ValueError("a hook gave up")

    z.register_hook(fail)
    try:
        z.sum().backward()
        raise AssertionError("the hook's error was lost")
    except ValueError as error:
        assert "gave up" in str(error)
    assert all(equal(a, b) for a, b in zip(gradients(data), expected))


if __name__ == "__main__":
    run(globals())
