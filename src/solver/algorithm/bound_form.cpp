// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/bound_form.hpp"

#include "solver/algorithm/road.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

constexpr double rounding = 1.2e-16;
/// The variables off their bounds carry less of the equality than this: its row nearly depends on the active ones.
constexpr double hardly_free = 1e-9;

template <class T> double number(const vector_view<T>& view, std::int64_t k, std::int64_t i) {
    return view.data == nullptr ? 0.0 : static_cast<double>(view.of(k)[i * view.stride]);
}

template <class T> void copy(const std::vector<double>& from, T* to) {
    const double* const first = from.data();
    const std::size_t count = from.size();
    for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<T>(first[i]);
}

} // namespace

template <class T> void bound_form::load_side(const problem<T>& batch, std::int64_t k, tightest& side) {
    const bounding_rows& rows = *side.rows;
    side.view = {nullptr, rows.entry.data(), rows.inverse.data()};
    side.multiplier.resize(z.size());
    side.slack.resize(z.size());
    const bool mine = !data->others.empty();
    if (rows.count == 0 && !mine) return;
    if constexpr (sizeof(T) == sizeof(double))
        if (!mine && rows.first >= 0 && batch.h.data != nullptr && batch.h.stride == 1) {
            side.view.h = batch.h.of(k) + rows.first;
            return;
        }
    side.own_h.resize(z.size());
    side.view.h = side.own_h.data();
    if (batch.h.data == nullptr && rows.first >= 0) return std::fill(side.own_h.begin(), side.own_h.end(), 0.0);
    for (std::size_t j = 0; j < z.size(); ++j)
        side.own_h[j] = rows.row[j] < 0 ? HUGE_VAL : number(batch.h, k, rows.row[j]);
}

template <class T> void bound_form::load(const problem<T>& batch, std::int64_t k) {
    z.resize(at(data->n));
    const double* q = nullptr;
    if constexpr (sizeof(T) == sizeof(double))
        if (batch.q.data != nullptr && batch.q.stride == 1) q = batch.q.of(k);
    if (q == nullptr) {
        own_q.resize(z.size());
        for (std::size_t j = 0; j < z.size(); ++j) own_q[j] = number(batch.q, k, static_cast<std::int64_t>(j));
        q = own_q.data();
    }
    b = data->p > 0 ? number(batch.b, k, 0) : 0.0;
    lower.rows = &data->lower;
    upper.rows = &data->upper;
    load_side(batch, k, lower);
    load_side(batch, k, upper);
    if (!data->others.empty()) {
        h.resize(at(data->m));
        for (std::size_t i = 0; i < h.size(); ++i) h[i] = number(batch.h, k, static_cast<std::int64_t>(i));
        compete();
    }
    system = {data->n, q, data->a.data(), data->d.data(), data->inverse.data(), lower.view, upper.view, absent};
}

/// Of several rows that bound a variable from one side the one that bounds it most takes the place of the first.
void bound_form::compete() {
    for (tightest* side : {&lower, &upper}) {
        side->own.row = side->rows->row;
        side->own.entry = side->rows->entry;
        side->own.inverse = side->rows->inverse;
        side->own.first = -1;
        side->rows = &side->own;
        side->view.entry = side->own.entry.data();
        side->view.inverse = side->own.inverse.data();
    }
    // A NaN stays where it is, and is seen there.
    const auto bound = [&](double right, double inverse) { return (right >= absent ? HUGE_VAL : right) * inverse; };
    for (const int i : data->others) {
        const double entry = data->entry[at(i)];
        if (entry == 0) continue;
        const std::size_t j = at(data->column[at(i)]);
        tightest& side = entry < 0 ? lower : upper;
        const double mine = bound(h[at(i)], 1 / entry), now = bound(side.own_h[j], side.own.inverse[j]);
        if (!(entry < 0 ? mine > now : mine < now)) continue;
        side.own.row[j] = i;
        side.own.entry[j] = entry;
        side.own.inverse[j] = 1 / entry;
        side.own_h[j] = h[at(i)];
    }
}

template <class T>
bool bound_form::run(const problem<T>& batch, std::int64_t k, const bound_matrices& matrices, const settings& how,
                     const tolerances& eps, const starting_points<T>& from) {
    data = &matrices;
    absent = how.infinite_bound;
    load(batch, k);
    steps = data->p > 0 ? 0 : 1;
    claim = status::numerical_error;
    best_price = {};
    search found = search::found;
    const int limit = how.max_iter.value_or(std::numeric_limits<int>::max());
    if (data->p > 0) {
        double start = from.nu.data == nullptr ? HUGE_VAL : number(from.nu, k, 0);
        if (!(std::abs(start) < HUGE_VAL)) {
            // The ν that would do without bounds.
            cpu::bound_system all_free = system;
            all_free.lower.h = all_free.upper.h = nullptr;
            start = (cpu::bounds().sum(all_free, 0, 0).az - b) / data->slope;
        }
        found = find_price(start, limit);
    }
    if (found == search::failed || steps > limit) return false;
    const double relative = std::max(64.0 * data->n * rounding, how.active_tolerance);
    // R_ii of a bound is (1 − a_j²/d_j / Σ a²/d) / d_j; here the least of the first factor stands for all. Rows are not
    // scaled to size 1 but to less than 2 elsewhere.
    share = 2 * relative / (data->p > 0 ? 1 - data->largest / data->slope : 1.0);
    const cpu::bound_verdict v = cpu::bounds().finish(
        system, best_price.nu, best_price.low, share,
        {z.data(), lower.multiplier.data(), upper.multiplier.data(), lower.slack.data(), upper.slack.data()});
    cpu::lane_verdict t = v.terms;
    if (data->p > 0) {
        t.primal = std::max(t.primal, std::abs(v.sums.az - b));
        t.primal_size = std::max({t.primal_size, std::abs(v.sums.az), std::abs(b)});
        t.btnu = b * best_price.nu;
    }
    if (!data->others.empty()) add_others(t);
    best = judge({t.primal, t.primal_size, t.dual, t.dual_size, t.zqz, t.qtz, t.btnu, t.htl, t.check}, eps);
    if (best.share <= close_enough) {
        if (rounding_decides(v.sums.az, eps)) return false;
        claim = status::solved;
        if (sizeof(T) == 4 && !fits_float()) {
            claim = status::numerical_error;
            certificate.assign(at(data->m), std::numeric_limits<double>::quiet_NaN());
            best_price.nu = std::numeric_limits<double>::quiet_NaN();
        }
        z_size = v.z_size;
        doubt = !(v.margin > share * z_size) || (data->p > 0 && !(v.sums.slope > hardly_free * data->slope));
        return true;
    }
    return t.check == 0 && certify(found, eps);
}

/// Whether the rounding of the sum a'z can be as large as a tenth of what `eps` allows, as in `rounding.hpp`.
bool bound_form::rounding_decides(double az, const tolerances& eps) const {
    if (data->p == 0) return false;
    double sizes[4] = {};
    for (std::size_t j = 0; j < z.size(); ++j) sizes[j % 4] += std::abs(data->a[j] * z[j]);
    const double size = (sizes[0] + sizes[1]) + (sizes[2] + sizes[3]), right = std::max(std::abs(az), std::abs(b));
    return !(16 * rounding * size <= 0.1 * (eps.absolute + eps.relative * right));
}

/// Whether every number of the point is one in float32, too.
bool bound_form::fits_float() const {
    constexpr double most = std::numeric_limits<float>::max();
    const auto fits = [](const std::vector<double>& v) {
        return std::all_of(v.begin(), v.end(), [](double x) { return std::abs(x) <= most; });
    };
    return fits(z) && fits(lower.multiplier) && fits(upper.multiplier) && std::abs(best_price.nu) <= most;
}

/// Rows that hold no variable: empty ones, and those that others outdo.
void bound_form::add_others(cpu::lane_verdict& t) const {
    for (const int i : data->others) {
        const double right = h[at(i)];
        if (right != right) t.check = right;
        if (right >= absent) continue;
        const int j = data->column[at(i)];
        const double gz = j < 0 ? 0.0 : data->entry[at(i)] * z[at(j)];
        t.primal = std::max(t.primal, gz - right);
        t.primal_size = std::max({t.primal_size, std::abs(gz), std::abs(right)});
    }
}

/// A Farkas certificate of what was found: bounds that exclude each other, an empty row with h < 0, or bounds between
/// which a'z cannot be b. False where the constraints are violated by less than a point within the tolerance may be.
bool bound_form::certify(search found, const tolerances& eps) {
    certificate.assign(at(data->m), 0.0);
    best_price = {};
    for (const int i : data->others)
        if (data->column[at(i)] < 0 && -h[at(i)] > eps.absolute) {
            certificate[at(i)] = -1 / h[at(i)];
            claim = status::primal_infeasible;
            return true;
        }
    if (certify_pair(eps)) return true;
    if (found == search::found || data->p == 0) return false;
    // a'z is at least, or at most, what the bounds that a pushes z to allow.
    const double sign = found == search::too_much ? 1 : -1;
    long double value = -sign * static_cast<long double>(b), sum = 1, terms = std::abs(b);
    double left = 0;
    for (std::size_t j = 0; j < z.size(); ++j) {
        const double push = sign * data->a[j];
        if (push == 0) continue;
        const tightest& side = push > 0 ? lower : upper;
        const int row = side.rows->row[j];
        if (row < 0 || !(side.view.h[j] < absent)) return false;
        const double multiplier = push * -side.view.inverse[j];
        const long double term = static_cast<long double>(multiplier) * side.view.h[j];
        certificate[at(row)] = multiplier;
        left = std::max(left, std::abs(push + side.view.entry[j] * multiplier));
        value -= term;
        sum += multiplier;
        terms += std::abs(term);
    }
    constexpr long double sure = 1e-15L;
    const double tolerance = std::max(eps.absolute, eps.relative);
    if (!(value > sure * terms) || !(sum * eps.absolute < value) || !(left <= tolerance * value)) return false;
    const auto scale = static_cast<double>(1 / value);
    for (double& v : certificate) v *= scale;
    best_price.nu = sign * scale;
    claim = status::primal_infeasible;
    return true;
}

bool bound_form::certify_pair(const tolerances& eps) {
    if (lower.view.h == nullptr || upper.view.h == nullptr) return false;
    double most = 0;
    std::size_t worst = 0;
    const auto bound = [&](const tightest& side, std::size_t j) {
        return (side.view.h[j] < absent ? side.view.h[j] : HUGE_VAL) * side.view.inverse[j];
    };
    for (std::size_t j = 0; j < z.size(); ++j)
        if (const double apart = bound(lower, j) - bound(upper, j); apart > most) {
            most = apart;
            worst = j;
        }
    const double down = -lower.view.inverse[worst], up = upper.view.inverse[worst];
    const double size = std::abs(bound(lower, worst)) + std::abs(bound(upper, worst));
    if (!((down + up) * eps.absolute < most) || !(most > 1e-15 * size) || !(size < HUGE_VAL)) return false;
    certificate[at(lower.rows->row[worst])] = down / most;
    certificate[at(upper.rows->row[worst])] = up / most;
    claim = status::primal_infeasible;
    return true;
}

template <class T> void bound_form::write(const solution<T>& out, std::int64_t k) const {
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    const std::int64_t n = data->n, m = data->m;
    const bool point = solved();
    out.status[k] = static_cast<std::int64_t>(claim);
    if (out.iterations != nullptr) out.iterations[k] = steps;
    if (out.residuals != nullptr) {
        const double values[3] = {best.primal, best.dual, best.gap};
        for (int i = 0; i < 3; ++i) out.residuals[3 * k + i] = point ? values[i] : none;
    }
    if (point)
        copy(z, out.z + k * n);
    else
        std::fill_n(out.z + k * n, n, static_cast<T>(none));
    if (out.nu != nullptr && data->p > 0) out.nu[k] = static_cast<T>(best_price.nu);
    T* const lambda = out.lambda == nullptr ? nullptr : out.lambda + k * m;
    T* const s = out.s == nullptr ? nullptr : out.s + k * m;
    if (!point) {
        for (std::int64_t i = 0; i < m; ++i) {
            if (lambda != nullptr) lambda[i] = static_cast<T>(certificate[at(i)]);
            if (s != nullptr) s[i] = static_cast<T>(none);
        }
        return;
    }
    // Rows that hold no variable; then those of each side.
    for (std::size_t i = 0; !data->others.empty() && i < at(m); ++i) {
        const int j = data->column[i];
        if (lambda != nullptr) lambda[i] = T(0);
        if (s == nullptr) continue;
        s[i] = h[i] >= absent ? std::numeric_limits<T>::infinity()
                              : static_cast<T>(h[i] - (j < 0 ? 0.0 : data->entry[i] * z[at(j)]));
    }
    for (const tightest* side : {&lower, &upper}) {
        if (side->view.h == nullptr) continue;
        const auto put = [&](T* to, const std::vector<double>& from) {
            if (to == nullptr) return;
            if (side->rows->first >= 0) return copy(from, to + side->rows->first);
            for (std::size_t j = 0; j < at(n); ++j)
                if (const int row = side->rows->row[j]; row >= 0) to[row] = static_cast<T>(from[j]);
        };
        put(lambda, side->multiplier);
        put(s, side->slack);
    }
}

void bound_form::active_rows(std::vector<int>& rows) const {
    rows.clear();
    for (const tightest* side : {&lower, &upper}) {
        if (side->view.h == nullptr) continue;
        for (std::size_t j = 0; j < z.size(); ++j)
            if (side->multiplier[j] > 0) rows.push_back(side->rows->row[j]);
    }
}

bool bound_form::weakly_active_rows(std::vector<int>& rows, std::vector<double>& ratios) const {
    if (data->p > 0 || !data->others.empty()) return false;
    rows.clear();
    ratios.clear();
    for (std::size_t j = 0; j < z.size(); ++j) {
        const double free = -system.q[j] * data->inverse[j];
        const tightest* near = nullptr;
        const tightest* beyond = nullptr;
        for (const tightest* side : {&lower, &upper}) {
            if (side->view.h == nullptr || !(side->view.h[j] < absent)) continue;
            const double bound = side->view.h[j] * side->view.inverse[j];
            const bool is_near = std::abs(free - bound) <= share * (std::abs(bound) + z_size);
            if (is_near && near != nullptr) return false;
            if (is_near) near = side;
            if (side->multiplier[j] > 0) beyond = side;
        }
        const tightest* const holds = near != nullptr ? near : beyond;
        if (holds == nullptr) continue;
        const double entry = holds->view.entry[j];
        rows.push_back(holds->rows->row[j]);
        ratios.push_back(near != nullptr ? entry * entry * data->inverse[j] : 0.0);
    }
    return true;
}

#define OPTNET_FOR(T)                                                                                                  \
    template bool bound_form::run(const problem<T>&, std::int64_t, const bound_matrices&, const settings&,             \
                                  const tolerances&, const starting_points<T>&);                                       \
    template void bound_form::write(const solution<T>&, std::int64_t) const;
OPTNET_FOR(double)
OPTNET_FOR(float)
#undef OPTNET_FOR

} // namespace optnet::solver
