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
constexpr int most_variables = 128;
/// The primal-dual method takes three to nine steps where it ends.
constexpr int lane_steps = 10;
/// Half of the share from which on columns get units of their own.
constexpr double balanced = 50;
/// As everywhere on form D: of q_max, of the rows of V_A, of R_ii.
constexpr double singular = 1e-11, dependent_equality = 1e-12, dependent = 1e-11;

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
    for (const block& k : batch.shape->blocks) {
        const bool is_q = k.where == matrix::Q, is_a = k.where == matrix::A;
        read(batch, k, first, count, is_q ? user_q : is_a ? user_a : user_g,
             is_q ? made->panel.data() : is_a ? made->va() : made->vg());
    }
    symmetrize();
    scale_rows(made->va(), p, 1, made->a_scale, made->a_unit);
    scale_rows(made->vg(), m, 2, made->g_scale, made->g_unit);
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
    for (array* a : {&products, &R}) a->resize(at(m * m * width));
    for (array* a : {&y, &column, &z, &qz, &gtl}) a->resize(at(n * width));
    for (array* a : {&u, &nu, &az}) a->resize(at(p * width));
    for (array* a : {&d, &x, &gz, &length}) a->resize(at(m * width));
    pivots.resize(at(std::max({n, p, m}) * width));
    factors.resize(at(std::max(p, m)));
    nothing.assign(at(n), 0.0);
    for (array* a : {&q, &atnu}) a->assign(at(n * width), 0.0);
    b.assign(at(p * width), 0.0);
    for (array* a : {&h, &floor}) a->assign(at(m * width), 0.0);
    std::fill_n(tried, width, true);
    std::fill_n(wrong, width, 0.0);
    std::fill_n(verdicts, width, verdict{HUGE_VAL, HUGE_VAL, HUGE_VAL});
}

/// The same matrix of all problems; idle lanes repeat the first one.
template <class T>
void own_chunk::read(const problem<T>& batch, const block& k, std::int64_t first, int count, given_matrix& M,
                     double* to) {
    const matrix_view<T>& view = batch.data[k.source];
    const std::int64_t size = std::int64_t{k.rows} * k.cols;
    const bool plain = std::is_same_v<T, double> && view.col_stride == 1 && view.row_stride == k.cols;
    if (!plain) M.copies.resize(at(width * size));
    M.scale = k.scale;
    for (int l = 0; l < width; ++l) {
        const T* source = view.of(first + (l < count ? l : 0));
        if constexpr (std::is_same_v<T, double>) M.of[l] = source;
        if (plain) continue;
        double* own = M.copies.data() + l * size;
        for (std::int64_t i = 0; i < k.rows; ++i)
            for (std::int64_t j = 0; j < k.cols; ++j)
                own[i * k.cols + j] = static_cast<double>(source[i * view.row_stride + j * view.col_stride]);
        M.of[l] = own;
    }
    cpu::dense<double>().lanes_gather(M.of, size, to);
    if (k.scale != 1.0) cpu::dense<double>().scale(k.scale, to, size * width);
}

/// Q becomes its symmetric part, which is judged.
void own_chunk::symmetrize() {
    const double* panel = made->panel.data();
    cpu::dense<double>().lanes_symmetric_part(made->panel.data(), n, q_max, uneven, wrong);
    for (double& most : q_max) most = most > 0 ? most : 1.0;
    // What the columns are compared by is squared: the diagonal of Q is that already.
    double most[width] = {};
    for (std::int64_t j = 0; j < n; ++j) {
        const double* own = panel + j * (n + 1) * width;
        for (int l = 0; l < width; ++l) most[l] = j == 0 ? own[l] : std::max(most[l], own[l]);
    }
    for (std::int64_t j = 0; j < n; ++j) {
        const double* own = panel + j * (n + 1) * width;
        for (int l = 0; l < width; ++l) column[at(j * width + l)] = own[l] > 0 ? own[l] / most[l] : 0.0;
    }
}

/// Rows get powers of two, and show their entries to the columns; those with fewer than `least` entries do not.
void own_chunk::scale_rows(double* M, std::int64_t rows, double least, array& scale, array& unit) {
    cpu::dense<double>().lanes_scale_rows(M, rows, n, least, pivots.data(), column.data(), wrong);
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
    double* left = to.vg() + m * n * width; // −q, then y
    gather(q, n, left);
    for (std::int64_t e = 0; e < n * width; ++e) left[e] = -left[e];
    for (std::int64_t e = 0; e < n * width; ++e) pivots[at(e)] = singular * q_max[e % width];
    kernels.lanes_panel(to.panel.data(), n + p + m + 1, n, n, pivots.data(), to.panel_inverse.data());
    // R = V_G V_G' − W W'; d = h − V_G y + W u.
    double* r = products.data();
    gather(h, m, x.data());
    kernels.lanes_product(r, m, to.vg(), n, to.vg(), n, 1, m, m, n, true, 1.0, 0.0);
    kernels.lanes_product(x.data(), m, left, n, to.vg(), n, 1, 1, m, n, false, -1.0, 1.0);
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
        for (std::int64_t e = 0; e < m * width; ++e) pivots[at(e)] = r[e / width * (m + 1) * width + e % width];
        kernels.lanes_product(r, m, to.w(), p, to.w(), p, 1, m, m, p, true, -1.0, 1.0);
        kernels.lanes_product(x.data(), m, u.data(), p, to.w(), p, 1, 1, m, p, false, 1.0, 1.0);
        // A row that depends on the equalities is not for lanes.
        for (std::int64_t e = 0; e < m * width; ++e)
            if (!(r[e / width * (m + 1) * width + e % width] > dependent * pivots[at(e)])) tried[e % width] = false;
    }
    scatter(x.data(), m, d);
    std::copy_n(left, n * width, y.data());
    form_r();
}

/// R of every problem by itself, where the rows of an active set lie side by side.
void own_chunk::form_r() {
    const auto& kernels = cpu::dense<double>();
    double* rows[width];
    for (std::int64_t i = 0; i < m; ++i) {
        // Whole tiles: what they write behind the diagonal is overwritten.
        const std::int64_t count = std::min(m, (i + width) / width * width);
        for (int l = 0; l < width; ++l) rows[l] = R.data() + (l * m + i) * m;
        kernels.lanes_scatter(products.data() + i * m * width, count, rows);
    }
    for (int l = 0; l < width; ++l) {
        double* own = R.data() + l * m * m;
        kernels.mirror_lower(own, m, m);
        for (std::int64_t i = 0; i < m; ++i) length[at(l * m + i)] = own[i * (m + 1)];
    }
}

void own_chunk::find_active_sets(int limit) {
    for (int l = 0; l < width; ++l) {
        auto& own = sets.problems[l];
        own.wanted = tried[l];
        own.started = tried[l] && starts[l].usable;
        if (own.started) own.rows = starts[l].rows;
    }
    sets.solve(R.data(), m, d.data(), floor.data(), limit, *made);
    for (int l = 0; l < width; ++l) tried[l] = tried[l] && sets.problems[l].solved;
}

void own_chunk::verify(const tolerances& eps) {
    gather(sets.lambda, m, x.data());
    made->finish(y.data(), u.data(), x.data());
    scatter(y.data(), n, z);
    scatter(u.data(), p, nu);
    for (int l = 0; l < width; ++l) {
        if (!tried[l]) continue;
        multiply(l);
        double most = 0;
        for (std::int64_t j = 0; j < n; ++j) most = std::max(most, made->panel_inverse[at(j * width + l)]);
        const double least_pivot = 1 / (most * most);
        verdicts[l] = judge(measures(l), given(l), point(l), eps);
        tried[l] = accurate(verdicts[l], least_pivot, row(z, l, n), at(n));
    }
}

/// The products of a point with the user's matrices, in scaled rows.
void own_chunk::multiply(int l) {
    const auto& kernels = cpu::dense<double>();
    const units to = measures(l);
    const double *at_z = row(z, l, n), half = uneven[l] != 0 ? 0.5 * user_q.scale : user_q.scale;
    kernels.gemv(user_q.of[l], n, n, n, half, at_z, 0.0, row(qz, l, n));
    if (uneven[l] != 0) kernels.gemv_transposed(user_q.of[l], n, n, n, half, at_z, 1.0, row(qz, l, n));
    kernels.gemv(user_g.of[l], n, m, n, user_g.scale, at_z, 0.0, row(gz, l, m));
    for (std::int64_t i = 0; i < m; ++i) row(gz, l, m)[i] *= to.g_scale[i];
    const std::vector<int>& rows = basis(l);
    for (std::size_t i = 0; i < rows.size(); ++i)
        factors[i] = row(sets.lambda, l, m)[rows[i]] * user_g.scale * to.g_scale[rows[i]];
    kernels.combine_rows(user_g.of[l], n, rows.data(), factors.data(), static_cast<std::int64_t>(rows.size()),
                         nothing.data(), n, row(gtl, l, n));
    if (p == 0) return;
    kernels.gemv(user_a.of[l], n, p, n, user_a.scale, at_z, 0.0, row(az, l, p));
    for (std::int64_t i = 0; i < p; ++i) row(az, l, p)[i] *= to.a_scale[i];
    for (std::int64_t i = 0; i < p; ++i) factors[at(i)] = row(nu, l, p)[i] * to.a_scale[i];
    kernels.gemv_transposed(user_a.of[l], n, p, n, user_a.scale, factors.data(), 0.0, row(atnu, l, n));
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
