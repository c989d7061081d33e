// SPDX-License-Identifier: Apache-2.0
#pragma once

// The interior point on s = R λ + d for problems that share R, one problem per lane: the steps of interior_dual.hpp and
// interior_loop.hpp, in single precision too. Nothing is claimed of its points: they are verified, or tell which rows
// are active, in double precision.
//
// Rows are in units in which R_ii = 1 and d in units of its largest entry, so that λ and s are of one size.

#include "solver/algorithm/line_memory.hpp"
#include "solver/cpu/kernels.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

namespace optnet::solver {

/// One problem and its iterate.
struct interior_member {
    const double *d, *floor; ///< [m]; floor is +inf where a row is absent
    /// Where it starts and where it ends, [m]: λ ≥ 0 and s ≥ 0; behind it λ = 0 and s = 1 for absent rows.
    double *lambda, *s;
    bool converged = false; ///< to the precision that was asked for
    int iterations = 0;
};

template <class T> class shared_interior {
public:
    static constexpr int width = cpu::lanes<T>;
    /// Up to so many rows the factors of all lanes stay in the second-level cache.
    static constexpr std::int64_t most_rows = 256;

    /// Takes R [m, m] over.
    void set_up(const double* R, std::int64_t m);
    /// In the units above slacks and multipliers start at `room` at least, and it ends where sᵀλ ≤ ε (1 + |d|ᵀλ) and
    /// |Rλ + d − s| ≤ ε. What is not there after `limit` iterations stays at its last point; one that is not finite
    /// leaves λ and s as they were. So many steps of `centring` follow, which bring every sᵢλᵢ to their mean: that is
    /// a point of the central path whatever led there.
    void run(std::vector<interior_member>& members, double eps, double room, int limit, int centring);

private:
    void run_group(interior_member* first, int count);
    void put(const interior_member& from, int l);
    void take(interior_member& to, int l) const;

    using lines = std::vector<T, line_allocator<T>>;
    std::int64_t m = 0, size = 0; ///< size: m, filled up to a multiple of four with rows of the identity
    lines r;                      ///< [size, size]
    std::vector<double> unit;     ///< [m] 1 / √R_ii
    double scale[width] = {};     ///< what d was divided by
    double count_of[width] = {};  ///< rows that are present
    T precision = 0;
    double least_start = 0;
    int most_steps = 0, last_steps = 0;
    lines present, s, lambda, inverse_s, inverse_lambda, v, d, shift, target, ds, dlambda; ///< [size, width]
    lines l, reciprocal;
};

} // namespace optnet::solver
