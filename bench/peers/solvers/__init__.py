# SPDX-License-Identifier: Apache-2.0
"""The solvers by the names of their files, in the order of the tables."""
import importlib

ALL = (
    "optnet_layer", "optnet_operator", "optnet_forward", "linear_layer", "qpth", "qplayer", "moreau", "cvxpylayers",
    "proxqp", "piqp", "osqp", "clarabel", "daqp", "daqp_calls",
)


def load(name):
    """The class, its version, and None; or the class, None and a sentence that tells how to install what it needs. Raises
    ValueError with a sentence if there is no such solver."""
    if name not in ALL:
        raise ValueError(f'no solver is called "{name}": there are {", ".join(ALL)}')
    module = importlib.import_module(f"solvers.{name}")
    try:
        return module.Solver, module.Solver.load(), None
    except ImportError as error:
        return module.Solver, None, f"{module.Solver.title} is left out ({error}): {module.Solver.needs}."
