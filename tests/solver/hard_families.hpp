// SPDX-License-Identifier: Apache-2.0
#pragma once

// Families of problems on which a careless interior point fails, and problems without solution, all seeded.

#include "problems.hpp"

#include <array>

namespace problems {

/// The equalities of a Sudoku of side 4: every cell one number, every row, column and square every number once, [64,
/// 64]; rank 40. The given cells fix their entry by one more row each.
inline dense<double> sudoku(numbers& draw, int given) {
    dense<double> d = zeros(64, 64 + given, 64);
    const auto cell = [](int i, int j, int k) { return (4 * i + j) * 4 + k; };
    int row = 0;
    for (int a = 0; a < 4; ++a)
        for (int b = 0; b < 4; ++b, row += 4)
            for (int c = 0; c < 4; ++c) {
                d.Aat(0, row, cell(a, b, c)) = 1;
                d.Aat(0, row + 1, cell(a, c, b)) = 1;
                d.Aat(0, row + 2, cell(c, a, b)) = 1;
                d.Aat(0, row + 3, cell(a / 2 * 2 + c / 2, a % 2 * 2 + c % 2, b)) = 1;
            }
    std::fill(d.b.begin(), d.b.end(), 1.0);
    for (int i = 0; i < given; ++i, ++row) {
        const int place = draw.below(16);
        // A valid board: row i shifted by 2 for every row, by 1 for every second.
        d.Aat(0, row, cell(place / 4, place % 4, (place % 4 + place / 4 * 2 + place / 8) % 4)) = 1;
    }
    for (int j = 0; j < 64; ++j) {
        d.Qat(0, j, j) = 0.1;
        d.Gat(0, j, j) = -1;
    }
    return d;
}

constexpr std::array<const char*, 15> hard_names = {"random",
                                                    "linear program in a box",
                                                    "linear program with equalities",
                                                    "dependent equalities",
                                                    "duplicated rows",
                                                    "Q of rank 1",
                                                    "assignment",
                                                    "support vector dual",
                                                    "rows scaled by 1e-4 to 1e4",
                                                    "Sudoku, true rules",
                                                    "simplex",
                                                    "box with lb == ub",
                                                    "many more rows than variables",
                                                    "more equalities than variables",
                                                    "linear program with free variables"};

/// One problem of family `which`, an index into `hard_names`. Every one has a solution.
inline dense<double> hard(int which, std::uint64_t seed) {
    numbers draw(1000 * static_cast<std::uint64_t>(which) + seed);
    const auto box = [&](dense<double>& d, int first, double width) {
        for (int j = 0; j < d.n; ++j) {
            d.Gat(0, first + j, j) = -1;
            d.Gat(0, first + d.n + j, j) = 1;
            d.hat(0, first + d.n + j) = width;
        }
    };
    const auto normals = [&](std::vector<double>& v, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) v[i] = draw.normal();
    };
    /// b = A z0, h = G z0 + slack for a point z0.
    const auto feasible = [&](dense<double>& d, const std::vector<double>& z0, bool with_slack) {
        for (int i = 0; i < d.p; ++i) {
            d.bat(0, i) = 0;
            for (int j = 0; j < d.n; ++j) d.bat(0, i) += d.Aat(0, i, j) * z0[static_cast<std::size_t>(j)];
        }
        for (int i = 0; with_slack && i < d.m; ++i) {
            d.hat(0, i) = draw.uniform();
            for (int j = 0; j < d.n; ++j) d.hat(0, i) += d.Gat(0, i, j) * z0[static_cast<std::size_t>(j)];
        }
    };
    const auto inside = [&](int n) {
        std::vector<double> z0(static_cast<std::size_t>(n));
        for (double& v : z0) v = 0.05 + 0.9 * draw.uniform();
        return z0;
    };
    switch (which) {
    case 0: return random(30, 5, 40, 1, true, seed);
    case 1: {
        dense<double> d = zeros(20, 0, 50);
        normals(d.q, 20);
        normals(d.G, 200);
        feasible(d, inside(20), true);
        box(d, 10, 1);
        std::fill_n(d.h.begin() + 10, 20, 0.0);
        std::fill_n(d.h.begin() + 30, 20, 1.0);
        return d;
    }
    case 2: {
        dense<double> d = zeros(30, 12, 30);
        normals(d.A, d.A.size());
        std::vector<double> cost = inside(30);
        feasible(d, inside(30), false);
        for (int j = 0; j < 30; ++j) d.Gat(0, j, j) = -1, d.qat(0, j) = cost[static_cast<std::size_t>(j)];
        return d;
    }
    case 3: {
        dense<double> d = random(20, 10, 20, 1, true, seed);
        for (int i = 5; i < 10; ++i)
            for (int j = 0; j < 20; ++j) d.Aat(0, i, j) = d.Aat(0, i - 5, j) + (i > 5 ? d.Aat(0, i - 6, j) : 0.0);
        std::vector<double> z0(20);
        normals(z0, 20);
        feasible(d, z0, true);
        return d;
    }
    case 4: {
        dense<double> d = random(20, 0, 30, 1, true, seed);
        for (int i = 15; i < 30; ++i) {
            for (int j = 0; j < 20; ++j) d.Gat(0, i, j) = 2 * d.Gat(0, i - 15, j);
            d.hat(0, i) = 2 * d.hat(0, i - 15);
        }
        return d;
    }
    case 5: {
        dense<double> d = zeros(20, 3, 40);
        std::vector<double> v(20);
        normals(v, 20);
        for (int i = 0; i < 20; ++i)
            for (int j = 0; j < 20; ++j)
                d.Qat(0, i, j) = v[static_cast<std::size_t>(i)] * v[static_cast<std::size_t>(j)];
        normals(d.q, 20);
        normals(d.A, d.A.size());
        feasible(d, inside(20), false);
        box(d, 0, 1);
        return d;
    }
    case 6: {
        dense<double> d = zeros(36, 12, 36);
        for (int i = 0; i < 6; ++i)
            for (int j = 0; j < 6; ++j) d.Aat(0, i, 6 * i + j) = d.Aat(0, 6 + j, 6 * i + j) = 1;
        std::fill(d.b.begin(), d.b.end(), 1.0);
        for (int j = 0; j < 36; ++j) d.Gat(0, j, j) = -1, d.qat(0, j) = draw.uniform();
        return d;
    }
    case 7: {
        dense<double> d = zeros(40, 1, 80);
        std::vector<double> points(80);
        normals(points, 80);
        for (int i = 0; i < 40; ++i) {
            const double label = i % 2 == 0 ? 1 : -1;
            points[static_cast<std::size_t>(2 * i)] += label;
            d.Aat(0, 0, i) = label;
            d.qat(0, i) = -1;
        }
        for (int i = 0; i < 40; ++i)
            for (int j = 0; j < 40; ++j)
                for (int c = 0; c < 2; ++c)
                    d.Qat(0, i, j) += d.Aat(0, 0, i) * d.Aat(0, 0, j) * points[static_cast<std::size_t>(2 * i + c)] *
                                      points[static_cast<std::size_t>(2 * j + c)];
        box(d, 0, 1);
        return d;
    }
    case 8: {
        dense<double> d = random(20, 4, 30, 1, true, seed);
        for (int i = 0; i < 30; ++i) {
            const double factor = std::pow(10.0, 8 * draw.uniform() - 4);
            for (int j = 0; j < 20; ++j) d.Gat(0, i, j) *= factor;
            d.hat(0, i) *= factor;
        }
        return d;
    }
    case 9: {
        dense<double> d = sudoku(draw, 5);
        for (double& v : d.q) v = -draw.uniform();
        return d;
    }
    case 10: {
        dense<double> d = zeros(30, 1, 30);
        for (int j = 0; j < 30; ++j)
            d.Qat(0, j, j) = 1, d.Gat(0, j, j) = -1, d.Aat(0, 0, j) = 1, d.qat(0, j) = draw.normal();
        d.b[0] = 1;
        return d;
    }
    case 11: {
        dense<double> d = random(15, 0, 30, 1, true, seed);
        std::fill(d.G.begin(), d.G.end(), 0.0);
        box(d, 0, 1);
        for (int j = 0; j < 15; ++j) {
            const double lower = draw.normal(), width = j % 3 == 0 ? 0.0 : draw.uniform();
            d.hat(0, j) = -lower;
            d.hat(0, 15 + j) = lower + width;
        }
        return d;
    }
    case 12: return random(10, 0, 200, 1, true, seed);
    case 14: {
        // G says nothing of the last ten variables and Q nothing of any: only A determines them.
        dense<double> d = zeros(24, 12, 14);
        normals(d.A, d.A.size());
        feasible(d, inside(24), false);
        std::vector<double> y(12);
        normals(y, 12);
        for (int j = 0; j < 24; ++j) {
            for (int i = 0; i < 12; ++i) d.qat(0, j) += d.Aat(0, i, j) * y[static_cast<std::size_t>(i)];
            if (j < 14) d.Gat(0, j, j) = -1, d.qat(0, j) += draw.uniform();
        }
        return d;
    }
    default: {
        dense<double> d = random(10, 15, 12, 1, true, seed);
        // Rank 4 in 15 rows.
        for (int i = 4; i < 15; ++i) {
            const double a = draw.normal(), c = draw.normal();
            for (int j = 0; j < 10; ++j) d.Aat(0, i, j) = a * d.Aat(0, i % 4, j) + c * d.Aat(0, (i + 1) % 4, j);
        }
        std::vector<double> z0(10);
        normals(z0, 10);
        feasible(d, z0, true);
        return d;
    }
    }
}

constexpr std::array<const char*, 4> infeasible_names = {"rows", "equalities against bounds", "inconsistent equalities",
                                                         "crossed box"};

/// Infeasible by `margin` relative to data of size 1.
inline dense<double> infeasible(int which, double margin, std::uint64_t seed) {
    dense<double> d = random(12, which == 2 ? 5 : 2, 24, 1, true, seed);
    switch (which) {
    case 0: // a sum of three rows against its negative
        d.hat(0, 23) = -margin;
        for (int j = 0; j < 12; ++j) d.Gat(0, 23, j) = 0;
        for (int i = 0; i < 3; ++i) {
            d.hat(0, 23) -= d.hat(0, i);
            for (int j = 0; j < 12; ++j) d.Gat(0, 23, j) -= d.Gat(0, i, j);
        }
        break;
    case 1: // z >= 0 and a sum that is negative
        for (int i = 0; i < 12; ++i) {
            for (int j = 0; j < 12; ++j) d.Gat(0, i, j) = i == j ? -1.0 : 0.0;
            d.hat(0, i) = 0;
            d.Aat(0, 0, i) = 1;
        }
        d.bat(0, 0) = -margin;
        break;
    case 2: // the last equality is the sum of the others, its b is not
        d.bat(0, 4) = margin;
        for (int j = 0; j < 12; ++j) d.Aat(0, 4, j) = 0;
        for (int i = 0; i < 4; ++i) {
            d.bat(0, 4) += d.bat(0, i);
            for (int j = 0; j < 12; ++j) d.Aat(0, 4, j) += d.Aat(0, i, j);
        }
        break;
    default: // lb > ub
        for (int j = 0; j < 12; ++j) d.Gat(0, 0, j) = d.Gat(0, 1, j) = 0;
        d.Gat(0, 0, 3) = 1;
        d.Gat(0, 1, 3) = -1;
        d.hat(0, 0) = 0.5;
        d.hat(0, 1) = -0.5 - margin;
    }
    return d;
}

/// Unbounded below: Q of rank 6 in 12 variables and a ray that G and A allow; the slope of the objective along it is
/// -`margin`.
inline dense<double> unbounded(double margin, int equalities, std::uint64_t seed) {
    numbers draw(seed);
    const int n = 12, m = 18;
    dense<double> d = zeros(n, equalities, m);
    const auto random_row = [&](std::vector<double>& v) {
        v.resize(n);
        for (double& x : v) x = draw.normal();
    };
    std::vector<double> ray, row;
    random_row(ray);
    double length = 0;
    for (const double v : ray) length += v * v;
    const auto along = [&](const std::vector<double>& v) {
        double dot = 0;
        for (int j = 0; j < n; ++j) dot += v[static_cast<std::size_t>(j)] * ray[static_cast<std::size_t>(j)];
        return dot;
    };
    const auto orthogonal = [&] {
        random_row(row);
        const double share = along(row) / length;
        for (int j = 0; j < n; ++j) row[static_cast<std::size_t>(j)] -= share * ray[static_cast<std::size_t>(j)];
    };
    for (int r = 0; r < 6; ++r) {
        orthogonal();
        for (int i = 0; i < n; ++i)
            for (int j = 0; j < n; ++j)
                d.Qat(0, i, j) += row[static_cast<std::size_t>(i)] * row[static_cast<std::size_t>(j)];
    }
    for (int i = 0; i < equalities; ++i) {
        orthogonal();
        for (int j = 0; j < n; ++j) d.Aat(0, i, j) = row[static_cast<std::size_t>(j)];
        d.bat(0, i) = draw.normal();
    }
    for (int i = 0; i < m; ++i) {
        random_row(row);
        const double sign = along(row) > 0 ? -1 : 1;
        for (int j = 0; j < n; ++j) d.Gat(0, i, j) = sign * row[static_cast<std::size_t>(j)];
        d.hat(0, i) = draw.uniform();
    }
    orthogonal();
    for (int j = 0; j < n; ++j)
        d.qat(0, j) = row[static_cast<std::size_t>(j)] - margin * ray[static_cast<std::size_t>(j)] / length;
    return d;
}

} // namespace problems
