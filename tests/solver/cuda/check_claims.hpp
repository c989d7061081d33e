// SPDX-License-Identifier: Apache-2.0
#pragma once

// What tests of the GPU's code on the host ask of every answer.

#include "../../catch.hpp"
#include "../claims.hpp"
#include "../problems.hpp"
#include "solver/cuda/batch.hpp"

namespace host {

/// Whatever is said of problem k is true, and what is not solved says who might. `Batch`: of host.hpp or
/// sparse_host.hpp.
template <class Batch> void check_claims(const problems::dense<double>& d, const Batch& b, std::int64_t k = 0) {
    using optnet::solver::cuda::handed_over, optnet::status;
    switch (b.out.at(k)) {
    case status::solved: CHECK(problems::shares(d, b.out, k, 1e-8) <= 1 + 1e-6L); return;
    case status::primal_infeasible: CHECK(claims::farkas(d, b.out, k) <= 1e-8L * (1 + 1e-6L)); return;
    case status::dual_infeasible: CHECK(claims::ray(d, b.out, k) <= 1e-8L * (1 + 1e-6L)); return;
    case status::nonconvex:
    case status::invalid_input: CHECK(b.handed_over(k) == handed_over::no); return;
    default: CHECK(b.handed_over(k) != handed_over::no);
    }
}

} // namespace host
