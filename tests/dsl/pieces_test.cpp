// SPDX-License-Identifier: Apache-2.0
// Means, running sums, stacks, pieces and other shapes: what the compiler knows of them, how they print, and which
// blocks they become. Compiling is passing for the first half.

#include "catch.hpp"
#include "dsl/listing.hpp"

using namespace optnet::words;

namespace {

using optnet::dsl::make_shape;
using optnet::dsl::mark;
using optnet::dsl::shape;
constexpr mark plus = mark::plus, minus = mark::minus, any = mark::any;
constexpr mark affine = mark::zero, convex = mark::plus, concave = mark::minus;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"z", n> z;
constexpr variable<"x", m> x;
constexpr variable<"s"> s;
constexpr variable<"W", m, n> W;
constexpr variable<"S", n, n> S;
constexpr param<"y", n> y;
constexpr param<"h", m> h;
constexpr param<"G", m, n> G;
constexpr param<"L", n, n> L;
constexpr nonneg<"w", n> w;
constexpr nonneg<"N", m, n> N;
constexpr nonneg<"R", n, n> R;
constexpr psd<"Q", n> Q;
constexpr diagonal<"d", n> d;
constexpr psd<"P", n + m> P;
constexpr variable<"u", 6> u;
constexpr variable<"v", 2, 3> v;

template <auto... Sizes> constexpr shape of = make_shape<Sizes...>();
template <class E> constexpr bool has(const E&, const shape& wanted) { return E::form == wanted; }
template <class E> constexpr bool is(const E&, mark curvature, mark sign) {
    return E::what.curvature == curvature && E::what.sign == sign;
}
template <class E> constexpr bool known_psd(const E&) { return E::what.psd; }
template <class E> constexpr bool quadratic(const E&) { return E::what.quadratic; }

// shapes
static_assert(has(mean(W), of<>) && has(mean(z), of<>) && has(mean(s), of<>) && has(cumsum(z), of<n>));
static_assert(has(mean<0>(W), of<n>) && has(mean<1>(W), of<m>) && has(mean<1>(G), of<m>));
static_assert(has(hstack(z, x), of<n + m>) && has(hstack(z, 1, s), of<n + 2>) && has(hstack(s, s), of<2>) &&
              has(hstack(z), of<n>) && has(hstack(2, s), of<2>) && has(hstack(W, G, W), of<m, 3 * n>));
static_assert(has(vstack(z, y), of<2, n>) && has(vstack(W, z), of<m + 1, n>) && has(vstack(W, S), of<m + n, n>) &&
              has(vstack(s, 1), of<2, 1>) && has(vstack(z), of<1, n>) && has(vstack(G), of<m, n>));
static_assert(has(rows<0, 2>(W), of<2, n>) && has(cols<1, n>(W), of<m, n - 1>) && has(rows(W, 1), of<n>) &&
              has(cols(W, 1), of<m>) && has(rows<1, m>(G), of<m - 1, n>));
static_assert(has(diag(z), of<n, n>) && has(diag(S), of<n>) && has(diag(Q), of<n>) && has(trace(S), of<>));
static_assert(has(reshape<2, n>(z), of<2, n>) && has(reshape<m>(W), of<m>) &&
              has(reshape<2, 3>(slice<0, 6>(z)), of<2, 3>));
static_assert(has(hstack(z, x) + slice<0, n + m>(hstack(y, h)), of<m + n>));

// signs and curvatures go through
static_assert(is(mean(z), affine, any) && is(mean(w), affine, plus) && is(mean(-N), affine, minus));
static_assert(is(mean(abs(z)), convex, plus) && is(-mean<0>(abs(W)), concave, minus) && is(mean<1>(N), affine, plus));
static_assert(is(cumsum(w), affine, plus) && is(cumsum(abs(z)), convex, plus) && is(cumsum(-abs(z)), concave, minus));
static_assert(is(hstack(abs(z), w), convex, plus) && is(hstack(abs(z), z), convex, any) &&
              is(hstack(abs(z), -abs(z)), any, any) && is(hstack(w, 1), affine, any) &&
              is(hstack(w, w[0]), affine, plus));
static_assert(is(vstack(-w, -abs(z)), concave, minus) && is(vstack(N, w), affine, plus));
static_assert(is(rows(N, 0), affine, plus) && is(cols(abs(W), 1), convex, plus) && is(rows<0, 1>(-N), affine, minus) &&
              is(cols<0, 1>(pos(W)), convex, plus));
static_assert(is(trace(R), affine, plus) && is(diag(abs(S)), convex, plus) && is(diag(-w), affine, minus) &&
              is(trace(S), affine, any) && is(diag(d), affine, any) && is(diag(abs(z)), convex, plus));
static_assert(is(reshape<1, n>(abs(z)), convex, plus) && is(reshape<n, 1>(w), affine, plus));
static_assert(quadratic(mean(N * sum_squares(z))) && quadratic(hstack(sum_squares(z), s)) && !quadratic(mean(abs(z))));
static_assert(is(norm1(hstack(abs(z), w)), convex, plus) && is(sum_squares(cumsum(pos(z))), convex, plus));

// definiteness
static_assert(known_psd(diag(w)) && known_psd(diag(exp(y))) && known_psd(Q + diag(w)) &&
              !known_psd(T(G) * diag(h) * G));
static_assert(known_psd(T(G) * diag(abs(h)) * G) && !known_psd(diag(y)) && !known_psd(diag(-w)) &&
              !known_psd(-diag(w)));

/// The table that the compiler made, and the one that the same function makes now.
template <class Problem> std::string table(const Problem&) {
    const std::string made = optnet::test::list(optnet::dsl::lower<Problem>());
    const optnet::dsl::layout now = optnet::dsl::lower(optnet::dsl::flatten_problem<Problem>());
    CHECK(optnet::test::list(optnet::dsl::view(now)) == made);
    return made;
}

template <class E> std::string text(const E&) {
    constexpr auto made = optnet::dsl::text_of<E>();
    return std::string(made.view());
}

} // namespace

TEST_CASE("words print as they are written") {
    CHECK(text(mean(z) + mean<0>(W)[1] - mean<1>(W)[0]) == "mean(z) + mean<0>(W)[...] - mean<1>(W)[...]");
    CHECK(text(cumsum(z - y)) == "cumsum(z - y)");
    CHECK(text(hstack(z, 2 * s)) == "hstack(z, ... * s)");
    CHECK(text(vstack(z, y)) == "vstack(z, y)");
    CHECK(text(rows(W, 1) + cols(T(W), 0)) == "rows(W, ...) + cols(T(W), ...)");
    CHECK(text(rows<0, 2>(W)) == "rows<0, 2>(W)");
    CHECK(text(cols<1, n - 1>(W)) == "cols<1, n - 1>(W)");
    CHECK(text(trace(L) * diag(diag(S))) == "trace(L) * diag(diag(S))");
    CHECK(text(reshape<2, 3>(z)) == "reshape<2, 3>(z)");
    CHECK(text(reshape<m>(z)) == "reshape<m>(z)");
}

TEST_CASE("stacks of variables are identities in rows of their own") {
    CHECK(table(minimize(sum_squares(hstack(z - y, x))).st(hstack(x, z) >= 0, hstack(z, s) <= hstack(y, 1), x <= h)) ==
          R"(rows 0 G bound [m + n] of constraint 0
rows 1 G bound [n + 1] of constraint 1
rows 2 G bound [m] of constraint 2
Q identity [n, n] at z, z = 2
Q identity [m, m] at x, x = 2
G identity [m, m] at row 0, x = -1
G identity [n, n] at row 0 + m, z = -1
G identity [n, n] at row 1, z = 1
G identity [1, 1] at row 1 + n, s = 1
G identity [m, m] at row 2, x = 1
q [n] at z = -2 * y
offset = 1 * dot(placed(y), placed(y))
h [m + n] at row 0 = -1 * #0
h [n + 1] at row 1 = 1 * hstack(y, #1)
h [m] at row 2 = 1 * h
)");
    CHECK(table(minimize(quad(hstack(z, x), P) + sum(h) + sum(y))) ==
          R"(Q dense [n, n] at z, z = 2 * cols<0, n>(rows<0, n>(P))
Q dense [n, m] at z, x = 2 * cols<n, m + n>(rows<0, n>(P + T(P)))
Q dense [m, m] at x, x = 2 * cols<n, m + n>(rows<n, m + n>(P))
offset = 1 * sum(h)
offset = 1 * sum(y)
)");
}

TEST_CASE("means, running sums, rows and columns") {
    CHECK(table(minimize(mean(z) + dot(rows(W, 2), y) + sum(h)).st(mean(W) <= 1, rows(W, 0) == y)) ==
          R"(rows 0 G general [1] of constraint 0
rows 1 A general [n] of constraint 1
G dense [1, n * m] at row 0, W = 1 * 1 / (n * m) * ones
A identity [n, n] at row 1, W + #2 * n = 1
q [n] at z = 1 * 1 / n * ones
q [n] at W + #0 * n = 1 * y
offset = 1 * sum(h)
h [1] at row 0 = 1 * #1
b [n] at row 1 = 1 * y
)");
    CHECK(table(minimize(sum(y) + sum(h)).st(cumsum(z) <= 1, cols(W, 1) >= h, diag(S) == y, trace(S) <= 3)) ==
          R"(rows 0 G general [n] of constraint 0
rows 1 G general [m] of constraint 1
rows 2 A general [n] of constraint 2
rows 3 G general [1] of constraint 3
G dense [n, n] at row 0, z = 1 * lower_ones
G dense [m, n * m] at row 1, W = -1 * kron(I, row(unit[#1]))
A dense [n, n * n] at row 2, S = 1 * diagonal_picks
G dense [1, n * n] at row 3, S = 1 * flat(diag(ones))
offset = 1 * sum(y) + sum(h)
h [n] at row 0 = 1 * #0
h [m] at row 1 = -1 * h
b [n] at row 2 = 1 * y
h [1] at row 3 = 1 * #2
)");
    CHECK(table(minimize(sum(y) + mean<0>(v)[1]).st(reshape<2, 3>(u) <= v, vstack(z, 2 * z) == 1)) ==
          R"(rows 0 G general [6] of constraint 0
rows 1 A general [2 * n] of constraint 1
G identity [6, 6] at row 0, u = 1
G identity [6, 6] at row 0, v = -1
A identity [n, n] at row 1, z = 1
A identity [n, n] at row 1 + n, z = 1 * #1
q [6] at v = 0.5 * kron(row(ones), I)[#0]
offset = 1 * sum(y)
b [2 * n] at row 1 = 1 * #2
)");
}
