# SPDX-License-Identifier: Apache-2.0
"""Moreau: batched, differentiable; its default takes an active-set method up to 500 variables, else an interior point."""
import importlib.metadata
import warnings

import torch

from solvers import base


def _entries(t):
    """Row offsets, columns and values, [nnz] or [batch, nnz]; of a dense matrix all entries."""
    if t.layout is torch.sparse_csr:
        return t.crow_indices(), t.col_indices(), t.values()
    rows, cols = t.shape[-2:]
    return torch.arange(rows + 1) * cols, torch.arange(cols).repeat(rows), t.reshape(*t.shape[:-2], rows * cols)


class Solver(base.Solver):
    title = "Moreau"
    needs = "pip install moreau"
    about = (
        "solver auto, primal_tol=1e-8, diff_method exact; two copies of the matrices take turns that differ in the last bit, "
        "since it keeps what it made of equal ones and training has none"
    )
    differentiable = True

    @classmethod
    def load(cls):
        import moreau.torch

        cls.package = moreau
        return importlib.metadata.version("moreau")

    def __init__(self, problem):
        super().__init__(problem)
        P_offsets, P_columns, P_values = _entries(problem.Q)
        blocks = [_entries(t) for t in (problem.A, problem.G) if t is not None]
        A_offsets, A_columns = [torch.zeros(1, dtype=torch.int64)], torch.cat([columns for _, columns, _ in blocks])
        for offsets, _, _ in blocks:
            A_offsets.append(offsets[1:] + A_offsets[-1][-1])

        def joined(parts):  # along the last dimension, with a batch dimension if one of them has it
            expanded = [t if t.dim() == 2 else t.expand(problem.batch, -1) for t in parts]
            return torch.cat(expanded if any(t.dim() == 2 for t in parts) else parts, -1)

        vectors = [problem.q, joined([v for v in (problem.b, problem.h) if v is not None])]
        if any(v.dim() == 2 for v in vectors) or not problem.shared:
            vectors = [v if v.dim() == 2 else v.expand(problem.batch, -1) for v in vectors]
        values = [P_values, joined([v for _, _, v in blocks]), *vectors]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says that the active set's gradients have kinks
            self.solver = self.package.torch.Solver(
                problem.n, problem.p + problem.m, P_offsets, P_columns, torch.cat(A_offsets), A_columns,
                self.package.Cones(num_zero_cones=problem.p, num_nonneg_cones=problem.m),
                settings=self.package.Settings(
                    device="cpu", batch_size=problem.batch, enable_grad=True,
                    ipm_settings=self.package.IPMSettings(diff_method="exact"),
                    active_set_settings=self.package.ActiveSetSettings(primal_tol=1e-8, diff_method="exact"),
                ),
            )
        only_q = problem.learned == ("q",)
        self.turns = []
        for factor in (1.0, 1.0 + 2.0**-52):
            leaves = [(values[0] * factor).contiguous(), (values[1] * factor).contiguous(), *(v.clone() for v in values[2:])]
            for place, leaf in enumerate(leaves):
                leaf.requires_grad_(place == 2 or not only_q)
            self.turns.append(leaves)
        self.weight = problem.weight()

    def reset(self):
        self.turns.reverse()
        for leaf in self.turns[0]:
            leaf.grad = None

    def forward(self):
        P, A, q, b = self.turns[0]
        self.z = self.solver.solve(P, A, q, b).x

    def solution(self):
        return self.z.detach().reshape(self.problem.batch, -1)

    def backward(self):
        self.z.backward(self.weight.reshape(self.z.shape))

    def gradients(self):
        """Of the vectors."""
        _, _, q, b = self.turns[0]
        found = {"q": q.grad}
        if b.grad is not None:
            found["b"], found["h"] = b.grad[..., : self.problem.p], b.grad[..., self.problem.p :]
        given = {name: (g, getattr(self.problem, name)) for name, g in found.items()}
        return {name: g.sum(0) if g.dim() > t.dim() else g for name, (g, t) in given.items() if t is not None}
