# SPDX-License-Identifier: Apache-2.0
"""Other differentiable solvers that run on a GPU: qpth, cuPIQP and Moreau.

    pip install 'cupiqp[cuda13]' moreau moreau-cuda13

Each makes from the tensors of a row, Q, q, G, h and where there are equalities A, b, a function of the same tensors
that gives z in float64 at tolerance 1e-8, with gradients by all of them; qpth's by what the batch shares are the mean,
the others' the sum. What depends on shapes alone is set up once, as a training loop would do it; every call takes all
numbers anew.
"""
import functools
import importlib.util
import sys
import types

import torch


def batch_of(tensors):
    """Of matrices and vectors in turn; None if nothing has a batch."""
    return next((len(t) for i, t in enumerate(tensors) if t.dim() == 3 - i % 2), None)


def qpth(*data):
    sys.modules.setdefault("cvxpy", types.ModuleType("cvxpy"))
    from qpth.qp import QPFunction

    single = batch_of(data) is None

    def solve(q_matrix, q, g, h, a=None, b=None):
        none = torch.empty(0, dtype=q.dtype, device=q.device)
        function = QPFunction(eps=1e-8, verbose=-1, check_Q_spd=False)
        z = function(q_matrix, q, g, h, none if a is None else a, none if b is None else b)
        return z[0] if single else z

    return solve


def cupiqp(*data, keep_scaling):
    """Its torch layer, with its defaults: 1e-8, the solve as one CUDA graph. At every call it scales the matrices anew,
    for which the host waits up to ten times, unless told to keep the first scaling. One step here lets Warp compile its
    kernels. z and the gradients are views that the next call overwrites."""
    import warp

    warp.config.log_level = warp.LOG_WARNING
    from cupiqp.torch import DenseSolverLayer

    def named(q_matrix, q, g, h, a=None, b=None):
        given = {"P": q_matrix, "c": q, "G": g, "h_u": h, "A": a, "b": b}
        return {name: t for name, t in given.items() if t is not None}

    layer, single = DenseSolverLayer(), batch_of(data) is None
    layer.settings.preconditioner_reuse_on_update = keep_scaling
    layer.setup(**named(*data))

    def solve(*tensors):
        z = layer(**named(*tensors))
        return z[0] if single else z

    solve(*(t.detach().requires_grad_() for t in data)).sum().backward()
    return solve


def dense_pattern(rows, cols):
    """CSR row offsets and columns of a matrix without zeros."""
    return torch.arange(rows + 1) * cols, torch.arange(cols).repeat(rows)


def moreau(q_matrix, q, g, h, a=None, b=None, own_class=False):
    """moreau.torch.Solver, or moreau_cuda's class below it, which does not read the status of every element by itself.
    It is the interior point: the GPU has no other. Matrices become [batch, entries], equalities above inequalities, in
    the call."""
    import moreau.torch

    batch, device = batch_of((q_matrix, q, g, h) if a is None else (q_matrix, q, g, h, a, b)), q.device.type
    n, m, p, copies = q.shape[-1], h.shape[-1], 0 if b is None else b.shape[-1], batch or 1
    if not moreau.device_available(device):
        raise RuntimeError(moreau.device_error(device) or f"no package of Moreau for the device {device} is installed")
    settings = moreau.Settings(device=device, solver="ipm", batch_size=copies, enable_grad=True,
                               ipm_settings=moreau.IPMSettings(diff_method="exact"))
    structure = (n, p + m, *dense_pattern(n, n), *dense_pattern(p + m, n),
                 moreau.Cones(num_zero_cones=p, num_nonneg_cones=m), settings)
    if own_class:
        from moreau_cuda.torch_wrapper import TorchCompiledSolver

        solver = TorchCompiledSolver(*structure, batch_size=copies, enable_grad=True)
    else:
        solver = moreau.torch.Solver(*structure)

    def each(t, dims):
        return t.expand(copies, *t.shape[-dims:]).flatten(1)

    def joined(above, below, dims):
        return each(below, dims) if above is None else torch.cat([each(above, dims), each(below, dims)], 1)

    def solve(q_matrix, q, g, h, a=None, b=None):
        matrices, vectors = (each(q_matrix, 2), joined(a, g, 2)), (each(q, 1), joined(b, h, 1))
        if own_class:
            solver.setup(*matrices)
            z = solver.solve(*vectors)["x"]
        else:
            z = solver.solve(*matrices, *vectors).x
        return z[0] if batch is None else z

    return solve


PEERS = {  # the package that it takes, its title, and what makes it
    "qpth": ("qpth", "qpth", qpth),
    "cupiqp": ("cupiqp", "cuPIQP", functools.partial(cupiqp, keep_scaling=False)),
    "cupiqp-kept": ("cupiqp", "cuPIQP, scaling kept", functools.partial(cupiqp, keep_scaling=True)),
    "moreau": ("moreau", "Moreau", moreau),
    "moreau-cuda": ("moreau_cuda", "Moreau's CUDA class", functools.partial(moreau, own_class=True)),
}


def installed():
    return [name for name, (package, _, _) in PEERS.items() if importlib.util.find_spec(package)]
