// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Farkas certificate from the direction that the active set ends with, checked on the user's data. Its sums cancel by
// more digits than the tolerance asks for; two doubles per sum stand for the CPU's long double.

#include "solver/cuda/element.hpp"
#include "solver/cuda/kkt.hpp"

namespace optnet::solver::cuda {

/// A sum of products in twice the precision (Dekker 1971, Ogita, Rump & Oishi 2005).
class exact_sum {
public:
    OPTNET_DEVICE void add(double a, double b) {
        // A product that the compiler cannot fuse with the sum behind it.
        const double product = std::fma(a, b, 0.0), error = std::fma(a, b, -product);
        const double sum = high + product, shifted = sum - high;
        low += ((high - (sum - shifted)) + (product - shifted)) + error;
        high = sum;
    }
    OPTNET_DEVICE double value() const { return high + low; }
    OPTNET_DEVICE two parts() const { return {high, low}; }

private:
    double high = 0, low = 0;
};

/// Direction λ on the basis and the dependent row behind it, `count` rows in all: finds ν, refines, scales (ν, λ) so
/// that −(b'ν + h'λ) = 1, and says if |A'ν + G'λ| <= eps, also against the largest multiplier.
template <class Team>
OPTNET_DEVICE bool check_farkas(Team& team, const matrices& of, const element& e, int count, double eps) {
    const int n = e.n, p = e.p, ld = of.data_rows();
    double* const lambda = e.active.lambda;
    const int* const rows = e.active.basis;
    const auto gradient = [&](int j, bool with_nu) {
        double sum = 0;
        for (int i = 0; with_nu && i < p; ++i) sum += of.a()[j * ld + i] * e.nu[i];
        for (int i = 0; i < count; ++i) sum += of.g()[j * ld + rows[i]] * lambda[rows[i]];
        return sum;
    };
    // ν takes back what it can of G'λ; then one step of refinement, in which the dependent row keeps its multiplier.
    each(team, n + p, [&](int t) {
        if (t < n)
            e.z[t] = -gradient(t, false);
        else
            e.nu[t - n] = 0;
    });
    forward(team, of, e.z, e.nu, e.qz, e.u);
    backward(team, of, e.qz, e.u, e.rz, e.nu);
    each(team, n + p + e.m, [&](int t) {
        if (t < n)
            e.rz[t] = -gradient(t, true);
        else if (t < n + p)
            e.rnu[t - n] = 0;
        else
            e.rl[t - n - p] = 0;
    });
    kkt_solve(team, of, e.active.factor(), e.rz, e.rnu, e.rl, e.qz, e.u, e.active.l, e.active.x);
    const two sizes = most(team, p + count, [&](int t) {
        if (t < p) {
            e.nu[t] += e.rnu[t];
            return two{std::abs(e.nu[t]), 0.0};
        }
        double& value = lambda[rows[t - p]];
        value = larger(0.0, value + (t - p < e.active.k ? e.rl[rows[t - p]] : 0.0));
        return two{value, 0.0};
    });
    const double value = -sums(team, p + count, [&](int t) {
                              if (t < p) return two{e.b[t] * e.nu[t], 0.0};
                              const int row = rows[t - p];
                              return two{e.h[row] * lambda[row], 0.0};
                          }).a;
    if (!(value > 0) || !(value < 1e300)) return false;
    each(team, p + count, [&](int t) { (t < p ? e.nu[t] : lambda[rows[t - p]]) /= value; });
    const two left = most(team, n, [&](int j) {
        exact_sum sum;
        for (int i = 0; i < p; ++i) sum.add(of.a()[j * ld + i], e.nu[i]);
        for (int i = 0; i < count; ++i) sum.add(of.g()[j * ld + rows[i]], lambda[rows[i]]);
        const double size = std::abs(sum.value());
        // What is not a number must not pass.
        return two{size < HUGE_VAL ? size / of.z_scale[j] : HUGE_VAL, size < HUGE_VAL ? size : HUGE_VAL};
    });
    return left.a <= eps && left.b <= eps * (sizes.a / value);
}

/// With a certificate of value 1, every point violates some row by at least 1 / |(ν, λ)|₁: true if no point within the
/// absolute tolerance can exist.
template <class Team>
OPTNET_DEVICE bool beyond_tolerance(Team& team, const matrices& of, const element& e, int count, double absolute) {
    const int p = e.p;
    const double sum = sums(team, p + count, [&](int t) {
                           if (t < p) return two{std::abs(e.nu[t]) * of.a_scale[t], 0.0};
                           const int row = e.active.basis[t - p];
                           return two{e.active.lambda[row] * of.g_scale[row], 0.0};
                       }).a;
    return sum * absolute < 1;
}

/// A sum as `exact_sum` makes it, or a plain one where that is to reject most directions before.
struct plain_sum {
    double sum = 0;
    OPTNET_DEVICE void add(double a, double b) { sum += a * b; }
    OPTNET_DEVICE double value() const { return sum; }
};

/// |v|, and infinity for what must not pass a test.
OPTNET_DEVICE inline double size_of(double v) { return std::abs(v) < HUGE_VAL ? std::abs(v) : HUGE_VAL; }

/// With −(b'ν + h'λ) = 1: |A'ν + G'λ| <= eps, also against the largest multiplier (rows have size 1 here): where b and
/// h are large, the iterates of a feasible problem pass the first test.
template <class Sum, class Team>
OPTNET_DEVICE bool farkas_holds(Team& team, const matrices& of, const double* nu, const double* lambda, double eps) {
    const int p = of.p, m = of.m, ld = of.data_rows();
    const double largest = most(team, p + m, [&](int t) { return two{size_of(t < p ? nu[t] : lambda[t - p]), 0.0}; }).a;
    const two left = most(team, of.n, [&](int j) {
        Sum sum;
        for (int i = 0; i < p; ++i) sum.add(of.a()[j * ld + i], nu[i]);
        for (int i = 0; i < m; ++i) sum.add(of.g()[j * ld + i], lambda[i]);
        const double size = size_of(sum.value());
        return two{size / of.z_scale[j], size};
    });
    return left.a <= eps && left.b <= eps * larger(0.0, largest);
}

/// Any direction (ν, λ) as a Farkas certificate: without negative multipliers and scaled so that −(b'ν + h'λ) = 1 it is
/// checked on the user's data.
template <class Team>
OPTNET_DEVICE bool is_farkas(Team& team, const matrices& of, const element& e, double* nu, double* lambda, double eps) {
    const int p = e.p, m = e.m;
    const double value = -sums(team, p + m, [&](int t) {
                              if (t < p) return two{e.b[t] * nu[t], 0.0};
                              const int i = t - p;
                              lambda[i] = e.active.floor[i] == HUGE_VAL ? 0.0 : larger(0.0, lambda[i]);
                              return two{e.h[i] * lambda[i], 0.0};
                          }).a;
    if (!(value > 0) || !(value < 1e300)) return false;
    each(team, p + m, [&](int t) { (t < p ? nu[t] : lambda[t - p]) /= value; });
    return farkas_holds<plain_sum>(team, of, nu, lambda, 2 * eps) && farkas_holds<exact_sum>(team, of, nu, lambda, eps);
}

/// With q'z = −1: |Qz|, |Az| and (Gz)+ <= eps, also against the ray's own size: where q is large, the iterates of a
/// bounded problem pass the first test.
template <class Sum, class Team>
OPTNET_DEVICE bool ray_holds(Team& team, const matrices& of, const element& e, const double* z, double eps) {
    const int n = of.n, p = of.p, rows = of.data_rows();
    const double largest = most(team, n, [&](int j) { return two{size_of(z[j]), 0.0}; }).a;
    const two left = most(team, rows, [&](int t) {
        const int i = t - n - p;
        if (i >= 0 && e.active.floor[i] == HUGE_VAL) return maxima::none();
        Sum sum;
        for (int j = 0; j < n; ++j) sum.add(of.data[j * rows + t], z[j]);
        const double value = sum.value(), size = i >= 0 && value < 0 ? 0.0 : size_of(value);
        if (t < n) return two{size / of.z_scale[t], size > 0 ? size / of.q_size() : 0.0};
        return two{size / (i < 0 ? of.a_scale[t - n] : of.g_scale[i]), size};
    });
    return larger(0.0, left.a) <= eps && larger(0.0, left.b) <= eps * largest;
}

/// Any direction z as a ray along which the objective falls without end: scaled so that q'z = −1 it is checked on the
/// user's data.
template <class Team>
OPTNET_DEVICE bool is_ray(Team& team, const matrices& of, const element& e, double* z, double eps) {
    const double value = -sums(team, e.n, [&](int j) { return two{e.q[j] * z[j], 0.0}; }).a;
    if (!(value > 0) || !(value < 1e300)) return false;
    each(team, e.n, [&](int j) { z[j] /= value; });
    return ray_holds<plain_sum>(team, of, e, z, 2 * eps) && ray_holds<exact_sum>(team, of, e, z, eps);
}

} // namespace optnet::solver::cuda
