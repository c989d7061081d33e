# SPDX-License-Identifier: Apache-2.0
"""No solver: torch's linear layer of the same size, for the price of a layer that solves."""
import torch

from solvers import base


class Solver(base.TorchSolver):
    title = "torch.nn.Linear"
    needs = "comes with torch"
    about = "x W' + c with n inputs and outputs in float64; gradient of x"
    peer = False
    answers = False

    @classmethod
    def load(cls):
        return torch.__version__

    def __init__(self, problem):
        if problem.learned != ("q",):
            raise base.Unfit("stands beside the rows of the family linear")
        super().__init__(problem, [problem.q], [0])
        self.module = torch.nn.Linear(problem.n, problem.n, dtype=torch.float64).requires_grad_(False)

    def solve(self, x):
        return self.module(x)
