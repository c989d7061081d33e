// SPDX-License-Identifier: Apache-2.0
#pragma once

// The factors of `active_kkt` for several problems with one exact form, one problem per lane: the substitutions of one
// problem are a chain, those of eight are eight chains side by side, and the triangles lie one behind the other.

#include "solver/cpu/kernels.hpp"

#include <array>
#include <vector>

namespace optnet::solver {

class factor_lanes {
public:
    static constexpr int width = cpu::lanes<double>;
    /// Up to so many rows the triangles of all lanes stay in the second-level cache.
    static constexpr std::int64_t most_rows = 256;
    /// A pivot of this share of its diagonal entry is rounding.
    static constexpr double dependent = 1e-11;

    struct member {
        std::int64_t place; ///< in the batch
        const std::vector<int>* rows;
    };

    /// Factors R_WW of `count` problems, at most `width`, for what `active_kkt::multipliers` would do. False for those
    /// in whose lane a pivot is rounding: they are not taken.
    std::array<bool, width> factor(const double* R, std::int64_t m, const member* members, int count);
    void clear() { problems.clear(); }
    bool empty() const { return problems.empty(); }

    /// `active_kkt::multipliers` of every member: those of problem i are the rows i - first of products and M [, m].
    void multipliers(std::int64_t first, const double* products, double* M, std::int64_t m,
                     std::vector<double>& work) const;

    std::size_t held() const {
        return (l.capacity() + reciprocal.capacity()) * sizeof(double) + which.capacity() * sizeof(int);
    }

private:
    std::int64_t distance() const { return k + 1; } // odd: powers of two would meet in few places of the cache

    std::int64_t k = 0; ///< rows, a multiple of four; what is behind a lane's own is the identity
    static constexpr std::int64_t nobody = -1;
    std::vector<std::int64_t> problems; ///< or nobody
    std::vector<double> counts;         ///< active rows of each
    std::vector<int> which;             ///< [k, width] the active rows
    std::vector<double> l, reciprocal;  ///< as `lanes_cholesky` leaves them
};

} // namespace optnet::solver
