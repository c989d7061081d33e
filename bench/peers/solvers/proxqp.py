# SPDX-License-Identifier: Apache-2.0
"""ProxQP: ProxSuite's batches without gradients."""
import importlib.metadata

import numpy as np
import torch

from solvers.one_by_one import OneByOne


class Solver(OneByOne):
    title = "ProxQP"
    needs = "pip install proxsuite"
    about = "BatchQP, eps_abs=1e-8, dense or sparse as the row is, bounds as two-sided rows"
    part = None

    @classmethod
    def load(cls):
        from proxsuite import proxqp

        cls.load_intervals()
        cls.package = proxqp
        return importlib.metadata.version("proxsuite")

    def __init__(self, problem):
        super().__init__(problem, problem.sparse)
        if self.sides.has_bounds:
            own = np.array([j for _, j, _ in self.sides.bounds], dtype=int)
            for data in self.data:
                box = self.scipy.eye(problem.n, format="csr")[own]
                parts = [m for m in (data.C, box if self.sparse else box.toarray()) if m is not None]
                data.C = self.scipy.vstack(parts, format="csc") if self.sparse else np.concatenate(parts)
                data.lower = np.concatenate([data.lower, data.low[own]])
                data.upper = np.concatenate([data.upper, data.high[own]])
        for data in self.data:
            data.lower, data.upper = np.maximum(data.lower, -1e20), np.minimum(data.upper, 1e20)

    def forward(self):
        kind = self.package.sparse if self.sparse else self.package.dense
        batch = kind.BatchQP()
        for data in self.data:
            inequalities = 0 if data.C is None else data.C.shape[0]
            qp = batch.init_qp_in_place(self.problem.n, self.problem.p, inequalities)
            qp.settings.eps_abs = 1e-8
            qp.init(H=data.P, g=data.q, A=data.A, b=data.b, C=data.C, l=data.lower, u=data.upper)
        kind.solve_in_parallel(num_threads=torch.get_num_threads(), qps=batch)
        self.z = [np.array(batch.get(k).results.x) for k in range(len(self.data))]
