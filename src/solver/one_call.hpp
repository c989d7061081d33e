// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/solver/solve.hpp"
#include "solver/algorithm/rounding.hpp"
#include "solver/worker.hpp"
#include "solver/write.hpp"

namespace optnet::solver {

/// Factors of this many bytes in all are kept for the gradient; beyond it each is made again when it is needed.
inline constexpr double most_kept = 1e9;

/// One call of `solve`: the parts that its threads take problems by. Those members that begin at `first` write what
/// they solve, keep what its gradient needs and send the rest through `alone`.
template <class T> struct one_call {
    const problem<T>& batch;
    const settings& how;
    tolerances eps;
    const solution<T>& out;
    factorization* kept;
    const plan& made;
    const starting_points<T>& from;
    std::shared_ptr<const set_up> common; ///< null if the problems do not share their matrices
    int lanes = 1;                        ///< so many sparse problems go together
    std::uint64_t serial = 0;             ///< another number for every call

    /// The set-up of this problem, in memory of the thread's where it is not shared.
    std::shared_ptr<const set_up> matrices_of(worker& mine, std::int64_t k) const;
    /// True if problem k was written with a solution: only then is anything of it kept.
    bool is_solved(std::int64_t k) const { return has_solution(static_cast<status>(out.status[k])); }
    /// False if matrices of each problem's own are too many to be kept for the gradient.
    bool keeps(const set_up& matrices) const;
    /// One problem on the road of its own.
    void alone(worker& mine, std::int64_t k) const;
    /// `spent` and `reached` as in `road::run`.
    void by_road(worker& mine, std::int64_t k, const std::shared_ptr<const set_up>& matrices, int spent,
                 const interior_iterate* reached = nullptr) const;
    /// True where form D was set up without V_G, W and R because one problem needs few of their rows.
    bool rows_on_demand(const set_up& matrices) const;
    /// For what those few rows do not settle.
    void keep_all_rows(worker& mine) const;
    /// True if the rows of the basis are the active ones without doubt.
    bool is_clear(worker& mine) const;
    /// Of matrices of its own, a problem whose solves are trusted needs the factors alone: less memory is written.
    void leave_factors(worker& mine, factorization::kept& entry) const;
    /// Says solved only where that is no matter of rounding.
    void look_closer(const element& e, const residual_units& largest, const evaluated& x, status& said,
                     verdict& best) const;

    /// Problems from `first` on as one chunk; those that it does not solve go alone.
    void together(worker& mine, std::int64_t first, std::int64_t most) const;
    /// The factors of the problems that `keep` left to this. As many rows go together, so that little is spent on
    /// filling up.
    void keep_in_lanes(worker& mine, std::int64_t first, int count) const;
    /// What the gradient needs of problem k, row i of the chunk. False if the state of a row is in doubt.
    bool keep(worker& mine, std::int64_t k, int i) const;
    /// The same for the rows of the chunk where it is.
    void keep_doubtful(worker& mine, std::int64_t first, const std::vector<int>& left) const;
    /// Problems from `first` on in the lanes of a vector; those that they do not solve go alone.
    void dense(worker& mine, std::int64_t first) const;
    /// The same for small ones.
    void small(worker& mine, std::int64_t first) const;
    /// What the gradient needs of lane i of a chunk.
    template <class Chunk> void keep_dense(worker& mine, Chunk& chunk, bool is_clear, std::int64_t first, int i) const;
    /// The active rows at a point, in these units, that a chunk came to with this basis.
    void decide(worker& mine, const set_up& own, const evaluated& x, const units& in, const std::vector<int>& basis,
                factorization::kept& entry) const;

    /// Sparse problems from `first` on, one per lane; those that are not solved there go on alone.
    void sparse(worker& mine, std::int64_t first) const;
    /// The same where each has matrices of its own.
    void sparse_own(worker& mine, std::int64_t first) const;
    /// What lane l did not solve: problem k.
    void go_on_alone(worker& mine, std::int64_t k, const std::shared_ptr<const set_up>& matrices, int l) const;
    void write_lane(const sparse_chunk& chunk, const residual_units& largest, std::int64_t first, int l) const;
    /// What the gradient needs of the solved lanes; `matrices` is null where they have their own.
    void keep_lanes(worker& mine, const std::shared_ptr<const set_up>& matrices, std::int64_t first, int count) const;
    /// The active rows of a lane that leaves a doubt. False if the problem went alone.
    bool decide_lane(worker& mine, std::shared_ptr<const set_up> matrices, std::int64_t first, int l,
                     factorization::kept& entry) const;

    static void take(const evaluated& x, const operators& o, point& to) {
        to.z.assign(x.z, x.z + o.n);
        to.nu.assign(x.nu, x.nu + o.p);
        to.lambda.assign(x.lambda, x.lambda + o.m);
    }
};

} // namespace optnet::solver
