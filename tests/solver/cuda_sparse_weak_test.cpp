// SPDX-License-Identifier: Apache-2.0
// The sparse form's code for a GPU where Q is weak: as sparse_weak_test.cpp asks it of the CPU, on the host.

#include "catch.hpp"
#include "cuda/sparse_host.hpp"
#include "weighted_steps.hpp"

using namespace problems;
namespace cuda = optnet::solver::cuda;

TEST_CASE("where Q is weak by up to 1e9 a GPU's code finds the solution and its derivative, too") {
    for (const double least : {1e-3, 1e-6, 1e-7, 1e-8, 1e-9}) {
        CAPTURE(least);
        weighted_steps made(11, least, 5);
        host::sparse_batch<double> b(made.x.problem(), {});
        cuda::serial_team one;
        b.solve(one);
        const std::vector<double> g = made.right_side();
        std::vector<double> d(g.size(), 7.0);
        b.kkt_solve(one, {g.data(), nullptr, nullptr}, {d.data(), nullptr, nullptr});
        made.check(b.out, g, d);
        for (std::int64_t k = 0; k < 11; ++k) CHECK(b.handed_over(k) == cuda::handed_over::no);
    }
}
