// SPDX-License-Identifier: Apache-2.0
// What the GPU takes, and the batch as its kernels get it.

#include "solver/algorithm/defaults.hpp"
#include "solver/convexity.hpp"
#include "solver/cuda/adjoint_group.hpp"
#include "solver/cuda/launch.hpp"

#include <algorithm>
#include <iterator>

namespace optnet::solver::cuda {

namespace {

// Estimates, to be measured. A problem by one thread is slow: it pays where there are more problems than warps can run.
constexpr int most_of_a_thread = 8, most_of_a_warp = 32;
constexpr std::int64_t warps_of_a_processor = 32;
/// One block of threads factors matrices up to this size by itself; beyond it the libraries do.
constexpr int most_of_a_block = 256;

/// What `take` takes of an arena with so much room.
template <class Take> memory_split split(std::size_t room, const Take& take) {
    arena count(nullptr, room, nullptr);
    take(count);
    return {count.bytes(), count.far_bytes()};
}

} // namespace

mapping choose_mapping(int n, int p, int m, std::int64_t batch, int processors) {
    const int size = std::max({n, p, m});
    if (size <= most_of_a_thread && batch >= warps_of_a_processor * processors) return mapping::per_thread;
    return size <= most_of_a_warp ? mapping::per_warp : mapping::per_block;
}

memory_split element_memory(int n, int p, int m, std::size_t room, bool swept) {
    arena nothing;
    const matrices of(nothing, n, p, m);
    return split(room, [&](arena& from) { return element(from, of, basis_capacity(n, p, m), swept); });
}

memory_split adjoint_memory(int n, int p, int m, std::size_t room) {
    return split(room, [&](arena& from) { return kkt_memory(from, n, p, m, kept_capacity(n, m)); });
}

memory_split group_adjoint_memory(int n, int p, int m, std::size_t room) {
    return split(room, [&](arena& from) { return group_memory(from, n, p, m); });
}

bool by_libraries(int n, int p, int m, std::size_t room) {
    return std::max({n, p, m}) > most_of_a_block || element_memory(n, p, m, room).far > 0;
}

std::string refusal(const structure& shape) {
    if (shape.n == 0) return "there are no variables";
    // The kernels count the entries of a matrix in 31 bits, those of a triangle before halving, and go through two
    // matrices in one phase.
    const std::int64_t n = shape.n, p = shape.p, m = shape.m, largest = 1000000000;
    if ((2 * n + p + m) > largest / n || (2 * p + m) > largest / std::max<std::int64_t>(1, p) ||
        m > largest / std::max<std::int64_t>(1, m))
        return "n = " + std::to_string(n) + ", p = " + std::to_string(p) + ", m = " + std::to_string(m) +
               " make a matrix of more than 1000000000 entries, and the kernels count no further";
    if (shape.blocks.size() > static_cast<std::size_t>(most_blocks))
        return "the structure has " + std::to_string(shape.blocks.size()) + " blocks, and a kernel takes " +
               std::to_string(most_blocks);
    for (const block& b : shape.blocks) {
        const block_kind known[] = {block_kind::identity, block_kind::scaled_identity, block_kind::diagonal,
                                    block_kind::banded, block_kind::dense};
        if (std::find(std::begin(known), std::end(known), b.kind) == std::end(known))
            return "the structure has a block of a kind that the kernels do not read";
        // A band may be wider than its block is; then its numbers are counted beyond what an int holds.
        if (b.kind == block_kind::banded && std::int64_t{b.last} - b.first >= std::int64_t{shape.n} + b.rows)
            return "the structure has a band that is wider than its block";
    }
    return {};
}

template <class T> device_settings make_settings(const problem<T>& batch, const settings& how) {
    return {how.eps_abs.value_or(default_tolerance<T>),
            how.eps_rel.value_or(default_tolerance<T>),
            how.infinite_bound,
            convexity_tolerance<T>(how, batch.shape->n),
            how.active_tolerance,
            step_limit(how, batch.shape->n, batch.shape->m),
            how.max_iter.has_value(),
            sizeof(T) == 4};
}

template device_settings make_settings(const problem<double>&, const settings&);
template device_settings make_settings(const problem<float>&, const settings&);

template <class T>
device_batch make_batch(const problem<T>& batch, const settings& how, const starting_points<T>& start) {
    const structure& shape = *batch.shape;
    device_batch made{};
    made.n = shape.n;
    made.p = shape.p;
    made.m = shape.m;
    made.batch = batch.batch;
    made.shared = true;
    for (const block& b : shape.blocks) {
        device_block& to = made.block[made.blocks++];
        to = {b.where, b.kind, b.row, b.col, b.rows, b.cols, b.first, b.last, b.scale, {}};
        if (b.source < 0) continue;
        to.of = untyped(batch.data[b.source]);
        made.shared = made.shared && batch.data[b.source].shared();
    }
    made.q = untyped(batch.q);
    made.b = untyped(batch.b);
    made.h = untyped(batch.h);
    made.start = untyped(start);
    static_cast<device_settings&>(made) = make_settings<T>(batch, how);
    return made;
}

template device_batch make_batch(const problem<double>&, const settings&, const starting_points<double>&);
template device_batch make_batch(const problem<float>&, const settings&, const starting_points<float>&);

} // namespace optnet::solver::cuda
