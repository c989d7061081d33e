// SPDX-License-Identifier: Apache-2.0
#include "solver/worker.hpp"

namespace optnet::solver {
namespace {

/// Bytes up to which a thread keeps its memory.
constexpr double most_held = 3.2e7;

/// Of a factorization; where it takes more, most are in its last columns (measured on portfolios and regressions).
constexpr double most_operations = 2e6;

/// The numbers that a sparse problem takes in a lane; `shared`: without its matrices.
double numbers_in_lane(const plan& made, bool shared) {
    return shared ? lanes_numbers(*made.pattern) : own_lane_numbers(*made.pattern);
}

/// About the numbers of a chunk of dense problems: some vectors, and the factors of all active sets.
double chunk_numbers(const structure& shape) {
    const double size = static_cast<double>(shape.n) + shape.p + shape.m;
    return static_cast<double>(shared_kkt::together(shape, 1 << 20, 1)) * size * (12 + size);
}

/// Those of one problem by itself: its rows of G in form D and the active ones of them, R and two factors.
double numbers_alone(const structure& shape) {
    const double n = shape.n, p = shape.p, m = shape.m;
    return 2 * m * (n + p) + 3 * m * m + 64 * (n + p + m);
}

} // namespace

worker& held_worker() {
    static thread_local worker held;
    return held;
}

std::shared_ptr<set_up>& held_matrices() {
    static thread_local std::shared_ptr<set_up> held;
    return held;
}

bool pays_in_lanes(const plan& made, bool shared) {
    return numbers_in_lane(made, shared) <= most_in_lanes && made.pattern->factor_operations() <= most_operations;
}

bool holds(const structure& shape, const plan& made, int lanes, bool shared, bool alone) {
    double numbers = alone ? numbers_alone(shape) : chunk_numbers(shape);
    if (made.chosen == form::sparse) {
        numbers = lanes * numbers_in_lane(made, shared);
        if (lanes == 1) numbers += static_cast<double>(cpu::tail_numbers(without_numbers(*made.pattern)));
    }
    return 8.0 * numbers <= most_held;
}

} // namespace optnet::solver
