// SPDX-License-Identifier: Apache-2.0
#pragma once

// Problems where Q is weak: points far apart are within the tolerance, and only one of them has the right rows.

#include "catch.hpp"
#include "models.hpp"

#include <algorithm>

namespace problems {

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

    /// What the derivative is asked for, [batch, n + t's].
    std::vector<double> right_side() const {
        std::vector<double> g(x.q.size(), 0.0);
        numbers draw(7);
        for (std::int64_t k = 0; k < x.batch; ++k)
            for (int j = 0; j < n; ++j) g[at(k * x.shape.n + j)] = draw.normal();
        return g;
    }
    /// That `a` is this solution, and d its derivative for g.
    void check(const answer<double>& a, const std::vector<double>& g, const std::vector<double>& d) const {
        for (std::int64_t k = 0; k < x.batch; ++k) {
            CAPTURE(k, name(a.at(k)));
            REQUIRE(a.at(k) == status::solved);
            double worst = 0, worst_d = 0, largest_d = 0, largest_q = 0;
            for (int j = 0; j < n; ++j) largest_q = std::max(largest_q, std::abs(x.q[at(k * x.shape.n + j)]));
            for (int j = 0; j < n; ++j) {
                // What is constant moves as one: by the sum of its g over that of its w.
                double pull = 0, weight = 0, count = 0;
                for (int i = 0; i < n; ++i)
                    if (piece[at(k * n + i)] == piece[at(k * n + j)]) {
                        pull += g[at(k * x.shape.n + i)];
                        weight += w[at(i)];
                        count += 1;
                    }
                const std::size_t here = at(k * x.shape.n + j);
                // The gradient may be left over by 1e-6 of its tolerance in every variable of the piece.
                const double left = 1e-14 * (1 + largest_q) * count;
                worst = std::max(worst, std::abs(a.z[here] - z[at(k * n + j)]) / (1e-12 + left / weight));
                worst_d = std::max(worst_d, std::abs(d[here] - pull / weight));
                largest_d = std::max(largest_d, std::abs(pull / weight));
            }
            CHECK(worst <= 1);
            CHECK(worst_d <= 1e-8 * largest_d);
        }
    }

private:
    static std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }
};

} // namespace problems
