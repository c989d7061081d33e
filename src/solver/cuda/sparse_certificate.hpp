// SPDX-License-Identifier: Apache-2.0
#pragma once

// Farkas certificates and rays of a problem on the sparse form, checked on the user's data; as certificate.hpp.

#include "solver/cuda/sparse_element.hpp"

namespace optnet::solver::cuda {

/// The sum of line i of a matrix times x.
template <class Sum>
OPTNET_DEVICE void add_line(const sparse_shape& s, const sparse_set& of, const sparse_lines& lines, int i,
                            const strided& x, Sum& sum) {
    each_number(s, lines, i, [&](int e, int other) { sum.add(of.number[e], x[other]); });
}

/// As `farkas_holds` of certificate.hpp.
template <class Sum, class Team>
OPTNET_DEVICE bool farkas_holds(Team& team, const sparse_shape& s, const sparse_set& of, const sparse_point& x,
                                double eps) {
    const double largest = most(team, s.p + s.m, [&](int t) {
                               return two{size_of(t < s.p ? x.nu[t] : x.lambda[t - s.p]), 0.0};
                           }).a;
    const two left = most(team, s.n, [&](int j) {
        Sum sum;
        add_line(s, of, s.a_columns, j, x.nu, sum);
        add_line(s, of, s.g_columns, j, x.lambda, sum);
        const double size = size_of(sum.value());
        return two{size / of.z_scale[j], size};
    });
    return larger(0.0, left.a) <= eps && larger(0.0, left.b) <= eps * larger(0.0, largest);
}

/// Any direction (ν, λ) as a Farkas certificate: without negative multipliers and scaled so that −(b'ν + h'λ) = 1.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE bool is_farkas(Team& team, const sparse_shape& s, const sparse_set& of,
                                                const sparse_element& e, const sparse_point& x, double eps) {
    const double value = -sums(team, s.p + s.m, [&](int t) {
                              if (t < s.p) return two{e.b[t] * x.nu[t], 0.0};
                              const int i = t - s.p;
                              x.lambda[i] = e.absent(i) ? 0.0 : larger(0.0, x.lambda[i]);
                              return two{e.h[i] * x.lambda[i], 0.0};
                          }).a;
    if (!(value > 0) || !(value < 1e300)) return false;
    each(team, s.p + s.m, [&](int t) { (t < s.p ? x.nu[t] : x.lambda[t - s.p]) /= value; });
    return farkas_holds<plain_sum>(team, s, of, x, 2 * eps) && farkas_holds<exact_sum>(team, s, of, x, eps);
}

/// As `ray_holds` of certificate.hpp.
template <class Sum, class Team>
OPTNET_DEVICE bool ray_holds(Team& team, const sparse_shape& s, const sparse_set& of, const sparse_element& e,
                             const strided& z, double eps) {
    const double largest = most(team, s.n, [&](int j) { return two{size_of(z[j]), 0.0}; }).a;
    const two left = most(team, s.n + s.p + s.m, [&](int t) {
        const int i = t < s.n ? t : t < s.n + s.p ? t - s.n : t - s.n - s.p;
        const bool in_g = t >= s.n + s.p;
        if (in_g && e.absent(i)) return maxima::none();
        Sum sum;
        add_line(s, of, t < s.n ? s.q : in_g ? s.g : s.a, i, z, sum);
        const double value = sum.value(), size = in_g && value < 0 ? 0.0 : size_of(value);
        if (t < s.n) return two{size / of.z_scale[i], size > 0 ? size / of.q_size() : 0.0};
        return two{size / (in_g ? of.g_scale[i] : of.a_scale[i]), size};
    });
    return larger(0.0, left.a) <= eps && larger(0.0, left.b) <= eps * larger(0.0, largest);
}

/// Any direction z as a ray along which the objective falls without end: scaled so that q'z = −1.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE bool is_ray(Team& team, const sparse_shape& s, const sparse_set& of,
                                             const sparse_element& e, const sparse_point& x, double eps) {
    const double value = -sums(team, s.n, [&](int j) { return two{e.q[j] * x.z[j], 0.0}; }).a;
    if (!(value > 0) || !(value < 1e300)) return false;
    each(team, s.n, [&](int j) { x.z[j] /= value; });
    return ray_holds<plain_sum>(team, s, of, e, x.z, 2 * eps) && ray_holds<exact_sum>(team, s, of, e, x.z, eps);
}

} // namespace optnet::solver::cuda
