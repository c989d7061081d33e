# SPDX-License-Identifier: Apache-2.0
"""The rows: seeded batches of

    minimize 1/2 z'Qz + q'z   subject to   A z = b,  G z <= h

A row is named FAMILY-SIZE, with -shared or -own (matrices) for the family "dense", and optionally @BATCH. Parameters follow
OptNet (Amos & Kolter 2017), DC3 (Donti, Rolnick & Kolter 2021) and the usual tests of differentiable solvers.
"""
import dataclasses
import re

import numpy as np
import torch

import structured
from problem import Draw, Layer, Problem


def dense(n, batch, own):
    """OptNet's timing experiment: Q = LL' + 1e-3 I, L ~ U(0, 1); G, z0, q ~ N(0, 1), h = G z0 + U(0, 1), n inequalities."""
    draw, lead = Draw(n), (batch,) if own else ()
    root = draw.uniform(*lead, n, n)
    quadratic = root @ root.mT + 1e-3 * torch.eye(n, dtype=torch.float64)
    g = draw.normal(*lead, n, n)
    h = (g @ draw.normal(batch, n, 1)).squeeze(-1) + draw.uniform(batch, n)
    return Problem("", batch, quadratic, draw.normal(batch, n), G=g, h=h)


def linear(n, batch, own):
    """The same with shared matrices, and q alone has a gradient: what a linear layer of that size stands beside."""
    return dataclasses.replace(dense(n, batch, False), learned=("q",))


def dc3(inequalities, batch, own):
    """DC3's convex benchmark: 100 variables, 50 equalities; the test set's last points, drawn in the paper's order."""
    random = np.random.RandomState(17)
    quadratic, q = np.diag(random.random_sample(100)), random.random_sample(100)
    a = random.normal(size=(50, 100))
    x = random.uniform(-1, 1, size=(10000, 50))
    g = random.normal(size=(inequalities, 100))
    h = np.sum(np.abs(g @ np.linalg.pinv(a)), axis=1)
    made = [torch.from_numpy(np.ascontiguousarray(v)) for v in (quadratic, q, a, x[-batch:], g, h)]
    return Problem("", batch, *made)


def random(n, batch, own):
    """Q = PP' + 1e-4 I, P, q, G, A ~ U(0, 1), n inequalities G z <= G 1 + 1, n/2 equalities A z = A 1."""
    draw = Draw(n)
    root = draw.uniform(n, n)
    q, g, a = draw.uniform(n), draw.uniform(n, n), draw.uniform(n // 2, n)
    quadratic = root @ root.mT + 1e-4 * torch.eye(n, dtype=torch.float64)
    if batch > 1:
        q = draw.uniform(batch, n)
    return Problem("", batch, quadratic, q, a, a.sum(1), g, g.sum(1) + 1)


def sudoku(size, batch, own):
    """Mini-Sudoku before training: Q = 0.1 I, z >= 0, A z = A 1 with A ~ U(0, 1), [40, 64], q minus a one-hot puzzle of 4 to 8
    given cells of a valid board."""
    if size != 64:
        raise ValueError(f'"sudoku-{size}": a board has 4 x 4 cells of 4 digits, so the row is sudoku-64')
    draw = Draw(4)
    a = draw.uniform(40, 64)
    row, column = torch.arange(16) // 4, torch.arange(16) % 4
    boards = torch.stack([torch.randperm(4, generator=draw.generator)[(column + 2 * row + row // 2) % 4] for _ in range(batch)])
    given = torch.stack([
        torch.randperm(16, generator=draw.generator) < torch.randint(4, 9, (), generator=draw.generator) for _ in range(batch)
    ])
    q = torch.zeros(batch, 16, 4, dtype=torch.float64).scatter(2, boards.unsqueeze(2), 1.0)
    q = -(q * given.unsqueeze(2)).reshape(batch, 64)
    eye, ones = torch.eye(64, dtype=torch.float64), torch.ones(64, dtype=torch.float64)
    h = torch.zeros(64, dtype=torch.float64)
    return Problem("", batch, 0.1 * eye, q, a, a.sum(1), -eye, h, Layer("sudoku", [-q, a, ones]))


FAMILIES = {  # the builder and the batch where the row names none
    "dense": (dense, 128),
    "linear": (linear, 128),
    "dc3": (dc3, 128),
    "sudoku": (sudoku, 128),
    "random": (random, 1),
    "tv": (structured.total_variation, 128),
    "simplex": (structured.simplex, 1),
    "chain": (structured.chain, 1),
    "portfolio": (structured.portfolio, 1),
    "risk": (structured.risk, 1),
}

GROUPS = {
    "table": "dense-10-shared dense-10-own dense-50-shared dense-50-own dense-100-shared dense-100-own dc3-50 sudoku-64 tv-100 "
             "simplex-20 simplex-1000 chain-200 random-20 random-100 random-450 portfolio-10 risk-50 risk-100",
    "1.1": "dense-100-own@1 dense-100-own@64 dense-100-own@128 dense-100-shared@64 dense-100-shared@128",
    "1.2": "linear-10 linear-50 linear-100 linear-500",
    "2.1": "chain-200 chain-500 chain-1000 chain-2000 chain-4000 chain-10000",
    "2.2": "simplex-20 simplex-100 simplex-450 simplex-1000 simplex-4600 simplex-10000 simplex-100000",
    "2.3": "portfolio-10 portfolio-20 portfolio-50 portfolio-100 portfolio-200",
    "2.4": "sudoku-64@1",
    "2.5": "dc3-30@833 dc3-50@833 dc3-130@833 dc3-150@833",
    "2.6": "random-20 random-100 random-450 random-1000",
}


def names(words):
    """Rows from names of rows and groups."""
    return [name for word in words for name in GROUPS.get(word, word).split()]


def make(name):
    """The row of that name. Raises ValueError with a sentence if there is none."""
    form = re.fullmatch(r"(?P<family>[a-z0-9]+)-(?P<size>\d+)(-(?P<kind>shared|own))?(@(?P<batch>\d+))?", name)
    if not form or form["family"] not in FAMILIES or (form["kind"] and form["family"] != "dense"):
        raise ValueError(
            f'no row is called "{name}": write FAMILY-SIZE, FAMILY-SIZE@BATCH or dense-SIZE-shared, dense-SIZE-own, with one '
            f"of the families {', '.join(FAMILIES)}, or one of the groups {', '.join(GROUPS)}"
        )
    build, batch = FAMILIES[form["family"]]
    made = build(int(form["size"]), int(form["batch"] or batch), form["kind"] == "own")
    return dataclasses.replace(made, name=name)
