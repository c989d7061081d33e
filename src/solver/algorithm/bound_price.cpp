// SPDX-License-Identifier: Apache-2.0
// The price ν of the equality, at which a'z(ν) = b: a root of a function that falls piecewise linearly.

#include "solver/algorithm/bound_form.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

constexpr double rounding = 1.2e-16;
/// Newton's method takes six to twelve steps where it is at its best; then breakpoints are searched by halves.
constexpr int newton_steps = 24;
/// a'z(ν) that no step makes smaller is rounding up to this share of its terms.
constexpr double stuck = 1e-12;

} // namespace

void bound_form::evaluate(price& x) {
    ++steps;
    x.at = cpu::bounds().sum(system, x.nu, x.low);
    x.over = x.at.az - b;
}

/// True if a'z = b holds as far as its sum can tell.
bool bound_form::close(const price& x, double part) const {
    return std::abs(x.over) <= part * (x.at.size + std::abs(b));
}

/// Newton's method on a'z(ν) = b between the best ν on either side. It ends in the linear piece of the solution, and
/// another step there changes nothing but rounding.
bound_form::search bound_form::find_price(double start, int limit) {
    const double enough = 4 * rounding * std::sqrt(static_cast<double>(data->n));
    double low = -HUGE_VAL, high = HUGE_VAL, before = HUGE_VAL;
    price x;
    x.nu = start;
    for (int k = 0; steps <= limit; ++k) {
        evaluate(x);
        if (!(std::abs(x.over) < HUGE_VAL)) return search::failed;
        const bool done = close(x, enough) || (close(x, stuck) && !(std::abs(x.over) < 0.5 * before));
        if (done) {
            best_price = x;
            return search::found;
        }
        before = std::abs(x.over);
        (x.over > 0 ? low : high) = x.nu;
        const double step = x.low + x.over / x.at.slope, next = x.nu + step;
        const bool inside = next == x.nu || (next > low && next < high);
        if (!inside || k == newton_steps) return select_price(x, low, high, limit);
        x.low = step - (next - x.nu);
        x.nu = next;
    }
    return search::failed;
}

/// Halves the breakpoints between `low` and `high` until there is none, where a'z(ν) is linear.
bound_form::search bound_form::select_price(price x, double low, double high, int limit) {
    const double enough = 4 * rounding * std::sqrt(static_cast<double>(data->n));
    points.clear();
    for (const cpu::bound_side* side : {&system.lower, &system.upper}) {
        if (side->h == nullptr) continue;
        for (std::size_t j = 0; j < z.size(); ++j) {
            if (data->a[j] == 0 || !(side->h[j] < absent)) continue;
            const double at_bound = -(system.q[j] + data->d[j] * (side->h[j] * side->inverse[j])) / data->a[j];
            if (at_bound > low && at_bound < high) points.push_back(at_bound);
        }
    }
    while (!points.empty() && steps <= limit) {
        const auto middle = points.begin() + static_cast<std::ptrdiff_t>(points.size() / 2);
        std::nth_element(points.begin(), middle, points.end());
        x = {*middle, 0};
        evaluate(x);
        if (close(x, enough)) {
            best_price = x;
            return search::found;
        }
        (x.over > 0 ? low : high) = x.nu;
        std::erase_if(points, [&](double v) { return v <= low || v >= high; });
    }
    if (steps > limit) return search::failed;
    // Any ν of this piece leads to its root, or shows that it has none.
    const double beside = std::max(1.0, std::abs(low > -HUGE_VAL ? low : high));
    x = {low > -HUGE_VAL ? (high < HUGE_VAL ? low + 0.5 * (high - low) : low + beside)
                         : (high < HUGE_VAL ? high - beside : x.nu),
         0};
    for (double before = HUGE_VAL;;) {
        evaluate(x);
        best_price = x;
        if (close(x, enough) || (close(x, stuck) && !(std::abs(x.over) < 0.5 * before))) return search::found;
        if (!(x.at.slope > 0)) return x.over > 0 ? search::too_much : search::too_little;
        if (!(std::abs(x.over) < before)) return search::failed;
        before = std::abs(x.over);
        const double step = x.low + x.over / x.at.slope, next = x.nu + step;
        x.low = step - (next - x.nu);
        x.nu = next;
    }
}

} // namespace optnet::solver
