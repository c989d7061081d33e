# SPDX-License-Identifier: Apache-2.0
"""OSQP: operator splitting."""
import importlib.metadata

import numpy as np

from solvers.one_by_one import OneByOne


class Solver(OneByOne):
    title = "OSQP"
    needs = "pip install osqp"
    part = 8
    about = "eps_abs=eps_rel=1e-8, at most 200000 iterations, no polishing"

    @classmethod
    def load(cls):
        import osqp

        cls.load_intervals()
        cls.package = osqp
        return importlib.metadata.version("osqp")

    def __init__(self, problem):
        super().__init__(problem, True)
        eye = self.scipy.eye(problem.n, format="csc")
        for data in self.data:
            bounds = self.sides.has_bounds
            parts = [m for m in (data.A, data.C, eye if bounds else None) if m is not None]
            data.rows = self.scipy.vstack(parts, format="csc")
            equal = [data.b] if data.A is not None else []
            data.below = np.concatenate(equal + [data.lower] + ([data.low] if bounds else []))
            data.above = np.concatenate(equal + [data.upper] + ([data.high] if bounds else []))
            data.P = self.scipy.triu(data.P, format="csc")

    def solve(self, data):
        solver = self.package.OSQP()
        solver.setup(data.P, data.q, data.rows, data.below, data.above, eps_abs=1e-8, eps_rel=1e-8, max_iter=200000,
                     verbose=False)
        return np.array(solver.solve().x)
