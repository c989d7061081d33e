// SPDX-License-Identifier: Apache-2.0
#include "optnet/solver/solve.hpp"

#include "solver/algorithm/defaults.hpp"
#include "solver/by_bounds.hpp"
#include "solver/convexity.hpp"
#include "solver/cpu/pool.hpp"
#include "solver/detect.hpp"
#include "solver/one_call.hpp"
#include "solver/recycled.hpp"

#include <algorithm>
#include <atomic>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

constexpr std::int64_t least_together = shared_chunk::least;

template <class T>
void solve_checked(const problem<T>& batch, const settings& how, int threads, const solution<T>& out,
                   std::shared_ptr<factorization>* keep, const starting_points<T>& from) {
    plan made = make_plan(*batch.shape, shares_matrices(batch), false);
    const bool sparse = made.chosen == form::sparse;
    // One problem has nobody to share its matrices with on form D, where it then needs few rows of G.
    const bool shared = shares_matrices(batch) && (sparse || batch.batch > 1);
    if (made.chosen == form::dual && !shared) made.rows = rows_of_one(*batch.shape);
    const bool in_lanes = sparse && batch.batch >= least_together && pays_in_lanes(made, shared);
    if (sparse && !in_lanes) {
        const std::shared_ptr<const sparse_pattern> other = analyse(*batch.shape, factored::alone);
        if (other->possible) made.pattern = other;
    }
    // float32 data are solved and verified in double precision; only the result is rounded.
    const tolerances eps{how.eps_abs.value_or(default_tolerance<T>), how.eps_rel.value_or(default_tolerance<T>)};
    std::shared_ptr<factorization> kept;
    if (keep != nullptr) {
        kept = recycled<factorization>();
        kept->how = how;
        kept->made = made;
        kept->elements.resize(at(batch.batch));
        *keep = kept;
    }
    if (batch.batch == 0) return;
    one_call<T> call{batch, how, eps, out, kept.get(), made, from, nullptr};
    static std::atomic<std::uint64_t> calls{0};
    call.serial = ++calls;
    if (in_lanes) call.lanes = lanes_together;
    const bool lanes = !shared && batch.batch >= least_together && own_chunk::serves(*batch.shape, made);
    const bool alone = !lanes && (!shared || batch.batch < least_together);
    const bool hold = holds(*batch.shape, made, call.lanes, shared, alone);
    if (shared && hold && sparse) {
        std::shared_ptr<set_up>& held = held_matrices();
        if (!held || held.use_count() > 1) held = std::make_shared<set_up>();
        load(*held, batch, 0, how, made);
        call.common = held;
    } else if (shared) {
        call.common = make_set_up(batch, 0, how, made, threads);
    }
    const bool chunks = shared && !call.common->is_sparse && call.common->convex && batch.batch >= least_together &&
                        shared_kkt::serves(call.common->dual);
    if (kept && chunks) {
        kept->common = call.common;
        kept->rows_in_lanes.resize(at((batch.batch + factor_lanes::width - 1) / factor_lanes::width));
    }
    const std::int64_t groups = (batch.batch + call.lanes - 1) / call.lanes;
    if (kept && sparse) {
        kept->lanes = call.lanes;
        kept->lane_factors.resize(at(groups));
        kept->own_lanes.resize(at(groups));
    }

    constexpr std::int64_t width = own_chunk::together;
    const std::int64_t dense_groups = lanes ? (batch.batch + width - 1) / width : 0;
    if (kept) kept->dense.resize(at(dense_groups));

    threads = cpu::worth_waking(threads, made.microseconds(batch.batch, shared));
    std::vector<worker> workers(hold ? 0 : at(std::max(threads, 1)));
    const auto of = [&](int id) -> worker& { return hold ? held_worker() : workers[at(id)]; };
    if (sparse) {
        cpu::parallel_for(threads, groups, [&](int id, std::int64_t c) { call.sparse(of(id), c * call.lanes); });
    } else if (lanes) {
        const bool small = small_chunk::serves(*batch.shape, made);
        cpu::parallel_for(threads, dense_groups, [&](int id, std::int64_t g) {
            small ? call.small(of(id), g * width) : call.dense(of(id), g * width);
        });
    } else if (!chunks) {
        cpu::parallel_for(threads, batch.batch, [&](int id, std::int64_t k) { call.alone(of(id), k); });
    } else {
        const std::int64_t size = shared_kkt::together(*batch.shape, batch.batch, threads);
        if (kept) kept->together = size;
        cpu::parallel_for(threads, (batch.batch + size - 1) / size,
                          [&](int id, std::int64_t c) { call.together(of(id), c * size, size); });
    }
}

} // namespace

template <class T>
void solve_by_other_forms(const problem<T>& batch, const settings& how, int threads, const solution<T>& out,
                          std::shared_ptr<factorization>* keep, const starting_points<T>& from) {
    settings of_numbers = how;
    of_numbers.convexity_tolerance = convexity_tolerance<T>(how, batch.shape->n);
    const std::shared_ptr<const detected<T>> seen = detect(batch);
    solve_checked(seen ? seen->of(batch) : batch, of_numbers, threads, out, keep, from);
}

template <class T>
void solve(const problem<T>& batch, const settings& how, int threads, const solution<T>& out,
           std::shared_ptr<factorization>* keep, const starting_points<T>& from) {
    check(how);
    check(*batch.shape);
    if (!solve_by_bounds(batch, how, threads, out, keep, from))
        solve_by_other_forms(batch, how, threads, out, keep, from);
}

#define OPTNET_FOR(T)                                                                                                  \
    template void solve(const problem<T>&, const settings&, int, const solution<T>&, std::shared_ptr<factorization>*,  \
                        const starting_points<T>&);                                                                    \
    template void solve_by_other_forms(const problem<T>&, const settings&, int, const solution<T>&,                    \
                                       std::shared_ptr<factorization>*, const starting_points<T>&);
OPTNET_FOR(double)
OPTNET_FOR(float)
#undef OPTNET_FOR

} // namespace optnet::solver
