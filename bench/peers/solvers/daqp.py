# SPDX-License-Identifier: Apache-2.0
"""DAQP: dual active set; the one to beat on dense rows."""
import importlib.metadata

import numpy as np

from solvers.one_by_one import OneByOne


class Solver(OneByOne):
    title = "DAQP"
    needs = "pip install daqp"
    about = "primal_tol=1e-8, no warm start; where the batch shares its matrices set up once and updated"

    @classmethod
    def load(cls):
        import daqp

        cls.load_intervals()
        cls.package = daqp
        return importlib.metadata.version("daqp")

    def __init__(self, problem):
        super().__init__(problem, False)
        for data in self.data:
            bounds = self.sides.has_bounds
            parts = [m for m in (data.A, data.C) if m is not None]
            data.rows = np.concatenate(parts) if parts else np.zeros((0, problem.n))
            equal = [] if data.A is None else [data.b]
            data.above = np.concatenate(([data.high] if bounds else []) + equal + [data.upper])
            data.below = np.concatenate(([data.low] if bounds else []) + equal + [data.lower])
            data.above, data.below = np.minimum(data.above, 1e30), np.maximum(data.below, -1e30)
            data.sense = np.zeros(len(data.above), dtype=np.int32)
            first = problem.n if bounds else 0
            data.sense[first : first + problem.p] = 5

    def solve(self, data):
        matrices = (data.P, data.q, data.rows, data.above, data.below, data.sense)
        return self.package.solve(*matrices, primal_tol=1e-8)[0]

    def forward(self):
        if not self.problem.shared or len(self.data) == 1:
            return super().forward()
        first, model = self.data[0], self.package.Model()
        model.settings = {"primal_tol": 1e-8}
        model.setup(first.P, first.q, first.rows, first.above, first.below, first.sense)
        self.z = [model.solve()[0]]
        for data in self.data[1:]:  # naming `sense` forgets the last active set
            model.update(f=data.q, bupper=data.above, blower=data.below, sense=data.sense)
            self.z.append(model.solve()[0])
