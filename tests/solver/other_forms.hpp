// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the forms other than B say of problems that B would take.

#include "problems.hpp"
#include "solver/by_bounds.hpp"

namespace problems {

template <class T>
answer<T> solve_by_other_forms(const solver::problem<T>& batch, const optnet::settings& how = {}, int threads = 1) {
    const auto count = [&](int n) { return static_cast<std::size_t>(batch.batch * n); };
    answer<T> a{std::vector<T>(count(batch.shape->n)), std::vector<T>(count(batch.shape->p)),
                std::vector<T>(count(batch.shape->m)), std::vector<T>(count(batch.shape->m)),
                std::vector<std::int64_t>(count(1)),   std::vector<std::int64_t>(count(1)),
                std::vector<double>(count(3)),         nullptr};
    solver::solution<T> out{a.z.data(),      a.nu.data(),         a.lambda.data(),   a.s.data(),
                            a.status.data(), a.iterations.data(), a.residuals.data()};
    solver::solve_by_other_forms<T>(batch, how, threads, out, &a.kept, {});
    return a;
}

} // namespace problems
