// SPDX-License-Identifier: Apache-2.0
#pragma once

// The oracle of the solver's tests: a textbook interior point in long double, then its active rows solved as
// equalities, then judged by the optimality conditions. It shares nothing with the solver but the mathematics; speed is
// no aim.

#include "problems.hpp"

#include <Eigen/Core>

#include <vector>

namespace reference {

using real = long double;
using vector = Eigen::Matrix<real, Eigen::Dynamic, 1>;
using matrix = Eigen::Matrix<real, Eigen::Dynamic, Eigen::Dynamic>;

/// One problem; absent rows (h >= 1e20) are zero rows with h = 1, which nothing touches.
struct problem {
    matrix Q, A, G;
    vector q, b, h;
};

template <class T> problem element(const problems::dense<T>& d, std::int64_t k = 0) {
    problem x{matrix(d.n, d.n), matrix(d.p, d.n), matrix(d.m, d.n), vector(d.n), vector(d.p), vector(d.m)};
    for (int i = 0; i < d.n; ++i)
        for (int j = 0; j < d.n; ++j) x.Q(i, j) = (real(d.Qat(k, i, j)) + real(d.Qat(k, j, i))) / 2;
    for (int j = 0; j < d.n; ++j) x.q[j] = real(d.qat(k, j));
    for (int i = 0; i < d.p; ++i) {
        for (int j = 0; j < d.n; ++j) x.A(i, j) = real(d.Aat(k, i, j));
        x.b[i] = real(d.bat(k, i));
    }
    for (int i = 0; i < d.m; ++i) {
        const bool absent = d.hat(k, i) >= T(1e20);
        for (int j = 0; j < d.n; ++j) x.G(i, j) = absent ? real(0) : real(d.Gat(k, i, j));
        x.h[i] = absent ? real(1) : real(d.hat(k, i));
    }
    return x;
}

struct solution {
    vector z, nu, lambda, s;
    std::vector<int> active; ///< rows solved as equalities; empty where the interior point's own iterate was better
    real error = HUGE_VALL;  ///< the largest violation of an optimality condition, relative to the size of its terms

    real objective(const problem& x) const { return z.dot(x.Q * z) / 2 + x.q.dot(z); }
    /// The smallest of max(s_i, lambda_i): how far the active rows are from changing.
    real margin() const { return s.size() == 0 ? real(1) : s.cwiseMax(lambda).minCoeff(); }
};

inline real largest(const vector& v) { return v.size() == 0 ? real(0) : v.cwiseAbs().maxCoeff(); }

/// Fills s and error.
void judge(const problem& x, solution& a);

/// The point with the given rows as equalities; of least norm where there are several.
solution on_rows(const problem& x, const std::vector<int>& rows);

/// The solution; `error` says how good it is.
solution solve(const problem& given);

} // namespace reference
