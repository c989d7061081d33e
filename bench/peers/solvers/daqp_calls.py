# SPDX-License-Identifier: Apache-2.0
"""DAQP by its function `solve`, which sets each problem up, also where the batch shares its matrices."""
from solvers import daqp
from solvers.one_by_one import OneByOne


class Solver(daqp.Solver):
    title = "DAQP, call by call"
    about = "primal_tol=1e-8, no warm start; one call of daqp.solve for every problem"
    forward = OneByOne.forward
