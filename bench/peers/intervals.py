# SPDX-License-Identifier: Apache-2.0
"""G z <= h as  lower <= C z <= upper  and  low <= z <= high: what solvers with bounds and two-sided rows do best with.

Rows with one entry become bounds; a row and its negative become one row with two sides.
"""
import numpy as np
import scipy.sparse as sp

from problem import per_problem


def scipy_matrix(t):
    """A torch matrix, dense or CSR, as scipy's CSR."""
    if not t.is_sparse_csr:
        return sp.csr_matrix(t.numpy())
    return sp.csr_matrix((t.values().numpy(), t.col_indices().numpy(), t.crow_indices().numpy()), shape=tuple(t.shape))


class Intervals:
    """Sees the pattern once; `rows` is C for shared matrices (scipy CSR). With matrices per problem every row stays."""

    def __init__(self, problem):
        self.n, self.m = problem.n, problem.m
        bounds, keys, upper, lower = [], {}, [], []
        self.shared = problem.G is None or not per_problem("G", problem.G)
        if not self.shared:
            upper, lower = list(range(self.m)), [-1] * self.m
        elif problem.G is not None:
            g = scipy_matrix(problem.G)
            g.sum_duplicates()
            for i in range(self.m):
                cols, values = g.indices[g.indptr[i] : g.indptr[i + 1]], g.data[g.indptr[i] : g.indptr[i + 1]]
                if len(cols) == 1:
                    bounds.append((i, cols[0], values[0]))
                    continue
                mirror = keys.get((cols.tobytes(), (-values).tobytes()))
                if mirror is not None and lower[mirror] < 0:
                    lower[mirror] = i
                    continue
                keys[(cols.tobytes(), values.tobytes())] = len(upper)
                upper.append(i)
                lower.append(-1)
        self.upper, self.lower = np.array(upper, dtype=int), np.array(lower, dtype=int)
        self.bounds = bounds
        self.rows = g[self.upper] if self.shared and problem.G is not None else None

    @property
    def has_bounds(self):
        return bool(self.bounds)

    def sides(self, h):
        """lower, upper of C z."""
        lower = np.where(self.lower >= 0, -h[self.lower], -np.inf) if len(self.upper) else np.zeros(0)
        return lower, h[self.upper] if len(self.upper) else np.zeros(0)

    def box(self, h):
        """low, high of z."""
        low, high = np.full(self.n, -np.inf), np.full(self.n, np.inf)
        for i, j, value in self.bounds:
            if value > 0:
                high[j] = min(high[j], h[i] / value)
            else:
                low[j] = max(low[j], h[i] / value)
        return low, high
