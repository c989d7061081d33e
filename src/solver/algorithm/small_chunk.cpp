// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/small_chunk.hpp"

#include "solver/algorithm/active_rows.hpp"
#include "solver/algorithm/defaults.hpp"
#include "solver/algorithm/own_chunk.hpp"
#include "solver/algorithm/road.hpp"
#include "solver/algorithm/rounding.hpp"
#include "solver/recycled.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Beyond these what eight problems need leaves the first-level cache, and sets of all rows take longer than those of
/// the active ones (measured).
constexpr int most_variables = 32, most_rows = 20;
/// Nearly all problems are done by then (measured).
constexpr std::int64_t most_steps = 14;
/// Half of the share from which on columns get units of their own.
constexpr double balanced = 50;
/// As everywhere on form D: of q_max, of the rows of V_A, of R_ii; and of the terms of a slack.
constexpr double singular = 1e-11, dependent_equality = 1e-12, dependent = 1e-11, rounding = 1e-13;

/// 1 / 2^k: the exponents of both add up to twice the bias.
double inverse_power(double power) {
    return std::bit_cast<double>((std::int64_t{2046} << 52) - std::bit_cast<std::int64_t>(power));
}

} // namespace

bool small_chunk::serves(const structure& shape, const plan& chosen) {
    return shape.n <= most_variables && shape.m <= most_rows && own_chunk::serves(shape, chosen);
}

template <class T>
void small_chunk::run(const problem<T>& batch, std::int64_t first, int count, const settings& how,
                      const tolerances& eps, const starting_points<T>& from, const solution<T>& out) {
    const structure& shape = *batch.shape;
    resize(shape);
    for (int l = 0; l < width; ++l) tried[l] = l < count;
    read(batch, shape, matrix::Q, first, count, made->panel.data());
    if (p > 0) read(batch, shape, matrix::A, first, count, made->va());
    read(batch, shape, matrix::G, first, count, made->vg());
    read(batch.q, first, count, n, q);
    read(batch.b, first, count, p, b);
    read(batch.h, first, count, m, h);
    scale();
    take_right_sides(how, eps.absolute > 0 ? eps.absolute : eps.relative);
    eliminate();
    form_rows();
    begin(first, count, from);
    find_active_sets(step_limit(how, n, m));
    verify(eps);
    write(out, first, count);
}

template void small_chunk::run(const problem<double>&, std::int64_t, int, const settings&, const tolerances&,
                               const starting_points<double>&, const solution<double>&);
template void small_chunk::run(const problem<float>&, std::int64_t, int, const settings&, const tolerances&,
                               const starting_points<float>&, const solution<float>&);

void small_chunk::resize(const structure& shape) {
    // Who kept the last factors has their memory too.
    if (!made || made.use_count() > 1) made = recycled<dense_lanes>();
    made->resize(shape);
    made->resize_whole_sets();
    if (n == shape.n && p == shape.p && m == shape.m) return;
    n = shape.n;
    p = shape.p;
    m = shape.m;
    user.resize(at((n + p + m) * made->ld * width));
    for (array* a : {&q, &z, &qz, &atnu, &gtl, &column}) a->assign(at(n * width), 0.0);
    for (array* a : {&b, &nu, &az, &a_unit}) a->assign(at(p * width), 0.0);
    for (array* a : {&h, &floor, &g_unit, &lambda, &gz, &d}) a->assign(at(m * width), 0.0);
    R.resize(at(m * m * width));
    work.resize(at(std::max({n, p, m, std::int64_t{6}}) * width));
    scratch.resize(at(std::max({n * n, p * n, m * n}) * width));
    ones.assign(at(n), 1.0);
}

/// Q becomes its symmetric part, rows of A and G get powers of two; what verification multiplies by is kept.
void small_chunk::scale() {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t ld = made->ld;
    double *panel = made->panel.data(), uneven[width];
    std::fill_n(wrong, width, 0.0);
    kernels.lanes_symmetric_part(panel, ld, n, q_max, uneven, wrong);
    for (double& most : q_max) most = most > 0 ? most : 1.0;
    double most[width], least[width];
    std::copy_n(panel, width, most);
    std::copy_n(panel, width, least);
    for (std::int64_t j = 1; j < n; ++j)
        for (int l = 0; l < width; ++l) {
            const double own = panel[j * (ld + 1) * width + l];
            most[l] = std::max(most[l], own);
            least[l] = std::min(least[l], own);
        }
    // The sizes of columns are compared by their squares: the diagonal of Q is that already. No entry of a scaled row
    // reaches 2: where Q alone shows enough of every column, no more need be looked at.
    const bool shown = std::equal(least, least + width, most,
                                  [](double few, double all) { return few * (balanced * balanced / 4) >= all; });
    if (!shown)
        for (std::int64_t j = 0; j < n; ++j)
            for (int l = 0; l < width; ++l) {
                const double own = panel[j * (ld + 1) * width + l];
                column[at(j * width + l)] = own > 0 ? own / most[l] : 0.0;
            }
    double *const columns = shown ? nullptr : column.data(), *scales = made->scales.data();
    kernels.lanes_scale_rows(made->va(), ld, p, n, 1, scales, columns, wrong);
    kernels.lanes_scale_rows(made->vg(), ld, m, n, 2, scales + p * width, columns, wrong);
    for (std::int64_t e = 0; e < p * width; ++e) a_unit[at(e)] = inverse_power(scales[e]);
    for (std::int64_t e = 0; e < m * width; ++e) g_unit[at(e)] = inverse_power(scales[p * width + e]);
    std::copy_n(panel, (n + p + m) * ld * width, user.data());
    for (int l = 0; l < width; ++l) tried[l] = tried[l] && wrong[l] == 0.0 && of_like_size(q_max[l]);
    if (!shown) compare_columns();
}

void small_chunk::compare_columns() {
    double most[width] = {}, least[width];
    std::fill_n(least, width, HUGE_VAL);
    for (std::int64_t j = 0; j < n; ++j)
        for (int l = 0; l < width; ++l) {
            const double v = column[at(j * width + l)];
            most[l] = std::max(most[l], v);
            least[l] = std::min(least[l], v > 0 ? v : HUGE_VAL);
        }
    for (int l = 0; l < width; ++l) tried[l] = tried[l] && most[l] <= balanced * balanced * least[l];
}

/// As `element::load`; what is not finite is not for lanes.
void small_chunk::take_right_sides(const settings& how, double eps_abs) {
    const double* scales = made->scales.data();
    double check[width] = {};
    const auto look = [&](double v, std::int64_t e) { check[e % width] += v * 0.0; };
    for (std::int64_t j = 0; j < n; ++j)
        for (int l = 0; l < width; ++l) look(q[at(j * width + l)], l);
    for (std::int64_t i = 0; i < p; ++i)
        for (int l = 0; l < width; ++l) {
            look(b[at(i * width + l)], l);
            b[at(i * width + l)] *= scales[i * width + l];
        }
    for (std::int64_t i = 0; i < m; ++i)
        for (int l = 0; l < width; ++l) {
            const std::int64_t e = i * width + l;
            const double value = h[at(e)], scale = scales[p * width + e];
            const bool is_absent = value >= how.infinite_bound;
            look(is_absent ? 0.0 : value, l);
            floor[at(e)] = is_absent ? HUGE_VAL : 1e-5 * eps_abs * scale;
            h[at(e)] = is_absent ? 0.0 : value * scale;
        }
    for (int l = 0; l < width; ++l) tried[l] = tried[l] && check[l] == 0.0;
}

/// L, V_A, V_G, L_S, W, and what the first half of an equality solve leaves of −q and b.
void small_chunk::eliminate() {
    const auto& kernels = cpu::dense<double>();
    dense_lanes& to = *made;
    const std::int64_t ld = to.ld;
    double* left = to.vg() + m * ld * width;
    for (std::int64_t e = 0; e < n * width; ++e) left[e] = -q[at(e)];
    for (std::int64_t j = 0; j < n; ++j)
        for (int l = 0; l < width; ++l) work[at(j * width + l)] = singular * q_max[l];
    kernels.lanes_panel(to.panel.data(), n + p + m + 1, n, ld, work.data(), to.panel_inverse.data());
    std::copy_n(left, n * width, z.data());
    if (p == 0) return;
    double *schur = to.schur.data(), *right = to.w() + m * p * width;
    kernels.lanes_product(schur, p, to.va(), ld, to.va(), ld, 1, p, p, n, true, 1.0, 0.0);
    kernels.lanes_product(to.w(), p, to.vg(), ld, to.va(), ld, 1, m, p, n, false, 1.0, 0.0);
    std::copy(b.begin(), b.end(), right);
    kernels.lanes_product(right, p, left, n, to.va(), ld, 1, 1, p, n, false, 1.0, -1.0);
    double most[width] = {};
    for (std::int64_t i = 0; i < p; ++i)
        for (int l = 0; l < width; ++l) most[l] = std::max(most[l], schur[i * (p + 1) * width + l]);
    for (std::int64_t i = 0; i < p; ++i)
        for (int l = 0; l < width; ++l) work[at(i * width + l)] = dependent_equality * most[l];
    kernels.lanes_panel(schur, p + m + 1, p, p, work.data(), to.schur_inverse.data());
    std::copy_n(right, p * width, nu.data());
}

/// R = V_G V_G' − W W' and d = h − V_G y + W u.
void small_chunk::form_rows() {
    const auto& kernels = cpu::dense<double>();
    const dense_lanes& from = *made;
    const std::int64_t ld = from.ld;
    std::copy(h.begin(), h.end(), d.begin());
    kernels.lanes_product(d.data(), m, z.data(), n, from.vg(), ld, 1, 1, m, n, false, -1.0, 1.0);
    kernels.lanes_product(R.data(), m, from.vg(), ld, from.vg(), ld, 1, m, m, n, false, 1.0, 0.0);
    const auto square = [&](std::int64_t i, int l) { return R[at(i * (m + 1) * width + l)]; };
    if (p > 0) {
        kernels.lanes_product(d.data(), m, nu.data(), p, from.w(), p, 1, 1, m, p, false, 1.0, 1.0);
        for (std::int64_t i = 0; i < m; ++i)
            for (int l = 0; l < width; ++l) work[at(i * width + l)] = dependent * square(i, l);
        kernels.lanes_product(R.data(), m, from.w(), p, from.w(), p, 1, m, m, p, false, -1.0, 1.0);
        // A row that depends on the equalities is not for lanes.
        for (std::int64_t i = 0; i < m; ++i)
            for (int l = 0; l < width; ++l) tried[l] = tried[l] && square(i, l) > work[at(i * width + l)];
    }
}

/// The first W: the rows that are violated without multipliers, or those of a start.
template <class T> void small_chunk::begin(std::int64_t first, int count, const starting_points<T>& from) {
    array& inside = made->inside;
    for (std::size_t e = 0; e < inside.size(); ++e) inside[e] = d[e] < -floor[e] ? 1.0 : 0.0;
    for (int l = 0; l < count && from.given(); ++l) {
        if (!tried[l]) continue;
        std::vector<double> scales(at(2 * (p + m))), own_floor(at(m));
        for (std::int64_t i = 0; i < p + m; ++i) {
            scales[at(i)] = made->scales[at(i * width + l)];
            scales[at(p + m + i)] = 1 / scales[at(i)];
        }
        for (std::int64_t i = 0; i < m; ++i) own_floor[at(i)] = floor[at(i * width + l)];
        const double *scale = scales.data(), *unit = scale + p + m;
        const units o{static_cast<int>(n),
                      static_cast<int>(p),
                      static_cast<int>(m),
                      scale,
                      scale + p,
                      ones.data(),
                      unit,
                      unit + p,
                      ones.data()};
        start.load(from, first + l, o, own_floor.data());
        if (!start.usable) continue;
        for (std::int64_t i = 0; i < m; ++i) inside[at(i * width + l)] = 0;
        for (const int i : start.rows) inside[at(i * width + l)] = 1;
    }
}

void small_chunk::find_active_sets(int limit) {
    for (int l = 0; l < width; ++l) moving[l] = tried[l] ? 1 : 0;
    cpu::dense<double>().lanes_active_sets(R.data(), d.data(), floor.data(), m,
                                           std::min<std::int64_t>(limit, most_steps), dependent, rounding,
                                           made->inside.data(), moving, steps, lambda.data(), made->factor.data(),
                                           made->distance(), made->factor_inverse.data(), work.data());
    for (int l = 0; l < width; ++l) tried[l] = tried[l] && moving[l] == 0;
}

void small_chunk::verify(const tolerances& eps) {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t ld = made->ld;
    const double *of_q = user.data(), *of_a = of_q + n * ld * width, *of_g = of_a + p * ld * width;
    made->finish(z.data(), nu.data(), lambda.data());
    kernels.lanes_symmetric_product(of_q, ld, n, z.data(), qz.data());
    kernels.lanes_product(gz.data(), m, z.data(), n, of_g, ld, 1, 1, m, n, false, 1.0, 0.0);
    kernels.lanes_product(gtl.data(), n, lambda.data(), m, of_g, 1, ld, 1, n, m, false, 1.0, 0.0);
    if (p > 0) {
        kernels.lanes_product(az.data(), p, z.data(), n, of_a, ld, 1, 1, p, n, false, 1.0, 0.0);
        kernels.lanes_product(atnu.data(), n, nu.data(), p, of_a, 1, ld, 1, n, p, false, 1.0, 0.0);
    }
    double by_a[6][width], by_g[6][width], by_z[7][width], most[width] = {};
    kernels.lanes_judge_rows(az.data(), b.data(), a_unit.data(), nu.data(), nullptr, p, by_a[0]);
    kernels.lanes_judge_rows(gz.data(), h.data(), g_unit.data(), lambda.data(), floor.data(), m, by_g[0]);
    kernels.lanes_judge_columns(qz.data(), q.data(), atnu.data(), gtl.data(), z.data(), n, by_z[0]);
    for (std::int64_t j = 0; j < n; ++j)
        for (int l = 0; l < width; ++l) most[l] = std::max(most[l], made->panel_inverse[at(j * width + l)]);
    for (int l = 0; l < width; ++l) {
        if (!tried[l]) continue;
        verdict_terms t;
        t.primal = std::max(by_a[0][l], by_g[0][l]), t.primal_size = std::max(by_a[1][l], by_g[1][l]);
        t.dual = by_z[0][l], t.dual_size = by_z[1][l];
        t.zqz = by_z[2][l], t.qtz = by_z[3][l], t.btnu = by_a[2][l], t.htl = by_g[2][l];
        t.check = by_a[3][l] + by_g[3][l] + by_z[4][l];
        verdicts[l] = judge(t, eps);
        const residual_units largest(std::max(by_a[5][l], by_g[5][l]), 1);
        largest_z[l] = by_z[6][l];
        tried[l] = accurate(verdicts[l], 1 / (most[l] * most[l]), largest_z[l]) &&
                   !rounding_decides(by_z[5][l], by_a[4][l] + by_g[4][l], q_max[l], largest, verdicts[l], eps);
    }
}

void small_chunk::look_for_doubt(const settings& how) {
    const double relative = active_share(static_cast<int>(n), how);
    double count[width] = {};
    for (std::int64_t i = 0; i < m; ++i)
        for (int l = 0; l < width; ++l) {
            const std::size_t e = at(i * width + l);
            const double bound = relative * (std::abs(h[e]) + largest_z[l]), length = R[at(i * (m + 1) * width + l)];
            const bool is_tight = h[e] - gz[e] <= bound && floor[e] != HUGE_VAL;
            const bool is_strong = is_tight && lambda[e] * length > bound;
            // A row is active and strong, or it is neither active nor tight.
            count[l] += (made->inside[e] > 0 ? is_strong : !is_tight) ? 0.0 : 1.0;
        }
    for (int l = 0; l < width; ++l) clear[l] = count[l] == 0.0;
}

} // namespace optnet::solver
