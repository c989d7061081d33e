# SPDX-License-Identifier: Apache-2.0
"""QPLayer: ProxSuite's layer."""
import importlib.metadata

import numpy as np
import torch

from solvers import base


class Solver(base.TorchSolver):
    title = "QPLayer"
    needs = "pip install proxsuite"
    about = "eps=1e-8, rho_backward=mu_backward=1e-9 (the default 1e-6 costs three digits and no time); two-sided rows"

    @classmethod
    def load(cls):
        from proxsuite.torch.qplayer import QPFunction

        from intervals import Intervals

        cls.intervals = Intervals
        cls.function = staticmethod(QPFunction(eps=1e-8, rho_backward=1e-9, mu_backward=1e-9))
        return importlib.metadata.version("proxsuite")

    def __init__(self, problem):
        base.limit_dense(problem, 20)
        Q, q, A, b, G, h = problem.dense()
        none = torch.empty(0, dtype=torch.float64)
        A, b = (none, none) if A is None else (A, b)
        sides = self.intervals(problem)
        self.whole = not (sides.lower >= 0).any()
        if self.whole:
            lower = torch.full_like(h, -1e20)
        else:  # bounds stay rows, pairs become one row each
            bounds = np.array([i for i, _, _ in sides.bounds], dtype=int)
            below = torch.as_tensor(np.concatenate([sides.lower, np.full(len(bounds), -1)]))
            above = torch.as_tensor(np.concatenate([sides.upper, bounds]))
            lower = torch.where(below >= 0, -h[..., below], -1e20)
            G, h = G[above], h[..., above]
        # Gradients are allocated in the default dtype.
        torch.set_default_dtype(torch.float64)
        there = zip("QqAbGh", problem.arguments(), (0, 1, 2, 3, 4, 6))
        learned = [place for name, t, place in there if t is not None and name in problem.learned]
        super().__init__(problem, [Q, q, A, b, G, lower, h], learned)

    def solve(self, *tensors):
        return self.function(*tensors)[0]

    def gradients(self):
        Q, q, A, b, G, _, h = self.leaves
        found = base.named([Q, q, A, b, G, h])
        return found if self.whole else {name: found[name] for name in "QqAb" if name in found}
