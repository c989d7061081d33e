// SPDX-License-Identifier: Apache-2.0
// The dual active set on the rows of G that are violated on the way to the solution, taken into form D as they appear.

#include "solver/algorithm/defaults.hpp"
#include "solver/algorithm/finish.hpp"
#include "solver/algorithm/road.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// A slack above minus this, relative to the terms it is the sum of, is zero.
constexpr double rounding = 1e-13;
/// With this share of all rows at work, with so many violated ones against the n − p that a basis can have, or after so
/// many rounds, the others come at once.
constexpr double most_share = 0.7, most_of_basis = 0.75;
constexpr int most_rounds = 4;

/// What a finish takes of the active rows. G z is there already, G'λ has these rows only, and factors are copied where
/// they are needed.
struct working_system {
    const dual_form& form;
    const operators& o;
    const working_rows& working;
    const dual_active_set& dual;
    const std::vector<double>& g_z; ///< of the first point
    active_kkt& kkt;
    std::vector<int> active{};
    bool adopted = false, first = true;

    bool exact() const { return true; }
    double least_pivot() const { return form.least_pivot(); }
    const std::vector<int>& rows() const { return active; }
    void adopt() {
        if (!adopted) kkt.adopt(form, o, working, dual.basis, dual.factor(), dual.stride());
        adopted = true;
    }
    void correct(point& r) {
        adopt();
        kkt.correct(r);
    }
    void multiply(const point& x, products& of) {
        of.resize(o);
        o.multiply_add(matrix::Q, x.z.data(), of.qz.data());
        o.multiply_transposed_add(matrix::A, x.nu.data(), of.atnu.data());
        for (const int i : active) o.g_row_add(i, x.lambda[at(i)], of.gtl.data());
        o.multiply_add(matrix::A, x.z.data(), of.az.data());
        if (first)
            of.gz = g_z;
        else
            o.multiply_add(matrix::G, x.z.data(), of.gz.data());
        first = false;
    }
};

} // namespace

void road::more_rows(const element& e, bool all) {
    const int m = e.data->m;
    wanted.resize(at(m));
    std::size_t count = 0;
    for (int i = 0; i < m; ++i) {
        const double value = g_z[at(i)], right = e.h[at(i)], excess = value - right;
        const double zero = std::max(e.floor[at(i)], rounding * (std::abs(right) + std::abs(value)));
        wanted[count] = i;
        count += excess > zero && !working.holds(i) ? 1 : 0;
    }
    wanted.resize(count);
    if (count == 0) return;
    const auto over = [&](int i) { return g_z[at(i)] - e.h[at(i)]; };
    const auto is_free = [&](int i) { return !e.absent(i) && !working.holds(i); };
    const double now_violated = static_cast<double>(count), then = static_cast<double>(working.count()) + now_violated;
    if (all || then > most_share * m || now_violated > most_of_basis * (e.data->n - e.data->p)) {
        wanted.clear();
        for (int i = 0; i < m; ++i)
            if (is_free(i)) wanted.push_back(i);
        return;
    }
    // The kernels take rows by eights: the ones with the least slack are likely to come next.
    const std::size_t room = (count + 7) / 8 * 8 - count;
    nearest.clear();
    for (int i = 0; room > 0 && i < m; ++i)
        if (is_free(i) && over(i) <= 0) nearest.push_back(-over(i));
    if (room == 0 || nearest.size() < room) return;
    const auto last = nearest.begin() + static_cast<std::ptrdiff_t>(room) - 1;
    std::nth_element(nearest.begin(), last, nearest.end());
    const double slack = *last;
    for (int i = 0; i < m && wanted.size() < count + room; ++i)
        if (is_free(i) && over(i) <= 0 && -over(i) <= slack) wanted.push_back(i);
}

bool road::run_on_demand(const element& e, const dual_form& form, const settings& how, const tolerances& eps,
                         outcome& out, const warm_start* from, bool at_once, bool keep) {
    if (!begin(e, true, out)) return true;
    const operators& o = *e.data;
    working.begin(form, o);
    point& x = now;
    first.z.resize(at(o.n));
    for (int j = 0; j < o.n; ++j) first.z[at(j)] = -e.q[at(j)];
    first.nu = e.b;
    form.forward(first.z.data(), first.nu.data());
    x.z = first.z;
    x.nu = first.nu;
    x.lambda.assign(at(o.m), 0.0);
    // The equality multipliers of a reduced form are made at the end alone.
    const auto come_back = [&] {
        if (form.is_reduced()) {
            half = x.z;
            form.by_pivots().point(half.data(), x.z.data());
        } else {
            form.backward(x.z.data(), x.nu.data());
        }
        g_z.assign(at(o.m), 0.0);
        o.multiply_add(matrix::G, x.z.data(), g_z.data());
    };
    d.clear();
    floors.clear();
    dual.basis.clear();
    dual.lambda.clear();
    first_basis start = first_basis::guessed;
    wanted.clear();
    if (from != nullptr && !from->rows.empty()) {
        wanted = from->rows;
        start = first_basis::given;
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            dual.basis.push_back(static_cast<int>(i));
            dual.lambda.push_back(from->x.lambda[at(wanted[i])]);
        }
    }
    if (at_once) {
        is_given.assign(at(o.m), 0);
        for (const int i : wanted) is_given[at(i)] = 1;
        for (int i = 0; i < o.m; ++i)
            if (!e.absent(i) && is_given[at(i)] == 0) wanted.push_back(i);
        dual.lambda.resize(wanted.size(), 0.0);
    } else if (wanted.empty()) {
        come_back();
        more_rows(e, false);
    }
    if (at_once && wanted.empty()) come_back();
    for (int round = 0; !wanted.empty(); ++round) {
        const std::int64_t old = working.count();
        working.add(wanted);
        d.resize(at(working.count()), 0.0);
        working.add_products(old, first.z.data(), first.nu.data(), d.data() + old);
        for (std::int64_t i = old; i < working.count(); ++i) {
            const auto row = at(working.rows()[at(i)]);
            d[at(i)] = e.h[row] - d[at(i)];
            floors.push_back(e.floor[row]);
        }
        if (start == first_basis::guessed && !may_guess(working.count(), o)) start = first_basis::none;
        const dual_outcome result =
            dual.solve(working.r(), working.stride(), d, floors, step_limit(how, o.n, o.m) - out.iterations, start);
        out.iterations += dual.steps;
        if (result != dual_outcome::optimal) return false;
        start = first_basis::same;
        multipliers.clear();
        for (const int i : dual.basis) multipliers.push_back(-dual.lambda[at(i)]);
        x.z = first.z;
        x.nu = first.nu;
        working.combine(dual.basis, multipliers.data(), x.z.data(), x.nu.data());
        come_back();
        more_rows(e, round >= most_rounds);
    }
    if (form.is_reduced()) form.by_pivots().multipliers(half.data(), x.nu.data());
    working_system system{form, o, working, dual, g_z, kkt};
    for (const int i : dual.basis) {
        const int row = working.rows()[at(i)];
        x.lambda[at(row)] = dual.lambda[at(i)];
        system.active.push_back(row);
    }
    finish(e, system, eps, x, out, at_work);
    if (!(out.best.share <= 1)) return false;
    if (keep) system.adopt();
    if (at_work.x.z == out.x.z) {
        g_z.swap(at_work.of.gz);
    } else {
        g_z.assign(at(o.m), 0.0);
        o.multiply_add(matrix::G, out.x.z.data(), g_z.data());
    }
    out.status = status::solved;
    return true;
}

} // namespace optnet::solver
