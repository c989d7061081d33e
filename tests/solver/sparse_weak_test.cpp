// SPDX-License-Identifier: Apache-2.0
// The sparse form where Q is weak: points far apart are within the tolerance, and only one of them has the right rows.

#include "catch.hpp"
#include "weighted_steps.hpp"

using namespace problems;

TEST_CASE("where Q is weak by up to 1e9: the solution that the problem was made from, and its derivative") {
    for (const double least : {1e-3, 1e-6, 1e-7, 1e-8, 1e-9})
        for (const std::int64_t batch : {1, 11}) {
            CAPTURE(least, batch);
            weighted_steps made(batch, least, 5);
            const solver::problem<double> problem = made.x.problem();
            const answer<double> a = solve(problem);
            const std::vector<double> g = made.right_side();
            std::vector<double> d(a.z.size());
            solver::kkt_solve<double>(problem, *a.kept, 1, {g.data(), nullptr, nullptr}, {d.data(), nullptr, nullptr});
            made.check(a, g, d);
        }
}
