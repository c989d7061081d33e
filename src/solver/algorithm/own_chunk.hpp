// SPDX-License-Identifier: Apache-2.0
#pragma once

// Small problems with plain matrices of their own, one per SIMD lane: set-up, the primal-dual active set method and the
// solution, all in lanes. The formulas are those of form D and `lane_active_set`. What is not plain is refused and
// goes the road alone: a singular Q, columns that differ much in size, dependent rows, a set that does not repeat
// itself, a point that a step of refinement would improve.

#include "solver/algorithm/dense_lanes.hpp"
#include "solver/algorithm/road.hpp"
#include "solver/plan.hpp"

#include <memory>
#include <vector>

namespace optnet::solver {

class own_chunk {
public:
    static constexpr int together = dense_lanes::width;
    /// Depends on the structure alone: form D, one dense block each for Q, A and G, at most 32 variables, and no more
    /// inequalities than the equalities leave variables.
    static bool serves(const structure& shape, const plan& chosen);

    /// Works on `count` problems from number `first` of the batch on.
    template <class T>
    void run(const problem<T>& batch, std::int64_t first, int count, const settings& how, const tolerances& eps,
             const starting_points<T>& from);

    bool solved(int i) const { return tried[i]; }
    const verdict& best(int i) const { return verdicts[i]; }
    int iterations(int i) const { return steps[i]; }
    std::vector<int> basis(int i) const;
    right_sides given(int i) const { return {row(q, i, n), row(b, i, p), row(h, i, m), row(floor, i, m)}; }
    /// z, ν, λ and Gz count.
    evaluated point(int i) const {
        return {row(z, i, n),    row(nu, i, p),  row(lambda, i, m), row(qz, i, n),
                row(atnu, i, n), row(gtl, i, n), row(az, i, p),     row(gz, i, m)};
    }
    units measures(int i) const { return made->measures(i); }
    const double* lengths(int i) const { return row(length, i, m); } ///< R_ii
    /// The factors of all problems; who keeps them keeps their memory.
    const std::shared_ptr<dense_lanes>& system() const { return made; }

private:
    using array = std::vector<double>;
    static constexpr int width = dense_lanes::width;
    static const double* row(const array& a, std::int64_t i, std::int64_t size) { return a.data() + i * size; }
    void resize(const structure& shape);
    template <class T> void read(const problem<T>& batch, const block& b, std::int64_t first, int count, array& to);
    void symmetrize();
    void scale_rows(array& M, std::int64_t rows, double least, array& scale, array& unit);
    void compare_columns();
    void set_up();
    void find_active_sets(int limit);
    void advance(bool* done);
    void verify(const tolerances& eps);
    void gather(const array& from, std::int64_t size, double* to) const;
    void scatter(const double* from, std::int64_t size, array& to) const;

    std::int64_t n = 0, p = 0, m = 0;
    std::shared_ptr<dense_lanes> made;
    element loaded;
    warm_start starts[width];
    bool tried[width] = {};
    int steps[width] = {};
    verdict verdicts[width] = {};
    double q_max[width] = {}, wrong[width] = {}; ///< the second is 0 where all entries are finite
    array Q, A, G, R, d, x, y, u, s, lane_floor, column, pivots, product; ///< in lanes
    array q, b, h, floor, z, nu, lambda, qz, atnu, gtl, az, gz, length;   ///< problem by problem
    array scratch;
};

} // namespace optnet::solver
