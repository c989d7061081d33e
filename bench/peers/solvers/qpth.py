# SPDX-License-Identifier: Apache-2.0
"""qpth: the layer that came with OptNet's paper."""
import importlib.metadata
import sys
import types

import torch

from problem import NAMES, per_problem
from solvers import base


class Solver(base.TorchSolver):
    title = "qpth"
    needs = "pip install --no-deps qpth (it asks for numpy < 2 and cvxpy, and runs without them)"
    about = "eps=1e-8, verbose=-1, check_Q_spd=False; 1e-8 on the diagonal of a singular Q, as OptNet's denoising has it"

    @classmethod
    def load(cls):
        try:
            import cvxpy  # noqa: F401
        except ImportError:
            sys.modules["cvxpy"] = types.ModuleType("cvxpy")  # imported by qpth for a solver that is not used here
        from qpth.qp import QPFunction

        cls.function = staticmethod(QPFunction(eps=1e-8, verbose=-1, check_Q_spd=False))
        return importlib.metadata.version("qpth")

    def __init__(self, problem):
        base.limit_dense(problem, 20)
        tensors = problem.dense()
        diagonal = tensors[0].diagonal(dim1=-2, dim2=-1)
        if bool((diagonal == 0).any()):
            tensors[0] = tensors[0] + torch.diag_embed((diagonal == 0) * 1e-8)
        learned = [i for i, name in enumerate(NAMES) if name in problem.learned]
        super().__init__(problem, tensors, learned)
        self.none = torch.empty(0, dtype=torch.float64)

    def solve(self, Q, q, A, b, G, h):
        A, b = (self.none, self.none) if A is None else (A, b)
        return self.function(Q, q, G, h, A, b)

    def gradients(self):
        """It returns the mean over the batch for shared arguments: here they are sums."""
        found = base.named(self.leaves)
        return {name: g if per_problem(name, g) else self.problem.batch * g for name, g in found.items()}
