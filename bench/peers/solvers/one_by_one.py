# SPDX-License-Identifier: Apache-2.0
"""Solvers that take one problem a call: bounds as bounds, two-sided rows, sparse matrices where the row is sparse."""
import torch

from solvers import base


class Data:
    """One problem: P, q, A, b, C, lower, upper, low, high, h; matrices numpy or scipy's CSC, None where absent."""

    def __init__(self, problem, sides, k, matrices):
        self.P, self.A, self.C = matrices
        self.q, self.b, self.h = (
            None if t is None else (t if t.dim() == 1 else t[k]).numpy().copy() for t in (problem.q, problem.b, problem.h)
        )
        self.lower, self.upper = sides.sides(self.h)
        self.low, self.high = sides.box(self.h)


class OneByOne(base.Solver):
    part = 32

    @classmethod
    def load_intervals(cls):
        import scipy.sparse

        from intervals import Intervals, scipy_matrix

        cls.scipy, cls.intervals, cls.to_scipy = scipy.sparse, Intervals, staticmethod(scipy_matrix)

    def __init__(self, problem, sparse):
        """`sparse`: whether matrices are to be CSC."""
        super().__init__(problem)
        if not sparse:
            base.limit_dense(problem, 50)
        self.sparse = sparse
        self.sides = self.intervals(problem)
        shared = self._matrices(0) if problem.shared else None
        self.data = [Data(problem, self.sides, k, shared or self._matrices(k)) for k in range(problem.batch)]

    def _matrices(self, k):
        problem, made = self.problem, []
        rows = self.sides.rows
        if rows is not None and rows.shape[0] == 0:
            rows = None
        for t in (problem.Q, problem.A, rows if self.sides.shared else problem.G):
            if t is None:
                made.append(None)
            elif not isinstance(t, torch.Tensor):
                made.append(t.tocsc() if self.sparse else t.toarray())
            elif self.sparse:
                made.append(self.to_scipy(t if t.dim() == 2 else t[k]).tocsc())
            else:
                dense = t.to_dense() if t.layout is torch.sparse_csr else t
                made.append((dense if dense.dim() == 2 else dense[k]).contiguous().numpy())
        return made

    def solve(self, data):
        raise NotImplementedError

    def forward(self):
        self.z = [self.solve(data) for data in self.data]

    def solution(self):
        return base.stack(self.z)
