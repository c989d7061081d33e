# SPDX-License-Identifier: Apache-2.0
"""cvxpylayers with its default solver, SCS through diffcp."""
import importlib.metadata

import torch

from problem import per_problem
from solvers import base


class Solver(base.TorchSolver):
    title = "cvxpylayers"
    needs = "pip install cvxpylayers"
    about = "diffcp with SCS, eps=1e-8, mode=dense (its default gradients are off by percents); shared matrices are constants"
    part = 4

    @classmethod
    def load(cls):
        import cvxpy
        from cvxpylayers.torch import CvxpyLayer

        from intervals import scipy_matrix

        cls.cvxpy, cls.layer, cls.to_scipy = cvxpy, CvxpyLayer, staticmethod(scipy_matrix)
        return importlib.metadata.version("cvxpylayers")

    def __init__(self, problem):
        cvxpy = self.cvxpy
        if problem.n > 200 and not problem.sparse or problem.n > 2000:
            raise base.Unfit("takes minutes at this size")
        x = cvxpy.Variable(problem.n)
        parameters, values, self.names = [], [], []

        def parameter(name, value):
            made = cvxpy.Parameter(value.shape[1:] if per_problem(name, value) else value.shape)
            parameters.append(made)
            values.append(value)
            self.names.append(name)
            return made

        def matrix(name, value):
            return parameter(name, value) if value.dim() == 3 else self.to_scipy(value)

        if problem.Q.dim() == 3:  # a quadratic form of a parameter is none of its rules: x'LL'x with a factor is
            root = torch.linalg.cholesky(problem.Q).mT.contiguous()
            quadratic = cvxpy.sum_squares(parameter("Q", root) @ x)
        else:
            quadratic = cvxpy.quad_form(x, cvxpy.psd_wrap(self.to_scipy(problem.Q)))
        constraints = []
        objective = cvxpy.Minimize(0.5 * quadratic + parameter("q", problem.q) @ x)
        if problem.A is not None:
            constraints.append(matrix("A", problem.A) @ x == parameter("b", problem.b))
        if problem.G is not None:
            constraints.append(matrix("G", problem.G) @ x <= parameter("h", problem.h))
        self.module = self.layer(cvxpy.Problem(objective, constraints), parameters=parameters, variables=[x],
                                 solver_args={"eps": 1e-8, "mode": "dense", "n_jobs_forward": 1, "n_jobs_backward": 1})
        super().__init__(problem, values, [i for i, name in enumerate(self.names) if name in problem.learned])

    def solve(self, *tensors):
        return self.module(*tensors)[0]

    def gradients(self):
        """Of q, since Q stands for its factor and sums over a part of the batch are not comparable."""
        comparable = per_problem("q", self.problem.q) or self.problem.batch == 1
        return {"q": self.leaves[self.names.index("q")].grad} if comparable else {}
