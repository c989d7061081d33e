// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/active_rows.hpp"

#include "solver/algorithm/hidden_rows.hpp"
#include "solver/algorithm/interior_dual.hpp"
#include "solver/algorithm/interior_point.hpp"
#include "solver/algorithm/primal_form.hpp"
#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

constexpr int interior_limit = 200;

/// R_ii, the length of row i in the metric of P.
double length(const dual_form& form, int i) {
    if (form.has_r()) return form.r_row(i)[i];
    double one = 0;
    form.gather({i}, &one, 1);
    return one;
}

} // namespace

namespace {

template <class Length>
std::vector<int> doubtful_rows(int n, int m, const Length& length, const settings& how, const right_sides& e,
                               const evaluated& x, const std::vector<int>& basis) {
    const double z_size = cpu::dense<double>().max_abs(x.z, n);
    const double relative = active_share(n, how);
    // Rows of G are scaled to size 1, so |G_i||z| is |z|. A row of the basis is tight and is judged by its multiplier.
    const auto bound = [&](int i) { return relative * (std::abs(e.h[i]) + z_size); };
    const auto tight = [&](int i) { return e.h[i] - x.gz[i] <= bound(i) && e.floor[i] != HUGE_VAL; };
    const auto weak = [&](int i) { return x.lambda[i] * length(i) <= bound(i); };
    std::size_t count = 0; // without a branch
    for (int i = 0; i < m; ++i)
        count +=
            static_cast<std::size_t>(e.h[i] - x.gz[i] <= bound(i)) & static_cast<std::size_t>(e.floor[i] != HUGE_VAL);
    if (count == basis.size() && std::all_of(basis.begin(), basis.end(), [&](int i) { return tight(i) && !weak(i); }))
        return {};
    std::vector<int> doubtful;
    for (int i = 0; i < m; ++i)
        if (tight(i)) doubtful.push_back(i);
    std::vector<int> sorted = basis, result;
    std::sort(sorted.begin(), sorted.end());
    std::erase_if(doubtful, [&](int i) { return std::binary_search(sorted.begin(), sorted.end(), i); });
    std::erase_if(sorted, [&](int i) { return !weak(i); });
    std::merge(doubtful.begin(), doubtful.end(), sorted.begin(), sorted.end(), std::back_inserter(result));
    return result;
}

} // namespace

std::vector<int> doubtful_rows(const operators& o, const dual_form& form, const settings& how, const right_sides& e,
                               const evaluated& x, const std::vector<int>& basis) {
    if (form.has_r()) return doubtful_rows(o.n, o.m, form.lengths(), how, e, x, basis);
    return doubtful_rows(
        o.n, o.m, [&](int i) { return length(form, i); }, how, e, x, basis);
}

std::vector<int> doubtful_rows(int n, int m, const double* lengths, const settings& how, const right_sides& e,
                               const evaluated& x, const std::vector<int>& basis) {
    return doubtful_rows(
        n, m, [&](int i) { return lengths[i]; }, how, e, x, basis);
}

std::vector<int> undecided_rows(const operators& o, const dual_form& form, const settings& how, const right_sides& e,
                                const evaluated& x, const std::vector<int>& basis) {
    const std::vector<int> doubtful = doubtful_rows(o, form, how, e, x, basis);
    if (doubtful.empty()) return {};
    std::vector<char> in_basis(at(o.m), 0);
    for (const int i : basis) in_basis[at(i)] = 1;
    // A row that depends on the basis changes no derivative of z.
    std::vector<int> all = basis;
    for (const int i : doubtful)
        if (!in_basis[at(i)]) all.push_back(i);
    const bool weak_basis = std::any_of(doubtful.begin(), doubtful.end(), [&](int i) { return in_basis[at(i)] != 0; });
    if (weak_basis) return all;
    active_kkt independent;
    independent.set_up(form, o, all, {});
    return independent.rows().size() == basis.size() ? std::vector<int>{} : all;
}

namespace {

/// A pivot of this share of R_ii is rounding.
constexpr double dependent = 1e-11;
constexpr int newton_steps = 40;

} // namespace

active_rows decided_by(const central_point& centre, const operators& o, const dual_form& form, const right_sides& e,
                       const std::vector<int>& undecided) {
    // Near the centre λ R >> s, s >> λ R, or both are small.
    active_rows found;
    const auto strength = [&](int i) { return centre.lambda[at(i)] * length(form, i); };
    std::vector<char> strong;
    strong.reserve(undecided.size());
    for (const int i : undecided) strong.push_back(strength(i) > 100 * centre.s[at(i)] ? 1 : 0);
    add_hidden_rows(o, e, centre, undecided, strong);
    for (std::size_t k = 0; k < undecided.size(); ++k) {
        const int i = undecided[k];
        const double slack = centre.s[at(i)];
        if (!strong[k] && slack > 100 * strength(i)) continue;
        found.rows.push_back(i);
        found.ratios.push_back(strong[k] ? 0.0 : slack / centre.lambda[at(i)]);
    }
    // Strong rows first: where rows depend on each other the strong ones stay.
    std::vector<std::size_t> order(found.rows.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return found.ratios[a] != found.ratios[b] ? found.ratios[a] < found.ratios[b] : a < b;
    });
    active_rows sorted;
    sorted.degenerate = true;
    for (const std::size_t i : order) {
        sorted.rows.push_back(found.rows[i]);
        sorted.ratios.push_back(found.ratios[i]);
    }
    return sorted;
}

namespace {

/// The Cholesky factor of R_WW over those of these rows that do not depend on the ones before, which stay in `rows`.
std::vector<double> independent_factor(const dual_form& form, std::vector<int>& rows) {
    const auto& kernels = cpu::dense<double>();
    const std::size_t most = rows.size();
    std::vector<double> r(most * most), l((most + 1) * most), own(most);
    form.gather(rows, r.data(), static_cast<std::int64_t>(most));
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < most; ++i) {
        const auto k = static_cast<std::int64_t>(places.size());
        for (std::size_t j = 0; j < places.size(); ++j) own[j] = r[i * most + places[j]];
        const double diagonal = r[i * (most + 1)];
        if (kernels.cholesky_append(l.data(), static_cast<std::int64_t>(most), k, own.data(), diagonal) >
            dependent * diagonal)
            places.push_back(i);
    }
    for (std::size_t j = 0; j < places.size(); ++j) rows[j] = rows[places[j]];
    rows.resize(places.size());
    return l;
}

/// The minimum of ½x'Ex − Σ log x_i over x > 0, [w]; false if there is none.
bool analytic_centre(const std::vector<double>& e, std::vector<double>& x) {
    const auto& kernels = cpu::dense<double>();
    const auto w = static_cast<std::int64_t>(x.size());
    std::vector<double> h, step(x.size());
    for (std::int64_t i = 0; i < w; ++i) x[at(i)] = 1 / std::sqrt(e[at(i * (w + 1))]);
    for (int count = 0; count < newton_steps; ++count) {
        h = e;
        for (std::int64_t i = 0; i < w; ++i) {
            step[at(i)] = 1 / x[at(i)] - kernels.dot(e.data() + i * w, x.data(), w);
            h[at(i * (w + 1))] += 1 / (x[at(i)] * x[at(i)]);
        }
        if (!kernels.partial_cholesky(h.data(), w, w, w, 0.0, nullptr)) return false;
        kernels.trsv_lower(h.data(), w, w, step.data());
        const double decrement = std::sqrt(kernels.dot(step.data(), step.data(), w));
        kernels.trsv_lower_transposed(h.data(), w, w, step.data());
        // The function is self-concordant: so damped a step stays inside, and below a quarter convergence is quadratic.
        const double length = decrement > 0.25 ? 1 / (1 + decrement) : 1.0;
        for (std::int64_t i = 0; i < w; ++i) x[at(i)] += length * step[at(i)];
        if (decrement <= 1e-9) return true;
    }
    return false;
}

} // namespace

void end_of_path(const dual_form& form, active_rows& found) {
    const auto& kernels = cpu::dense<double>();
    const auto first_weak = std::count(found.ratios.begin(), found.ratios.end(), 0.0); // the strong ones come first
    if (form.regularized() || at(first_weak) == found.rows.size()) return;
    std::vector<int> strong(found.rows.begin(), found.rows.begin() + first_weak);
    const std::vector<double> l = independent_factor(form, strong);
    const auto ld = static_cast<std::int64_t>(first_weak), k = static_cast<std::int64_t>(strong.size());
    // E = R_WW − X'X with the columns of X = L⁻¹ R_SW; a row of which nothing is left depends on the strong ones.
    std::vector<std::size_t> left;
    std::vector<double> columns;
    for (std::size_t i = at(first_weak); i < found.rows.size(); ++i) {
        std::vector<double> x(at(k));
        for (std::int64_t j = 0; j < k; ++j) x[at(j)] = form.r_row(found.rows[i])[strong[at(j)]];
        kernels.trsv_lower(l.data(), ld, k, x.data());
        const double whole = length(form, found.rows[i]);
        if (whole - kernels.dot(x.data(), x.data(), k) > dependent * whole) {
            left.push_back(i);
            columns.insert(columns.end(), x.begin(), x.end());
        }
    }
    const auto w = static_cast<std::int64_t>(left.size());
    std::vector<double> e(at(w * w)), x(at(w));
    for (std::int64_t i = 0; i < w; ++i)
        for (std::int64_t j = 0; j < w; ++j)
            e[at(i * w + j)] = form.r_row(found.rows[left[at(i)]])[found.rows[left[at(j)]]] -
                               kernels.dot(columns.data() + i * k, columns.data() + j * k, k);
    if (!analytic_centre(e, x)) return;
    std::fill(found.ratios.begin(), found.ratios.end(), 0.0);
    for (std::int64_t i = 0; i < w; ++i) found.ratios[left[at(i)]] = 1 / (x[at(i)] * x[at(i)]);
}

active_rows decide_active_rows(const element& e, const dual_form& form, const settings& how, const outcome& done,
                               const double* gz) {
    const operators& o = *e.data;
    active_rows decided;
    decided.rows = done.basis;
    evaluated x{};
    x.z = done.x.z.data();
    x.lambda = done.x.lambda.data();
    x.gz = gz;
    const std::vector<int> all = undecided_rows(o, form, how, e.given(), x, done.basis);
    if (all.empty()) return decided;
    // The point of maximal support tells strong rows from weak ones.
    serial_team team;
    const tolerances eps{1e-9, 1e-9};
    interior_result centre;
    if (form.has_r() && form.proximal() == 0) {
        interior_dual linear(form);
        centre = interior_point(team, linear, e, eps, interior_limit, 1.0);
    }
    if (!(centre.best.share <= 1.0)) {
        primal_form linear(o);
        centre = interior_point(team, linear, e, eps, interior_limit, 1.0);
    }
    if (!(centre.best.share <= 1e3)) return decided;
    return decided_by({centre.x.lambda, centre.s, centre.x.z}, o, form, e.given(), all);
}

} // namespace optnet::solver
