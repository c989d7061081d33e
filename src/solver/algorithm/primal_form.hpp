// SPDX-License-Identifier: Apache-2.0
#pragma once

// Form P of the interior point: z and ν are iterates and H is factored in every iteration, n x n whatever m is.
//
//     H = Q + G'WG,  W = Λ S⁻¹        [H A'; A 0] [dz; dν] = [r_z + G'(W r_s + r_c / s); r_ν]
//
// It takes singular Q, Q = 0 and dependent rows. The safeguards go together: γA'A is added to H with γ = tr H / tr A'A,
// which changes no solution; ρI keeps H positive definite; the Schur complement of A is regularized relative to its
// largest diagonal entry; two refinement steps against the system without any of the three take them back; and a
// factorization that breaks down, as it does near the end where W spans many powers of ten, is tried again with a
// larger shift.

#include "solver/algorithm/element.hpp"
#include "solver/algorithm/interior_rows.hpp"

#include <vector>

namespace optnet::solver {

class primal_form {
public:
    explicit primal_form(const operators& data);

    /// Takes the vectors of an element; its iterate becomes the point that `start` finds.
    void begin(const element& e);
    /// Factors for w = λ / s, [m], 0 for absent rows. False if H is not positive definite or not finite.
    bool factor(const std::vector<double>& w);
    /// The least squares start: with w = 1 factored, z and ν of [Q A' G'; A 0 0; G 0 −I] [z; ν; λ] = [−q; b; h], and
    /// s = h − Gz; there λ = −s.
    void start(std::vector<double>& s);
    /// r_s = h − Gz − s; the residuals of z and ν stay inside.
    void residual(const std::vector<double>& lambda, const std::vector<double>& s, std::vector<double>& rs);
    /// The step of the conditions with S dλ + Λ ds = −rc, into `rows.ds` and `rows.dlambda`.
    void solve(interior_rows& rows);
    void advance(double step);
    /// Writes z and ν.
    void write(point& x) const;

    /// [H A'; A 0] (dz, dν) = (rz, rν): overwrites (z, ν).
    void solve_equalities(std::vector<double>& z, std::vector<double>& nu);

private:
    double assemble(); ///< fills `l` with the lower triangle of H + γA'A and with A; the trace of H
    bool factor_equalities();
    void solve_once(std::vector<double>& z, std::vector<double>& nu);

    const operators& data;
    const element* problem = nullptr;
    std::vector<double> q, gt; ///< dense Q [n, n]; G' of the general rows [n, general]
    std::vector<double> ata;   ///< A'A [n, n], empty without equalities
    std::vector<int> general;
    double a_trace = 0, gamma = 0;
    std::vector<double> weights, root, l, scaled, ls;
    point x, d, r;
    std::vector<double> right_z, right_nu, left_z, left_nu, gz, scaled_nu;
};

} // namespace optnet::solver
