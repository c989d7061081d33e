# SPDX-License-Identifier: Apache-2.0
"""optnet with plain dense tensors."""
import torch

from problem import NAMES
from solvers import base, library


class Solver(base.TorchSolver):
    title = "optnet"
    needs = "build it and name build/release/lib/liboptnet.so"
    about = "torch.ops.optnet.qp with dense tensors, defaults (tolerance 1e-8)"
    peer = False
    load = staticmethod(library.load)

    def __init__(self, problem):
        base.limit_dense(problem, one=50)  # the layer is for what is large and mostly zeros
        learned = [i for i, name in enumerate(NAMES) if name in problem.learned]
        super().__init__(problem, problem.dense(), learned)

    def solve(self, *tensors):
        return torch.ops.optnet.qp(*tensors)

    def gradients(self):
        return base.named(self.leaves)
