// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/own_chunk.hpp"

#include "solver/algorithm/defaults.hpp"
#include "solver/recycled.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Beyond it one problem fills the vectors by itself, and eight leave the second-level cache (measured).
constexpr int most_variables = 100;
/// Half of the share from which on columns get units of their own.
constexpr double balanced = 50;
/// Where the largest entry of a row of G lies within this of 1, its unit stays as it is.
constexpr double usual_row = 65536;
/// Rows of G that are worked on at a time.
constexpr std::int64_t block_rows = 8;
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
    const auto block_of = [&](matrix where) {
        const auto& all = batch.shape->blocks;
        return std::find_if(all.begin(), all.end(), [&](const block& k) { return k.where == where; });
    };
    read(batch, *block_of(matrix::Q), first, count, user_q);
    gather(user_q, 0, n, made->panel.data());
    symmetrize();
    if (p > 0) {
        read(batch, *block_of(matrix::A), first, count, user_a);
        scale_rows(user_a, 0, p, 1, made->va());
        take_scales(p, made->a_scale, made->a_unit);
    }
    load(batch, first, count, how, eps);
    read(batch, *block_of(matrix::G), first, count, user_g);
    eliminate();
    form_rows();
    take_scales(m, made->g_scale, made->g_unit);
    compare_columns();
    for (int l = 0; l < width; ++l) {
        if (!tried[l]) continue;
        for (std::int64_t i = 0; i < m; ++i) {
            const double scale = made->g_scale[at(l * m + i)];
            double& right = h[at(l * m + i)];
            right *= scale;
            floor[at(l * stride + i)] *= scale;
            d[at(l * stride + i)] += right;
        }
        starts[l].load(from, first + l, made->measures(l), row(floor, l, stride));
    }
    find_active_sets(step_limit(how, n, m));
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
    stride = (m + width - 1) / width * width;
    products.resize(at(block_rows * m * width));
    R.resize(at(m * stride * width));
    d.assign(at(stride * width), 0.0);
    for (array* a : {&y, &column, &z, &qz, &gtl}) a->resize(at(n * width));
    for (array* a : {&u, &nu, &az}) a->resize(at(p * width));
    x.resize(at(std::max(n, m) * width));
    for (array* a : {&gz, &length}) a->resize(at(m * width));
    for (array* a : {&pivots, &powers}) a->resize(at(std::max({n, p, m}) * width));
    factors.resize(at(std::max(p, m)));
    nothing.assign(at(n), 0.0);
    for (array* a : {&q, &atnu}) a->assign(at(n * width), 0.0);
    b.assign(at(p * width), 0.0);
    h.assign(at(m * width), 0.0);
    floor.assign(at(stride * width), HUGE_VAL);
    std::fill(made->g_scale.begin(), made->g_scale.end(), 1.0);
    std::fill_n(tried, width, true);
    std::fill_n(wrong, width, 0.0);
    std::fill_n(verdicts, width, verdict{HUGE_VAL, HUGE_VAL, HUGE_VAL});
}

/// The same matrix of all problems; idle lanes repeat the first one.
template <class T>
void own_chunk::read(const problem<T>& batch, const block& k, std::int64_t first, int count, given_matrix& M) {
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
}

/// Rows [first, first + rows) into lanes.
void own_chunk::gather(const given_matrix& M, std::int64_t first, std::int64_t rows, double* to) const {
    const double* from[width];
    for (int l = 0; l < width; ++l) from[l] = M.of[l] + first * n;
    const auto& kernels = cpu::dense<double>();
    const std::int64_t at_once = made->ld == n ? rows : 1;
    for (std::int64_t i = 0; i < rows; i += at_once) {
        double* own = to + i * made->ld * width;
        kernels.lanes_gather(from, at_once * n, own);
        if (M.scale != 1.0) kernels.scale(M.scale, own, at_once * n * width);
        for (const double*& next : from) next += at_once * n;
    }
}

/// Q becomes its symmetric part, which is judged.
void own_chunk::symmetrize() {
    const double* panel = made->panel.data();
    cpu::dense<double>().lanes_symmetric_part(made->panel.data(), made->ld, n, q_max, uneven, wrong);
    for (double& most : q_max) most = most > 0 ? most : 1.0;
    // What the columns are compared by is squared: the diagonal of Q is that already.
    double most[width] = {};
    for (std::int64_t j = 0; j < n; ++j) {
        const double* own = panel + j * (made->ld + 1) * width;
        for (int l = 0; l < width; ++l) most[l] = j == 0 ? own[l] : std::max(most[l], own[l]);
    }
    double over[width];
    for (int l = 0; l < width; ++l) over[l] = 1 / most[l];
    for (std::int64_t j = 0; j < n; ++j) {
        const double* own = panel + j * (made->ld + 1) * width;
        for (int l = 0; l < width; ++l) column[at(j * width + l)] = own[l] > 0 ? own[l] * over[l] : 0.0;
    }
}

/// No entry of a scaled row reaches 2: where the columns show enough already, no more need be looked at.
bool own_chunk::shown() const {
    constexpr double enough = 4 / (balanced * balanced);
    return std::all_of(column.begin(), column.end(), [](double v) { return v >= enough; });
}

/// Rows [first, first + count) of A or G get powers of two, and show their entries to the columns; those with fewer
/// than `least` entries do not.
void own_chunk::scale_rows(const given_matrix& M, std::int64_t first, std::int64_t count, double least, double* to) {
    double* own = to + first * made->ld * width;
    gather(M, first, count, own);
    cpu::dense<double>().lanes_scale_rows(own, made->ld, count, n, least, powers.data() + first * width,
                                          shown() ? nullptr : column.data(), wrong);
}

void own_chunk::take_scales(std::int64_t rows, array& scale, array& unit) {
    std::copy_n(powers.data(), rows * width, made->scales.data() + (&scale == &made->g_scale ? p * width : 0));
    scatter(powers.data(), rows, scale);
    for (std::size_t i = 0; i < scale.size(); ++i) unit[i] = 1 / scale[i];
}

/// The vectors, as if the rows of G were not scaled: that comes later.
template <class T>
void own_chunk::load(const problem<T>& batch, std::int64_t first, int count, const settings& how,
                     const tolerances& eps) {
    const double eps_abs = eps.absolute > 0 ? eps.absolute : eps.relative;
    for (int l = 0; l < width; ++l) {
        tried[l] = false;
        if (l >= count) continue;
        double *own_q = q.data() + l * n, *own_b = b.data() + l * p, *own_h = h.data() + l * m,
               *own_floor = floor.data() + l * stride;
        const found_in_numbers found =
            read_right_sides(batch, first + l, made->measures(l), how, eps_abs, own_q, own_b, own_h, own_floor);
        tried[l] = found.finite && found.impossible_row < 0;
        if (tried[l]) continue;
        std::fill_n(own_q, n, 0.0);
        std::fill_n(own_b, p, 0.0);
        std::fill_n(own_h, m, 0.0);
        std::fill_n(own_floor, m, HUGE_VAL);
    }
}

void own_chunk::compare_columns() {
    for (int l = 0; l < width; ++l) {
        double most = 0, least = HUGE_VAL;
        for (std::int64_t j = 0; j < n; ++j) {
            const double v = column[at(j * width + l)];
            most = std::max(most, v);
            if (v > 0) least = std::min(least, v);
        }
        tried[l] = tried[l] && wrong[l] == 0.0 && of_like_size(q_max[l]) && most <= balanced * balanced * least;
    }
}

/// L, V_A, L_S, and what the first half of an equality solve leaves of −q and b.
void own_chunk::eliminate() {
    const auto& kernels = cpu::dense<double>();
    dense_lanes& to = *made;
    const std::int64_t ld = to.ld;
    double *panel = to.panel.data(), *left = to.vg() + m * ld * width, *inverse = to.panel_inverse.data();
    gather(q, n, left);
    for (std::int64_t e = 0; e < n * width; ++e) left[e] = -left[e];
    for (std::int64_t e = 0; e < n * width; ++e) pivots[at(e)] = singular * q_max[e % width];
    kernels.lanes_panel(panel, n + p, n, ld, pivots.data(), inverse);
    solve_rows(left, 1, 0);
    std::copy_n(left, n * width, y.data());
    if (p == 0) return;
    double *schur = to.schur.data(), *right = to.w() + m * p * width;
    kernels.lanes_product(schur, p, to.va(), ld, to.va(), ld, 1, p, p, n, true, 1.0, 0.0);
    gather(b, p, right);
    kernels.lanes_product(right, p, left, n, to.va(), ld, 1, 1, p, n, false, 1.0, -1.0);
    double most[width] = {};
    for (std::int64_t i = 0; i < p; ++i)
        for (int l = 0; l < width; ++l) most[l] = std::max(most[l], schur[i * (p + 1) * width + l]);
    for (std::int64_t e = 0; e < p * width; ++e) pivots[at(e)] = dependent_equality * most[e % width];
    kernels.lanes_panel(schur, p, p, p, pivots.data(), to.schur_inverse.data());
    kernels.lanes_solve_rows(schur, p, to.schur_inverse.data(), p, right, p, 1, nullptr, 0);
    std::copy_n(right, p * width, u.data());
}

/// Rows of G show their entries to the columns, unless those have `seen` enough. What follows is the same in every unit
/// of a row that is a power of two, so those of a usual size keep theirs, and the others get one.
void own_chunk::read_g(std::int64_t first, std::int64_t count, bool seen, double* rows) {
    const auto& kernels = cpu::dense<double>();
    double* power = powers.data() + first * width;
    if (seen && user_g.scale == 1.0) {
        const double* from[width];
        for (int l = 0; l < width; ++l) from[l] = user_g.of[l] + first * n;
        kernels.lanes_gather_rows(from, count, n, rows, made->ld, power, wrong);
    } else {
        gather(user_g, first, count, rows);
        copy.assign(rows, rows + count * made->ld * width);
        kernels.lanes_scale_rows(copy.data(), made->ld, count, n, 2, power, seen ? nullptr : column.data(), wrong);
    }
    bool all = true;
    for (std::int64_t e = 0; e < count * width; ++e) {
        const bool usual = power[e] >= 1 / usual_row && power[e] <= usual_row;
        power[e] = usual ? 1.0 : power[e];
        all = all && usual;
    }
    for (std::int64_t i = 0; !all && i < count; ++i)
        for (std::int64_t e = 0; e < n * width; ++e) rows[i * made->ld * width + e] *= power[i * width + e % width];
}

/// Rows of G become rows of V_G, while those from `next` on are fetched: they lie in as many places as there are lanes,
/// further away than reads wait for.
void own_chunk::solve_rows(double* rows, std::int64_t count, std::int64_t next) {
    const double* ahead[width];
    for (int l = 0; l < width; ++l) ahead[l] = user_g.of[l] + next * n;
    cpu::dense<double>().lanes_solve_rows(made->panel.data(), made->ld, made->panel_inverse.data(), n, rows, made->ld,
                                          count, ahead, std::min(block_rows, m - next) * n);
}

/// V_G, W, R and d − h, some rows at a time while they are in the cache: R = V_G V_G' − W W', d = h − V_G y + W u.
void own_chunk::form_rows() {
    const auto& kernels = cpu::dense<double>();
    dense_lanes& to = *made;
    const std::int64_t ld = to.ld;
    const bool seen = shown();
    double* r = products.data();
    for (std::int64_t first = 0; first < m; first += block_rows) {
        const std::int64_t count = std::min(block_rows, m - first);
        double *v = to.vg() + first * ld * width, *w = to.w() + first * p * width, *change = x.data() + first * width;
        read_g(first, count, seen, v);
        solve_rows(v, count, first + count);
        kernels.lanes_product(change, 1, v, ld, y.data(), n, 1, count, 1, n, false, -1.0, 0.0);
        const auto times = [&](const double* rows, const double* all, std::int64_t apart, std::int64_t k, double alpha,
                               double beta) {
            const double* own = all + first * apart * width;
            kernels.lanes_product(r, m, rows, apart, all, apart, 1, count, first, k, false, alpha, beta);
            kernels.lanes_product(r + first * width, m, rows, apart, own, apart, 1, count, count, k, true, alpha, beta);
        };
        times(v, to.vg(), ld, n, 1.0, 0.0);
        if (p > 0) {
            const auto square = [&](std::int64_t e) { return r[(e / width * (m + 1) + first) * width + e % width]; };
            for (std::int64_t e = 0; e < count * width; ++e) pivots[at(e)] = square(e);
            kernels.lanes_product(w, p, v, ld, to.va(), ld, 1, count, p, n, false, 1.0, 0.0);
            kernels.lanes_solve_rows(to.schur.data(), p, to.schur_inverse.data(), p, w, p, count, nullptr, 0);
            kernels.lanes_product(change, 1, w, p, u.data(), p, 1, count, 1, p, false, 1.0, 1.0);
            times(w, to.w(), p, p, -1.0, 1.0);
            // A row that depends on the equalities is not for lanes.
            for (std::int64_t e = 0; e < count * width; ++e)
                if (!(square(e) > dependent * pivots[at(e)])) tried[e % width] = false;
        }
        double* rows[width];
        for (std::int64_t i = 0; i < count; ++i) {
            for (int l = 0; l < width; ++l) rows[l] = R.data() + (l * m + first + i) * stride;
            kernels.lanes_scatter(r + i * m * width, std::min(m, first + block_rows), rows);
        }
    }
    for (int l = 0; l < width; ++l) {
        double* own = R.data() + l * m * stride;
        kernels.mirror_lower(own, stride, m);
        for (std::int64_t i = 0; i < m; ++i) length[at(l * m + i)] = own[i * (stride + 1)];
    }
    scatter(x.data(), m, d, stride);
}

void own_chunk::find_active_sets(int limit) {
    own_active_sets::system of[width];
    for (int l = 0; l < width; ++l) {
        of[l] = {R.data() + l * m * stride, d.data() + l * stride, row(floor, l, stride)};
        auto& own = sets.problems[l];
        own.wanted = tried[l];
        own.started = tried[l] && starts[l].usable;
        if (own.started) own.rows = starts[l].rows;
    }
    sets.solve(of, m, stride, limit, *made);
    for (int l = 0; l < width; ++l) tried[l] = tried[l] && sets.problems[l].solved;
}

void own_chunk::verify(const tolerances& eps) {
    for (int l = 0; l < width; ++l) add_rows(l);
    gather(gtl, n, x.data());
    made->finish_rows(y.data(), u.data(), x.data());
    scatter(y.data(), n, z);
    scatter(u.data(), p, nu);
    double most[width] = {};
    for (std::int64_t j = 0; j < n; ++j) {
        const double* own = made->panel_inverse.data() + j * width;
        for (int l = 0; l < width; ++l) most[l] = std::max(most[l], own[l]);
    }
    for (int l = 0; l < width; ++l) {
        if (!tried[l]) continue;
        multiply(l);
        const double least_pivot = 1 / (most[l] * most[l]);
        verdicts[l] = judge(measures(l), given(l), point(l), eps);
        tried[l] = accurate(verdicts[l], least_pivot, row(z, l, n), at(n));
    }
}

/// Gᵀλ of the user's G.
void own_chunk::add_rows(int l) {
    const units to = measures(l);
    const std::vector<int>& rows = basis(l);
    for (std::size_t i = 0; i < rows.size(); ++i)
        factors[i] = row(sets.lambda, l, stride)[rows[i]] * user_g.scale * to.g_scale[rows[i]];
    cpu::dense<double>().combine_rows(user_g.of[l], n, rows.data(), factors.data(),
                                      static_cast<std::int64_t>(rows.size()), nothing.data(), n, row(gtl, l, n));
}

/// The other products of a point with the user's matrices, in scaled rows.
void own_chunk::multiply(int l) {
    const auto& kernels = cpu::dense<double>();
    const units to = measures(l);
    const double *at_z = row(z, l, n), half = uneven[l] != 0 ? 0.5 * user_q.scale : user_q.scale;
    kernels.gemv(user_q.of[l], n, n, n, half, at_z, 0.0, row(qz, l, n));
    if (uneven[l] != 0) kernels.gemv_transposed(user_q.of[l], n, n, n, half, at_z, 1.0, row(qz, l, n));
    kernels.gemv(user_g.of[l], n, m, n, user_g.scale, at_z, 0.0, row(gz, l, m));
    for (std::int64_t i = 0; i < m; ++i) row(gz, l, m)[i] *= to.g_scale[i];
    if (p == 0) return;
    kernels.gemv(user_a.of[l], n, p, n, user_a.scale, at_z, 0.0, row(az, l, p));
    for (std::int64_t i = 0; i < p; ++i) row(az, l, p)[i] *= to.a_scale[i];
    for (std::int64_t i = 0; i < p; ++i) factors[at(i)] = row(nu, l, p)[i] * to.a_scale[i];
    kernels.gemv_transposed(user_a.of[l], n, p, n, user_a.scale, factors.data(), 0.0, row(atnu, l, n));
}

void own_chunk::gather(const array& from, std::int64_t size, double* to, std::int64_t apart) const {
    const double* rows[width];
    for (int l = 0; l < width; ++l) rows[l] = from.data() + l * (apart == 0 ? size : apart);
    cpu::dense<double>().lanes_gather(rows, size, to);
}

void own_chunk::scatter(const double* from, std::int64_t size, array& to, std::int64_t apart) const {
    double* rows[width];
    for (int l = 0; l < width; ++l) rows[l] = to.data() + l * (apart == 0 ? size : apart);
    cpu::dense<double>().lanes_scatter(from, size, rows);
}

} // namespace optnet::solver
