// SPDX-License-Identifier: Apache-2.0
// The sparse form under an iteration limit: what is solved nevertheless has the gradient of its own active rows,
// whatever was solved before in the same memory.

#include "catch.hpp"
#include "other_forms.hpp"
#include "sparse_batches.hpp"
#include "sparse_models.hpp"

using namespace problems;

namespace {

/// The largest entry of what dz leaves of A dz = 0, G_W dz = 0 and, with g the right-hand side of `derivative_of`, of
/// g'dz = dz'Q dz, for the rows W that were kept.
double left_over(const dense<double>& d, const answer<double>& a, const std::vector<double>& dz) {
    double worst = 0, gdz = 0, dzqdz = 0;
    for (int i = 0; i < d.p; ++i) {
        double sum = 0;
        for (int j = 0; j < d.n; ++j) sum += d.Aat(0, i, j) * dz[at(j)];
        worst = std::max(worst, std::abs(sum));
    }
    for (const int i : a.kept->elements[0].rows.rows) {
        double sum = 0;
        for (int j = 0; j < d.n; ++j) sum += d.Gat(0, i, j) * dz[at(j)];
        worst = std::max(worst, std::abs(sum));
    }
    for (int j = 0; j < d.n; ++j) {
        gdz += (1 + 0.25 * (j % 5)) * dz[at(j)];
        for (int k = 0; k < d.n; ++k) dzqdz += dz[at(j)] * d.Qat(0, j, k) * dz[at(k)];
    }
    return std::max(worst, std::abs(gdz - dzqdz));
}

/// A portfolio of assets whose returns have three common factors, z = (w, y) with y = F'w: minimize ½ Σ dᵢ wᵢ² + ½|y|²
/// + q'w over 0 <= w <= 0.3, 1'w = 1. d is small beside the 1 of y, so the interior point takes its time.
model factors(int assets, std::uint64_t seed) {
    using solver::block_kind;
    using solver::matrix;
    constexpr int count = 3;
    numbers draw(seed);
    model x;
    x.shape.n = assets + count;
    x.shape.p = 1 + count;
    x.shape.m = 2 * assets;
    std::vector<double> d(at(assets)), loads(at(count * assets));
    for (double& v : d) v = 1e-2 * draw.uniform() + 1e-6;
    for (double& v : loads) v = draw.uniform() < 0.5 ? draw.normal() : 0;
    x.add(matrix::Q, block_kind::diagonal, 0, 0, assets, assets, 1, d);
    x.add(matrix::Q, block_kind::identity, assets, assets, count, count, 1);
    x.add(matrix::A, block_kind::dense, 0, 0, 1, assets, 1, std::vector<double>(at(assets), 1.0));
    x.add(matrix::A, block_kind::dense, 1, 0, count, assets, 1, loads);
    x.add(matrix::A, block_kind::identity, 1, assets, count, count, -1);
    for (const int side : {0, 1})
        x.add(matrix::G, block_kind::identity, side * assets, 0, assets, assets, side == 0 ? -1 : 1);
    x.shape.groups = {{solver::row_kind::bound, 0, 2 * assets, -1, false}};
    x.b.assign(at(1 + count), 0.0);
    x.b[0] = 1;
    x.h.assign(at(2 * assets), 0.0);
    std::fill(x.h.begin() + assets, x.h.end(), 0.3);
    x.q.assign(at(x.shape.n), 0.0);
    for (int j = 0; j < assets; ++j) x.q[at(j)] = -0.1 * draw.normal();
    return x;
}

} // namespace

TEST_CASE("under a limit: what is solved has the gradient of its own rows, whatever was solved before") {
    // Of the same pattern, so that a system left behind could be taken for that of the problem.
    struct {
        const char* name;
        model made, other;
    } models[] = {{"factors", factors(60, 1), factors(60, 2)},
                  {"factors", factors(90, 3), factors(90, 4)},
                  {"simplex", simplex(60, 1, 4), simplex(60, 1, 9)},
                  {"chain", chain(2, 1, 5), chain(2, 1, 6)},
                  {"portfolio", portfolio(6, 1, 6, 1.0), portfolio(6, 1, 7, 1.0)}};
    for (auto& [title, made, other] : models) {
        const dense<double> numbers = in_dense(made);
        int solved = 0;
        for (int limit = 0; limit <= 20; ++limit) {
            optnet::settings how;
            how.eps_abs = how.eps_rel = 1e-3;
            how.max_iter = limit;
            CAPTURE(title, limit);
            const answer<double> first = solve_by_other_forms(made.problem(), how);
            CHECK(first.iterations[0] <= 2 * limit);
            const answer<double> before = solve_by_other_forms(other.problem());
            REQUIRE(before.at(0) == status::solved);
            const answer<double> again = solve_by_other_forms(made.problem(), how);
            REQUIRE(again.status == first.status);
            CHECK(again.z == first.z);
            if (first.at(0) != status::solved) continue;
            ++solved;
            for (const auto* a : {&first, &again}) {
                const std::vector<double> dz = derivative_of(made.problem(), *a);
                // Refinement leaves 1e-12 of numbers of size 1; a system of other rows as much as dz itself.
                CHECK(left_over(numbers, *a, dz) <= 1e-9);
                CHECK(a->kept->elements[0].rows.rows == first.kept->elements[0].rows.rows);
            }
        }
        CAPTURE(title);
        CHECK(solved > 3);
    }
}
