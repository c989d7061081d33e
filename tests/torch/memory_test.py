# SPDX-License-Identifier: Apache-2.0
"""Results and gradients lie in ordinary memory of their own, and go when nobody holds them. Usage: memory_test.py LIBRARY"""
import ctypes
import io
import resource
import threading
import weakref

import torch
from harness import equal, leaves, on_cpu_only, problem, run

ops = torch.ops.optnet


def step(n, seed=0):
    """z and the six gradients of one problem."""
    x = leaves(problem(n, max(n // 4, 1), n + 1, seed=seed))
    z = ops.qp(*x)
    z.pow(2).sum().backward()
    return [z.detach(), *[t.grad for t in x]]


@on_cpu_only
def test_tensors_that_live_overlap_nowhere_and_are_aligned():
    held, seen = [], []
    for repetition in range(6):
        for n in (1, 2, 5, 8, 9, 16, 20, 22, 23, 30):
            made = step(n, seed=n)
            held += made[repetition % 2 :: 2]  # the others go, and their memory with them
            seen += [t.clone() for t in made[repetition % 2 :: 2]]
    places = sorted((t.data_ptr(), t.data_ptr() + 8 * t.numel()) for t in held)
    assert all(a[1] <= b[0] for a, b in zip(places, places[1:]))
    assert all(first % 64 == 0 for first, _ in places)
    assert all(equal(t, before) for t, before in zip(held, seen))


def large_step(batch, n):
    """The six gradients of a batch of problems with matrices of their own."""
    x = leaves(problem(n, n // 4, n, batch=batch, seed=batch))
    ops.qp(*x).pow(2).sum().backward()
    return [t.grad for t in x]


@on_cpu_only
def test_large_gradients_that_live_overlap_nowhere():
    held, seen = [], []
    for repetition in range(4):
        for batch in (20, 21, 24, 40):
            made = large_step(batch, 32)
            held += made[repetition % 2 :: 2]
            seen += [t.clone() for t in made[repetition % 2 :: 2]]
    places = sorted((t.data_ptr(), t.data_ptr() + 8 * t.numel()) for t in held)
    assert any(t.numel() * 8 >= 1 << 17 for t in held)
    assert all(a[1] <= b[0] for a, b in zip(places, places[1:]))
    assert all(first % 64 == 0 for first, _ in places)
    assert all(equal(t, before) for t, before in zip(held, seen))


@on_cpu_only
def test_what_waits_to_be_used_again_is_bounded():
    def resident():
        return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 2**20

    # The batches themselves come from the heap, which by default keeps up to 200 MB of them in holes, another number in
    # every run: M_MMAP_THRESHOLD gives what is larger back at once.
    ctypes.CDLL(None).mallopt(-3, 1 << 17)
    large_step(100, 50)
    before = resident()
    made = 0
    for batch in range(100, 1300, 60):
        made += sum(8 * t.numel() for t in large_step(batch, 50)) / 2**20
    # Tensors, sets and factors, each up to 64 MB, and what the threads keep.
    assert made > 500 and resident() - before < 3 * 64 + 32 + 20, (made, resident() - before)


@on_cpu_only
def test_results_are_tensors_like_all_others():
    expected = step(7)
    grown = step(7)[1].resize_(3000)
    assert equal(grown[:49].reshape(7, 7), expected[1])
    grown.fill_(2)
    shared = step(7)[0].share_memory_()
    assert shared.is_shared() and equal(shared, expected[0])
    file = io.BytesIO()
    torch.save(step(7), file)
    file.seek(0)
    assert all(equal(a, b) for a, b in zip(torch.load(file), expected))


@on_cpu_only
def test_tensors_go_in_other_threads_than_they_came_from():
    expected, lists, wrong = step(20), [[] for _ in range(4)], []

    def make(place):
        for _ in range(20):
            lists[place].append(step(20))

    def drop(place):
        while lists[place]:
            made = lists[place].pop()
            if not all(equal(a, b) for a, b in zip(made, expected)):
                wrong.append(place)

    for work in (make, drop, make):
        threads = [threading.Thread(target=work, args=(place,)) for place in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    for place in range(4):
        drop(place)
    assert wrong == []


def test_no_graph_holds_itself():
    for order in (1, 2):
        x = leaves(problem(5, 2, 6, seed=1))
        z = ops.qp(*x)
        made = torch.autograd.grad(z.sum(), x, create_graph=order == 2)
        if order == 2:
            made = torch.autograd.grad(sum(t.pow(2).sum() for t in made), x, create_graph=True)
        held = [weakref.ref(t) for t in (*x, z)]
        del x, z, made
        assert all(t() is None for t in held), order


if __name__ == "__main__":
    run(globals())
