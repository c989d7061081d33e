# SPDX-License-Identifier: Apache-2.0
"""optnet where nothing requires a gradient: beside the solvers that have none."""
import torch

from solvers import base, library


class Solver(base.Solver):
    title = "optnet, no gradient"
    needs = "build it and name build/release/lib/liboptnet.so"
    about = "the layer, or the operator where the row has no structure, with tensors that require no gradient"

    @staticmethod
    def load():
        try:
            return library.load_layers()
        except ImportError:
            return library.load()

    def __init__(self, problem):
        super().__init__(problem)
        if problem.layer is not None and hasattr(torch.ops.optnet_bench, problem.layer.operator):
            self.operator, self.arguments = getattr(torch.ops.optnet_bench, problem.layer.operator), problem.layer.arguments
        else:
            base.limit_dense(problem)
            self.operator, self.arguments = torch.ops.optnet.qp, problem.dense()

    def forward(self):
        self.z = self.operator(*self.arguments)

    def solution(self):
        return self.z.reshape(self.problem.batch, -1)
