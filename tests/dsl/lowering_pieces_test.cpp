// SPDX-License-Identifier: Apache-2.0
// The tables of means, running sums, stacks, pieces and other shapes say what the programs say: numbers, at random
// points.

#include "dsl/lowering_model.hpp"

using namespace optnet::words;
using namespace optnet::test::model;
using optnet::test::check_lowering;

namespace {

constexpr variable<"W", m, n> W;
constexpr variable<"S", n, n> S;
constexpr param<"D", m, n> D;
constexpr nonneg<"V", m, n> V;
constexpr param<"g", m> g;

/// Matrix variables in every program, so that what is added stands beside something of theirs.
template <class F> void check_matrix(const F& f) {
    const auto regular = sum_squares(W) + dot(D, W) + sum(V) + sum_squares(S - L) + dot(g, x);
    check_lowering(minimize(regular + f), sizes);
    check_lowering(maximize(-regular - f), sizes);
}
template <class... C> void check_rows(const C&... all) {
    check_lowering(minimize(sum_squares(W) + sum(D) + sum_squares(S - L) + sum(z) + sum(x) + s).st(all...), sizes);
}

} // namespace

TEST_CASE("means") {
    check_objective(mean(z) - 2 * mean(z - y) + mean(s - 1) + mean(G * z) * 3 + a * mean(mul(c, z)));
    check_objective(mean(abs(z)) + lambda * mean(pos(G * z - h)) + sum_squares(mean(z) - a) + mean(N * sum_squares(z)));
    check_objective(mean(y) * s + mean(G) * t + mean(diff(z)) + mean(c * s) + mean(z + s));
    constexpr variable<"v", 6> v;
    constexpr param<"u", 6> u;
    check_objective(mean(v - u) + sum_squares(mean(v)) - mean(2 * v) / 4 + mean(abs(v)));
    check_matrix(mean(W) + dot(c, mean<0>(W - D)) + dot(h, mean<1>(W)) + sum(mean<0>(abs(W))) + mean<1>(V)[1] * s);
    check_matrix(sum_squares(mean<0>(W) - y) + norm1(mean<1>(W) - h) + mean(mean<0>(W)) + mean(V) * s +
                 sum(mean<1>(N * sum_squares(x))));
    check_rows(mean(W) == 1, mean<0>(W) <= c, mean<1>(W) == h, mean(abs(z)) <= 2);
}

TEST_CASE("running sums") {
    check_objective(sum(cumsum(z)) - dot(c, cumsum(z - y)) + sum(cumsum(G * z)) + cumsum(mul(c, z))[2] +
                    sum(cumsum(z + s)));
    check_objective(sum_squares(cumsum(z) - y) + sum_squares(cumsum(a * z)) + norm1(cumsum(diff(z))) +
                    sum(cumsum(c * s)));
    check_objective(sum(cumsum(abs(z))) + dot(w, cumsum(pos(z - y))) + dot(cumsum(y), z) + sum(diff(cumsum(z))));
    check_objective(sum(slice<1, 3>(cumsum(z))) + sum(cumsum(slice<0, 2>(z))) + sum_squares(cumsum(d * z)) +
                    sum(cumsum(w * sum_squares(z))) + sum(cumsum(y - 2 + s)));
    check_constraints(cumsum(z) <= c, cumsum(z - y) == 1, cumsum(abs(z)) <= w);
}

TEST_CASE("vectors and scalars one behind the other") {
    check_objective(sum_squares(hstack(z - y, x)) + norm1(hstack(z, s, G * z - h)) + sum(hstack(1, z, 2 * s - 3, y)));
    check_objective(sum_squares(hstack(z, z) - hstack(y, c)) +
                    sum_squares(hstack(z, x, t, 1) + hstack(s, y, x[0] + t, h)) + sum_squares(hstack(hstack(z, s), x)));
    check_objective(sum_squares(hstack(s, t)) + sum_squares(hstack(s, z[1]) - hstack(a, lambda)) + sum(hstack(z)) +
                    sum_squares(hstack(G * z, c * s) + 1));
    check_objective(hstack(z, x)[5] + sum(slice<2, 6>(hstack(z, x))) + sum(diff(hstack(z - y, s))) +
                    sum(cumsum(hstack(x, z))) + dot(hstack(h, c), hstack(x - h, z)) + max(hstack(z, s)));
    check_objective(sum(mul(hstack(c, h), hstack(z, x))) + sum(hstack(c, h) * s) + mean(a * hstack(s, x)) +
                    sum(hstack(abs(z), w)) + sum(hstack(sum_squares(z), s)) + sum(pos(hstack(z, x - h))));
    constexpr param<"A", k, n + m> A;
    constexpr param<"B", n + m, n + m> B;
    constexpr diagonal<"e", n + m> e;
    constexpr param<"r", k> r;
    check_objective(sum(A * hstack(z, x)) + sum_squares(A * hstack(z - y, x) - r) + sum_squares(e * hstack(z, x)));
    check_objective(quad(hstack(z, x), B * T(B)) + quad(hstack(z - y, x + a), B * T(B)) + sum(A) +
                    quad(hstack(z, x), e) + quad(hstack(z, x) - hstack(y, h), e));
    check_objective(quad(hstack(z, x) + hstack(x, z), B * T(B)) + sum_squares(hstack(z, x) - hstack(x, z)) + sum(A) +
                    quad(hstack(x, z) + hstack(z, x) - 2, e) + sum_squares(hstack(z, x) + hstack(c, h) * s));
    check_constraints(hstack(z, x) >= 0, hstack(s, G * z) <= hstack(a, h), hstack(z, s) == 1, A * hstack(z, x) <= 1,
                      hstack(abs(z), s) <= 3, -1 <= hstack(x, z - y) <= 2);
}

TEST_CASE("rows of bounds stay bounds when they are stacked") {
    using optnet::solver::row_kind;
    constexpr auto problem =
        minimize(sum(z) + dot(h, x) + sum(y))
            .st(hstack(z, x) >= 0, hstack(z, z) <= 1, hstack(z, sum(x)) <= 2, hstack(z, x) + hstack(x, z) <= 3);
    const auto& made = optnet::dsl::lower<decltype(problem)>();
    CHECK(made.rows[0].kind == row_kind::bound);
    CHECK(made.rows[1].kind == row_kind::bound);
    CHECK(made.rows[2].kind == row_kind::general);
    CHECK(made.rows[3].kind == row_kind::general);
    check_lowering(problem, sizes);
}

TEST_CASE("rows below each other and matrices side by side") {
    check_matrix(sum_squares(vstack(z, y) - vstack(c, z)) + sum(vstack(W, z)) + norm1(vstack(W - D, 2 * W)) +
                 dot(vstack(c, y), vstack(z, z - c)));
    check_matrix(sum(vstack(s, t, 1)) + sum_squares(vstack(W, S) * y) + sum(vstack(z, c, z) * T(G)) +
                 sum(vstack(S, S - L) * y) + sum(vstack(abs(z), abs(S))));
    check_matrix(sum_squares(hstack(W, D) - hstack(D, 2 * W)) + sum(hstack(W, W * L)) + norm1(hstack(W, D)) +
                 sum(sum<0>(hstack(W, V))) + dot(hstack(V, D), hstack(W, W + s)));
    check_rows(vstack(z, c) <= 1, hstack(W, V) >= -1, vstack(W, z) == 2, hstack(abs(W), D) <= 5);
}

TEST_CASE("rows and columns of matrices") {
    check_matrix(sum(rows<0, 2>(W)) + dot(c, rows(W, 1)) + sum_squares(rows(W, 2) - y) + norm1(rows<1, m>(W - D)));
    check_matrix(dot(h, cols(W, 1)) + sum_squares(cols(W - D, 0) - h) + norm1(cols<1, n>(W)) + sum(cols<0, 2>(G * S)));
    check_matrix(rows(W, 1)[2] + cols(W, 1)[2] - rows(W, 0)[3] * a + sum(slice<1, 3>(rows(W - D, 1))) +
                 rows(G * S, 1)[0] + sum(rows(rows<1, 3>(W), 1)) + cols(cols<1, 3>(W), 1)[0]);
    check_matrix(sum(rows(mul(D, W), 1)) + sum(rows(D * s, 0)) + sum(rows(W + s, 0)) + sum(cols(W + s, 0)) +
                 sum(rows(abs(W), 2)) + sum(cols(pos(W - D), 3)) + rows(N * sum_squares(z), 1)[2]);
    check_matrix(dot(rows(D, 1), z) + dot(cols(D, 2), x) + sum(rows<0, 1>(D) * z) + sum(cols<1, 3>(V)) * s +
                 sum(rows(T(W), 1)) + sum(T(rows<0, 2>(W)) * T(cols<0, 2>(G))));
    check_rows(rows(W, 0) == y, rows<1, 3>(W) <= 1, cols(W, 1) == h, cols<2, 4>(W) >= 0, rows(W, 1) >= rows(W, 2),
               rows(T(W), 1) <= h, rows(W, 2)[1] <= 1);
}

TEST_CASE("a row of a variable is an identity, like a slice") {
    constexpr auto problem = minimize(sum_squares(W) + sum(D)).st(rows(W, 1) == c, rows<1, m>(W) >= 0, rows(W, 2) <= 1);
    using optnet::solver::block_kind;
    const auto& made = optnet::dsl::lower<decltype(problem)>();
    for (const auto& b : made.blocks) CHECK(b.kind == block_kind::identity);
    CHECK(made.rows[1].kind == optnet::solver::row_kind::bound);
    CHECK(made.rows[2].kind == optnet::solver::row_kind::bound);
    check_lowering(problem, sizes);
}

TEST_CASE("diagonals") {
    check_matrix(trace(S) - 2 * trace(S - L) + trace(L * S) + trace(T(W) * D) + trace(W * T(D)) + trace(abs(S)));
    check_matrix(dot(c, diag(S)) + sum_squares(diag(S) - y) + norm1(diag(S - L)) + dot(diag(L), z) + trace(L) * s);
    check_matrix(sum(diag(z)) + sum_squares(diag(z - y) - S) + sum(D * diag(z)) + norm1(diag(z) * T(G)) +
                 dot(diag(d), z));
    check_matrix(sum_squares(diag(c) * z) + quad(z, diag(w)) + quad(z - y, diag(exp(c)) + Q) + sum(diag(w) * abs(z)) +
                 sum(diag(abs(z))) + sum(W * diag(c)));
    check_rows(diag(S) == 1, trace(S) <= 2, diag(z) <= S, diag(S) >= diag(L));
}

TEST_CASE("other shapes") {
    constexpr variable<"v", 6> v;
    constexpr param<"F", 2, 3> F;
    constexpr param<"f", 6> f;
    constexpr param<"u", 3> u;
    check_matrix(sum_squares(reshape<2, 3>(v) - F) + sum(reshape<2, 3>(v - f) * u) + dot(reshape<3, 2>(v), T(F)) +
                 sum(abs(T(F)) * reshape<2, 3>(abs(v))) + dot(f, reshape<6>(F)) * s);
    check_matrix(dot(f, reshape<6>(F * s)) + sum(slice<1, 4>(reshape<6>(reshape<3, 2>(v) - T(F)))) +
                 reshape<6>(F - reshape<2, 3>(v))[4] + sum(reshape<1>(s)) + sum(rows(reshape<3, 2>(v), 1)));
    check_matrix(sum(reshape<m, n>(reshape<m * 4>(W - D))) + sum(reshape<n * 3>(W)) + sum(reshape<n, m>(W) * h) +
                 sum_squares(reshape<2, 2>(z)) + norm1(diff(reshape<n * 3>(W))) + sum(reshape<9>(hstack(v, s, 1, t))));
    check_rows(reshape<2, 3>(v) <= F, reshape<6>(F) <= v, reshape<n * 3>(W) == 1);
}

TEST_CASE("squares taken apart and together") {
    check_matrix(sum(rows(square(W), 1)) + sum(cols(square(W - D), 2)) + sum(rows<1, 3>(square(W + s))) +
                 sum(cols<0, 2>(square(W))) + rows(square(W - D), 2)[1]);
    check_matrix(mean(square(W)) + sum(mean<0>(square(W - D))) + trace(square(S - L)) + dot(w, diag(square(S))) +
                 sum(reshape<n * 3>(square(W - D))) + sum(T(square(W))));
    check_matrix(sum(cumsum(square(z - y))) + sum(slice<1, 4>(hstack(square(z), square(z - y)))) +
                 hstack(square(s), square(z), 1)[1] + sum(rows(vstack(square(z), square(y - z)), 1)));
    check_matrix(sum(hstack(square(z) + abs(y - z), pos(z), square(t))) + sum(mul(V, square(W))) +
                 sum(vstack(square(W), rows<0, 2>(square(D - W)))) + sum(hstack(square(W), abs(W))));
}

TEST_CASE("atoms of stacks, rows and shapes") {
    check_matrix(tv(hstack(z, x, s)) + norm_inf(hstack(z - y, s)) + sum(huber(hstack(x, z), 2)) + tv(vstack(z, y - z)) +
                 sum_largest(hstack(z, t, 1), 2) - sum_smallest(rows(W, 1), 2) + sum(pinball(cols(W, 1) - h, 0.3)));
    check_matrix(sum(hinge(cumsum(z))) + sum(neg(hstack(z, x))) - min(hstack(s, x, 0)) + sum_largest(diag(S), 1) +
                 tv(rows<0, 2>(W)) + norm_inf(reshape<n * 3>(W)) - sum(min(rows(W, 0), z, 1)) + mean(huber(W, lambda)));
    check_rows(norm_inf(hstack(z, x)) <= 2, simplex(rows(W, 1)), simplex(hstack(x, s)), tv(hstack(z, x)) <= 4,
               min(vstack(z, y)) >= -3);
}
