// SPDX-License-Identifier: Apache-2.0
// minimize 1/2 z'z - 3 z1 - z2 subject to z1 + z2 <= 2: the projection of (3, 1) on a half-plane, z = (2, 0), lambda
// = 1.
#include <optnet/solver/solve.hpp>

#include <cmath>
#include <cstdio>

int main() {
    const optnet::solver::structure shape = optnet::solver::dense_structure(2, 0, 1);
    const double Q[] = {1, 0, 0, 1}, G[] = {1, 1}, q[] = {-3, -1}, h[] = {2};
    const optnet::solver::matrix_view<double> data[] = {{Q, 0, 2, 1}, {}, {G, 0, 2, 1}};
    optnet::solver::problem<double> problem;
    problem.shape = &shape;
    problem.batch = 1;
    problem.data = data;
    problem.q = {q};
    problem.h = {h};

    double z[2], lambda[1];
    std::int64_t status = -1;
    optnet::solver::solution<double> out;
    out.z = z;
    out.lambda = lambda;
    out.status = &status;
    optnet::solver::solve(problem, {}, 1, out);
    std::printf("status %d, z = (%g, %g), lambda = %g\n", static_cast<int>(status), z[0], z[1], lambda[0]);
    const double error = std::abs(z[0] - 2) + std::abs(z[1]) + std::abs(lambda[0] - 1);
    return status == 0 && error < 1e-7 ? 0 : 1; // the default tolerance is 1e-8 on residuals of entries of size 1
}
