// SPDX-License-Identifier: Apache-2.0
#pragma once

// All families of solvable problems: those of hard_families.hpp and the ones of the experiments, scalings and
// degeneracies.

#include "hard_families.hpp"

namespace problems {

/// Sets h = G z0 + slack and b = A z0 for a point.
inline void pass_through(dense<double>& d, const std::vector<double>& z0, const std::vector<double>& slack) {
    for (int i = 0; i < d.p; ++i) {
        d.bat(0, i) = 0;
        for (int j = 0; j < d.n; ++j) d.bat(0, i) += d.Aat(0, i, j) * z0[static_cast<std::size_t>(j)];
    }
    for (int i = 0; i < d.m; ++i) {
        d.hat(0, i) = slack[static_cast<std::size_t>(i)];
        for (int j = 0; j < d.n; ++j) d.hat(0, i) += d.Gat(0, i, j) * z0[static_cast<std::size_t>(j)];
    }
}

/// min 1/2 |z - y|^2 + sum t with |z_i - z_{i+1}| <= t_i / weight: total variation as a quadratic program, Q singular.
inline dense<double> total_variation(int n, double weight, std::uint64_t seed) {
    numbers draw(seed);
    dense<double> d = zeros(2 * n - 1, 0, 2 * n - 2);
    for (int j = 0; j < n; ++j) {
        d.Qat(0, j, j) = 1;
        d.qat(0, j) = -(j < n / 3 ? 10.0 : j < n / 2 ? 4.0 : 7.0) - draw.normal();
    }
    for (int i = 0; i < n - 1; ++i) {
        d.qat(0, n + i) = weight;
        for (int half = 0; half < 2; ++half) {
            const int row = i + half * (n - 1);
            d.Gat(0, row, i) = half == 0 ? 1 : -1;
            d.Gat(0, row, i + 1) = half == 0 ? -1 : 1;
            d.Gat(0, row, n + i) = -1;
        }
    }
    return d;
}

/// Q of rank n/2 and n/2 active rows: together they just settle z, and what Q is worth on what the rows leave free is
/// far below its largest entry. `weak` more rows hold with multiplier 0.
inline dense<double> just_settled(int n, std::uint64_t seed, int weak = 0) {
    numbers draw(seed);
    const int half = n / 2;
    dense<double> d = zeros(n, 0, half + weak);
    std::vector<double> factor(static_cast<std::size_t>(n * half)), z0(static_cast<std::size_t>(n));
    for (double& v : factor) v = draw.normal() / std::sqrt(n);
    for (double& v : z0) v = draw.normal();
    for (double& v : d.G) v = draw.normal();
    for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j)
            for (int k = 0; k < half; ++k)
                d.Qat(0, i, j) +=
                    factor[static_cast<std::size_t>(i * half + k)] * factor[static_cast<std::size_t>(j * half + k)];
    for (int i = 0; i < half; ++i) {
        const double multiplier = 0.1 + draw.uniform();
        for (int j = 0; j < n; ++j) d.qat(0, j) -= d.Gat(0, i, j) * multiplier;
    }
    for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j) d.qat(0, i) -= d.Qat(0, i, j) * z0[static_cast<std::size_t>(j)];
    pass_through(d, z0, std::vector<double>(static_cast<std::size_t>(d.m), 0.0));
    return d;
}

/// DC3's problem: diagonal Q, A z = x, |G z| bounded by what A's pseudo-inverse can need; here with more room than
/// that.
inline dense<double> dc3(int n, int p, int m, std::uint64_t seed) {
    numbers draw(seed);
    dense<double> d = zeros(n, p, m);
    for (int j = 0; j < n; ++j) {
        d.Qat(0, j, j) = draw.uniform();
        d.qat(0, j) = draw.uniform();
    }
    for (double& v : d.A) v = draw.normal();
    for (double& v : d.G) v = draw.normal();
    std::vector<double> z0(static_cast<std::size_t>(n)), slack(static_cast<std::size_t>(m));
    for (double& v : z0) v = 0.3 * draw.normal();
    for (double& v : slack) v = 0.2 * draw.uniform();
    pass_through(d, z0, slack);
    return d;
}

/// A chain: Q = 1/2 I + L'L with L = tridiag(-1, 2, -1), and neighbours at most 1 apart.
inline dense<double> chain(int n, std::uint64_t seed) {
    numbers draw(seed);
    dense<double> d = zeros(n, 0, 2 * n);
    const auto l = [](int i, int j) { return i == j ? 2.0 : std::abs(i - j) == 1 ? -1.0 : 0.0; };
    for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j) {
            d.Qat(0, i, j) = i == j ? 0.5 : 0.0;
            for (int c = 0; c < n; ++c) d.Qat(0, i, j) += l(c, i) * l(c, j);
        }
    for (int i = 0; i < n; ++i) {
        d.qat(0, i) = -10 * draw.normal();
        for (int half = 0; half < 2; ++half) {
            d.Gat(0, i + half * n, i) = half == 0 ? 1 : -1;
            d.Gat(0, i + half * n, (i + 1) % n) = half == 0 ? -1 : 1;
            d.hat(0, i + half * n) = 1;
        }
    }
    return d;
}

struct family {
    const char* name;
    bool unique;       ///< z is unique and well conditioned: it is compared number by number
    bool unique_duals; ///< no dependent active rows
};

constexpr std::array<family, 33> families = {{
    {"random", true, true},
    {"linear program in a box", true, true},
    {"linear program with equalities", true, true},
    {"dependent equalities", true, false},
    {"duplicated rows", true, false},
    {"Q of rank 1", false, false},
    {"assignment", true, false},
    {"support vector dual", false, false},
    {"rows scaled by 1e-4 to 1e4", true, true},
    {"Sudoku, true rules", true, false},
    {"simplex", true, true},
    {"box with lb == ub", true, false},
    {"many more rows than variables", true, true},
    {"more equalities than variables", true, false},
    {"linear program with free variables", true, true},
    {"Sudoku, random rules", true, false},
    {"chain", true, true},
    {"small Q with box and rows", true, true},
    {"random dense", true, true},
    {"transport", true, false},
    {"total variation", true, false},
    {"columns scaled by 1e-6 to 1e6", false, false},
    {"absent rows", true, true},
    {"zero rows", true, false},
    {"almost parallel rows", true, false},
    {"no constraints", true, true},
    {"equalities only", true, true},
    {"objective times 1e8", true, true},
    {"objective times 1e-8", true, true},
    {"rows scaled by 1e-8 to 1e8", true, true},
    {"rows that only touch", true, false},
    {"Q of condition 1e10", false, false},
    {"DC3", true, true},
}};

/// One problem of `families[which]`. Every one has a solution.
inline dense<double> make(int which, std::uint64_t seed) {
    if (which < static_cast<int>(hard_names.size())) return hard(which, seed);
    numbers draw(7000 + 1000 * static_cast<std::uint64_t>(which) + seed);
    switch (which) {
    case 15: {
        dense<double> d = zeros(64, 40, 64);
        for (double& v : d.A) v = draw.uniform();
        std::vector<double> z0(64);
        for (int cell = 0; cell < 16; ++cell) z0[static_cast<std::size_t>(4 * cell + draw.below(4))] = 1;
        for (int j = 0; j < 64; ++j) {
            d.Qat(0, j, j) = 0.1;
            d.Gat(0, j, j) = -1;
            d.qat(0, j) = draw.uniform() < 0.3 ? -z0[static_cast<std::size_t>(j)] : 0.0;
        }
        pass_through(d, z0, z0);
        std::fill(d.h.begin(), d.h.end(), 0.0);
        return d;
    }
    case 16: return chain(30, seed);
    case 17: {
        dense<double> d = zeros(20, 0, 80);
        std::vector<double> z0(20), slack(80, 0.0);
        for (double& v : z0) v = 0.2 + 0.6 * draw.uniform();
        for (int j = 0; j < 20; ++j) {
            d.Qat(0, j, j) = 1e-6;
            d.qat(0, j) = draw.normal();
            d.Gat(0, 40 + j, j) = -1;
            d.Gat(0, 60 + j, j) = 1;
            slack[static_cast<std::size_t>(40 + j)] = z0[static_cast<std::size_t>(j)];
            slack[static_cast<std::size_t>(60 + j)] = 1 - z0[static_cast<std::size_t>(j)];
        }
        for (int i = 0; i < 40; ++i) {
            slack[static_cast<std::size_t>(i)] = draw.uniform();
            for (int j = 0; j < 20; ++j) d.Gat(0, i, j) = draw.normal();
        }
        pass_through(d, z0, slack);
        return d;
    }
    case 18: {
        dense<double> d = zeros(20, 10, 20);
        std::vector<double> root(400), ones(20, 1.0);
        for (double& v : root) v = draw.uniform();
        for (int i = 0; i < 20; ++i)
            for (int j = 0; j < 20; ++j) {
                d.Qat(0, i, j) = i == j ? 1e-4 : 0.0;
                for (int c = 0; c < 20; ++c)
                    d.Qat(0, i, j) +=
                        root[static_cast<std::size_t>(20 * i + c)] * root[static_cast<std::size_t>(20 * j + c)];
            }
        for (auto* part : {&d.q, &d.A, &d.G})
            for (double& v : *part) v = draw.uniform();
        pass_through(d, ones, ones);
        return d;
    }
    case 19: { // 4 sources to 5 sinks; the sums of both sides agree, so one row depends on the others
        dense<double> d = zeros(20, 9, 20);
        for (int i = 0; i < 4; ++i)
            for (int j = 0; j < 5; ++j) d.Aat(0, i, 5 * i + j) = d.Aat(0, 4 + j, 5 * i + j) = 1;
        std::vector<double> z0(20);
        for (int j = 0; j < 20; ++j) {
            z0[static_cast<std::size_t>(j)] = draw.uniform();
            d.qat(0, j) = draw.uniform();
            d.Gat(0, j, j) = -1;
        }
        pass_through(d, z0, z0);
        return d;
    }
    case 20: return total_variation(25, 2.0, static_cast<std::uint64_t>(draw.below(1 << 30)));
    case 21: {
        dense<double> d = random(20, 4, 30, 1, true, seed);
        for (int j = 0; j < 20; ++j) {
            const double factor = std::pow(10.0, 12 * draw.uniform() - 6);
            d.qat(0, j) *= factor;
            for (int i = 0; i < 20; ++i) {
                d.Qat(0, i, j) *= factor;
                d.Qat(0, j, i) *= factor;
            }
            for (int i = 0; i < 4; ++i) d.Aat(0, i, j) *= factor;
            for (int i = 0; i < 30; ++i) d.Gat(0, i, j) *= factor;
        }
        return d;
    }
    case 22: {
        dense<double> d = random(15, 3, 30, 1, true, seed);
        for (int i = 0; i < 30; i += 3) d.hat(0, i) = i % 2 == 0 ? std::numeric_limits<double>::infinity() : 1e20;
        return d;
    }
    case 23: {
        dense<double> d = random(15, 4, 20, 1, true, seed);
        for (int j = 0; j < 15; ++j) d.Aat(0, 2, j) = d.Gat(0, 3, j) = d.Gat(0, 4, j) = d.Gat(0, 5, j) = 0;
        d.bat(0, 2) = 0;
        d.hat(0, 3) = 1;
        d.hat(0, 4) = 0;
        d.hat(0, 5) = -1e-17; // rounding, not infeasibility
        return d;
    }
    case 24: {
        dense<double> d = random(15, 2, 30, 1, true, seed);
        for (int i = 15; i < 30; ++i) {
            for (int j = 0; j < 15; ++j) d.Gat(0, i, j) = d.Gat(0, i - 15, j) + 1e-7 * draw.normal();
            d.hat(0, i) = d.hat(0, i - 15);
        }
        return d;
    }
    case 25: return random(20, 0, 0, 1, true, seed);
    case 26: return random(20, 8, 0, 1, true, seed);
    case 27:
    case 28: {
        dense<double> d = random(20, 4, 30, 1, true, seed);
        for (auto* part : {&d.Q, &d.q})
            for (double& v : *part) v *= which == 27 ? 1e8 : 1e-8;
        return d;
    }
    case 29: {
        dense<double> d = random(20, 4, 30, 1, true, seed);
        for (int i = 0; i < 30; ++i) {
            const double factor = std::pow(10.0, 16 * draw.uniform() - 8);
            for (int j = 0; j < 20; ++j) d.Gat(0, i, j) *= factor;
            d.hat(0, i) *= factor;
        }
        return d;
    }
    case 30: { // z = -q is the minimum without constraints, and half of the rows pass exactly through it
        dense<double> d = zeros(16, 0, 24);
        std::vector<double> z0(16), slack(24, 0.0);
        for (int j = 0; j < 16; ++j) {
            z0[static_cast<std::size_t>(j)] = std::round(8 * draw.normal()) / 8;
            d.Qat(0, j, j) = 1;
            d.qat(0, j) = -z0[static_cast<std::size_t>(j)];
        }
        for (double& v : d.G) v = std::round(8 * draw.normal()) / 8;
        for (std::size_t i = 12; i < 24; ++i) slack[i] = 1;
        pass_through(d, z0, slack);
        return d;
    }
    case 32: return dc3(40, 20, 20, static_cast<std::uint64_t>(draw.below(1 << 30)));
    default: {
        dense<double> d = random(20, 0, 30, 1, true, seed);
        std::fill(d.Q.begin(), d.Q.end(), 0.0);
        std::vector<double> v(20);
        double length = 0;
        for (double& x : v) {
            x = draw.normal();
            length += x * x;
        }
        // Reflected diagonal: I - 2vv'/v'v on both sides of 1 ... 1e-10.
        const auto reflect = [&](int i, int j) {
            return (i == j ? 1.0 : 0.0) - 2 * v[static_cast<std::size_t>(i)] * v[static_cast<std::size_t>(j)] / length;
        };
        for (int i = 0; i < 20; ++i)
            for (int j = 0; j <= i; ++j) {
                double sum = 0;
                for (int c = 0; c < 20; ++c) sum += reflect(i, c) * std::pow(10.0, -10.0 * c / 19) * reflect(j, c);
                d.Qat(0, i, j) = d.Qat(0, j, i) = sum;
            }
        return d;
    }
    }
}

} // namespace problems
