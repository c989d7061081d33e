// SPDX-License-Identifier: Apache-2.0
#pragma once

// The road of one problem: dual active set (inside a proximal loop where Q is singular), then the interior point, then
// the search for a certificate; one finish for all of them.

#include "optnet/solver/status.hpp"
#include "solver/algorithm/accuracy.hpp"
#include "solver/algorithm/active_kkt.hpp"
#include "solver/algorithm/dual_active_set.hpp"
#include "solver/algorithm/sparse_kkt.hpp"
#include "solver/algorithm/warm_start.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {

struct outcome {
    optnet::status status = optnet::status::numerical_error;
    point x; ///< in scaled rows
    verdict best{HUGE_VAL, HUGE_VAL, HUGE_VAL, HUGE_VAL};
    std::vector<int> basis; ///< the rows that the finish took as equalities
    bool accurate = false;  ///< a solve on them was `trustworthy` before any refinement
    int iterations = 0;

    /// As new, in the same memory.
    void clear(const operators& data) {
        status = optnet::status::numerical_error;
        x.resize(data);
        best = {HUGE_VAL, HUGE_VAL, HUGE_VAL, HUGE_VAL};
        basis.clear();
        accurate = false;
        iterations = 0;
    }
};

/// Of the interior point: s > 0 and λ > 0, but λ = 0 and s = 1 where a row is absent.
struct interior_iterate {
    point x;
    std::vector<double> s; ///< [m]
};

/// What a finish works with, kept from one problem to the next.
struct finish_work {
    point x, r;
    products of;
};

/// `accurate`, z [n].
inline bool accurate(const verdict& v, double least_pivot, const double* z, std::size_t n, double rounding = 1e-12) {
    double size = 0;
    for (std::size_t j = 0; j < n; ++j) size = std::max(size, std::abs(z[j]));
    return accurate(v, least_pivot, size, rounding);
}
/// The primal-dual active set of the sparse form: so many times rows may change sides before a guess is given up, and
/// so many without fewer of them.
inline constexpr int active_rounds = 15, active_idle = 3;
/// The same for the guess from the start, whose rounds take less, and for those on the way of the interior point.
inline constexpr int first_rounds = 25, near_rounds = 8;
/// A guess on the way is given up where more rows than this change sides at once, or more than this and more than in
/// the round before: some iterations later it takes fewer rounds.
inline double far_off(std::int64_t rows) { return 4 + static_cast<double>(rows) / 16; }
inline constexpr double few_wrong = 4;
/// A slack of this share of its terms is 0 after one solve with the shifts in it.
inline constexpr double estimated_zero = 1e-9;
/// A slack or a multiplier of the solution gets at least this share of its terms before the point of maximal support is
/// looked for.
inline constexpr double off_boundary = 1e-2;
/// With more rows than this against the n − p that a basis can have, a guess of the basis is mostly dependent
/// (measured).
inline bool may_guess(std::int64_t rows, const operators& o) { return 2 * rows <= 3 * std::int64_t{o.n - o.p}; }
/// What λ is measured in against s: the largest number of Q and q.
double cost_unit(const element& e);

class road {
public:
    /// `form` null: its set-up found Q not convex. `from` null: nothing is known of the solution.
    void run(const element& e, const dual_form* form, const settings& how, const tolerances& eps, outcome& out,
             const warm_start* from = nullptr);
    /// The same on the sparse form: the interior point, which ends on the active rows that it has come to.
    /// `spent`: rounds of guesses that failed, 0: there was none; `reached`: how far the interior point has come
    /// meanwhile, null if it has not begun.
    void run(const element& e, const sparse_matrices* form, const settings& how, const tolerances& eps, outcome& out,
             const warm_start* from = nullptr, int spent = 0, const interior_iterate* reached = nullptr);

    /// With rows of G in form D as they are needed, where `form` keeps none: false if that did not solve the problem,
    /// which a form with all rows then should.
    /// `at_once`: all rows are taken first. `keep`: `system` is asked for afterwards.
    bool run_on_demand(const element& e, const dual_form& form, const settings& how, const tolerances& eps,
                       outcome& out, const warm_start* from = nullptr, bool at_once = false, bool keep = false);
    /// R_ii of the rows that it needed, and G z of its outcome, [m].
    const double* lengths() const { return working.lengths(); }
    const std::vector<double>& row_products() const { return g_z; }

    /// The system of the last finish, if there was one for this problem; that of the outcome if its rows are the
    /// outcome's basis.
    const active_kkt& system() const { return kkt; }
    sparse_kkt& sparse_system() { return sparse; }

private:
    /// A slack above -floor[i] counts as 0, as in `dual_active_set::solve`.
    void by_active_set(const element& e, const dual_form& form, const settings& how, const tolerances& eps,
                       const std::vector<double>& floor, const warm_start* from, outcome& out);
    /// From the start, and as if nothing were known where that led nowhere.
    void by_active_sets(const element& e, const dual_form& form, const settings& how, const tolerances& eps,
                        const std::vector<double>& floor, const warm_start* from, outcome& out);
    void by_interior_point(const element& e, const dual_form& form, const settings& how, const tolerances& eps,
                           outcome& out);
    /// Finishes once more on the system without ρ, where the rows settle z but refinement left ρ in it.
    void without_shift(const element& e, const dual_form& form, const tolerances& eps, outcome& out);
    /// False if that needs no linear algebra: the outcome is there.
    bool begin(const element& e, bool convex, outcome& out);
    void by_sparse(const element& e, const sparse_matrices& form, const settings& how, const tolerances& eps,
                   const warm_start* from, const interior_iterate* reached, outcome& out);
    /// Takes the active rows as equalities, lets rows whose multiplier or slack comes out negative change sides, and
    /// finishes. True if no sign was wrong in the end: then the rows are those of the solution. `on_the_way`: the
    /// interior point goes on where that takes long.
    bool finish_sparse(const element& e, const sparse_matrices& form, const tolerances& eps, int limit, const point& x,
                       std::vector<char> active, bool on_the_way, outcome& out);
    /// x becomes `from` without multipliers outside the rows, corrected on the system of `sparse`; gz its G z.
    void correct(const element& e, const sparse_matrices& form, const point& from, const std::vector<int>& rows,
                 point& x, std::vector<double>& gz) const;
    void conclude(const element& e, const settings& how, const tolerances& eps, bool limited, outcome& out);

    /// `wanted`: the rows of G that `g_z` violates and that are not at work yet, with some that come next; all that are
    /// left if they are many.
    void more_rows(const element& e, bool all);

    dual_active_set dual;
    working_rows working;
    std::vector<int> wanted;
    std::vector<char> is_given; ///< [m]
    std::vector<double> nearest, g_z, half;
    point first, now, before;
    finish_work at_work;
    active_kkt kkt;
    sparse_kkt sparse;
    std::vector<double> d, floors, multipliers;
    bool limited = false;
    bool near = false; ///< the interior point has come some way
};

} // namespace optnet::solver
