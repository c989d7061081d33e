// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/lane_matrices.hpp"

#include <algorithm>
#include <numeric>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

constexpr int lanes = lane_matrices::lanes;

double* lanes_of(lane_array& v, std::int64_t i) { return v.data() + i * lanes; }
const double* lanes_of(const lane_array& v, std::int64_t i) { return v.data() + i * lanes; }

} // namespace

double own_lane_numbers(const sparse_pattern& x) {
    const std::size_t numbers = x.q.col.size() + x.a.col.size() + x.g.col.size() + x.product.size() + x.row.size();
    return lanes_numbers(x) + static_cast<double>(numbers) + 4.0 * (x.n + x.p + x.m);
}

void lane_matrices::resize(std::shared_ptr<const sparse_pattern> pattern) {
    shape = std::move(pattern);
    const sparse_pattern& x = *shape;
    q.assign(x.q.col.size() * lanes, 0.0);
    a.assign(x.a.col.size() * lanes, 0.0);
    pairs_and_g.assign((x.product.size() + x.g.col.size()) * lanes, 0.0);
    diagonal.assign(at(x.n) * lanes, 0.0);
    const int sizes[3] = {x.n, x.p, x.m};
    for (int v = 0; v < 3; ++v) unit[v].assign(at(sizes[v]) * lanes, 1.0);
    scales.assign(2 * (at(x.n) + at(x.p) + at(x.m)) * lanes, 1.0);
    const std::size_t most = std::max({x.q.col.size(), x.a.col.size(), x.g.col.size()});
    if (in_order.size() < most) {
        in_order.resize(most);
        std::iota(in_order.begin(), in_order.end(), 0);
    }
    for (int l = 0; l < lanes; ++l) {
        q_max[l] = 0;
        q_unit[l] = 1;
        shifts.set(l, 1.0, 1.0, x.n);
    }
    diagonal_q = true;
}

void lane_matrices::put(const operators& data, int l) {
    const sparse_pattern& x = *shape;
    const auto fill = [&](matrix where, const std::vector<int>& place, double* to) {
        std::size_t next = 0;
        data.each(where, [&](int, int, double v) { to[at(place[next++]) * lanes] += v; });
    };
    fill(matrix::Q, x.q_entry, q.data() + l);
    fill(matrix::A, x.a_entry, a.data() + l);
    fill(matrix::G, x.g_entry, lanes_of(pairs_and_g, static_cast<std::int64_t>(x.product.size())) + l);
    put_lane(data.q_diagonal(), 1, diagonal, l, lanes);
    put_lane(data.z_unit, 1, unit[0], l, lanes);
    put_lane(data.a_unit, 1, unit[1], l, lanes);
    put_lane(data.g_unit, 1, unit[2], l, lanes);
    double* to = scales.data() + 2 * (x.n + x.p + x.m) * l;
    for (const auto* v : {&data.a_scale, &data.g_scale, &data.z_scale, &data.a_unit, &data.g_unit, &data.z_unit})
        to = std::copy(v->begin(), v->end(), to);
    q_max[l] = data.q_max;
    q_unit[l] = data.q_max > 0 ? data.q_max : 1.0;
    shifts.set(l, q_unit[l], least_of_q(data), x.n);
    diagonal_q = data.q_is_diagonal();
}

units lane_matrices::measures(int l) const {
    const int n = shape->n, p = shape->p, m = shape->m;
    const double* from = scales.data() + 2 * (n + p + m) * l;
    const double* ones = from + n + p + m;
    return {n, p, m, from, from + p, from + p + m, ones, ones + p, ones + p + m};
}

void lane_matrices::set_up(double convexity_tolerance, bool* convex, lane_factor& scratch, lane_array& work) {
    const sparse_pattern& x = *shape;
    base.assign(x.row.size() * lanes, 0.0);
    for (std::size_t e = 0; e < x.q.col.size(); ++e)
        if (x.q_place[e] >= 0) std::copy_n(q.data() + e * lanes, lanes, lanes_of(base, x.q_place[e]));
    for (const int i : x.long_rows)
        std::fill_n(lanes_of(base, x.start[at(x.place[at(x.n + x.p + i)] + 1)] - 1), lanes, -1.0);
    multiply_pairs();
    look_for_curvature(convexity_tolerance, convex, scratch, work);
    for (std::size_t e = 0; e < x.a.col.size(); ++e) {
        double* to = lanes_of(base, x.a_place[e]);
        for (int l = 0; l < lanes; ++l) to[l] += a[e * lanes + at(l)];
    }
}

/// The products of the entries of each row in R.
void lane_matrices::multiply_pairs() {
    const sparse_pattern& x = *shape;
    double* to = pairs_and_g.data();
    const double* g = to + x.product.size() * lanes;
    for (int i = 0; i < x.m; ++i) {
        if (!x.in_r(i)) continue;
        for (std::int64_t e = x.g.start[at(i)]; e < x.g.start[at(i + 1)]; ++e)
            for (std::int64_t f = e; f < x.g.start[at(i + 1)]; ++f, to += lanes)
                for (int l = 0; l < lanes; ++l) to[l] = g[e * lanes + l] * g[f * lanes + l];
    }
}

/// As in `sparse_matrices::set_up`, with A still left out of K.
void lane_matrices::look_for_curvature(double convexity_tolerance, bool* convex, lane_factor& scratch,
                                       lane_array& work) const {
    if (diagonal_q) {
        for (int l = 0; l < lanes; ++l) {
            convex[l] = true;
            for (int j = 0; j < shape->n; ++j)
                convex[l] = convex[l] && diagonal[at(j * lanes + l)] >= -convexity_tolerance * q_max[l];
        }
        return;
    }
    const double rounding = std::max(convexity_tolerance, 1e-15 * static_cast<double>(shape->n));
    double rho[lanes], delta[lanes], replaced[lanes];
    for (int l = 0; l < lanes; ++l) {
        rho[l] = rounding * q_max[l] + 1e-300;
        delta[l] = 1;
        if (q_max[l] == 0) rho[l] = 1; // nothing is there
    }
    cpu::lane_system s = system();
    s.rho = rho;
    s.delta = delta;
    scratch.w.assign(at(shape->m) * lanes, 0.0);
    scratch.factor(s, lanes, work, replaced);
    for (int l = 0; l < lanes; ++l) convex[l] = replaced[l] == 0;
}

cpu::lane_system lane_matrices::system() const {
    const sparse_pattern& x = *shape;
    cpu::lane_system s = without_numbers(x);
    const double* g = lanes_of(pairs_and_g, static_cast<std::int64_t>(x.product.size()));
    s.own = true;
    s.q.value = q.data();
    s.a.value = s.a_columns.value = a.data();
    s.g.value = s.g_columns.value = s.r_columns.value = g;
    s.q.from = s.a.from = s.g.from = in_order.data();
    s.sums.value = pairs_and_g.data();
    s.base = base.data();
    shifts.enter(s);
    return s;
}

void lane_matrices::compliance(lane_array& to) const {
    const sparse_pattern& x = *shape;
    const double* g = lanes_of(pairs_and_g, static_cast<std::int64_t>(x.product.size()));
    to.assign(at(x.m) * lanes, 0.0);
    for (int i = 0; i < x.m; ++i) {
        double all[lanes];
        std::fill_n(all, lanes, 1.0);
        double* sum = lanes_of(to, i);
        for (std::int64_t e = x.g.start[at(i)]; e < x.g.start[at(i + 1)]; ++e) {
            const double *own = lanes_of(diagonal, x.g.col[at(e)]), *v = g + e * lanes;
            for (int l = 0; l < lanes; ++l) {
                const bool touched = own[l] > 1e-12 * q_unit[l];
                sum[l] += touched ? v[l] * v[l] / own[l] : 0.0;
                all[l] = touched ? all[l] : 0.0;
            }
        }
        for (int l = 0; l < lanes; ++l) sum[l] = all[l] != 0 ? sum[l] : -1 - sum[l];
    }
}

std::size_t lane_matrices::bytes() const {
    return (base.size() + q.size() + a.size() + pairs_and_g.size() + 5 * diagonal.size() + 4 * unit[1].size() +
            4 * unit[2].size()) *
           sizeof(double);
}

} // namespace optnet::solver
