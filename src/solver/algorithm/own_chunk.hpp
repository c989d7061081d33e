// SPDX-License-Identifier: Apache-2.0
#pragma once

// Problems with plain matrices of their own, one per SIMD lane: set-up, the primal-dual active set method and the
// solution. The formulas are those of form D and `lane_active_set`. What is not plain is refused and goes the road
// alone: a singular Q, columns that differ much in size, dependent rows, a point that a step of refinement would
// improve.

#include "solver/algorithm/own_active_sets.hpp"
#include "solver/algorithm/road.hpp"
#include "solver/plan.hpp"

#include <memory>
#include <vector>

namespace optnet::solver {

class own_chunk {
public:
    static constexpr int together = dense_lanes::width;
    /// Depends on the structure alone: form D, one dense block each for Q, A and G, at most 100 variables, and no more
    /// inequalities than the equalities leave variables.
    static bool serves(const structure& shape, const plan& chosen);

    /// Works on `count` problems from number `first` of the batch on.
    template <class T>
    void run(const problem<T>& batch, std::int64_t first, int count, const settings& how, const tolerances& eps,
             const starting_points<T>& from);

    bool solved(int i) const { return tried[i]; }
    const verdict& best(int i) const { return verdicts[i]; }
    int iterations(int i) const { return sets.problems[i].steps; }
    const std::vector<int>& basis(int i) const { return sets.problems[i].rows; }
    right_sides given(int i) const { return {row(q, i, n), row(b, i, p), row(h, i, m), row(floor, i, stride)}; }
    /// z, ν, λ and Gz count.
    evaluated point(int i) const {
        return {row(z, i, n),  row(nu, i, p),   row(sets.lambda, i, stride),
                row(qz, i, n), row(atnu, i, n), row(gtl, i, n),
                row(az, i, p), row(gz, i, m)};
    }
    units measures(int i) const { return made->measures(i); }
    double largest_of_q(int i) const { return q_max[i]; }
    const double* lengths(int i) const { return row(length, i, m); } ///< R_ii
    /// The factors of all problems; who keeps them keeps their memory.
    const std::shared_ptr<dense_lanes>& system() const { return made; }

private:
    using array = lane_array;
    static constexpr int width = dense_lanes::width;
    static const double* row(const array& a, std::int64_t i, std::int64_t size) { return a.data() + i * size; }
    static double* row(array& a, std::int64_t i, std::int64_t size) { return a.data() + i * size; }
    /// A matrix of all problems as the user gave it.
    struct given_matrix {
        const double* of[width] = {}; ///< row-major
        double scale = 1;
        array copies; ///< where the user's lies otherwise
    };
    void resize(const structure& shape);
    template <class T>
    void read(const problem<T>& batch, const block& b, std::int64_t first, int count, given_matrix& M);
    void gather(const given_matrix& M, std::int64_t first, std::int64_t rows, double* to) const;
    void symmetrize();
    bool shown() const;
    void scale_rows(const given_matrix& M, std::int64_t first, std::int64_t count, double least, double* to);
    void take_scales(std::int64_t rows, array& scale, array& unit);
    void compare_columns();
    template <class T>
    void load(const problem<T>& batch, std::int64_t first, int count, const settings& how, const tolerances& eps);
    void eliminate();
    void read_g(std::int64_t first, std::int64_t count, bool seen, double* rows);
    void solve_rows(double* rows, std::int64_t count, std::int64_t next);
    void form_rows();
    void find_active_sets(int limit);
    void verify(const tolerances& eps);
    void add_rows(int l);
    void multiply(int l);
    /// `apart`: the distance of two problems in the array, if it is not `size`.
    void gather(const array& from, std::int64_t size, double* to, std::int64_t apart = 0) const;
    void scatter(const double* from, std::int64_t size, array& to, std::int64_t apart = 0) const;

    std::int64_t n = 0, p = 0, m = 0;
    std::int64_t stride = 0; ///< of the rows of R: whole vectors
    std::shared_ptr<dense_lanes> made;
    given_matrix user_q, user_a, user_g;
    warm_start starts[width];
    own_active_sets sets;
    bool tried[width] = {};
    verdict verdicts[width] = {};
    double q_max[width] = {}, uneven[width] = {};
    double wrong[width] = {};                                 ///< 0 where all entries are finite
    array products, y, u, x, column, pivots, powers;          ///< in lanes; the first are rows of R
    array R, d, q, b, h, floor, z, nu, qz, atnu, gtl, az, gz; ///< problem by problem
    array length, factors, nothing, copy;
};

} // namespace optnet::solver
