// SPDX-License-Identifier: Apache-2.0
#pragma once

// Certificates recomputed in long double from the data as given.

#include "problems.hpp"

namespace claims {

using real = long double;

/// -(b'nu + h'lambda) = 1 with lambda >= 0, and the largest entry of A'nu + G'lambda: a proof that no point exists as
/// far as points go whose size is below its inverse. HUGE_VALL if the first does not hold.
template <class T> real farkas(const problems::dense<T>& d, const problems::answer<T>& a, std::int64_t k = 0) {
    real value = 0, terms = 0, worst = 0;
    const auto add = [&](real term) {
        value -= term;
        terms += std::abs(term);
    };
    for (int i = 0; i < d.p; ++i) add(real(d.bat(k, i)) * a.nu[static_cast<std::size_t>(k * d.p + i)]);
    for (int i = 0; i < d.m; ++i) {
        const real l = a.lambda[static_cast<std::size_t>(k * d.m + i)];
        if (!(l >= 0)) return HUGE_VALL;
        if (l > 0) add(real(d.hat(k, i)) * l);
    }
    // The multipliers are numbers in double precision.
    if (!(value > 0) || !(std::abs(value - 1) <= 1e-9L + 1e-15L * terms)) return HUGE_VALL;
    for (int j = 0; j < d.n; ++j) {
        real sum = 0;
        for (int i = 0; i < d.p; ++i) sum += real(d.Aat(k, i, j)) * a.nu[static_cast<std::size_t>(k * d.p + i)];
        for (int i = 0; i < d.m; ++i) sum += real(d.Gat(k, i, j)) * a.lambda[static_cast<std::size_t>(k * d.m + i)];
        worst = std::max(worst, std::abs(sum));
    }
    return worst / value;
}

/// q'd = -1, and the largest of |Qd|, |Ad|, (Gd)+. HUGE_VALL if the first does not hold.
template <class T> real ray(const problems::dense<T>& d, const problems::answer<T>& a, std::int64_t k = 0) {
    const auto z = [&](int j) { return real(a.z[static_cast<std::size_t>(k * d.n + j)]); };
    real slope = 0, worst = 0;
    for (int j = 0; j < d.n; ++j) slope += real(d.qat(k, j)) * z(j);
    if (!(std::abs(slope + 1) <= 1e-9L)) return HUGE_VALL;
    for (int i = 0; i < d.n; ++i) {
        real sum = 0;
        for (int j = 0; j < d.n; ++j) sum += (real(d.Qat(k, i, j)) + real(d.Qat(k, j, i))) / 2 * z(j);
        worst = std::max(worst, std::abs(sum));
    }
    for (int i = 0; i < d.p; ++i) {
        real sum = 0;
        for (int j = 0; j < d.n; ++j) sum += real(d.Aat(k, i, j)) * z(j);
        worst = std::max(worst, std::abs(sum));
    }
    for (int i = 0; i < d.m; ++i) {
        if (d.hat(k, i) >= T(1e20)) continue;
        real sum = 0;
        for (int j = 0; j < d.n; ++j) sum += real(d.Gat(k, i, j)) * z(j);
        worst = std::max(worst, sum);
    }
    return worst;
}

} // namespace claims
