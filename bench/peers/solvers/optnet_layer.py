# SPDX-License-Identifier: Apache-2.0
"""optnet with the structure that the language sees: the operators of bench/layers.cpp."""
import torch

from solvers import base, library


class Solver(base.TorchSolver):
    title = "optnet layer"
    needs = "build the target optnet_bench_layers"
    about = "the layers of bench/layers.cpp, defaults (tolerance 1e-8), gradients of all their parameters"
    peer = False
    load = staticmethod(library.load_layers)

    def __init__(self, problem):
        if problem.layer is None:
            raise base.Unfit("is for the structured rows")
        arguments = problem.layer.arguments
        super().__init__(problem, arguments, range(len(arguments)))
        self.operator = getattr(torch.ops.optnet_bench, problem.layer.operator)
        returned = self.operator(*arguments).shape[-1]  # the layer of total variation keeps its bounds to itself
        self.weight = self.weight[..., :returned].contiguous()

    def solve(self, *tensors):
        return self.operator(*tensors)

    def gradients(self):
        layer = self.problem.layer
        return {"q": layer.sign * self.leaves[layer.place].grad}
