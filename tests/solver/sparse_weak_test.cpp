// SPDX-License-Identifier: Apache-2.0
// The sparse form where Q is weak: points far apart are within the tolerance, and only one of them has the right rows.

#include "catch.hpp"
#include "models.hpp"

#include <algorithm>

using namespace problems;

namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// min ½ Σ w_j z_j² + q'z + c |Dz|₁ with weights w from `least` to 1, and the solutions z that it was made from: pieces
/// of constant height, where D'ν with |ν| < c holds the sum together.
struct weighted_steps {
    model x;
    std::vector<double> w, z; // [n], [batch, n]
    std::vector<int> piece;   // [batch, n]
    static constexpr int n = 60;

    weighted_steps(std::int64_t batch, double least, std::uint64_t seed)
        : w(n), z(at(batch * n)), piece(at(batch * n)) {
        numbers draw(seed);
        double mean = 0;
        for (double& v : w) {
            v = std::pow(least, draw.uniform());
            mean += v / n;
        }
        w[0] = 1;
        w[1] = least;
        const double c = 0.3 * mean;
        x = denoising(n, batch, c, seed);
        for (solver::block& block : x.shape.blocks) block.source += block.source >= 0 ? 1 : 0;
        x.shape.blocks[0].kind = solver::block_kind::diagonal;
        x.shape.blocks[0].source = 0;
        x.numbers.insert(x.numbers.begin(), w);
        for (std::int64_t k = 0; k < batch; ++k) {
            double height = draw.normal(), before = 0;
            int number = 0;
            for (int j = 0; j < n; ++j) {
                z[at(k * n + j)] = height;
                piece[at(k * n + j)] = number;
                double nu = j + 1 < n ? (1.8 * draw.uniform() - 0.9) * c : 0; // of z_j - z_{j+1}
                if (j + 1 < n && draw.uniform() < 0.2) {
                    const double jump = draw.normal();
                    nu = jump < 0 ? c : -c;
                    height += jump;
                    ++number;
                }
                x.q[at(k * x.shape.n + j)] = -w[at(j)] * z[at(k * n + j)] - (nu - before);
                before = nu;
            }
        }
    }
};

} // namespace

TEST_CASE("where Q is weak by up to 1e9: the solution that the problem was made from, and its derivative") {
    for (const double least : {1e-3, 1e-6, 1e-7, 1e-8, 1e-9})
        for (const std::int64_t batch : {1, 11}) {
            CAPTURE(least, batch);
            weighted_steps made(batch, least, 5);
            constexpr int n = weighted_steps::n;
            const solver::problem<double> problem = made.x.problem();
            const answer<double> a = solve(problem);
            std::vector<double> g(a.z.size(), 0.0), d(a.z.size());
            numbers draw(7);
            for (std::int64_t k = 0; k < batch; ++k)
                for (int j = 0; j < n; ++j) g[at(k * made.x.shape.n + j)] = draw.normal();
            solver::kkt_solve<double>(problem, *a.kept, 1, {g.data(), nullptr, nullptr}, {d.data(), nullptr, nullptr});
            for (std::int64_t k = 0; k < batch; ++k) {
                CAPTURE(k, name(a.at(k)));
                REQUIRE(a.at(k) == status::solved);
                double worst = 0, worst_d = 0, largest_d = 0, largest_q = 0;
                for (int j = 0; j < n; ++j)
                    largest_q = std::max(largest_q, std::abs(made.x.q[at(k * made.x.shape.n + j)]));
                for (int j = 0; j < n; ++j) {
                    // What is constant moves as one: by the sum of its g over that of its w.
                    double pull = 0, weight = 0, count = 0;
                    for (int i = 0; i < n; ++i)
                        if (made.piece[at(k * n + i)] == made.piece[at(k * n + j)]) {
                            pull += g[at(k * made.x.shape.n + i)];
                            weight += made.w[at(i)];
                            count += 1;
                        }
                    const std::size_t here = at(k * made.x.shape.n + j);
                    // The gradient may be left over by 1e-6 of its tolerance in every variable of the piece.
                    const double left = 1e-14 * (1 + largest_q) * count;
                    worst = std::max(worst, std::abs(a.z[here] - made.z[at(k * n + j)]) / (1e-12 + left / weight));
                    worst_d = std::max(worst_d, std::abs(d[here] - pull / weight));
                    largest_d = std::max(largest_d, std::abs(pull / weight));
                }
                CHECK(worst <= 1);
                CHECK(worst_d <= 1e-8 * largest_d);
            }
        }
}
