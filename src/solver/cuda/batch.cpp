// SPDX-License-Identifier: Apache-2.0
// What the GPU takes, and the batch as its kernels get it.

#include "solver/cuda/launch.hpp"

#include <algorithm>
#include <iterator>

namespace optnet::solver::cuda {

namespace {

/// One block of threads factors Q by itself; beyond this the CPU's threads are taken to be sooner. An estimate, to be
/// measured.
constexpr int most_variables = 1024;

} // namespace

std::string refusal(const structure& shape, std::size_t shared_memory) {
    const auto sizes = [&] {
        return "n = " + std::to_string(shape.n) + ", p = " + std::to_string(shape.p) +
               ", m = " + std::to_string(shape.m);
    };
    if (shape.n == 0) return "there are no variables";
    if (shape.n > most_variables)
        return sizes() + ", and a block of threads factors up to " + std::to_string(most_variables) + " variables";
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
    // The vectors alone first: sizes far too large would overflow the exact count.
    std::size_t bytes =
        sizeof(double) * (7 * std::size_t(shape.n) + 6 * std::size_t(shape.p) + 7 * std::size_t(shape.m));
    if (bytes <= shared_memory) bytes = element_bytes(shape.n, shape.p, shape.m);
    if (bytes > shared_memory)
        return sizes() + " need " + std::to_string(bytes) + " bytes of shared memory, and a block has " +
               std::to_string(shared_memory);
    return {};
}

template <class T> device_batch<T> make_batch(const problem<T>& batch, const settings& how) {
    const structure& shape = *batch.shape;
    device_batch<T> made{};
    made.n = shape.n;
    made.p = shape.p;
    made.m = shape.m;
    made.batch = batch.batch;
    made.shared = true;
    for (const block& b : shape.blocks) {
        device_block<T>& to = made.block[made.blocks++];
        to = {b.where, b.kind, b.row, b.col, b.rows, b.cols, b.first, b.last, b.scale, {}};
        if (b.source < 0) continue;
        to.of = batch.data[b.source];
        made.shared = made.shared && to.of.shared();
    }
    made.q = batch.q;
    made.b = batch.b;
    made.h = batch.h;
    constexpr double tolerance = sizeof(T) == 8 ? 1e-8 : 1e-4;
    made.eps_abs = how.eps_abs.value_or(tolerance);
    made.eps_rel = how.eps_rel.value_or(tolerance);
    made.infinite_bound = how.infinite_bound;
    made.convexity_tolerance = how.convexity_tolerance;
    made.active_tolerance = how.active_tolerance;
    made.limit = how.max_iter.value_or(20 * (shape.n + shape.m) + 200);
    made.limit_asked = how.max_iter.has_value();
    return made;
}

template device_batch<double> make_batch(const problem<double>&, const settings&);
template device_batch<float> make_batch(const problem<float>&, const settings&);

} // namespace optnet::solver::cuda
