// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/sparse_system.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

double largest(const double* v, int size) {
    double most = 0;
    for (int i = 0; i < size; ++i) most = std::abs(v[i]) > most ? std::abs(v[i]) : most;
    return most;
}

/// f(i, first, last) for every row and its range of entries; short rows of one width without asking for it.
template <class F> void by_width(int width, const std::vector<int>& start, const F& f) {
    const int count = static_cast<int>(start.size()) - 1;
    const auto each = [&](auto fixed) {
        for (int i = 0; i < count; ++i) f(i, i * fixed, i * fixed + fixed);
    };
    switch (width) {
    case 1: return each(std::integral_constant<int, 1>());
    case 2: return each(std::integral_constant<int, 2>());
    case 3: return each(std::integral_constant<int, 3>());
    case 6: return each(std::integral_constant<int, 6>());
    default:
        for (int i = 0; i < count; ++i) f(i, start[at(i)], start[at(i + 1)]);
    }
}

} // namespace

double least_of_q(const operators& data) {
    double least = data.q_max;
    for (const double v : data.q_diagonal())
        if (v > 0) least = std::min(least, v);
    return data.q_max > 0 ? least / data.q_max : 1.0;
}

bool sparse_matrices::set_up(const operators& data, std::shared_ptr<const sparse_pattern> pattern,
                             double convexity_tolerance) {
    source = &data;
    shape = std::move(pattern);
    const sparse_pattern& x = *shape;
    q_unit = data.q_max > 0 ? data.q_max : 1.0;
    const double least = least_of_q(data);
    for (int l = 0; l < cpu::lanes<double>; ++l) shifts.set(l, q_unit, least, x.n);
    base.assign(x.row.size(), 0.0);
    std::size_t next = 0;
    q.assign(x.q.col.size(), 0.0);
    data.each(matrix::Q, [&](int, int, double v) { q[at(x.q_entry[next++])] += v; });
    for (std::size_t e = 0; e < q.size(); ++e)
        if (x.q_place[e] >= 0) base[at(x.q_place[e])] = q[e];
    for (const int i : x.long_rows) base[at(x.start[at(x.place[at(x.n + x.p + i)] + 1)] - 1)] = -1;
    const bool convex = [&] {
        if (data.q_is_diagonal()) {
            const auto& diagonal = data.q_diagonal();
            return std::all_of(diagonal.begin(), diagonal.end(),
                               [&](double v) { return v >= -convexity_tolerance * data.q_max; });
        }
        // A pivot that is negative under this shift is a negative eigenvalue beyond rounding.
        const double rounding = std::max(convexity_tolerance, 1e-15 * static_cast<double>(x.n));
        a.assign(x.a.col.size(), 0.0);
        g.assign(x.g.col.size(), 0.0);
        pairs.assign(x.product.size(), 0.0);
        const std::vector<double> none(at(x.m), 0.0);
        sparse_ldl attempt;
        return attempt.factor(*this, none.data(), rounding * data.q_max + 1e-300, 1) && attempt.definite();
    }();
    if (!convex) return false;
    a.assign(x.a.col.size(), 0.0);
    g.assign(x.g.col.size(), 0.0);
    next = 0;
    data.each(matrix::A, [&](int, int, double v) { a[at(x.a_entry[next++])] += v; });
    next = 0;
    data.each(matrix::G, [&](int, int, double v) { g[at(x.g_entry[next++])] += v; });
    for (std::size_t e = 0; e < a.size(); ++e) base[at(x.a_place[e])] += a[e];
    pairs.resize(x.product.size());
    const auto multiply_pairs = [&](int i, int first, int last) {
        std::size_t place = at(x.product_start[at(i)]);
        for (int e = first; x.in_r(i) && e < last; ++e)
            for (int f = e; f < last; ++f) pairs[place++] = g[at(e)] * g[at(f)];
    };
    by_width(x.g.width, x.g.start, multiply_pairs);
    const auto fill = [](const std::vector<int>& from, const std::vector<double>& numbers, std::vector<double>& to) {
        to.resize(from.size());
        for (std::size_t e = 0; e < from.size(); ++e) to[e] = numbers[at(from[e])];
    };
    fill(x.a_columns.from, a, a_columns);
    fill(x.g_columns.from, g, g_columns);
    fill(x.r_columns.from, g, r_columns);
    sums.resize(x.sums.from.size());
    const int products = static_cast<int>(pairs.size());
    for (std::size_t e = 0; e < sums.size(); ++e) {
        const int from = x.sums.from[e];
        sums[e] = from < products ? pairs[at(from)] : g[at(from - products)];
    }
    return true;
}

cpu::lane_system without_numbers(const sparse_pattern& x) {
    const auto rows = [](const sparse_rows& r) {
        return cpu::sparse_lines{static_cast<std::int64_t>(r.start.size()) - 1, r.width, r.start.data(), r.col.data(),
                                 nullptr};
    };
    const auto lists = [](const sparse_lists& r) {
        return cpu::sparse_lines{static_cast<std::int64_t>(r.start.size()) - 1,
                                 r.width,
                                 r.start.data(),
                                 r.at.data(),
                                 nullptr,
                                 r.from.data()};
    };
    cpu::lane_system s{};
    s.n = x.n;
    s.p = x.p;
    s.m = x.m;
    s.size = x.size;
    s.place = x.place.data();
    s.q = rows(x.q);
    s.a = rows(x.a);
    s.g = rows(x.g);
    s.a_columns = lists(x.a_columns);
    s.g_columns = lists(x.g_columns);
    s.r_columns = x.long_rows.empty() ? s.g_columns : lists(x.r_columns);
    s.leaves = x.leaves;
    s.direct = x.direct.data();
    s.positive = x.positive.data();
    s.start = x.start.data();
    s.row = x.row.data();
    s.sums = lists(x.sums);
    s.l_start = x.l_start.data();
    s.l_row = x.l_row.data();
    s.row_start = x.row_start.data();
    s.row_col = x.row_col.data();
    s.row_place = x.row_place.data();
    s.tail = x.tail;
    s.tail_place = x.tail_place.data();
    s.along = x.along.data();
    s.panel_count = static_cast<std::int64_t>(x.panel_end.size());
    s.panel_end = x.panel_end.data();
    s.long_count = static_cast<std::int64_t>(x.long_rows.size());
    s.long_rows = x.long_rows.data();
    s.least_pivot = sparse_least_pivot;
    s.new_pivot = sparse_new_pivot;
    return s;
}

void lane_shifts::set(int l, double q_unit, double least, int n) {
    const sparse_shifts by = shifts_of(q_unit, least, n);
    rho[l] = by.rho;
    delta[l] = by.delta;
    full[l] = 1 / delta[l];
    full_root[l] = std::sqrt(full[l]);
}

void lane_shifts::enter(cpu::lane_system& s) const {
    s.rho = rho;
    s.delta = delta;
    s.full = full;
    s.full_root = full_root;
}

cpu::lane_system sparse_matrices::system() const {
    cpu::lane_system s = without_numbers(*shape);
    s.q.value = q.data();
    s.a.value = a.data();
    s.g.value = g.data();
    s.a_columns.value = a_columns.data();
    s.g_columns.value = g_columns.data();
    s.r_columns.value = shape->long_rows.empty() ? g_columns.data() : r_columns.data();
    s.sums.value = sums.data();
    s.base = base.data();
    shifts.enter(s);
    return s;
}

void sparse_matrices::assemble(const double* w, std::vector<double>& k) const {
    const sparse_pattern& x = *shape;
    k = base;
    const int* place = x.product.data();
    const double* pair = pairs.data();
    const auto add = [&](int i, int first, int last) {
        for (int e = first; e < last; ++e) k[at(place[e])] += w[i] * pair[e];
    };
    by_width(x.product_width, x.product_start, add);
    for (const int i : x.long_rows) {
        const double root = std::sqrt(w[i]);
        for (int e = x.g.start[at(i)]; e < x.g.start[at(i + 1)]; ++e) k[at(x.g_place[at(e)])] = root * g[at(e)];
    }
}

double sparse_matrices::compliance(int row, double otherwise) const {
    const std::vector<double>& diagonal = source->q_diagonal();
    double sum = 0;
    bool all = true;
    for (int e = shape->g.start[at(row)]; e < shape->g.start[at(row + 1)]; ++e) {
        const double own = diagonal[at(shape->g.col[at(e)])];
        if (own > 1e-12 * q_unit)
            sum += g[at(e)] * g[at(e)] / own;
        else
            all = false;
    }
    return all ? sum : std::max(sum, otherwise);
}

void sparse_matrices::multiply(const point& x, products& of) const {
    of.resize(*source);
    multiply_q(x.z.data(), of.qz.data());
    multiply_at(x.nu.data(), of.atnu.data());
    multiply_gt(x.lambda.data(), of.gtl.data());
    multiply_a(x.z.data(), of.az.data());
    multiply_g(x.z.data(), of.gz.data());
}

void sparse_matrices::multiply(const sparse_rows& rows, const std::vector<double>& value, const double* x, double* y) {
    by_width(rows.width, rows.start, [&](int i, int first, int last) {
        double sum = 0;
        for (int e = first; e < last; ++e) sum += value[at(e)] * x[rows.col[at(e)]];
        y[i] += sum;
    });
}

void sparse_matrices::multiply_transposed(const sparse_rows& rows, const std::vector<double>& value, const double* x,
                                          double* y) {
    by_width(rows.width, rows.start, [&](int i, int first, int last) {
        for (int e = first; e < last; ++e) y[rows.col[at(e)]] += value[at(e)] * x[i];
    });
}

bool sparse_ldl::factor(const sparse_matrices& matrices, const double* w, double rho, double delta) {
    shape = &matrices.pattern();
    system = without_numbers(*shape);
    matrices.assemble(w, k);
    l.resize(shape->l_row.size());
    inverse.resize(at(shape->size));
    work.resize(at(shape->size + cpu::tail_numbers(system)));
    std::fill_n(work.begin(), shape->size, 0.0);
    double replaced = 0;
    cpu::lane_system s = system;
    s.rho = &rho;
    s.delta = &delta;
    cpu::sparse(false).factor_entries(s, k.data(), l.data(), inverse.data(), work.data(), &replaced);
    added = replaced;
    return std::all_of(inverse.begin(), inverse.end(), [](double v) { return std::isfinite(v); });
}

void sparse_ldl::solve_once(double* v) const { cpu::sparse(false).substitute(system, l.data(), inverse.data(), v); }

void sparse_ldl::residual(const double* b, const double* v, double* r) const {
    const sparse_pattern& x = *shape;
    for (int c = 0; c < x.size; ++c) {
        const int last = x.start[at(c + 1)] - 1;
        double sum = k[at(last)] * v[c];
        for (int e = x.start[at(c)]; e < last; ++e) {
            sum += k[at(e)] * v[x.row[at(e)]];
            r[x.row[at(e)]] -= k[at(e)] * v[c];
        }
        r[c] = b[c] - sum;
    }
}

void sparse_ldl::solve(std::vector<double>& b, double accuracy, int steps) {
    const int size = shape->size;
    right = b;
    const double goal = accuracy * largest(right.data(), size);
    solve_once(b.data());
    left.resize(at(size));
    double before = HUGE_VAL;
    for (int step = 0; step < steps; ++step) {
        residual(right.data(), b.data(), left.data());
        const double now = largest(left.data(), size);
        if (now <= goal || !(now < 0.5 * before)) return;
        before = now;
        solve_once(left.data());
        for (std::size_t i = 0; i < b.size(); ++i) b[i] += left[i];
    }
}

} // namespace optnet::solver
