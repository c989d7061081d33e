// SPDX-License-Identifier: Apache-2.0
#pragma once

// The sparse form of the interior point: the system of form P, with rows of G that have many entries kept beside it, on
// a pattern that was analysed once. An iteration costs what the pattern has of entries and fill.

#include "solver/algorithm/element.hpp"
#include "solver/algorithm/interior_rows.hpp"
#include "solver/algorithm/sparse_system.hpp"

namespace optnet::solver {

class sparse_form {
public:
    explicit sparse_form(const sparse_matrices& matrices) : source(&matrices) {}

    // As in `primal_form`.
    void begin(const element& e);
    bool factor(const std::vector<double>& w);
    void start(std::vector<double>& s);
    void residual(const std::vector<double>& lambda, const std::vector<double>& s, std::vector<double>& rs);
    /// The verdict on the point of the last residual.
    verdict judge(const point& now, const tolerances& eps) const { return problem->judge(now, of, eps); }
    void solve(interior_rows& rows);
    void advance(double step);
    void write(point& x) const;
    /// Goes to z and ν of a point.
    void read(const point& from);

private:
    void solve_equalities(std::vector<double>& z, std::vector<double>& nu, const std::vector<double>& right);

    const sparse_matrices* source;
    const element* problem = nullptr;
    sparse_ldl system;
    std::vector<double> weights, weighted, gz, packed;
    products of;
    point x, d, r;
};

} // namespace optnet::solver
