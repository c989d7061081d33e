# SPDX-License-Identifier: Apache-2.0
"""The convex benchmark of DC3 (Donti, Rolnick & Kolter 2021): the mean optimal objective over its 833 test problems.

    minimize 1/2 y'Qy + p'y  subject to  Ay = x,  Gy <= h        y in R^100, 50 equalities

Expected values: the published optima -16.33, -15.05, -12.73, -12.67 for 30, 50, 130, 150 inequalities, to the digits that
an independent solver gives. Usage: dc3_test.py LIBRARY [DEVICE]
"""
import sys

import numpy as np
import torch
from harness import SKIPPED, device

OPTIMA = {30: -16.3299, 50: -15.0469, 130: -12.7312, 150: -12.6690}


def data(inequalities, equalities=50, n=100, examples=10000):
    random = np.random.RandomState(17)
    q = np.diag(random.random_sample(n))
    p = random.random_sample(n)
    a = random.normal(loc=0, scale=1.0, size=(equalities, n))
    x = random.uniform(-1, 1, size=(examples, equalities))
    g = random.normal(loc=0, scale=1.0, size=(inequalities, n))
    h = np.sum(np.abs(g @ np.linalg.pinv(a)), axis=1)
    return [torch.from_numpy(v).to(device()) for v in (q, p, a, x[-833:], g, h)]


def main():
    torch.ops.load_library(sys.argv[1])
    if device() != "cpu" and not torch.cuda.is_available():
        print("no GPU")
        return SKIPPED
    failed = 0
    for inequalities, expected in OPTIMA.items():
        q, p, a, x, g, h = data(inequalities)
        z, _, _, s, status, *_ = torch.ops.optnet.solve_qp(q, p, a, x, g, h)
        objective = (0.5 * (z @ q * z).sum(1) + z @ p).mean().item()
        equality = (z @ a.T - x).abs().max().item()
        inequality = (z @ g.T - h).clamp(min=0).max().item()
        good = (
            bool((status == 0).all())
            and abs(objective - expected) <= 5e-5 + 1e-6  # expected is rounded to four decimals
            and max(equality, inequality) <= 1e-8
        )
        failed += not good
        print(f"{'ok  ' if good else 'FAIL'} {inequalities} inequalities: objective {objective:.6f}, expected {expected}, "
              f"violations {equality:.1e} {inequality:.1e}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
