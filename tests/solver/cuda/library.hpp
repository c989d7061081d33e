// SPDX-License-Identifier: Apache-2.0
#pragma once

// What cuBLAS and cuSOLVER do for large.hpp, in plain loops, with their contracts: of a square matrix only the lower
// triangle is read, and the upper one may be spoilt; so is all of a matrix that is not positive definite; and C is not
// read where beta is 0.

#include "solver/cuda/large.hpp"

#include <limits>
#include <vector>

namespace host {

class library {
public:
    void begin(std::int64_t count, std::ptrdiff_t doubles) {
        sets = count;
        apart = doubles;
        said.assign(static_cast<std::size_t>(2 * count), -1);
        factored = 0;
    }
    /// What factorization `which` says of a set.
    const int* words(int which, std::int64_t k) const { return said.data() + which * sets + k; }

    void cholesky(int n, optnet::solver::cuda::each_matrix M) {
        for (std::int64_t k = 0; k < sets; ++k) {
            double* const of = M.first + k * apart;
            int failed = 0;
            for (int j = 0; j < n && failed == 0; ++j)
                for (int i = j; i < n; ++i) {
                    double sum = at(of, M.ld, i, j);
                    for (int e = 0; e < j; ++e) sum -= at(of, M.ld, i, e) * at(of, M.ld, j, e);
                    // As LAPACK does, this lets what is not a number pass.
                    if (i == j && sum <= 0) failed = j + 1;
                    at(of, M.ld, i, j) = i == j ? std::sqrt(sum) : sum / at(of, M.ld, j, j);
                }
            for (int j = 0; j < n; ++j)
                for (int i = 0; i < n; ++i)
                    if (failed != 0 || i < j) at(of, M.ld, i, j) = std::numeric_limits<double>::quiet_NaN();
            said[static_cast<std::size_t>(factored * sets + k)] = failed;
        }
        ++factored;
    }

    void solve_right(int rows, int n, optnet::solver::cuda::each_matrix L, optnet::solver::cuda::each_matrix B) {
        for (std::int64_t k = 0; k < sets; ++k)
            for (int i = 0; i < rows; ++i)
                for (int j = 0; j < n; ++j) {
                    double& x = at(B.first + k * apart, B.ld, i, j);
                    for (int e = 0; e < j; ++e)
                        x -= at(B.first + k * apart, B.ld, i, e) * at(L.first + k * apart, L.ld, j, e);
                    x /= at(L.first + k * apart, L.ld, j, j);
                }
    }

    void multiply(int rows, int cols, int inner, double alpha, optnet::solver::cuda::each_matrix A,
                  optnet::solver::cuda::each_matrix B, double beta, optnet::solver::cuda::each_matrix C) {
        for (std::int64_t k = 0; k < sets; ++k)
            for (int j = 0; j < cols; ++j)
                for (int i = 0; i < rows; ++i) {
                    double sum = 0;
                    for (int e = 0; e < inner; ++e)
                        sum += at(A.first + k * apart, A.ld, i, e) * at(B.first + k * apart, B.ld, j, e);
                    double& c = at(C.first + k * apart, C.ld, i, j);
                    c = alpha * sum + (beta == 0 ? 0.0 : beta * c);
                }
    }

private:
    static double& at(double* M, int ld, int i, int j) { return M[static_cast<std::ptrdiff_t>(j) * ld + i]; }

    std::int64_t sets = 0;
    std::ptrdiff_t apart = 0;
    std::vector<int> said;
    int factored = 0;
};

} // namespace host
