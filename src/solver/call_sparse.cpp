// SPDX-License-Identifier: Apache-2.0
// Problems on the sparse form together, and what the gradient needs of them.

#include "solver/one_call.hpp"

#include <algorithm>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

} // namespace

template <class T> void one_call<T>::sparse(worker& mine, std::int64_t first) const {
    if (!common && lanes > 1) return sparse_own(mine, first);
    const std::shared_ptr<const set_up> matrices = matrices_of(mine, first);
    const int count = static_cast<int>(std::min<std::int64_t>(lanes, batch.batch - first));
    if (!matrices->convex) {
        for (int l = 0; l < count; ++l) by_road(mine, first + l, matrices, 0);
        return;
    }
    sparse_chunk& chunk = mine.sparse;
    if (!common || mine.begun != serial) chunk.begin(matrices->sparse, lanes);
    mine.begun = serial;
    chunk.run(batch, first, count, how, eps, from, kept != nullptr);
    const residual_units largest(matrices->data.measures());
    for (int l = 0; l < count; ++l) {
        if (!chunk.solved(l)) {
            go_on_alone(mine, first + l, matrices, l);
            continue;
        }
        write_lane(chunk, largest, first, l);
    }
    if (kept != nullptr) keep_lanes(mine, matrices, first, count);
}

template <class T> void one_call<T>::sparse_own(worker& mine, std::int64_t first) const {
    const int count = static_cast<int>(std::min<std::int64_t>(lanes, batch.batch - first));
    sparse_chunk& chunk = mine.sparse;
    if (mine.begun != serial) chunk.begin(made.pattern);
    mine.begun = serial;
    chunk.run(batch, first, count, how, eps, from, kept != nullptr);
    for (int l = 0; l < count; ++l) {
        const std::int64_t k = first + l;
        if (!chunk.solved(l)) {
            go_on_alone(mine, k, matrices_of(mine, k), l);
            continue;
        }
        write_lane(chunk, residual_units(chunk.given(l).data->measures()), first, l);
    }
    if (kept != nullptr) keep_lanes(mine, nullptr, first, count);
}

template <class T>
void one_call<T>::go_on_alone(worker& mine, std::int64_t k, const std::shared_ptr<const set_up>& matrices,
                              int l) const {
    sparse_chunk& chunk = mine.sparse;
    const bool guessed = !chunk.settled(l) && !chunk.warm(l);
    by_road(mine, k, matrices, guessed ? chunk.iterations(l) : 0, guessed ? chunk.reached(l) : nullptr);
}

template <class T>
void one_call<T>::write_lane(const sparse_chunk& chunk, const residual_units& largest, std::int64_t first,
                             int l) const {
    const element& e = chunk.given(l);
    finished done{status::solved, chunk.best(l), chunk.iterations(l), e.given(), chunk.point(l)};
    look_closer(e, largest, done.x, done.status, done.best);
    write(out, first + l, done, e.data->measures());
}

template <class T>
void one_call<T>::keep_lanes(worker& mine, const std::shared_ptr<const set_up>& matrices, std::int64_t first,
                             int count) const {
    sparse_chunk& chunk = mine.sparse;
    const std::shared_ptr<const lane_matrices> own = matrices ? nullptr : chunk.own_matrices();
    const double groups = static_cast<double>(kept->lane_factors.size());
    const bool keep = matrices ? keeps(*matrices) : static_cast<double>(own->bytes()) * groups <= most_kept;
    const active_rows* other[lanes_together] = {};
    bool any = false, others = false;
    chunk.find_centres();
    for (int l = 0; l < count; ++l) {
        if (!chunk.solved(l) || !is_solved(first + l)) continue;
        factorization::kept& entry = kept->elements[at(first + l)];
        entry.solved = true;
        entry.rows = {chunk.basis(l), {}, false};
        if (chunk.doubtful(l) && !decide_lane(mine, matrices, first, l, entry)) continue;
        entry.in_lane = keep;
        if (!keep) continue;
        entry.matrices = matrices;
        any = true;
        if (!entry.rows.degenerate) continue;
        other[l] = &entry.rows;
        others = true;
    }
    if (!any) return;
    kept->lane_factors[at(first / lanes)] = others ? chunk.factor_with(other) : chunk.factor();
    kept->own_lanes[at(first / lanes)] = own;
}

template <class T>
bool one_call<T>::decide_lane(worker& mine, std::shared_ptr<const set_up> matrices, std::int64_t first, int l,
                              factorization::kept& entry) const {
    const sparse_chunk& chunk = mine.sparse;
    if (!matrices) matrices = matrices_of(mine, first + l);
    if (!matrices->convex) { // as rounding has it
        by_road(mine, first + l, matrices, 0);
        return false;
    }
    outcome& done = mine.done;
    done.basis = entry.rows.rows;
    take(chunk.point(l), matrices->data, done.x);
    entry.rows = decide_active_rows(chunk.given(l), matrices->sparse, how, done, chunk.centre(l));
    return true;
}

#define OPTNET_FOR(T) template void one_call<T>::sparse(worker&, std::int64_t) const;
OPTNET_FOR(double)
OPTNET_FOR(float)
#undef OPTNET_FOR

} // namespace optnet::solver
