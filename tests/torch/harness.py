# SPDX-License-Identifier: Apache-2.0
"""Runs the test_* functions of a script against the library in argv[1], and makes problems for them.

On the device in argv[2], the CPU if none is named: every tensor that a test makes is there, and tests that are marked as
`on_cpu_only` are left out. A machine without that device skips the script.

Problems have a point z0 with A z0 = b and G z0 < h, so they are feasible, and Q > 0; a seed fixes the numbers. `shared` names
the arguments without a batch dimension; vectors stay per problem unless nothing is.
"""
import sys
import traceback

import torch

NAMES = ("Q", "q", "A", "b", "G", "h")
SKIPPED = 77


def device():
    return sys.argv[2] if len(sys.argv) > 2 else "cpu"


def on_cpu_only(test):
    """Marks what is about the CPU's threads, processes or profiles."""
    test.on_cpu_only = True
    return test


def generator(seed):
    return torch.Generator(device=device()).manual_seed(seed)


def run(namespace):
    """Runs every test of a module's globals(); exits with 1 if one failed."""
    torch.ops.load_library(sys.argv[1])
    if device() != "cpu":
        if not torch.cuda.is_available():
            print("no GPU")
            sys.exit(SKIPPED)
        torch.set_default_device(device())
    failed = 0
    tests = [(name, test) for name, test in namespace.items() if name.startswith("test_")]
    if device() != "cpu":
        tests = [(name, test) for name, test in tests if not hasattr(test, "on_cpu_only")]
    for name, test in tests:
        torch.manual_seed(0)
        try:
            test()
            print(f"ok   {name}", flush=True)
        except Exception:  # an assertion or whatever the library threw
            failed += 1
            print(f"FAIL {name}\n{traceback.format_exc()}", flush=True)
    print(f"{len(tests) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


def problem(n, p, m, batch=None, shared=(), seed=0, dtype=torch.float64):
    """[Q, q, A, b, G, h]; h leaves a slack of U(0, 0.3) at a random point, so that some rows are active."""
    random = generator(seed)

    def normal(name, *shape):
        lead = () if batch is None or name in shared else (batch,)
        return torch.randn(*lead, *shape, generator=random, dtype=torch.float64)

    root = normal("Q", n, n)
    q_matrix = root @ root.mT / n + torch.eye(n, dtype=torch.float64)
    a, g = normal("A", p, n), normal("G", m, n)
    lead = () if batch is None else (batch,)
    z0 = 0.2 * torch.randn(*lead, n, generator=random, dtype=torch.float64)
    slack = 0.3 * torch.rand(*lead, m, generator=random, dtype=torch.float64)
    b = (a @ z0.unsqueeze(-1)).squeeze(-1)
    h = (g @ z0.unsqueeze(-1)).squeeze(-1) + slack
    return [t.to(dtype) for t in (q_matrix, 2 * normal("q", n), a, b, g, h)]


def leaves(tensors):
    return [t.detach().clone().requires_grad_() for t in tensors]


def equal(a, b):
    """Bit for bit, NaN equal to NaN."""
    return a.shape == b.shape and a.dtype == b.dtype and bool(((a == b) | (a.isnan() & b.isnan())).all())


def within(found, expected, bound):
    """True if no number differs by more than `bound`; says by how much, and where, if one does."""
    assert found.shape == expected.shape, f"{list(found.shape)} in place of {list(expected.shape)}"
    if expected.numel() == 0:
        return True
    difference = (found - expected).abs().flatten()
    worst = difference.nan_to_num(nan=float("inf")).argmax().item()
    values = f"{found.flatten()[worst].item()!r} at {worst} in place of {expected.flatten()[worst].item()!r}"
    assert difference[worst].item() <= bound, f"{values}: off by {difference[worst].item():.2e}, more than {bound:.2e}"
    return True


def refused(call, *parts):
    """True if the call throws with all of these in its message; shows the message where it does not."""
    try:
        call()
    except RuntimeError as error:
        message = str(error).split("\n")[0]
        missing = [part for part in parts if part not in message]
        assert not missing, f"{message!r} lacks {missing}"
        return True
    raise AssertionError(f"accepted, expected an error with {parts}")
