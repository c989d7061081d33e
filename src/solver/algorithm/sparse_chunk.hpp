// SPDX-License-Identifier: Apache-2.0
#pragma once

// A problem on the sparse form, or as many as there are lanes, with shared matrices or their own: the primal-dual
// active set, from nearer to the solution where it does not settle from afar, and the finish. The steps are those of
// `road` but for how the finish is refined; what is not solved here goes there. A lane that is done goes on with the
// others, and repeats itself or is kept: no bit of it depends on them.

#include "solver/algorithm/active_rows.hpp"
#include "solver/algorithm/lane_interior.hpp"
#include "solver/algorithm/lane_matrices.hpp"
#include "solver/algorithm/road.hpp"

#include <memory>

namespace optnet::solver {

inline verdict judged(const cpu::lane_verdict& t, const tolerances& eps) {
    return judge({t.primal, t.primal_size, t.dual, t.dual_size, t.zqz, t.qtz, t.btnu, t.htl, t.check}, eps);
}

class sparse_chunk {
public:
    /// One problem after the other (lanes = 1), or `lanes_together`. To be called before anything else, and again when
    /// the numbers of `form` have changed. Memory of an earlier one is used again.
    void begin(const sparse_matrices& form, int lanes);
    /// The same for `lanes_together` problems with matrices of their own, which `run` reads.
    void begin(std::shared_ptr<const sparse_pattern> pattern);
    /// Works on `count` problems from number `first` of the batch on, count at most the lanes. `keep`: `factor` and
    /// `doubtful` are asked for.
    template <class T>
    void run(const problem<T>& batch, std::int64_t first, int count, const settings& how, const tolerances& eps,
             const starting_points<T>& from, bool keep);

    bool solved(int l) const { return own[l].best.share <= 1; }
    const verdict& best(int l) const { return own[l].best; }
    int iterations(int l) const { return own[l].rounds; }
    /// True if the first rows were those of a start.
    bool warm(int l) const { return own[l].start.usable; }
    /// True if the rounds ended, though the finish may not be accurate enough.
    bool settled(int l) const { return own[l].settled; }
    /// How far the interior point came in a lane that did not settle, until the next call; null if it did not begin.
    const interior_iterate* reached(int l);
    const element& given(int l) const { return own[l].data; }
    /// z, ν, λ and Gz; the other products are null.
    evaluated point(int l) const;
    std::vector<int> basis(int l) const;
    /// True if the state of a row may be in doubt (`decide_active_rows`).
    bool doubtful(int l) const { return own[l].doubtful; }
    /// Looks for the points of maximal support of the solved lanes that are doubtful.
    void find_centres();
    /// Null where none was found.
    const central_point* centre(int l) const { return centres[l].lambda.empty() ? nullptr : &centres[l]; }
    /// The factor of the last finish with other rows in the lanes where `rows` is not null.
    std::shared_ptr<const lane_factor> factor_with(const active_rows* const rows[lanes_together]);
    /// The factor of the last finish, for all lanes.
    std::shared_ptr<const lane_factor> factor() const { return kept; }
    /// The matrices of all lanes; null where they are shared.
    std::shared_ptr<const lane_matrices> own_matrices() const { return each; }

private:
    struct lane {
        element data;
        warm_start start;
        bool tried = false, settled = false, doubtful = false;
        bool flat = false;                   ///< Q is much smaller somewhere than elsewhere
        bool going = false, precise = false; ///< rows change sides; by signs that were refined
        bool sharpened = false;              ///< settled so: its point is kept until the finish
        int rounds = 0, idle = 0;
        double fewest = 0, last[2] = {}; ///< rows that changed sides at once: at least, and in the last two rounds
        verdict best;
        std::vector<double> z, nu, lambda, gz;
    };
    void resize();
    template <class T> void load(const problem<T>& batch, std::int64_t first, int count, const settings& how);
    const sparse_pattern& pattern() const { return form != nullptr ? form->pattern() : *shape; }
    const operators& data(int l) const { return form != nullptr ? form->data() : loaded[static_cast<std::size_t>(l)]; }
    void fill(int l);
    void start();
    void solve_least_squares(const double* weight = nullptr);
    void find_active_sets(const settings& how);
    void settle(int limit, bool goes_on, bool is_near = false);
    void sharpen();
    void come_near();
    void finish(const tolerances& eps);
    void find_doubt(const settings& how);
    void take_point(lane& to, int l) const;
    double compliance_of(int i, int l, double otherwise) const;
    void start_beside(int l, solver::point& at, std::vector<double>& slack) const;
    struct lane_units {
        const double *a, *g, *z;
    };
    lane_units measures() const;

    const sparse_matrices* form = nullptr; ///< null where each lane has its own
    std::shared_ptr<const sparse_pattern> shape;
    std::shared_ptr<lane_matrices> each;
    std::vector<operators> loaded; ///< of each lane
    bool convex[lanes_together] = {};
    cpu::lane_system system{};
    int lanes = 0;
    lane own[lanes_together];
    lane_points right, x, r; ///< −q, b and h; the points; residuals, then corrections
    lane_product_arrays of;
    lane_array floor, gz, packed;
    lane_array work;       ///< of a factorization, as `sparse_kernels::factor` takes it
    lane_array compliance; ///< what `sparse_kernels::doubt` takes, once it is needed
    lane_factor first;     ///< of the start, where no row is absent
    lane_interior inner;
    bool came_near = false; ///< `inner` has begun
    interior_iterate at_reached;
    central_point centres[lanes_together];
    std::shared_ptr<lane_factor> kept;
};

} // namespace optnet::solver
