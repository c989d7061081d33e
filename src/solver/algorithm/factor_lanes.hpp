// SPDX-License-Identifier: Apache-2.0
#pragma once

// The factors of `active_kkt` for several problems with one exact form, one problem per lane: the substitutions of one
// problem are a chain, those of eight are eight chains side by side, and the triangles lie one behind the other.

#include "solver/algorithm/active_kkt.hpp"
#include "solver/cpu/kernels.hpp"

#include <vector>

namespace optnet::solver {

class factor_lanes {
public:
    static constexpr int width = cpu::lanes<double>;
    /// Up to so many rows the triangles of all lanes stay in the second-level cache.
    static constexpr std::int64_t most_rows = 256;

    struct member {
        std::int64_t place; ///< in the batch
        const active_kkt* system;
    };

    /// True if a lane does what `active_kkt::multipliers` would: one solve with the factor is enough.
    static bool serves(const active_kkt& system) {
        return system.is_trusted() && static_cast<std::int64_t>(system.rows().size()) <= most_rows;
    }

    /// Copies the factors of `count` problems, at most `width`.
    void take(const member* members, int count);
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
    std::vector<std::int64_t> problems;
    std::vector<std::int64_t> counts;  ///< active rows of each
    std::vector<int> which;            ///< [k, width] the active rows
    std::vector<double> l, reciprocal; ///< as `lanes_cholesky` leaves them
};

} // namespace optnet::solver
