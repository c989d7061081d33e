// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "solver/algorithm/active_rows.hpp"
#include "solver/algorithm/bound_matrices.hpp"
#include "solver/algorithm/dense_lanes.hpp"
#include "solver/algorithm/factor_lanes.hpp"
#include "solver/algorithm/lane_matrices.hpp"
#include "solver/algorithm/sparse_kkt.hpp"
#include "solver/plan.hpp"

#include <memory>
#include <vector>

namespace optnet::solver {

/// The matrices of one problem, or of all that share them, with their factors: `sparse` where that form was chosen,
/// else `dual`, with R for form D. `set_up` of it failed where `convex` is false.
struct set_up {
    operators data;
    dual_form dual;
    sparse_matrices sparse;
    bool is_sparse = false, convex = false;
    dual_form::common_start start; ///< where problems go together: what they share if they have one q

    std::size_t bytes() const { return is_sparse ? sparse.bytes() : dual.bytes(); }
    std::size_t held() const { return data.held() + dual.held(); } ///< without the sparse form, which is not recycled
};

/// Reads the matrices of one element and factors them, on up to so many threads.
template <class T>
void load(set_up& to, const problem<T>& batch, std::int64_t element, const settings& how, const plan& made,
          int threads = 1);
/// Memory for that: what an earlier one left, or new where the sparse form was chosen, which has as many numbers as its
/// pattern.
std::shared_ptr<set_up> memory(const plan& made);
template <class T>
std::shared_ptr<const set_up> make_set_up(const problem<T>& batch, std::int64_t element, const settings& how,
                                          const plan& made, int threads = 1);

/// True if no block of the batch has numbers of its own per problem.
template <class T> bool shares_matrices(const problem<T>& batch);

class factorization {
public:
    struct kept {
        std::shared_ptr<const set_up> matrices; ///< null where it is made again when needed, and where it is `common`
        active_kkt system;
        std::unique_ptr<sparse_kkt> sparse_system; ///< of the sparse form
        active_rows rows;
        std::shared_ptr<factorization> other; ///< of form B: what another form kept of this problem alone
        bool solved = false;
        bool in_lane = false;       ///< its system is a lane of `lane_factors`
        bool in_dense_lane = false; ///< the factors are those of its lane in `dense`
        bool in_row_lane = false;   ///< the factor is a lane of `rows_in_lanes`
    };
    settings how;
    plan made;
    std::shared_ptr<const set_up> common; ///< not null where the problems were solved together on form D
    std::vector<kept> elements;
    /// Where there is a `common`, the factors of most problems: so many groups for every `together` elements as that
    /// makes; some may be empty. The systems of the others are with their elements.
    std::vector<factor_lanes> rows_in_lanes;
    std::int64_t together = 0;
    bool by_bounds = false;                       ///< form B, which needs `rows` alone,
    std::shared_ptr<const bound_matrices> bounds; ///< and the matrices where the problems share them
    /// On the sparse form, how many problems went together, and the factors of each so many of them.
    int lanes = 0;
    std::vector<std::shared_ptr<const lane_factor>> lane_factors;
    /// The matrices of these where they are not shared.
    std::vector<std::shared_ptr<const lane_matrices>> own_lanes;
    /// The factors of each `dense_lanes::width` elements with matrices of their own; null where unused.
    std::vector<std::shared_ptr<const dense_lanes>> dense;

    /// Nothing is kept any more but memory.
    void let_go() {
        common.reset();
        by_bounds = false;
        bounds.reset();
        lanes = 0;
        lane_factors.clear();
        own_lanes.clear();
        dense.clear();
        for (factor_lanes& group : rows_in_lanes) group.clear();
        for (kept& e : elements) {
            e.matrices.reset();
            e.other.reset();
            e.solved = e.in_lane = e.in_dense_lane = e.in_row_lane = e.rows.degenerate = false;
            e.rows.ratios.clear();
        }
    }
    std::size_t held() const {
        std::size_t sum = elements.size() * sizeof(kept);
        for (const kept& e : elements) sum += e.system.bytes() + (e.sparse_system ? e.sparse_system->bytes() : 0);
        for (const factor_lanes& group : rows_in_lanes) sum += group.held();
        return sum;
    }
};

} // namespace optnet::solver
