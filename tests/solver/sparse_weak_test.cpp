// SPDX-License-Identifier: Apache-2.0
// The sparse form where Q is weak: points far apart are within the tolerance, and only one of them has the right rows.

#include "catch.hpp"
#include "models.hpp"
#include "sparse_batches.hpp"
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

namespace {

/// A vertex of n rows, neighbours zⱼ − 1.09 zⱼ₊₁ ≤ hⱼ and a bound on the last, each with a multiplier of 0.1 to 1.1,
/// beside bounds that have room: Q, a diagonal from 1 to 10^-decades, means nothing, and nothing moves with q.
model vertex(int n, std::int64_t batch, double decades, std::uint64_t seed) {
    using solver::block_kind;
    constexpr double growth = 1.09;
    numbers draw(seed);
    model x;
    x.batch = batch;
    x.shape.n = n;
    x.shape.m = 2 * n;
    std::vector<double> d(at(n)), z(at(n)), band(at(2 * n));
    for (double& v : d) v = std::pow(10.0, -decades * draw.uniform());
    for (double& v : z) v = draw.normal();
    for (std::size_t i = 0; i < band.size(); ++i) band[i] = i % 2 == 0 ? 1 : -growth;
    x.add(solver::matrix::Q, block_kind::diagonal, 0, 0, n, n, 1, d);
    x.add(solver::matrix::G, block_kind::banded, 0, 0, n, n, 1, band, 0, 1);
    x.add(solver::matrix::G, block_kind::identity, n, 0, n, n, -1);
    x.shape.groups = {{solver::row_kind::general, 0, n, -1, false}, {solver::row_kind::bound, n, n, -1, false}};
    for (int i = 0; i < n; ++i) x.h.push_back(z[at(i)] - (i + 1 < n ? growth * z[at(i + 1)] : 0));
    x.h.resize(at(2 * n), 10.0);
    for (std::int64_t k = 0; k < batch; ++k) {
        double before = 0;
        for (int j = 0; j < n; ++j) {
            const double multiplier = 0.1 + draw.uniform();
            x.q.push_back(growth * before - multiplier - d[at(j)] * z[at(j)]);
            before = multiplier;
        }
    }
    return x;
}

} // namespace

TEST_CASE("a Q that is spread over fourteen powers of ten: at a vertex nothing moves") {
    for (const std::int64_t batch : {1, 8})
        for (const double decades : {4.0, 10.0, 12.0, 14.0})
            for (std::uint64_t seed = 1; seed <= 5; ++seed) {
                model x = vertex(60, batch, decades, seed);
                const answer<double> a = solve(x.problem());
                const std::vector<double> dz = derivative_of(x.problem(), a);
                for (std::int64_t k = 0; k < batch; ++k) {
                    CAPTURE(batch, decades, seed, k);
                    REQUIRE(a.at(k) == status::solved);
                    double most = 0;
                    for (int j = 0; j < 60; ++j) most = std::max(most, std::abs(dz[at(k * 60 + j)]));
                    // The inverse of the rows, up to 1.09^60 / 0.09 = 2e3, twice over the rounding of a solve, 1e-14.
                    CHECK(most <= 1e-6);
                }
            }
}
