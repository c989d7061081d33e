// SPDX-License-Identifier: Apache-2.0
#pragma once

// One problem of a batch: its operators, its vectors in scaled rows, and what "solved" means for it.

#include "optnet/solver/settings.hpp"
#include "solver/algorithm/operators.hpp"

#include <cmath>
#include <vector>

namespace optnet::solver {

struct tolerances {
    double absolute, relative;
};

/// A primal and dual point in scaled rows and variables: z, nu and lambda times the scales of `operators` are the
/// user's.
struct point {
    std::vector<double> z, nu, lambda;

    void resize(const operators& data) {
        z.assign(static_cast<std::size_t>(data.n), 0.0);
        nu.assign(static_cast<std::size_t>(data.p), 0.0);
        lambda.assign(static_cast<std::size_t>(data.m), 0.0);
    }
};

/// What a point's residuals and verdict are made of.
struct products {
    std::vector<double> qz, atnu, gtl, az, gz;

    void resize(const operators& data) {
        for (auto* v : {&qz, &atnu, &gtl}) v->assign(static_cast<std::size_t>(data.n), 0.0);
        az.assign(static_cast<std::size_t>(data.p), 0.0);
        gz.assign(static_cast<std::size_t>(data.m), 0.0);
    }
    void evaluate(const operators& data, const point& x);
};

/// Residuals of the user's unscaled data; the largest of the three as a share of its tolerance, solved means <= 1; and
/// as a share of the terms that it is the sum of.
struct verdict {
    double primal, dual, gap;
    double share = HUGE_VAL, relative = HUGE_VAL;
    double primal_size = 0, dual_size = 0; ///< the terms that the tolerances of the first two are relative to
};

/// What a verdict is made of: the largest residuals and terms, the sums of the gap, and 0 if everything is finite.
struct verdict_terms {
    double primal = 0, primal_size = 0, dual = 0, dual_size = 0;
    double zqz = 0, qtz = 0, btnu = 0, htl = 0;
    double check = 0;
};
verdict judge(const verdict_terms& t, const tolerances& eps);

/// The numbers of one problem, in scaled rows, wherever they lie; h is 0 and floor +inf where a row is absent.
struct right_sides {
    const double *q, *b, *h, *floor;
};

/// A point wherever it lies, and the products that residuals are made of.
struct evaluated {
    const double *z, *nu, *lambda;
    const double *qz, *atnu, *gtl, *az, *gz;
};

/// primal = max(|Az - b|, (Gz - h)+), dual = |Qz + q + A'nu + G'lambda|, gap = |z'Qz + q'z + b'nu + h'lambda|, each
/// against absolute + relative * the largest of its terms. Negative multipliers are not checked: there are none.
verdict judge(const units& o, const right_sides& e, const evaluated& x, const tolerances& eps);

/// What was found in the numbers of one problem.
struct found_in_numbers {
    bool finite = true;      ///< no NaN, and no infinity but in h
    int impossible_row = -1; ///< a row with h = -inf
};

/// Reads vectors of element k into units of rows and variables, as `element` holds them: q [n], b [p], h and floor [m].
/// Of those that are null nothing is read. What was written means nothing where a number is not finite.
template <class T>
found_in_numbers read_right_sides(const problem<T>& batch, std::int64_t k, const units& o, const settings& how,
                                  double eps_abs, double* q, double* b, double* h, double* floor);

struct element {
    const operators* data = nullptr;
    std::vector<double> q, b, h; ///< h is 0 where absent
    std::vector<double> floor;   ///< [m] a slack above minus this is 0; +inf for an absent row
    bool finite = true;          ///< no NaN, and no infinity but in h
    int impossible_row = -1;     ///< a row with h = -inf

    /// Reads vectors of element k; `data` has been packed from the same element.
    template <class T>
    void load(const problem<T>& batch, std::int64_t k, const operators& packed, const settings& how, double eps_abs);

    /// The same where no `operators` were packed; `ok` says that the matrices are finite.
    template <class T>
    void load(const problem<T>& batch, std::int64_t k, const units& o, bool ok, const settings& how, double eps_abs);

    bool absent(int i) const { return floor[static_cast<std::size_t>(i)] == HUGE_VAL; }

    right_sides given() const { return {q.data(), b.data(), h.data(), floor.data()}; }

    /// `judge` of a point.
    verdict verify(const point& x, const tolerances& eps) const;
    /// The same where the products are there already.
    verdict judge(const point& x, const products& of, const tolerances& eps) const;

    /// The residual of the optimality conditions, r.z = -(Qz + q + A'nu + G'lambda), r.nu = b - Az, r.lambda = h - Gz.
    void residual(const point& x, point& r) const;
    void residual(const products& of, point& r) const;
};

} // namespace optnet::solver
