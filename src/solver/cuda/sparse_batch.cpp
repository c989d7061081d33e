// SPDX-License-Identifier: Apache-2.0
// A batch on the sparse form as kernels get it, and how it is laid out.

#include "solver/cuda/sparse_places.hpp"

#include <algorithm>

namespace optnet::solver::cuda {
namespace {

std::size_t aligned(std::size_t bytes) { return (bytes + 255) / 256 * 256; }

} // namespace

template <class T>
sparse_batch make_sparse_batch(const problem<T>& batch, const settings& how, const starting_points<T>& start) {
    sparse_batch made{};
    static_cast<device_settings&>(made) = make_settings<T>(batch, how);
    made.batch = batch.batch;
    made.shared = true;
    for (const block& b : batch.shape->blocks) {
        if (b.source < 0) continue;
        made.source[b.source] = untyped(batch.data[b.source]);
        made.shared = made.shared && batch.data[b.source].shared();
    }
    made.q = untyped(batch.q);
    made.b = untyped(batch.b);
    made.h = untyped(batch.h);
    made.start = untyped(start);
    return made;
}

template sparse_batch make_sparse_batch(const problem<double>&, const settings&, const starting_points<double>&);
template sparse_batch make_sparse_batch(const problem<float>&, const settings&, const starting_points<float>&);

sparse_sizes sizes_of(const sparse_shape& s) {
    const auto count = [](const auto& take) {
        strided_arena from;
        take(from);
        return from.entries();
    };
    return {count([&](strided_arena& from) { sparse_set(from, s); }),
            count([&](strided_arena& from) { sparse_factor(from, s); }),
            count([&](strided_arena& from) { sparse_element(from, s); }),
            count([&](strided_arena& from) { sparse_adjoint_memory(from, s); })};
}

mapping choose_sparse_mapping(const sparse_shape& s, std::int64_t batch, int processors) {
    // On an H100 128 problems of total variation with 73 entries per level took 690 us by blocks and 1900 by warps,
    // four of which share a processor; one by itself in a thread took 94 ms, as long as 50 warps one after the other.
    // The limits are made of these figures and not measured themselves: a block has a processor's time until some wait
    // for their turn, and a thread pays where all warps that run together would have had so many turns.
    constexpr std::int64_t warps_of_a_processor = 12, few_blocks = 4;
    constexpr int much_at_once = 64, much_for_a_warp = 4096;
    const int items = s.size + s.entries, at_once = items / std::max(1, s.levels);
    const std::int64_t turns = 3 * std::min(at_once, warp) / 2 + 1;
    if (batch >= warps_of_a_processor * turns * processors) return mapping::per_thread;
    const bool few = batch <= few_blocks * processors && at_once > warp;
    return few || (items >= much_for_a_warp && at_once >= much_at_once) ? mapping::per_block : mapping::per_warp;
}

void lay_out(const sparse_shape& s, std::int64_t room, sparse_plan& made) {
    made.sizes = sizes_of(s);
    strided_arena nowhere;
    sparse_factor factor(nowhere, s);
    near_memory solve(nullptr, room), adjoint(nullptr, room);
    sparse_element(nowhere, s).move(solve, s, factor);
    sparse_adjoint_memory(nowhere, s).move(adjoint, s);
    made.near = solve.entries();
    made.near_adjoint = adjoint.entries();
    // The 32 of a warp have their memory together, whether all of them are there or not.
    const auto bytes = [&](std::int64_t vectors, std::int64_t entries) {
        const std::int64_t whole = made.by == mapping::per_thread ? (vectors + warp - 1) / warp * warp : vectors;
        return aligned(static_cast<std::size_t>(whole * entries) * sizeof(double));
    };
    const std::int64_t kept = made.keep ? made.batch : made.teams;
    made.first_set = 256;
    made.first_kept = made.first_set + (made.shared ? aligned(static_cast<std::size_t>(made.sizes.set) * sizeof(double))
                                                    : bytes(kept, made.sizes.set));
    made.first_work = made.first_kept + bytes(kept, made.sizes.kept);
    made.workspace = made.first_work + bytes(made.teams, made.sizes.work);
    made.scratch = made.keep ? bytes(made.teams, made.sizes.adjoint) : 0;
}

} // namespace optnet::solver::cuda
