// SPDX-License-Identifier: Apache-2.0
#pragma once

// Problems that share their matrices, a fixed number at a time: on form D everything that meets a shared factor is one
// matrix product for all of them, and only the active set is each problem's own. The steps and the formulas are those
// of `road`; what is not solved here goes there. Rows of every array are problems, and no bit of a row depends on the
// others.

#include "solver/algorithm/active_rows.hpp"
#include "solver/algorithm/lane_active_set.hpp"
#include "solver/algorithm/road.hpp"
#include "solver/algorithm/shared_interior.hpp"
#include "solver/algorithm/shared_kkt.hpp"

#include <vector>

namespace optnet::solver {

class shared_chunk {
public:
    /// From this many problems on they are solved together.
    static constexpr std::int64_t least = 8;
    /// True if the active sets of an exact form come from the primal-dual method in lanes. With more than n − p rows,
    /// whether W repeats itself is left to chance; with more than 256 the factors of all lanes leave the second-level
    /// cache.
    static bool goes_in_lanes(std::int64_t n, std::int64_t p, std::int64_t m) { return m <= n - p && m <= 256; }

    /// True if a first guess of the active sets can pay: in lanes, and else where they can be large, and R not so far
    /// from regular that most guesses hold dependent rows.
    static bool guesses(std::int64_t n, std::int64_t p, std::int64_t m) {
        return goes_in_lanes(n, p, m) || (n - p >= 32 && m >= 32 && m <= 512 && m <= 2 * (n - p));
    }

    /// Works on `count` problems from number `first` of the batch on, count at most `shared_kkt::together`; `start` is
    /// of their q where they share it. With `gradient` there is a `system` of every solved problem afterwards that does
    /// not go in lanes.
    template <class T>
    void run(const problem<T>& batch, std::int64_t first, int count, const operators& data, const dual_form& form,
             const dual_form::common_start& start, const settings& how, const tolerances& eps,
             const starting_points<T>& from, bool gradient);

    bool solved(int i) const { return results[static_cast<std::size_t>(i)].best.share <= 1; }
    const verdict& best(int i) const { return results[static_cast<std::size_t>(i)].best; }
    int iterations(int i) const { return results[static_cast<std::size_t>(i)].iterations; }
    const std::vector<int>& basis(int i) const {
        const auto k = static_cast<std::size_t>(i);
        return results[k].settled ? lanes.problems[k].rows : results[k].system.rows();
    }
    /// True if the solves of the gradient may be those of `factor_lanes`: one is enough.
    bool goes_in_lane(int i) const { return serves_in_lane(results[static_cast<std::size_t>(i)], basis(i)); }
    active_kkt& system(int i) { return results[static_cast<std::size_t>(i)].system; }
    right_sides given(int i) const { return {row(q, i, n), row(b, i, p), row(h, i, m), row(floor, i, m)}; }
    /// The points of maximal support of problems that are solved, in lanes; where that did not find one `lambda` is
    /// empty.
    void find_centres(const operators& data, const dual_form& form, const std::vector<int>& which,
                      std::vector<central_point>& centres);
    evaluated point(int i) const {
        const std::int64_t refined = results[static_cast<std::size_t>(i)].refined;
        return refined < 0 ? x.row(i) : improved.row(refined);
    }

private:
    using array = std::vector<double>;
    struct result {
        bool tried = false, settled = false; ///< settled: the active set has been found in lanes
        bool trusted = false;                ///< see `active_kkt::trust`
        std::int64_t refined = -1;           ///< row of `improved` where a step of refinement led to the point
        warm_start start;
        verdict best{HUGE_VAL, HUGE_VAL, HUGE_VAL};
        int iterations = 0;
        active_kkt system;
    };
    /// Points with their products.
    struct points {
        std::int64_t n = 0, p = 0, m = 0;
        array z, nu, lambda, qz, atnu, gtl, az, gz;

        void resize(const operators& data, std::int64_t count);
        void multiply(const operators& data, std::int64_t count);
        void copy_row(const points& other, std::int64_t from, std::int64_t to);
        evaluated row(std::int64_t i) const {
            return {z.data() + i * n,    nu.data() + i * p,  lambda.data() + i * m, qz.data() + i * n,
                    atnu.data() + i * n, gtl.data() + i * n, az.data() + i * p,     gz.data() + i * m};
        }
    };
    static bool serves_in_lane(const result& of, const std::vector<int>& basis) {
        return of.trusted && static_cast<std::int64_t>(basis.size()) <= factor_lanes::most_rows;
    }
    static const double* row(const array& a, std::int64_t i, std::int64_t width) { return a.data() + i * width; }
    template <class T>
    void load(const problem<T>& batch, std::int64_t first, int count, const operators& data, const settings& how,
              const tolerances& eps, const starting_points<T>& from);
    void clear(std::int64_t i);
    void find_active_sets(const operators& data, const dual_form& form, const settings& how);
    void in_lanes(const dual_form& form, int limit);
    void adopt_factors(const operators& data, const dual_form& form, const std::vector<std::size_t>& which);
    void one_by_one(const operators& data, const dual_form& form, int limit, bool after_lanes);
    dual_outcome alone(const operators& data, const dual_form& form, std::int64_t i, int limit, bool started);
    void finish(const operators& data, const dual_form& form, const tolerances& eps, bool gradient);
    void refine(const operators& data, const dual_form& form, const tolerances& eps);

    std::int64_t n = 0, p = 0, m = 0, rows = 0; ///< rows: of the arrays, a multiple of dual_form::row_block
    double precision = 0;                       ///< a residual of this share of its terms is rounding
    element loaded;                             ///< for starts
    first_guess guess;
    lane_active_set lanes;
    dual_active_set dual;
    shared_kkt kkt;
    std::vector<result> results;
    array q, b, h, floor; ///< the right-hand sides
    array d;              ///< the slacks at z₀
    points x;
    std::vector<std::size_t> todo; ///< the problems that need refinement, their points and the best of these
    points again, improved;
    array rz, rnu, rlambda; ///< residuals, then corrections
    array own_d, own_floor;
    std::vector<std::int64_t> late; ///< those that get a guess, their d and floor
    array late_d, late_floor;
    row_systems systems;
    shared_interior<double> interior;
    shared_interior<float> single;
};

} // namespace optnet::solver
