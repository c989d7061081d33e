// SPDX-License-Identifier: Apache-2.0
#pragma once

// From an outcome in scaled rows and variables to the caller's arrays.

#include "optnet/solver/solution.hpp"
#include "optnet/solver/status.hpp"
#include "solver/algorithm/element.hpp"

#include <cmath>
#include <limits>

namespace optnet::solver {

template <class T> void fill(T* to, std::int64_t element, int count, double value) {
    if (to == nullptr) return;
    for (int i = 0; i < count; ++i) to[element * count + i] = static_cast<T>(value);
}

/// One outcome, wherever its numbers lie.
struct finished {
    optnet::status status;
    verdict best;
    int iterations;
    right_sides given;
    evaluated x; ///< z, nu, lambda and gz
};

inline bool has_point(optnet::status s) {
    return s == status::solved || s == status::solved_inaccurate || s == status::max_iterations;
}

/// Whether every number of a point is one in float32, too: a true solution in double precision need not be.
inline bool fits_float(const finished& done, const units& o) {
    constexpr double most = std::numeric_limits<float>::max();
    bool fits = true;
    for (int j = 0; j < o.n; ++j) fits = fits && std::abs(done.x.z[j] * o.z_scale[j]) <= most;
    for (int i = 0; i < o.p; ++i) fits = fits && std::abs(done.x.nu[i] * o.a_scale[i]) <= most;
    for (int i = 0; i < o.m; ++i) fits = fits && done.x.lambda[i] * o.g_scale[i] <= most;
    return fits;
}

template <class T> void write(const solution<T>& out, std::int64_t k, const finished& done, const units& o) {
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    const bool point = has_point(done.status);
    if constexpr (sizeof(T) == 4)
        if (point && !fits_float(done, o))
            return write(out, k, {status::numerical_error, done.best, done.iterations, done.given, done.x}, o);
    const bool farkas = done.status == status::primal_infeasible, ray = done.status == status::dual_infeasible;
    out.status[k] = static_cast<std::int64_t>(done.status);
    if (out.iterations != nullptr) out.iterations[k] = done.iterations;
    if (out.residuals != nullptr) {
        const double values[3] = {done.best.primal, done.best.dual, done.best.gap};
        for (int i = 0; i < 3; ++i) out.residuals[3 * k + i] = point ? values[i] : none;
    }
    for (int j = 0; j < o.n; ++j) out.z[k * o.n + j] = static_cast<T>(point || ray ? done.x.z[j] * o.z_scale[j] : none);
    if (!point && !farkas) {
        fill(out.nu, k, o.p, none);
        fill(out.lambda, k, o.m, none);
    } else {
        if (out.nu != nullptr)
            for (int i = 0; i < o.p; ++i) out.nu[k * o.p + i] = static_cast<T>(done.x.nu[i] * o.a_scale[i]);
        if (out.lambda != nullptr)
            for (int i = 0; i < o.m; ++i) out.lambda[k * o.m + i] = static_cast<T>(done.x.lambda[i] * o.g_scale[i]);
    }
    if (out.s == nullptr) return;
    if (!point) return fill(out.s, k, o.m, none);
    for (int i = 0; i < o.m; ++i)
        out.s[k * o.m + i] = done.given.floor[i] == HUGE_VAL
                                 ? std::numeric_limits<T>::infinity()
                                 : static_cast<T>((done.given.h[i] - done.x.gz[i]) * o.g_unit[i]);
}

} // namespace optnet::solver
