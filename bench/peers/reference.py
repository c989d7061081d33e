# SPDX-License-Identifier: Apache-2.0
"""A reference for which no solver is believed: from any good point the active rows are read off, the optimality conditions are
solved with them as equalities, and the result counts only if its signs prove it optimal. Gradients come from the same matrix.
"""
import dataclasses

import numpy as np
import torch

from problem import NAMES, per_problem


@dataclasses.dataclass
class Reference:
    z: torch.Tensor  # [batch, n]
    gradients: dict  # dl/dQ and so on; empty where a solution is degenerate


def _system(Q, A, C):
    """[Q A' C'; A 0 0; C 0 0] and its solver; sparse if Q is."""
    rows = A.shape[0] + C.shape[0]
    if isinstance(Q, np.ndarray):
        below = np.concatenate([A, C])
        K = np.block([[Q, below.T], [below, np.zeros((rows, rows))]])
        return K, lambda right: np.linalg.solve(K, right)
    import scipy.sparse as sp
    import scipy.sparse.linalg as la

    below = sp.vstack([A, C], format="csr")
    K = sp.bmat([[Q, below.T], [below, None]] if rows else [[Q]], format="csc")
    return K, la.splu(K).solve


def _solve(K, solver, right):
    x = solver(right)
    return x + solver(right - K @ x)


def _one(Q, q, A, b, G, h, z, weight):
    """z, multipliers, active rows, d of one problem; d is None where the derivative may not exist. None without a proof.

    Rows that a first guess has too many (a multiplier below 0) or too few (a slack below 0) are exchanged a few times."""
    scale, n, p = 1 + np.abs(z).max(), len(q), len(b)
    is_active = h - G @ z <= 1e-6 * scale
    for _ in range(6):
        active = np.flatnonzero(is_active)
        right = np.concatenate([-q, b, h[active]])
        try:
            K, solver = _system(Q, A, G[active])
            x = _solve(K, solver, right)
        except (np.linalg.LinAlgError, RuntimeError):  # rows depend on each other
            return None
        point, multipliers = x[:n], x[n:]
        slack, size = h - G @ point, max(np.abs(multipliers).max(initial=0), 1.0)
        surplus, missing = active[multipliers[p:] < -1e-13 * size], np.flatnonzero(~is_active & (slack < -1e-13 * scale))
        if len(surplus) + len(missing) == 0:
            break
        is_active[surplus], is_active[missing] = False, True
    else:
        return None
    if not np.abs(K @ x - right).max() <= 1e-9 * size * scale:
        return None
    clear = multipliers[p:].min(initial=1) > 1e-7 * size and slack[~is_active].min(initial=1) > 1e-8 * scale
    d = _solve(K, solver, np.concatenate([-weight, np.zeros(len(x) - n)])) if clear else None
    return point, multipliers, active, d


def _degenerate(Q, q, A, b, G, h, z):
    """z where active rows depend on each other: least squares for z, and multipliers >= 0 as the proof. None if there are
    none, or the problem is large."""
    try:
        from scipy.optimize import nnls
    except ImportError:
        return None
    if len(q) > 700:
        return None
    Q, A, G = (m if isinstance(m, np.ndarray) else m.toarray() for m in (Q, A, G))
    scale = 1 + np.abs(z).max()
    active = np.flatnonzero(h - G @ z <= 1e-6 * scale)
    K, _ = _system(Q, A, G[active])
    point = np.linalg.lstsq(K, np.concatenate([-q, b, h[active]]), rcond=None)[0][: len(q)]
    feasible = (G @ point - h).max(initial=0) <= 1e-9 * scale and np.abs(A @ point - b).max(initial=0) <= 1e-9 * scale
    slope = Q @ point + q
    _, rest = nnls(np.concatenate([A, -A, G[active]]).T, -slope)
    return point if feasible and rest <= 1e-8 * max(np.abs(slope).max(), 1) else None


def polish(problem, z):
    """The Reference of a row from solutions [batch, n], or None where one cannot be proved optimal (or, without scipy, the
    row is sparse and large)."""
    if problem.sparse and not _has_scipy() and problem.n > 2000:
        return None
    to_array = _converter(problem)
    given = {name: getattr(problem, name) for name in ("Q", "A", "G")}
    matrices = {name: to_array(t) for name, t in given.items() if not per_problem(name, t)}
    weight = problem.weight().reshape(problem.batch, -1).numpy()
    vectors = {name: getattr(problem, name) for name in ("q", "b", "h")}
    points, gradients = [], {name: [] for name in NAMES}
    for k in range(problem.batch):
        Q, A, G = (matrices[name] if name in matrices else getattr(problem, name)[k].numpy() for name in ("Q", "A", "G"))
        q, b, h = (np.zeros(0) if v is None else (v[k] if v.dim() == 2 else v).numpy() for v in vectors.values())
        found = _one(Q, q, A, b, G, h, z[k].numpy(), weight[k])
        if found is None:
            point, d = _degenerate(Q, q, A, b, G, h, z[k].numpy()), None
            if point is None:
                return None
        else:
            point, multipliers, active, d = found
        points.append(torch.from_numpy(point))
        if d is None:
            gradients = None
        if gradients is not None:
            _add(gradients, problem, point, multipliers, active, d)
    if gradients is not None:
        gradients = {
            name: (torch.stack(parts) if per_problem(name, getattr(problem, name)) else torch.stack(parts).sum(0))
            for name, parts in gradients.items() if parts
        }
    return Reference(torch.stack(points), gradients or {})


def _has_scipy():
    try:
        import scipy  # noqa: F401
    except ImportError:
        return False
    return True


def _converter(problem):
    """To numpy, or to scipy's CSR for a sparse row; what is absent has no rows."""
    empty = torch.zeros(0, problem.n, dtype=torch.float64)
    if not problem.sparse or not _has_scipy():
        return lambda t: (empty if t is None else t.to_dense()).numpy()
    from intervals import scipy_matrix

    return lambda t: scipy_matrix(empty if t is None else t)


def _add(gradients, problem, z, multipliers, active, d):
    """dQ = (d_z z' + z d_z')/2, dq = d_z, dA = d_nu z' + nu d_z', db = -d_nu, and so on."""
    n, p, m = problem.n, problem.p, problem.m
    dz, dnu, nu = d[:n], d[n : n + p], multipliers[:p]
    dlam, lam = np.zeros(m), np.zeros(m)
    dlam[active], lam[active] = d[n + p :], multipliers[p:]
    made = {"q": dz, "b": -dnu, "h": -dlam}
    if not problem.sparse:
        made["Q"] = 0.5 * (np.outer(dz, z) + np.outer(z, dz))
        made["A"] = np.outer(dnu, z) + np.outer(nu, dz)
        made["G"] = np.outer(dlam, z) + np.outer(lam, dz)
    for name, value in made.items():
        if getattr(problem, name) is not None:
            gradients[name].append(torch.from_numpy(value))


def distance(reference, z, counted):
    """max |z - z*| / max(1, |z*|) over the answer's variables, and over a batch that may be the head of the reference's."""
    z, best = z[:, :counted], reference.z[: len(z), :counted]
    return float((z - best).abs().max() / best.abs().max().clamp(min=1))


def gradient_difference(reference, gradients):
    """The largest relative difference over the arguments that both have; NaN without any."""
    worst = float("nan")
    for name, g in gradients.items():
        best = reference.gradients.get(name)
        if g is None or best is None:
            continue
        if name == "q":
            best = best.reshape(-1, best.shape[-1])[: g.reshape(-1, g.shape[-1]).shape[0], : g.shape[-1]].reshape(g.shape)
        difference = float((g - best).abs().max() / best.abs().max())
        worst = difference if not worst >= difference else worst
    return worst
