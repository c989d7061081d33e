# SPDX-License-Identifier: Apache-2.0
"""PIQP: proximal interior point; its sparse code is the one to beat on sparse rows."""
import importlib.metadata

import numpy as np

from solvers.one_by_one import OneByOne


class Solver(OneByOne):
    title = "PIQP"
    needs = "pip install piqp"
    about = (
        "eps_abs=1e-8, eps_rel=0 (a relative gap leaves large answers at 1e-4), dense or sparse as the row is; where the "
        "batch shares its matrices set up once and updated"
    )

    @classmethod
    def load(cls):
        import piqp

        cls.load_intervals()
        cls.package = piqp
        return importlib.metadata.version("piqp")

    def __init__(self, problem):
        super().__init__(problem, problem.sparse)
        if not self.sparse:  # it wants columns together
            for data in self.data:
                data.P, data.A, data.C = (m if m is None else np.asfortranarray(m) for m in (data.P, data.A, data.C))

    def forward(self):
        solver, self.z = None, []
        for data in self.data:
            sides = {"h_l": data.lower, "h_u": data.upper} if data.C is not None else {}
            if self.sides.has_bounds:
                sides.update(x_l=data.low, x_u=data.high)
            if solver is None or not self.problem.shared:
                solver = self.package.SparseSolver() if self.sparse else self.package.DenseSolver()
                settings = solver.settings
                settings.eps_abs = settings.eps_duality_gap_abs = 1e-8
                settings.eps_rel = settings.eps_duality_gap_rel = 0
                solver.setup(data.P, data.q, data.A, data.b, data.C, **sides)
            else:
                solver.update(c=data.q, b=data.b, **sides)
            solver.solve()
            self.z.append(np.array(solver.result.x))
