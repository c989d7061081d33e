# SPDX-License-Identifier: Apache-2.0
"""Clarabel: interior point for cones."""
import importlib.metadata

import numpy as np

from solvers.one_by_one import OneByOne


class Solver(OneByOne):
    title = "Clarabel"
    needs = "pip install clarabel"
    part = 8
    about = "tolerances 1e-8 (its defaults), one thread"

    @classmethod
    def load(cls):
        import clarabel

        cls.load_intervals()
        cls.package = clarabel
        return importlib.metadata.version("clarabel")

    def __init__(self, problem):
        super().__init__(problem, True)
        self.settings = self.package.DefaultSettings()
        self.settings.verbose, self.settings.max_threads = False, 1
        G = None if self.sides.shared is False or problem.G is None else self.to_scipy(problem.G).tocsc()
        for k, data in enumerate(self.data):
            inequalities = data.C if G is None else G  # one-sided rows are its own form
            parts = [m for m in (data.A, inequalities) if m is not None]
            data.rows = self.scipy.vstack(parts, format="csc")
            data.right = np.concatenate([v for v in (data.b, data.h) if v is not None])
            data.P = self.scipy.triu(data.P, format="csc")
        cones = ((self.package.ZeroConeT, problem.p), (self.package.NonnegativeConeT, problem.m))
        self.cones = [kind(rows) for kind, rows in cones if rows > 0]

    def solve(self, data):
        solver = self.package.DefaultSolver(data.P, data.q, data.rows, data.right, self.cones, self.settings)
        return np.array(solver.solve().x)
