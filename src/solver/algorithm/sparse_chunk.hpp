// SPDX-License-Identifier: Apache-2.0
#pragma once

// Problems that share their matrices on the sparse form, one per lane: the primal-dual active set from the start of the
// interior point on, and the finish. The steps are those of `road` but for how the finish is refined; what is not
// solved here goes there. A lane that is done goes on with the others, and repeats itself: no bit of it depends on
// them.

#include "solver/algorithm/lane_matrices.hpp"
#include "solver/algorithm/road.hpp"

#include <memory>

namespace optnet::solver {

class sparse_chunk {
public:
    static constexpr int lanes = lane_matrices::lanes;

    /// Works on `count` problems from number `first` of the batch on, count at most `lanes`. `keep`: `factor` and
    /// `doubtful` are asked for.
    template <class T>
    void run(const problem<T>& batch, std::int64_t first, int count, const lane_matrices& form, const settings& how,
             const tolerances& eps, bool keep);

    bool solved(int l) const { return own[l].best.share <= 1; }
    const verdict& best(int l) const { return own[l].best; }
    int iterations(int l) const { return own[l].rounds; }
    const element& given(int l) const { return own[l].data; }
    /// z, ν, λ and Gz; the other products are null.
    evaluated point(int l) const;
    std::vector<int> basis(int l) const;
    /// True if the state of a row may be in doubt (`decide_active_rows`).
    bool doubtful(int l) const { return own[l].doubtful; }
    /// The factor of the last finish, for all lanes.
    std::shared_ptr<const lane_factor> factor() const { return kept; }

private:
    struct lane {
        element data;
        bool tried = false, settled = false, doubtful = false;
        int rounds = 0, idle = 0;
        double fewest = 0; ///< rows that changed sides at once
        verdict best;
        std::vector<double> z, nu, lambda, gz;
    };
    void fill(int l, const lane_matrices& form);
    void start(const lane_matrices& form);
    void find_active_sets(const lane_matrices& form, int limit);
    void finish(const lane_matrices& form, const tolerances& eps);
    void find_doubt(const lane_matrices& form, const settings& how);
    void factorize(const lane_matrices& form, lane_factor& f);
    void copy(lane& to, int l);

    lane own[lanes];
    lane_points right, x, r; ///< −q, b and h; the points; residuals, then corrections
    lane_product_arrays of;
    lane_array floor, gz, packed;
    lane_array work;   ///< of a factorization: 0 between them
    lane_factor first; ///< of the start, where no row is absent
    std::shared_ptr<lane_factor> kept;
};

} // namespace optnet::solver
