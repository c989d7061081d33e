// SPDX-License-Identifier: Apache-2.0
#pragma once

// Random problems of random size that are made to be awkward: small integers (ties and dependent rows everywhere),
// linear programs, singular Q, pairs of rows, and units that differ by twelve powers of ten.

#include "families.hpp"

namespace problems {

enum class objective { strict, linear, low_rank };

struct recipe {
    const char* name;
    objective cost = objective::strict;
    bool integer = false;                                  ///< entries -3 ... 3, half of them 0
    bool feasible = true;                                  ///< b and h pass through a point; otherwise anything
    bool box = false;                                      ///< around that point
    bool row_units = false, column_units = false;          ///< factors 1e-6 ... 1e6
    enum { apart, doubled, opposite } rows = apart;        ///< every second row of G: twice or minus the one before it
    int n_most = 14, m_least = 0, m_most = 30, p_more = 0; ///< p is below n, plus `p_more`

    bool bounded() const { return cost == objective::strict || box; }
};

inline dense<double> make(const recipe& r, std::uint64_t seed) {
    numbers draw(seed);
    const int n = 1 + draw.below(r.n_most), p = draw.below(n) + r.p_more,
              general = r.m_least + draw.below(r.m_most - r.m_least + 1);
    dense<double> d = zeros(n, p, general + (r.box ? 2 * n : 0));
    const auto entry = [&] {
        if (!r.integer) return draw.normal();
        return draw.uniform() < 0.5 ? 0.0 : static_cast<double>(draw.below(7) - 3);
    };
    const auto room = [&] { return r.integer ? static_cast<double>(draw.below(3)) : draw.uniform(); };
    for (double& v : d.q) v = entry();
    for (double& v : d.A) v = entry();
    const int rank = r.cost == objective::linear ? 0 : r.cost == objective::strict ? n : draw.below(n);
    for (int c = 0; c < rank; ++c) {
        std::vector<double> v(static_cast<std::size_t>(n));
        for (double& x : v) x = entry();
        for (int i = 0; i < n; ++i)
            for (int j = 0; j < n; ++j)
                d.Qat(0, i, j) += v[static_cast<std::size_t>(i)] * v[static_cast<std::size_t>(j)];
    }
    for (int i = 0; r.cost == objective::strict && i < n; ++i) d.Qat(0, i, i) += r.integer ? 1 : 1e-3;
    std::vector<double> z0(static_cast<std::size_t>(n)), slack(static_cast<std::size_t>(d.m));
    for (double& v : z0) v = r.integer ? static_cast<double>(draw.below(5) - 2) : draw.normal();
    for (double& v : slack) v = room();
    for (int i = 0; i < general; ++i) {
        const bool second = i % 2 == 1 && r.rows != recipe::apart && i < n;
        const double factor = r.rows == recipe::doubled ? 2 : -1;
        for (int j = 0; j < n; ++j) d.Gat(0, i, j) = second ? factor * d.Gat(0, i - 1, j) : entry();
        if (!second) continue;
        auto& before = slack[static_cast<std::size_t>(i - 1)];
        if (r.rows == recipe::opposite) before = 0;
        slack[static_cast<std::size_t>(i)] = 2 * before;
    }
    for (int j = 0; r.box && j < n; ++j) {
        d.Gat(0, general + j, j) = 1;
        d.Gat(0, general + n + j, j) = -1;
    }
    if (r.feasible) {
        pass_through(d, z0, slack);
    } else {
        for (double& v : d.b) v = draw.below(7) - 3;
        for (double& v : d.h) v = draw.below(7) - 2;
    }
    const auto unit = [&] { return std::pow(10.0, 12 * draw.uniform() - 6); };
    for (int i = 0; r.row_units && i < d.m + p; ++i) {
        const double f = unit();
        for (int j = 0; j < n; ++j) (i < p ? d.Aat(0, i, j) : d.Gat(0, i - p, j)) *= f;
        (i < p ? d.bat(0, i) : d.hat(0, i - p)) *= f;
    }
    for (int j = 0; r.column_units && j < n; ++j) {
        const double f = unit();
        d.qat(0, j) *= f;
        for (int i = 0; i < n; ++i) d.Qat(0, i, j) *= f, d.Qat(0, j, i) *= f;
        for (int i = 0; i < p; ++i) d.Aat(0, i, j) *= f;
        for (int i = 0; i < d.m; ++i) d.Gat(0, i, j) *= f;
    }
    return d;
}

inline std::vector<recipe> recipes() {
    std::vector<recipe> all;
    const auto add = [&](const char* name, auto change) {
        recipe r;
        r.name = name;
        change(r);
        all.push_back(r);
    };
    add("integers, anything", [](recipe& r) { r.integer = true, r.feasible = false, r.cost = objective::low_rank; });
    add("integers, linear, anything",
        [](recipe& r) { r.integer = true, r.feasible = false, r.cost = objective::linear; });
    add("integers, strictly convex", [](recipe& r) { r.integer = true; });
    add("integers, linear, box", [](recipe& r) { r.integer = r.box = true, r.cost = objective::linear; });
    add("linear, box", [](recipe& r) { r.box = true, r.cost = objective::linear; });
    add("singular Q, box", [](recipe& r) { r.box = true, r.cost = objective::low_rank; });
    add("singular Q, no box", [](recipe& r) { r.cost = objective::low_rank; });
    add("doubled rows", [](recipe& r) { r.rows = recipe::doubled; });
    add("opposite rows", [](recipe& r) { r.rows = recipe::opposite; });
    add("units of rows", [](recipe& r) { r.row_units = true; });
    add("units of columns", [](recipe& r) { r.column_units = true; });
    add("units of both", [](recipe& r) { r.row_units = r.column_units = true; });
    add("linear, box, units of both",
        [](recipe& r) { r.box = r.row_units = r.column_units = true, r.cost = objective::linear; });
    add("singular Q, box, units of columns",
        [](recipe& r) { r.box = r.column_units = true, r.cost = objective::low_rank; });
    add("bounds only, units of columns", [](recipe& r) { r.box = r.column_units = true, r.m_most = 0; });
    add("many rows", [](recipe& r) { r.n_most = 6, r.m_least = 100, r.m_most = 250; });
    add("one variable", [](recipe& r) { r.n_most = 1; });
    add("more equalities than variables", [](recipe& r) { r.p_more = 12; });
    return all;
}

} // namespace problems
