# SPDX-License-Identifier: Apache-2.0
"""One batch of quadratic programs, in the forms that solvers want."""
import dataclasses

import torch

NAMES = ("Q", "q", "A", "b", "G", "h")


@dataclasses.dataclass
class Layer:
    """The same problem as an operator of bench/layers.cpp. The argument number `place` stands for the leading entries of q:
    q = sign * argument."""

    operator: str
    arguments: list
    place: int = 0
    sign: float = -1.0

    def head(self, k):
        cut = list(self.arguments)
        if cut[self.place].dim() == 2:
            cut[self.place] = cut[self.place][:k]
        return dataclasses.replace(self, arguments=cut)


@dataclasses.dataclass
class Problem:
    """A matrix is [rows, n] if the batch shares it, else [batch, rows, n]; dense, or sparse CSR (then shared). A vector is
    [size] or [batch, size]. `learned` are the arguments with gradients; the first `counted` variables are the answer, the
    rest (where it is None there is no rest) bound absolute values.
    """

    name: str
    batch: int
    Q: torch.Tensor
    q: torch.Tensor
    A: torch.Tensor = None
    b: torch.Tensor = None
    G: torch.Tensor = None
    h: torch.Tensor = None
    layer: Layer = None
    learned: tuple = NAMES
    counted: int = None
    incoming: torch.Tensor = None

    @property
    def n(self):
        return self.q.shape[-1]

    @property
    def p(self):
        return 0 if self.A is None else self.A.shape[-2]

    @property
    def m(self):
        return 0 if self.G is None else self.G.shape[-2]

    @property
    def sparse(self):
        return self.Q.layout is torch.sparse_csr

    @property
    def shared(self):
        """All matrices are."""
        return not any(map(per_problem, "QAG", (self.Q, self.A, self.G)))

    def dense_bytes(self):
        return 8 * self.n * (self.n + self.p + self.m) * (1 if self.shared else self.batch)

    def arguments(self):
        return [getattr(self, name) for name in NAMES]

    def dense(self):
        """[Q, q, A, b, G, h] in dense tensors, None where absent."""
        return [t.to_dense() if t is not None and t.layout is torch.sparse_csr else t for t in self.arguments()]

    def head(self, k):
        """The first k problems of the batch, with their incoming gradients."""
        own = {name: t[:k] for name, t in zip(NAMES, self.arguments()) if per_problem(name, t)}
        weight = self.weight()
        return dataclasses.replace(self, batch=min(k, self.batch), layer=self.layer and self.layer.head(k),
                                   incoming=weight[:k] if weight.dim() == 2 else weight, **own)

    def weight(self):
        """The incoming gradient of z, ~ N(0, 1) and 0 beyond the answer: [batch, n], or [n] if nothing has a batch."""
        if self.incoming is None:
            lead = (self.batch,) if any(map(per_problem, NAMES, self.arguments())) else ()
            self.incoming = Draw(7).normal(*lead, self.n)
            if self.counted:
                self.incoming[..., self.counted :] = 0
        return self.incoming


def per_problem(name, t):
    return t is not None and t.dim() == (3 if name in ("Q", "A", "G") else 2)


class Draw:
    """Seeded float64 numbers."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def uniform(self, *shape):
        return torch.rand(*shape, generator=self.generator, dtype=torch.float64)

    def normal(self, *shape):
        return torch.randn(*shape, generator=self.generator, dtype=torch.float64)
