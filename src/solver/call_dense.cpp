// SPDX-License-Identifier: Apache-2.0
// Problems on form D together, and what the gradient needs of them.

#include "solver/one_call.hpp"

#include <algorithm>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

} // namespace

template <class T> void one_call<T>::together(worker& mine, std::int64_t first, std::int64_t most) const {
    const int count = static_cast<int>(std::min(most, batch.batch - first));
    shared_chunk& chunk = mine.chunk;
    chunk.run(batch, first, count, common->data, common->dual, common->start, how, eps, from, kept != nullptr);
    const operators& o = common->data;
    const residual_units largest(o.measures());
    std::vector<int> doubtful;
    for (int i = 0; i < count; ++i) {
        if (!chunk.solved(i) || rounding_decides(o.measures(), o.q_max, largest, chunk.best(i), chunk.point(i), eps)) {
            alone(mine, first + i);
            continue;
        }
        write(out, first + i, {status::solved, chunk.best(i), chunk.iterations(i), chunk.given(i), chunk.point(i)},
              o.measures());
        if (kept != nullptr && is_solved(first + i) && !keep(mine, first + i, i)) doubtful.push_back(i);
    }
    if (!doubtful.empty()) keep_doubtful(mine, first, doubtful);
    if (kept != nullptr) keep_in_lanes(mine, first, count);
}

template <class T> void one_call<T>::keep_in_lanes(worker& mine, std::int64_t first, int count) const {
    constexpr int width = factor_lanes::width;
    std::vector<factor_lanes::member> members;
    for (int i = 0; i < count; ++i)
        if (kept->elements[at(first + i)].in_row_lane) members.push_back({first + i, &mine.chunk.basis(i)});
    std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) {
        return a.rows->size() != b.rows->size() ? a.rows->size() > b.rows->size() : a.place < b.place;
    });
    const auto all = static_cast<int>(members.size());
    for (int c = 0; c < all; c += width) {
        const int size = std::min(width, all - c);
        const auto taken = kept->rows_in_lanes[at((first + c) / width)].factor(common->dual.r_row(0), batch.shape->m,
                                                                               members.data() + c, size);
        for (int l = 0; l < size; ++l) {
            if (taken[at(l)]) continue;
            const std::int64_t place = members[at(c + l)].place;
            factorization::kept& entry = kept->elements[at(place)];
            entry.in_row_lane = false;
            std::swap(entry.system, mine.chunk.system(static_cast<int>(place - first)));
        }
    }
}

template <class T> bool one_call<T>::keep(worker& mine, std::int64_t k, int i) const {
    shared_chunk& chunk = mine.chunk;
    const operators& o = common->data;
    factorization::kept& entry = kept->elements[at(k)];
    entry.solved = true;
    const evaluated x = chunk.point(i);
    if (!doubtful_rows(o, common->dual, how, chunk.given(i), x, chunk.basis(i)).empty()) return false;
    entry.in_row_lane = chunk.goes_in_lane(i);
    if (!entry.in_row_lane) std::swap(entry.system, chunk.system(i));
    return true;
}

template <class T>
void one_call<T>::keep_doubtful(worker& mine, std::int64_t first, const std::vector<int>& left) const {
    shared_chunk& chunk = mine.chunk;
    const operators& o = common->data;
    std::vector<int> which;
    std::vector<std::vector<int>> undecided;
    for (const int i : left) {
        const std::vector<int>& basis = chunk.basis(i);
        kept->elements[at(first + i)].rows = {basis, {}, false};
        std::vector<int> rows = undecided_rows(o, common->dual, how, chunk.given(i), chunk.point(i), basis);
        if (rows.empty()) continue;
        which.push_back(i);
        undecided.push_back(std::move(rows));
    }
    std::vector<central_point> centres;
    chunk.find_centres(o, common->dual, which, centres);
    for (std::size_t c = 0; c < which.size(); ++c) {
        const std::int64_t k = first + which[c];
        factorization::kept& entry = kept->elements[at(k)];
        if (!centres[c].lambda.empty()) {
            entry.rows = decided_by(centres[c], o, common->dual, chunk.given(which[c]), undecided[c]);
            end_of_path(common->dual, entry.rows);
            continue;
        }
        mine.e.load(batch, k, o, how, eps.absolute > 0 ? eps.absolute : eps.relative);
        decide(mine, *common, chunk.point(which[c]), o.measures(), chunk.basis(which[c]), entry);
    }
    for (const int i : left) {
        factorization::kept& entry = kept->elements[at(first + i)];
        entry.system.set_up(common->dual, o, entry.rows.rows, entry.rows.ratios);
    }
}

template <class T> void one_call<T>::dense(worker& mine, std::int64_t first) const {
    own_chunk& chunk = mine.lanes;
    const int count = static_cast<int>(std::min<std::int64_t>(own_chunk::together, batch.batch - first));
    chunk.run(batch, first, count, how, eps, from);
    const auto is_clear = [&](int i) {
        const structure& s = *batch.shape;
        return doubtful_rows(s.n, s.m, chunk.lengths(i), how, chunk.given(i), chunk.point(i), chunk.basis(i)).empty();
    };
    for (int i = 0; i < count; ++i) {
        const units o = chunk.measures(i);
        if (!chunk.solved(i) ||
            rounding_decides(o, chunk.largest_of_q(i), residual_units(o), chunk.best(i), chunk.point(i), eps)) {
            alone(mine, first + i);
            continue;
        }
        write(out, first + i, {status::solved, chunk.best(i), chunk.iterations(i), chunk.given(i), chunk.point(i)}, o);
        if (kept != nullptr && is_solved(first + i)) keep_dense(mine, chunk, is_clear(i), first, i);
    }
}

template <class T> void one_call<T>::small(worker& mine, std::int64_t first) const {
    small_chunk& chunk = mine.small;
    const int count = static_cast<int>(std::min<std::int64_t>(small_chunk::together, batch.batch - first));
    chunk.run(batch, first, count, how, eps, from, out);
    if (kept != nullptr) chunk.look_for_doubt(how);
    for (int i = 0; i < count; ++i) {
        if (!chunk.solved(i))
            alone(mine, first + i);
        else if (kept != nullptr)
            keep_dense(mine, chunk, chunk.is_clear(i), first, i);
    }
}

template <class T>
template <class Chunk>
void one_call<T>::keep_dense(worker& mine, Chunk& chunk, bool is_clear, std::int64_t first, int i) const {
    const std::int64_t k = first + i;
    factorization::kept& entry = kept->elements[at(k)];
    entry.solved = true;
    const double groups = static_cast<double>(kept->dense.size());
    entry.in_dense_lane = is_clear && static_cast<double>(chunk.system()->bytes()) * groups <= most_kept;
    if (entry.in_dense_lane) {
        kept->dense[at(first / dense_lanes::width)] = chunk.system();
        return;
    }
    entry.rows.rows = chunk.basis(i);
    if (is_clear) return;
    static_cast<void>(matrices_of(mine, k));
    set_up& own = *mine.own;
    if (!own.convex) return alone(mine, k);
    mine.e.load(batch, k, own.data, how, eps.absolute > 0 ? eps.absolute : eps.relative);
    units in = own.data.measures();
    if constexpr (requires { chunk.measures(i); }) in = chunk.measures(i);
    decide(mine, own, chunk.point(i), in, entry.rows.rows, entry);
    if (!keeps(own)) return;
    entry.matrices = mine.own;
    entry.system.set_up(own.dual, own.data, entry.rows.rows, entry.rows.ratios);
}

template <class T>
void one_call<T>::decide(worker& mine, const set_up& own, const evaluated& x, const units& in,
                         const std::vector<int>& basis, factorization::kept& entry) const {
    const operators& o = own.data;
    outcome& done = mine.done;
    done.basis = basis;
    take(x, o, done.x);
    // Chunks leave rows of usual size as they are.
    for (std::size_t j = 0; j < done.x.z.size(); ++j) done.x.z[j] *= in.z_scale[j] * o.z_unit[j];
    for (std::size_t i = 0; i < done.x.nu.size(); ++i) done.x.nu[i] *= in.a_scale[i] * o.a_unit[i];
    for (std::size_t i = 0; i < done.x.lambda.size(); ++i) done.x.lambda[i] *= in.g_scale[i] * o.g_unit[i];
    mine.gz.assign(at(o.m), 0.0);
    o.multiply_add(matrix::G, done.x.z.data(), mine.gz.data());
    entry.rows = decide_active_rows(mine.e, own.dual, how, done, mine.gz.data());
}

#define OPTNET_FOR(T)                                                                                                  \
    template void one_call<T>::together(worker&, std::int64_t, std::int64_t) const;                                    \
    template void one_call<T>::dense(worker&, std::int64_t) const;                                                     \
    template void one_call<T>::small(worker&, std::int64_t) const;
OPTNET_FOR(double)
OPTNET_FOR(float)
#undef OPTNET_FOR

} // namespace optnet::solver
