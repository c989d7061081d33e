// SPDX-License-Identifier: Apache-2.0
#pragma once

// Random problems of form B, and what its tests ask of an answer.

#include "other_forms.hpp"
#include "sizes.hpp"
#include "sparse_models.hpp"

#include <limits>

namespace problems {

inline std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

inline bool by_form_b(const answer<double>& a) { return a.kept->by_bounds; }
/// True if another form decided on its active rows, or solved it.
inline bool left_to_others(const answer<double>& a, std::int64_t k = 0) {
    return a.kept->elements[at(k)].other != nullptr;
}

template <class T> std::vector<T> derivative_of(const solver::problem<T>& batch, const answer<T>& a) {
    std::vector<T> d(a.z), g(a.z.size());
    for (std::size_t i = 0; i < g.size(); ++i) g[i] = T(1) + T(0.25) * static_cast<T>(i % 5);
    solver::kkt_solve<T>(batch, *a.kept, 1, {g.data(), nullptr, nullptr}, {d.data(), nullptr, nullptr});
    return d;
}

inline double distance(const std::vector<double>& a, const std::vector<double>& b) {
    double most = 0;
    for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
    return most;
}
/// What a random problem of this kind may have.
struct bound_kind {
    int p = 1;
    double units = 0; ///< powers of ten on either side of 1 that d differs by
    bool zeros_in_a = false, signs_in_a = false;
    bool integers = false; ///< ties and degenerate points
    double pinned = 0;     ///< share of variables with both bounds in one place
    int repeated = 0;      ///< so many rows once more, with other right-hand sides
    int empty = 0;         ///< so many rows of zeros
};

/// Rows of several signs and sizes that leave a point free, some of them absent; the rows stand in no order.
inline dense<double> make(const bound_kind& x, int n, std::int64_t batch, std::uint64_t seed) {
    numbers draw(seed);
    const int m = 2 * n + x.repeated + x.empty;
    dense<double> d = zeros(n, x.p, m, batch);
    const auto unit = [&](double powers) { return std::pow(10.0, powers * (2 * draw.uniform() - 1)); };
    for (int j = 0; j < n; ++j) {
        d.Qat(0, j, j) = x.integers ? 1 : unit(x.units) * (0.5 + draw.uniform());
        if (x.p == 0) continue;
        double a = x.integers ? 1 : 0.2 + draw.uniform();
        if (x.signs_in_a && draw.uniform() < 0.4) a = -a;
        if (x.zeros_in_a && j > 0 && draw.uniform() < 0.3) a = 0;
        d.Aat(0, 0, j) = a;
    }
    std::vector<int> row(at(m)), of(at(m));
    for (int i = 0; i < m; ++i) row[at(i)] = i;
    for (int i = m - 1; i > 0; --i) std::swap(row[at(i)], row[at(draw.below(i + 1))]);
    for (int i = 0; i < 2 * n + x.repeated; ++i) {
        of[at(i)] = i < 2 * n ? i / 2 : draw.below(n);
        const double size = x.integers ? 1 : unit(2);
        d.Gat(0, row[at(i)], of[at(i)]) = i % 2 == 0 ? size : -size;
    }
    for (std::int64_t k = 0; k < batch; ++k) {
        std::vector<double> z0(at(n));
        for (double& v : z0) v = x.integers ? draw.below(5) - 2 : draw.normal();
        for (int j = 0; j < n; ++j) {
            d.qat(k, j) = x.integers ? draw.below(7) - 3 : d.Qat(0, j, j) * 2 * draw.normal();
            if (x.p > 0) d.bat(k, 0) += d.Aat(0, 0, j) * z0[at(j)];
        }
        for (int i = 0; i < m; ++i) {
            const int r = row[at(i)];
            if (i >= 2 * n + x.repeated) {
                d.hat(k, r) = draw.below(2);
                continue;
            }
            const int j = of[at(i)];
            const bool same = draw.uniform() < x.pinned;
            const double room = same ? 0 : x.integers ? draw.below(3) : draw.uniform();
            const double entry = d.Gat(0, r, j);
            d.hat(k, r) = entry * (z0[at(j)] + (entry > 0 ? room : -room));
            if (!same && draw.uniform() < 0.1)
                d.hat(k, r) = draw.uniform() < 0.5 ? 1e20 : std::numeric_limits<double>::infinity();
        }
    }
    return d;
}

} // namespace problems
