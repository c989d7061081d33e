// SPDX-License-Identifier: Apache-2.0
// Degenerate problems that share their matrices: the points of maximal support come from the interior point in lanes,
// and say what the road of one problem would, or what the end of the central path is.

#include "batches.hpp"
#include "catch.hpp"
#include "degenerate.hpp"
#include "solver/factorization.hpp"

#include <Eigen/Dense>

using namespace problems;

namespace {

using matrix = Eigen::MatrixXd;
using vector = Eigen::VectorXd;

/// D of the weak rows of problem k by definition: s = E λ with sᵢλᵢ equal, by Newton's method on ½λ'Eλ − Σ log λᵢ.
vector ratios(const kinks& x, std::int64_t k, const matrix& R) {
    const int* rows = x.order.data() + k * x.data.m;
    const int weak = x.tight - x.strong;
    if (weak == 0) return {};
    const auto part = [&](int i, int j, int height, int width) {
        matrix out(height, width);
        for (int a = 0; a < height; ++a)
            for (int b = 0; b < width; ++b) out(a, b) = R(rows[i + a], rows[j + b]);
        return out;
    };
    const matrix top = part(0, x.strong, x.strong, weak);
    matrix E = part(x.strong, x.strong, weak, weak);
    if (x.strong > 0) E -= top.transpose() * part(0, 0, x.strong, x.strong).ldlt().solve(top);
    vector y = E.diagonal().cwiseSqrt().cwiseInverse();
    for (int count = 0; count < 200; ++count) {
        const vector inverse = y.cwiseInverse(), gradient = E * y - inverse;
        matrix H = E;
        H.diagonal() += inverse.cwiseAbs2();
        const vector step = -H.ldlt().solve(gradient);
        y += step / (1 + std::sqrt(std::max(0.0, -gradient.dot(step))));
    }
    return y.cwiseInverse().cwiseAbs2();
}

/// dz of the system with the tight rows of problem k for a right-hand side g.
vector by_definition(const kinks& x, std::int64_t k, const vector& g) {
    const dense<double>& d = x.data;
    matrix Q(d.n, d.n), G(d.m, d.n);
    for (int i = 0; i < d.n; ++i)
        for (int j = 0; j < d.n; ++j) Q(i, j) = d.Qat(0, i, j);
    for (int i = 0; i < d.m; ++i)
        for (int j = 0; j < d.n; ++j) G(i, j) = d.Gat(0, i, j);
    const matrix R = G * Q.ldlt().solve(G.transpose());
    const vector D = ratios(x, k, R);
    matrix K = matrix::Zero(d.n + x.tight, d.n + x.tight);
    K.topLeftCorner(d.n, d.n) = Q;
    for (int i = 0; i < x.tight; ++i) {
        K.row(d.n + i).head(d.n) = G.row(x.order[at(k * d.m + i)]);
        K.col(d.n + i).head(d.n) = G.row(x.order[at(k * d.m + i)]).transpose();
        if (i >= x.strong) K(d.n + i, d.n + i) = -D[i - x.strong];
    }
    vector right = vector::Zero(d.n + x.tight);
    right.head(d.n) = g;
    return K.partialPivLu().solve(right).head(d.n);
}

template <class T> std::vector<T> rounded(const std::vector<double>& v) { return {v.begin(), v.end()}; }

/// The strongly active rows of problem k, ascending; `any_weak`: there are others.
std::vector<int> strong_rows(const answer<double>& a, std::int64_t k, bool& any_weak) {
    const solver::active_rows& found = a.kept->elements[at(k)].rows;
    std::vector<int> rows;
    for (std::size_t i = 0; i < found.rows.size(); ++i)
        if (found.ratios.empty() || found.ratios[i] == 0) rows.push_back(found.rows[i]);
    any_weak = rows.size() < found.rows.size();
    std::sort(rows.begin(), rows.end());
    return rows;
}

/// dz for the right-hand side g of every problem.
template <class T> std::vector<T> derivative_of_z(const dense<double>& d, const vector& g) {
    const dense<T> own{d.n,
                       d.p,
                       d.m,
                       d.batch,
                       d.shared,
                       rounded<T>(d.Q),
                       rounded<T>(d.A),
                       rounded<T>(d.G),
                       rounded<T>(d.q),
                       rounded<T>(d.b),
                       rounded<T>(d.h)};
    const view<T> v(own);
    answer<T> a = solve(v.batch);
    for (std::int64_t k = 0; k < d.batch; ++k) REQUIRE(a.at(k) == status::solved);
    std::vector<T> right;
    for (std::int64_t k = 0; k < d.batch; ++k)
        for (int j = 0; j < d.n; ++j) right.push_back(static_cast<T>(g[j]));
    solver::kkt_solve<T>(v.batch, *a.kept, 1, {right.data(), nullptr, nullptr},
                         {a.z.data(), a.nu.data(), a.lambda.data()});
    return a.z;
}

} // namespace

TEST_CASE("at kinks the derivative is that of the central path's end, of one weak row the mean of the one-sided ones") {
    for (const int weak : {1, 2, 5})
        for (const int strong : {0, 3, 6}) {
            const kinks x =
                make_kinks(15, 20, strong + weak, strong, 21, static_cast<std::uint64_t>(10 * weak + strong));
            numbers draw(1);
            vector g(15);
            for (double& e : g) e = draw.normal();
            const std::vector<double> wide = derivative_of_z<double>(x.data, g);
            const std::vector<float> narrow = derivative_of_z<float>(x.data, g);
            for (std::int64_t k = 0; k < x.data.batch; ++k) {
                CAPTURE(weak, strong, k);
                const vector expected = by_definition(x, k, g);
                double most = 0, most_narrow = 0;
                for (int j = 0; j < 15; ++j) {
                    most = std::max(most, std::abs(wide[at(k * 15 + j)] - expected[j]));
                    most_narrow = std::max(most_narrow, std::abs(double(narrow[at(k * 15 + j)]) - expected[j]));
                }
                CHECK(most <= 1e-10 * g.norm());
                CHECK(most_narrow <= 1e-6 * g.norm());
                if (weak > 1) continue;
                kinks without = x, with = x; // the row is no constraint, or an equality
                --without.tight;
                ++with.strong;
                const vector mean = (by_definition(without, k, g) + by_definition(with, k, g)) / 2;
                CHECK((expected - mean).norm() <= 1e-12 * g.norm());
            }
        }
}

TEST_CASE("rules that depend on each other: few steps, and the derivative that each problem has alone") {
    const dense<double> d = learned_sudoku(40, 3);
    const answer<double> a = solve(d);
    numbers draw(4);
    vector g(64);
    for (double& e : g) e = draw.normal();
    const std::vector<double> together = derivative_of_z<double>(d, g);
    int without_weak = 0;
    for (std::int64_t k = 0; k < d.batch; ++k) {
        CAPTURE(k);
        CHECK(a.at(k) == status::solved);
        CHECK(shares(d, a, k, 1e-8) <= 1 + 1e-6L);
        // Not round in circles for the rounding of dependent rows: about as many steps as there are rows.
        CHECK(a.iterations[at(k)] <= 2 * 64);
        const answer<double> b = solve(pick(d, {k}));
        bool weak = false, weak_alone = false;
        const std::vector<int> strong = strong_rows(a, k, weak), strong_alone = strong_rows(b, 0, weak_alone);
        // Where all others depend on it, the rows are those of the basis, one of several.
        if (a.kept->elements[at(k)].rows.degenerate && b.kept->elements[0].rows.degenerate)
            CHECK(strong == strong_alone);
        CHECK(weak == weak_alone);
        // D of a weak row is there as exact as a step of the way to the centre leaves it.
        if (weak) continue;
        ++without_weak;
        const std::vector<double> alone = derivative_of_z<double>(pick(d, {k}), g);
        CHECK(distance(together, k, alone, 0, 64) <= 1e-8 * g.norm());
    }
    CHECK(without_weak >= 20);
}

TEST_CASE("of degenerate problems not a bit depends on the place, the neighbours or the threads either") {
    const kinks one = make_kinks(20, 20, 10, 6, 70, 5);
    // Some of their neighbours are not degenerate, have no solution or no numbers.
    dense<double> mixed = one.data;
    for (std::int64_t k = 0; k < mixed.batch; k += 5) mixed.hat(k, 3) += 1;
    for (std::int64_t k = 1; k < mixed.batch; k += 13) mixed.qat(k, 0) = std::nan("");
    for (const dense<double>& d : {one.data, mixed, learned_sudoku(70, 6)}) {
        const answer<double> a = solve(d), g = gradient(d, a, range(0, d.batch));
        for (const std::int64_t size : {8, 31, 69})
            for (const int threads : {1, 3}) {
                const std::vector<std::int64_t> from = range(d.batch - 1, size, -1);
                const dense<double> part = pick(d, from);
                const answer<double> b = solve(part, {}, threads), h = gradient(part, b, from, threads);
                std::int64_t different = 0;
                for (std::int64_t k = 0; k < size; ++k)
                    different += same_bits(d, a, from[at(k)], b, k) && same_bits(d, g, from[at(k)], h, k) ? 0 : 1;
                CAPTURE(d.p, size, threads);
                CHECK(different == 0);
            }
    }
}
