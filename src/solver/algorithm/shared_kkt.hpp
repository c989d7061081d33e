// SPDX-License-Identifier: Apache-2.0
#pragma once

// The systems of `active_kkt` for several problems with one exact form: what meets a shared factor is one matrix
// product for all of them. Rows of every array are problems, and no bit of a row depends on the others.

#include "solver/algorithm/active_kkt.hpp"
#include "solver/algorithm/factor_lanes.hpp"

#include <vector>

namespace optnet::solver {

/// One system per row, or null where the row is nobody's or in a lane.
using row_systems = std::vector<const active_kkt*>;

/// Problems in lanes among the rows: the groups from `begin` to `end`, and the problem of row 0.
struct row_lanes {
    const factor_lanes *begin = nullptr, *end = nullptr;
    std::int64_t first = 0;
};

class shared_kkt {
public:
    /// So many problems go together: enough for the products, each of which packs the shared factors; and few where
    /// each of their own is large. Twice as many where that leaves some for every thread.
    static std::int64_t together(const structure& shape, std::int64_t batch, int threads) {
        const std::int64_t few = shape.m <= 512 ? 32 : dual_form::row_block;
        return batch < 2 * few * threads ? few : 2 * few;
    }

    /// True if the form has what is needed: R, and no regularization, which asks for loops of each problem's own.
    static bool serves(const dual_form& form) { return form.has_r() && !form.regularized(); }

    /// The rows of Z [count, n], U [count, p] and M [count, m] hold right-hand sides and are overwritten with
    /// solutions. `count`, a multiple of `dual_form::row_block`, is at least the number of systems. What comes out for
    /// the rows of nobody means nothing.
    void solve_once(const dual_form& form, const row_systems& systems, const row_lanes& lanes, double* Z, double* U,
                    double* M, std::int64_t count);

    /// `active_kkt::solve` for every row, with its step of refinement where the system is not trusted.
    void solve(const dual_form& form, const operators& data, const row_systems& systems, const row_lanes& lanes,
               std::vector<double>& Z, std::vector<double>& U, std::vector<double>& M, std::int64_t count);

private:
    std::vector<double> products, work;
    std::vector<std::int64_t> doubtful; ///< the rows whose systems are not trusted
    std::vector<double> right_z, right_nu, right_lambda, z, nu, lambda, rz, rnu, rlambda; ///< theirs
    row_systems again;
};

} // namespace optnet::solver
