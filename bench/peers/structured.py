# SPDX-License-Identifier: Apache-2.0
"""Rows whose matrices are mostly zeros, in sparse CSR: total variation, simplex, chain, risk, portfolio."""
import torch

from problem import Draw, Layer, Problem


class Entries:
    """A sparse matrix, entry by entry; entries in one place add up."""

    def __init__(self, rows, cols):
        self.shape, self.rows, self.cols, self.values = (rows, cols), [], [], []

    def add(self, row, col, value):
        """Scalars or tensors of one length."""
        row, col = torch.broadcast_tensors(torch.as_tensor(row), torch.as_tensor(col))
        self.rows.append(row.reshape(-1))
        self.cols.append(col.reshape(-1))
        self.values.append(torch.as_tensor(value, dtype=torch.float64).expand(row.shape).reshape(-1))
        return self

    def csr(self):
        where = torch.stack([torch.cat(self.rows), torch.cat(self.cols)])
        return torch.sparse_coo_tensor(where, torch.cat(self.values), self.shape).coalesce().to_sparse_csr()


def _diagonal(values):
    i = torch.arange(len(values))
    return Entries(len(values), len(values)).add(i, i, values).csr()


def total_variation(n, batch, own):
    """min 1/2 |z - y|^2 + 13 sum |z_i+1 - z_i| as a QP in (z, t), 2n - 1 variables, Q singular. Signals of OptNet's denoising
    experiment: 1 to 9 constant pieces of heights 10 to 99, and noise of deviation 10."""
    random = torch.Generator().manual_seed(n)
    y = torch.empty(batch, n, dtype=torch.float64)
    for k in range(batch):
        pieces = int(torch.randint(1, 10, (), generator=random))
        starts = torch.zeros(n, dtype=torch.long)
        starts[1 + torch.randperm(n - 1, generator=random)[: pieces - 1]] = 1
        y[k] = torch.randint(10, 100, (pieces,), generator=random)[starts.cumsum(0)].to(torch.float64)
    y += 10 * Draw(n).normal(batch, n)
    weight, i = 13.0, torch.arange(n - 1)
    rows = Entries(2 * n - 2, 2 * n - 1)
    for half, sign in enumerate((1.0, -1.0)):
        top = half * (n - 1)
        rows.add(top + i, i, -sign).add(top + i, i + 1, sign).add(top + i, n + i, -1.0)
    quadratic = Entries(2 * n - 1, 2 * n - 1).add(torch.arange(n), torch.arange(n), 1.0).csr()
    q = torch.cat([-y, torch.full((batch, n - 1), weight, dtype=torch.float64)], 1)
    h = torch.zeros(2 * n - 2, dtype=torch.float64)
    layer = Layer("denoise", [y, torch.tensor(weight, dtype=torch.float64)])
    return Problem("", batch, quadratic, q, G=rows.csr(), h=h, layer=layer, counted=n)


def simplex(n, batch, own):
    """The projection of -q ~ N(0, 1) onto the probability simplex."""
    q = Draw(n).normal(*(() if batch == 1 else (batch,)), n)
    ones, i = torch.ones(n, dtype=torch.float64), torch.arange(n)
    total = Entries(1, n).add(0, i, 1.0).csr()
    return Problem("", batch, _diagonal(ones), q, total, ones[:1], _diagonal(-ones), 0 * ones,
                    layer=Layer("simplex", [q], sign=1.0))


def chain(n, batch, own):
    """100 points in R^d, n = 100 d, with L = tridiag(-1, 2, -1): Q = I/2 + (L x I)'(L x I), q = -x, x ~ 10 N(0, 1), and no
    coordinate of neighbours, round the end too, differs by more than 1."""
    d = n // 100
    if n % 100 or d < 1:
        raise ValueError(f'"chain-{n}": the size is 100 times the dimension of the points, for example chain-200')
    x = 10 * Draw(n).normal(*(() if batch == 1 else (batch,)), n)
    i = torch.arange(n)
    bending = Entries(n, n).add(i, i, 2.0).add(i[d:], i[d:] - d, -1.0).add(i[:-d], i[:-d] + d, -1.0).csr().to_sparse_coo()
    half = torch.sparse_coo_tensor(torch.stack([i, i]), torch.full((n,), 0.5, dtype=torch.float64))
    quadratic = (torch.sparse.mm(bending.t(), bending) + half).coalesce().to_sparse_csr()
    rows = Entries(2 * n, n)
    for top, sign in ((0, 1.0), (n, -1.0)):
        rows.add(top + i, i, sign).add(top + i, (i + d) % n, -sign)
    reach = torch.ones(d, dtype=torch.float64)
    h = torch.ones(2 * n, dtype=torch.float64)
    return Problem("", batch, quadratic, -x, G=rows.csr(), h=h, layer=Layer("chain", [x, reach]))


def risk(assets, batch, own):
    """Conditional value at risk at 90 % (Rockafellar & Uryasev 2000) of a portfolio in twice as many equally likely scenarios, as a
    QP in (w, a, u): 0.05 |w|^2 - predicted'w + a + 10 mean(u), u >= -returns w - a, u >= 0, 1'w = 1, w >= 0. Full rows in w, Q
    singular. Returns N(0.05, 0.2^2), predictions U(0, 0.1)."""
    scenarios, draw = 2 * assets, Draw(assets)
    returns = 0.05 + 0.2 * draw.normal(scenarios, assets)
    predicted = 0.1 * draw.uniform(*(() if batch == 1 else (batch,)), assets)
    n, i, s = assets + 1 + scenarios, torch.arange(assets), torch.arange(scenarios)
    rows = Entries(2 * scenarios + assets, n).add(s.view(-1, 1), i, -returns).add(s, assets, -1.0)
    rows.add(s, assets + 1 + s, -1.0).add(scenarios + s, assets + 1 + s, -1.0).add(2 * scenarios + i, i, -1.0)
    quadratic, total = Entries(n, n).add(i, i, 0.1).csr(), Entries(1, n).add(0, i, 1.0).csr()
    others = torch.full((scenarios + 1,), 10 / scenarios, dtype=torch.float64)
    others[0] = 1
    q = torch.cat([-predicted, others.expand(*predicted.shape[:-1], -1)], -1)
    h = torch.zeros(2 * scenarios + assets, dtype=torch.float64)
    layer = Layer("risk", [predicted, returns])
    return Problem("", batch, quadratic, q, total, torch.ones(1, dtype=torch.float64), rows.csr(), h, layer=layer, counted=assets)


def portfolio(periods, batch, own):
    """Weights w of 7 assets over many periods and trades u: z = (w, u); covariances of a seeded market (exponential weights
    .95), 1e-8 on u, minus predicted returns on w; 1'w_t = 1, w >= 0, u >= |w_t - w_(t-1)| from equal weights, u >= 0, 1'u_t <=
    1/2. Returns are in percent a day, predicted by a linear function of the last 10."""
    assets, window, warm_up = 7, 10, 60
    if batch != 1:
        raise ValueError(f'"portfolio-{periods}@{batch}": this row has batch 1 only')
    days = warm_up + periods
    mixing = torch.eye(assets, dtype=torch.float64) + 0.4 * Draw(1).normal(assets, assets)
    returns = Draw(2).normal(days, assets) @ mixing.T
    covariance, covariances = torch.eye(assets, dtype=torch.float64), []
    for day in range(days):
        covariance = 0.95 * covariance + 0.05 * torch.outer(returns[day], returns[day])
        covariances.append(covariance)
    covariances = torch.stack(covariances[warm_up:])
    predictor = 0.3 * Draw(3).normal(window) / window**0.5
    predicted = torch.stack([predictor @ returns[t - window : t] for t in range(warm_up, days)])

    half = assets * periods
    t = torch.arange(periods).view(-1, 1, 1) * assets
    row, col = t + torch.arange(assets).view(1, -1, 1), t + torch.arange(assets).view(1, 1, -1)
    i, trades = torch.arange(half), torch.arange(half) + half
    quadratic = Entries(2 * half, 2 * half).add(row, col, covariances).add(trades, trades, 1e-8).csr()
    budget = Entries(periods, 2 * half).add(i // assets, i, 1.0).csr()
    rows = Entries(4 * half + periods, 2 * half).add(i, i, -1.0).add(trades, trades, -1.0)
    for side, sign in enumerate((1.0, -1.0)):
        top = (2 + side) * half
        rows.add(top + i, i, sign).add(top + i[assets:], i[:-assets], -sign).add(top + i, trades, -1.0)
    rows.add(4 * half + i // assets, trades, 1.0)
    h = torch.zeros(4 * half + periods, dtype=torch.float64)
    h[2 * half : 2 * half + assets], h[3 * half : 3 * half + assets], h[4 * half :] = 1 / assets, -1 / assets, 0.5
    q = torch.cat([-predicted.reshape(-1), torch.zeros(half, dtype=torch.float64)])
    layer = Layer("portfolio", [covariances, torch.tensor(1e-8, dtype=torch.float64), q, h], place=2, sign=1.0)
    ones = torch.ones(periods, dtype=torch.float64)
    return Problem("", 1, quadratic, q, budget, ones, rows.csr(), h, layer=layer, counted=half)
