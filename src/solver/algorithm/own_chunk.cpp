// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/own_chunk.hpp"

#include "solver/recycled.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Beyond it one problem fills the vectors by itself.
constexpr int most_variables = 32;
/// The primal-dual method takes three to eight steps where it ends.
constexpr int lane_steps = 8;
/// Half of the share from which on columns get units of their own.
constexpr double balanced = 50;
/// As everywhere on form D: of q_max, of the rows of V_A, of R_ii, of a slack's terms.
constexpr double singular = 1e-11, dependent_equality = 1e-12, dependent = 1e-11, rounding = 1e-13;

} // namespace

bool own_chunk::serves(const structure& shape, const plan& chosen) {
    if (chosen.chosen != form::dual || shape.n > most_variables || shape.m < 1 || shape.m > shape.n - shape.p)
        return false;
    const int rows[3] = {shape.n, shape.p, shape.m};
    int count[3] = {};
    for (const block& k : shape.blocks) {
        const auto where = static_cast<std::size_t>(k.where);
        if (k.kind != block_kind::dense || k.rows != rows[where] || k.cols != shape.n) return false;
        ++count[where];
    }
    return count[0] == 1 && count[1] == (shape.p > 0 ? 1 : 0) && count[2] == 1;
}

template <class T>
void own_chunk::run(const problem<T>& batch, std::int64_t first, int count, const settings& how, const tolerances& eps,
                    const starting_points<T>& from) {
    resize(*batch.shape);
    for (const block& k : batch.shape->blocks)
        read(batch, k, first, count, k.where == matrix::Q ? Q : k.where == matrix::A ? A : G);
    symmetrize();
    scale_rows(A, p, 1, made->a_scale, made->a_unit);
    scale_rows(G, m, 2, made->g_scale, made->g_unit);
    compare_columns();
    for (int l = 0; l < width; ++l) {
        if (l >= count || !tried[l]) continue;
        loaded.load(batch, first + l, made->measures(l), true, how, eps.absolute > 0 ? eps.absolute : eps.relative);
        starts[l].load(from, first + l, loaded, made->measures(l));
        tried[l] = loaded.finite && loaded.impossible_row < 0;
        if (!tried[l]) continue;
        std::copy(loaded.q.begin(), loaded.q.end(), q.begin() + l * n);
        std::copy(loaded.b.begin(), loaded.b.end(), b.begin() + l * p);
        std::copy(loaded.h.begin(), loaded.h.end(), h.begin() + l * m);
        std::copy(loaded.floor.begin(), loaded.floor.end(), floor.begin() + l * m);
    }
    for (int l = count; l < width; ++l) tried[l] = false;
    set_up();
    find_active_sets(std::min(lane_steps, how.max_iter.value_or(lane_steps)));
    verify(eps);
}

template void own_chunk::run(const problem<double>&, std::int64_t, int, const settings&, const tolerances&,
                             const starting_points<double>&);
template void own_chunk::run(const problem<float>&, std::int64_t, int, const settings&, const tolerances&,
                             const starting_points<float>&);

void own_chunk::resize(const structure& shape) {
    n = shape.n;
    p = shape.p;
    m = shape.m;
    // Who kept the last factors has their memory too.
    if (!made || made.use_count() > 1) made = recycled<dense_lanes>();
    made->resize(shape);
    Q.resize(at(n * n * width));
    A.resize(at(p * n * width));
    G.resize(at(m * n * width));
    R.resize(at(m * m * width));
    for (array* a : {&y, &column, &product}) a->resize(at(n * width));
    u.resize(at(p * width));
    for (array* a : {&d, &x, &s, &lane_floor}) a->resize(at(m * width));
    pivots.resize(at(std::max({n, p, m}) * width));
    for (array* a : {&q, &z, &qz, &atnu, &gtl}) a->assign(at(n * width), 0.0);
    for (array* a : {&b, &nu, &az}) a->assign(at(p * width), 0.0);
    for (array* a : {&h, &floor, &lambda, &gz, &length}) a->assign(at(m * width), 0.0);
    std::fill_n(tried, width, true);
    std::fill_n(steps, width, 0);
    std::fill_n(wrong, width, 0.0);
    std::fill_n(verdicts, width, verdict{HUGE_VAL, HUGE_VAL, HUGE_VAL});
}

/// The same matrix of all problems; idle lanes repeat the first one.
template <class T>
void own_chunk::read(const problem<T>& batch, const block& k, std::int64_t first, int count, array& to) {
    const matrix_view<T>& view = batch.data[k.source];
    const std::int64_t size = std::int64_t{k.rows} * k.cols;
    const double* from[width];
    const bool plain = std::is_same_v<T, double> && view.col_stride == 1 && view.row_stride == k.cols;
    if (!plain) scratch.resize(at(width * size));
    for (int l = 0; l < width; ++l) {
        const T* source = view.of(first + (l < count ? l : 0));
        if constexpr (std::is_same_v<T, double>) from[l] = source;
        if (plain) continue;
        double* own = scratch.data() + l * size;
        for (std::int64_t i = 0; i < k.rows; ++i)
            for (std::int64_t j = 0; j < k.cols; ++j)
                own[i * k.cols + j] = static_cast<double>(source[i * view.row_stride + j * view.col_stride]);
        from[l] = own;
    }
    cpu::dense<double>().lanes_gather(from, size, to.data());
    if (k.scale == 1.0) return;
    for (double& v : to) v *= k.scale;
}

/// Q becomes its symmetric part, which is judged.
void own_chunk::symmetrize() {
    double most[width] = {}, bad[width] = {};
    for (std::int64_t i = 0; i < n; ++i)
        for (std::int64_t j = 0; j <= i; ++j) {
            double *lower = Q.data() + (i * n + j) * width, *upper = Q.data() + (j * n + i) * width;
            for (int l = 0; l < width; ++l) {
                const double v = 0.5 * lower[l] + 0.5 * upper[l], size = std::abs(v);
                lower[l] = upper[l] = v;
                most[l] = size > most[l] ? size : most[l];
                bad[l] += v * 0.0;
            }
        }
    for (int l = 0; l < width; ++l) {
        q_max[l] = most[l] > 0 ? most[l] : 1.0;
        wrong[l] += bad[l];
    }
    // What the columns are compared by is squared: the diagonal of Q is that already.
    std::fill(column.begin(), column.end(), 0.0);
    for (std::int64_t j = 0; j < n; ++j) {
        const double* own = Q.data() + j * (n + 1) * width;
        for (int l = 0; l < width; ++l) pivots[at(l)] = j == 0 ? own[l] : std::max(pivots[at(l)], own[l]);
    }
    for (std::int64_t j = 0; j < n; ++j) {
        const double* own = Q.data() + j * (n + 1) * width;
        for (int l = 0; l < width; ++l) column[at(j * width + l)] = own[l] > 0 ? own[l] / pivots[at(l)] : 0.0;
    }
}

/// Rows get powers of two, and show their entries to the columns; those with fewer than `least` entries do not.
void own_chunk::scale_rows(array& M, std::int64_t rows, double least, array& scale, array& unit) {
    cpu::dense<double>().lanes_scale_rows(M.data(), rows, n, least, pivots.data(), column.data(), wrong);
    scatter(pivots.data(), rows, scale);
    for (std::size_t i = 0; i < scale.size(); ++i) unit[i] = 1 / scale[i];
}

void own_chunk::compare_columns() {
    for (int l = 0; l < width; ++l) {
        double most = 0, least = HUGE_VAL;
        for (std::int64_t j = 0; j < n; ++j) {
            const double v = column[at(j * width + l)];
            most = std::max(most, v);
            if (v > 0) least = std::min(least, v);
        }
        tried[l] = wrong[l] == 0.0 && of_like_size(q_max[l]) && most <= balanced * balanced * least;
    }
}

void own_chunk::set_up() {
    const auto& kernels = cpu::dense<double>();
    dense_lanes& to = *made;
    double* panel = to.panel.data();
    std::copy(Q.begin(), Q.end(), panel);
    std::copy(A.begin(), A.end(), to.va());
    std::copy(G.begin(), G.end(), to.vg());
    double* left = to.vg() + m * n * width; // −q, then y
    gather(q, n, left);
    for (std::int64_t e = 0; e < n * width; ++e) left[e] = -left[e];
    for (std::int64_t e = 0; e < n * width; ++e) pivots[at(e)] = singular * q_max[e % width];
    kernels.lanes_panel(panel, n + p + m + 1, n, n, pivots.data(), to.panel_inverse.data());
    gather(h, m, d.data());
    gather(floor, m, lane_floor.data());
    // R = V_G V_G' − W W'; d = h − V_G y + W u.
    kernels.lanes_product(R.data(), m, to.vg(), n, to.vg(), n, 1, m, m, n, true, 1.0, 0.0);
    kernels.lanes_product(d.data(), m, left, n, to.vg(), n, 1, 1, m, n, false, -1.0, 1.0);
    if (p > 0) {
        double* schur = to.schur.data();
        kernels.lanes_product(schur, p, to.va(), n, to.va(), n, 1, p + m + 1, p, n, false, 1.0, 0.0);
        gather(b, p, u.data());
        double* right = to.w() + m * p * width;
        for (std::int64_t e = 0; e < p * width; ++e) right[e] -= u[at(e)];
        double most[width] = {};
        for (std::int64_t i = 0; i < p; ++i)
            for (int l = 0; l < width; ++l) most[l] = std::max(most[l], schur[i * (p + 1) * width + l]);
        for (std::int64_t e = 0; e < p * width; ++e) pivots[at(e)] = dependent_equality * most[e % width];
        kernels.lanes_panel(schur, p + m + 1, p, p, pivots.data(), to.schur_inverse.data());
        std::copy_n(right, p * width, u.data());
        for (std::int64_t e = 0; e < m * width; ++e) pivots[at(e)] = R[at(e / width * (m + 1) * width + e % width)];
        kernels.lanes_product(R.data(), m, to.w(), p, to.w(), p, 1, m, m, p, true, -1.0, 1.0);
        kernels.lanes_product(d.data(), m, u.data(), p, to.w(), p, 1, 1, m, p, false, 1.0, 1.0);
        // A row that depends on the equalities is not for lanes.
        for (std::int64_t e = 0; e < m * width; ++e)
            if (!(R[at(e / width * (m + 1) * width + e % width)] > dependent * pivots[at(e)])) tried[e % width] = false;
    }
    for (std::int64_t i = 0; i < m; ++i)
        for (std::int64_t j = 0; j < i; ++j)
            std::copy_n(R.data() + (i * m + j) * width, width, R.data() + (j * m + i) * width);
    for (std::int64_t i = 0; i < m; ++i)
        for (int l = 0; l < width; ++l) length[at(l * m + i)] = R[at(i * (m + 1) * width + l)];
    std::copy_n(left, n * width, y.data());
}

/// λ_W = −R_WW⁻¹ d_W with the identity for the rows outside W, s = R λ + d, and the next W.
void own_chunk::find_active_sets(int limit) {
    const auto& kernels = cpu::dense<double>();
    dense_lanes& to = *made;
    array& inside = to.inside;
    for (std::size_t e = 0; e < inside.size(); ++e) inside[e] = d[e] < -lane_floor[e] ? 1.0 : 0.0;
    bool done[width];
    for (int l = 0; l < width; ++l) {
        done[l] = !tried[l];
        if (done[l] || !starts[l].usable) continue;
        for (std::int64_t i = 0; i < m; ++i) inside[at(i * width + l)] = 0;
        for (const int i : starts[l].rows) inside[at(i * width + l)] = 1;
    }
    for (int step = 0; step < limit && !std::all_of(done, done + width, [](bool v) { return v; }); ++step) {
        kernels.lanes_masked(R.data(), inside.data(), d.data(), m, dependent, to.factor.data(), pivots.data());
        kernels.lanes_panel(to.factor.data(), m + 1, m, m, pivots.data(), to.factor_inverse.data());
        std::copy_n(to.factor.data() + m * m * width, m * width, x.data());
        kernels.lanes_backward(to.factor.data(), m, to.factor_inverse.data(), m, x.data());
        s = d;
        kernels.lanes_product(s.data(), m, x.data(), m, R.data(), m, 1, 1, m, m, false, 1.0, 1.0);
        advance(done);
    }
    for (int l = 0; l < width; ++l) tried[l] = tried[l] && done[l];
    for (double& v : x) v = v > 0 ? v : 0.0;
}

/// W⁺ = {i ∈ W: λ_i >= 0} ∪ {i ∉ W: s_i < 0}. Lanes that are done keep their W, whose factor is then made again.
void own_chunk::advance(bool* done) {
    double changes[width], bad[width], moving[width];
    for (int l = 0; l < width; ++l) moving[l] = done[l] ? 0.0 : 1.0;
    cpu::dense<double>().lanes_next_set(x.data(), s.data(), d.data(), lane_floor.data(), m, rounding, moving,
                                        made->inside.data(), changes, bad);
    for (int l = 0; l < width; ++l) {
        if (done[l]) continue;
        ++steps[l];
        done[l] = changes[l] == 0 || bad[l] != 0.0;
        if (bad[l] != 0.0) tried[l] = false;
    }
}

void own_chunk::verify(const tolerances& eps) {
    const auto& kernels = cpu::dense<double>();
    made->finish(y.data(), u.data(), x.data());
    const auto multiply = [&](const array& left, std::int64_t k, const array& M, std::int64_t rows, bool transposed,
                              array& to) {
        const std::int64_t count = transposed ? n : rows;
        kernels.lanes_product(product.data(), count, left.data(), k, M.data(), transposed ? 1 : n, transposed ? n : 1,
                              1, count, k, false, 1.0, 0.0);
        scatter(product.data(), count, to);
    };
    multiply(y, n, Q, n, false, qz);
    multiply(u, p, A, p, true, atnu);
    multiply(x, m, G, m, true, gtl);
    multiply(y, n, A, p, false, az);
    multiply(y, n, G, m, false, gz);
    scatter(y.data(), n, z);
    scatter(u.data(), p, nu);
    scatter(x.data(), m, lambda);
    for (int l = 0; l < width; ++l) {
        if (!tried[l]) continue;
        double most = 0;
        for (std::int64_t j = 0; j < n; ++j) most = std::max(most, made->panel_inverse[at(j * width + l)]);
        const double least_pivot = 1 / (most * most);
        verdicts[l] = judge(measures(l), given(l), point(l), eps);
        tried[l] = accurate(verdicts[l], least_pivot, row(z, l, n), at(n));
    }
}

std::vector<int> own_chunk::basis(int i) const {
    std::vector<int> rows;
    for (int j = 0; j < static_cast<int>(m); ++j)
        if (made->inside[at(j * width + i)] != 0) rows.push_back(j);
    return rows;
}

void own_chunk::gather(const array& from, std::int64_t size, double* to) const {
    const double* rows[width];
    for (int l = 0; l < width; ++l) rows[l] = from.data() + l * size;
    cpu::dense<double>().lanes_gather(rows, size, to);
}

void own_chunk::scatter(const double* from, std::int64_t size, array& to) const {
    double* rows[width];
    for (int l = 0; l < width; ++l) rows[l] = to.data() + l * size;
    cpu::dense<double>().lanes_scatter(from, size, rows);
}

} // namespace optnet::solver
