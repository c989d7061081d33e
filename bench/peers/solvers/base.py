# SPDX-License-Identifier: Apache-2.0
"""What the runner asks of a solver."""
import torch


class Unfit(Exception):
    """The row is not for this solver; the message is a sentence that says why."""


def limit_dense(problem, one=400, all=400):
    """Raises Unfit where the dense matrices of one problem, or all that a batch needs, take more than that many megabytes."""
    total = problem.dense_bytes() / 1e6
    if total > all or (total if problem.shared else total / problem.batch) > one:
        raise Unfit(f"takes dense matrices: {total:.0f} MB here, above the limit of this benchmark")


class Solver:
    """A solver that holds one problem in the form it wants; conversion is done by the constructor, which nobody times.

    A subclass sets `title`, `needs` (how to install it) and `about` (its settings), and imports its package in `load`.
    """

    title = ""
    needs = ""
    about = ""
    part = None  # solvers that take one problem at a time: how many of a batch are enough to tell the time
    answers = True  # its output is the solution
    peer = True  # worth a word where a row is not for it
    differentiable = False

    @classmethod
    def load(cls):
        """Imports the package and returns its version. Raises ImportError where it is absent."""
        raise NotImplementedError

    def __init__(self, problem):
        """Raises Unfit where the row is not for it."""
        self.problem = problem

    def reset(self):
        """Untimed, before every forward pass."""

    def forward(self):
        """Solves all problems."""
        raise NotImplementedError

    def solution(self):
        """[batch, n], of the last forward pass."""
        raise NotImplementedError

    def backward(self):
        """Gradients of (weight * z).sum() of the last forward pass."""

    def gradients(self):
        """Those that are comparable with dl/dQ and so on of the problem as it stands, by name; sums over the batch where
        the argument is shared. A gradient of the leading entries of q alone is enough."""
        return {}


class TorchSolver(Solver):
    """A solver that is a function of torch tensors with gradients."""

    differentiable = True

    def __init__(self, problem, tensors, learned):
        """`learned`: the positions in `tensors` that get gradients."""
        super().__init__(problem)
        self.weight = problem.weight()
        self.leaves = [t if t is None else t.detach().clone() for t in tensors]
        for place in learned:
            if self.leaves[place] is not None:
                self.leaves[place].requires_grad_()

    def reset(self):
        self.z = None
        for leaf in self.leaves:
            if leaf is not None:
                leaf.grad = None

    def solve(self, *tensors):
        """z, [batch, n] or [n]."""
        raise NotImplementedError

    def forward(self):
        self.z = self.solve(*self.leaves)

    def solution(self):
        return self.z.detach().reshape(self.problem.batch, -1)

    def backward(self):
        self.z.backward(self.weight.reshape(self.z.shape))


def named(tensors):
    """Gradients by name, of leaves in the order Q, q, A, b, G, h."""
    return {name: t.grad for name, t in zip("QqAbGh", tensors) if t is not None and t.grad is not None}


def stack(rows):
    return torch.stack([torch.as_tensor(row) for row in rows])
