// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the whole road of one problem works with (road.hpp). It lies in device memory, one piece per block that runs:
// its kernel is for the few problems that the active set alone does not solve.

#include "solver/cuda/element.hpp"
#include "solver/cuda/kkt.hpp"

namespace optnet::solver::cuda {

/// A point, [n], [p] and [m].
struct point {
    double *z, *nu, *lambda;

    OPTNET_DEVICE point(arena& from, int n, int p, int m)
        : z(from.take<double>(n)), nu(from.take<double>(p)), lambda(from.take<double>(m)) {}
};

struct road_memory {
    element e;
    kkt_memory v;
    point best;     ///< that verifies best
    int* best_rows; ///< [capacity] the rows that were equalities there
    int* order;     ///< [m]
    int* mark;      ///< [m]
    double* key;    ///< [m]
    double* ratio;  ///< [capacity + 1] of the rows of a basis

    // The proximal loop.
    double *centre, *last_centre; ///< [n]
    double* prices;               ///< [m] λ of the active set, in its unit

    // The interior point; its iterate is that of `e`, its best point in e.best_*.
    double *s, *dlambda, *ds, *w, *rs, *rc; ///< [m]
    double *best_s, *work;                  ///< [m]
    point last, direction;
    double *dz, *dnu;     ///< [n], [p]
    matrices factors;     ///< of one iteration, on form P
    double* dual_factors; ///< the same memory on form D, [2 m, m]

    OPTNET_DEVICE road_memory(arena& from, const matrices& of)
        : e(from, of, kept_capacity(of.n, of.m)), v(from, of.n, of.p, of.m, kept_capacity(of.n, of.m) + 1),
          best(from, of.n, of.p, of.m), last(from, of.n, of.p, of.m), direction(from, of.n, of.p, of.m), factors(of) {
        const int n = of.n, p = of.p, m = of.m, capacity = kept_capacity(n, m);
        best_rows = from.take<int>(capacity);
        order = from.take<int>(m);
        mark = from.take<int>(m);
        ratio = from.take<double>(capacity + 1);
        double** const rows[] = {&key, &prices, &s, &dlambda, &ds, &w, &rs, &rc, &best_s, &work};
        for (double** to : rows) *to = from.take<double>(m);
        double** const wide[] = {&centre, &last_centre, &dz};
        for (double** to : wide) *to = from.take<double>(n);
        dnu = from.take<double>(p);
        // [L; V_A; V_I] and [L_S; S_I]: those of a problem without G.
        factors.m = 0;
        factors.pivots = from.take<double>(panel_width * panel_width + 1);
        factors.shifts = from.take<double>(5);
        factors.schur = from.take<double>(2ll * p * p);
        factors.panel = dual_factors = from.take<double>((2ll * n + p) * n);
    }

    /// Form D takes no more memory than form P.
    OPTNET_DEVICE bool has_room_for_dual() const { return 2ll * e.m * e.m <= (2ll * e.n + e.p) * e.n; }
};

/// Bytes that a block needs for it.
OPTNET_DEVICE inline std::size_t road_bytes(int n, int p, int m) {
    arena nothing, count;
    const matrices of(nothing, n, p, m);
    const road_memory own(count, of);
    return own.s == nullptr ? count.bytes() : 0;
}

} // namespace optnet::solver::cuda
