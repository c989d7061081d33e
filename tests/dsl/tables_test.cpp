// SPDX-License-Identifier: Apache-2.0
// The block tables of programs, derived by hand: which blocks there are, of which kind, where, and whence their
// numbers.

#include "catch.hpp"
#include "dsl/listing.hpp"

using namespace optnet::words;
using optnet::dsl::lower;
using optnet::test::list;

namespace {

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr dim<"p"> p;
constexpr dim<"k"> k;
constexpr variable<"z", n> z;
constexpr variable<"s"> s;
constexpr param<"y", n> y;
constexpr param<"q", n> q;
constexpr param<"c", n> c;
constexpr param<"G", m, n> G;
constexpr param<"h", m> h;
constexpr psd<"Q", n> Q;
constexpr nonneg<"lambda"> lambda;
constexpr diagonal<"d", n> d;

/// The table that the compiler made, and the one that the same function makes now.
template <class Problem> std::string table(const Problem&) {
    const std::string made = list(lower<Problem>());
    const optnet::dsl::layout now = optnet::dsl::lower(optnet::dsl::flatten_problem<Problem>());
    CHECK(list(optnet::dsl::view(now)) == made);
    return made;
}

} // namespace

TEST_CASE("a program whose every coefficient is a tensor") {
    constexpr param<"A", p, n> A;
    constexpr param<"b", p> b;
    constexpr auto qp = minimize(0.5 * quad(z, Q) + dot(q, z)).st(G * z <= h, A * z == b);
    constexpr const optnet::dsl::table& made = lower<decltype(qp)>();
    static_assert(made.columns.size() == 1 && made.blocks.size() == 3 && made.vectors.size() == 3);
    static_assert(made.blocks[0].kind == optnet::solver::block_kind::dense && made.blocks[0].scale == 2);
    static_assert(made.parameters.size() == 6 && made.parameters[0].name == "Q" && made.parameters[5].name == "b");
    CHECK(table(qp) == R"(rows 0 G general [m] of constraint 0
rows 1 A general [p] of constraint 1
Q dense [n, n] at z, z = 2 * #0 * Q
G dense [m, n] at row 0, z = 1 * G
A dense [p, n] at row 1, z = 1 * A
q [n] at z = 1 * q
h [m] at row 0 = 1 * h
b [p] at row 1 = 1 * b
)");
}
TEST_CASE("denoising keeps the identity and pairs the rows of an absolute value") {
    constexpr param<"D", m, n> D;
    CHECK(table(minimize(0.5 * sum_squares(z - y) + lambda * norm1(D * z))) == R"(rows 0 G epigraph [m] of t1
G dense [m, n] at row 0, z = 1 * D
G identity [m, m] at row 0, t1 = -1
G dense [m, n] at row 0', z = -1 * D
G identity [m, m] at row 0', t1 = -1
Q identity [n, n] at z, z = 2 * #0
q [m] at t1 = 1 * lambda * ones
q [n] at z = -2 * #0 * y
offset = 1 * #0 * dot(y, y)
)");
    CHECK(table(minimize(sum_squares(z - y) + lambda * norm1(diff(z)))) == R"(rows 0 G epigraph [n - 1] of t1
G banded 0..1 [n - 1, n] at row 0, z = 1 * (-1, 1)
G identity [n - 1, n - 1] at row 0, t1 = -1
G banded 0..1 [n - 1, n] at row 0', z = -1 * (-1, 1)
G identity [n - 1, n - 1] at row 0', t1 = -1
Q identity [n, n] at z, z = 2
q [n - 1] at t1 = 1 * lambda * ones
q [n] at z = -2 * y
offset = 1 * dot(y, y)
)");
}
TEST_CASE("squares are identities of Q where all weigh the same, else diagonals") {
    constexpr nonneg<"w", n> w;
    CHECK(table(minimize(sum(square(z)) / 2 + lambda * sum(square(z)) + dot(w, square(z)))) ==
          R"(Q identity [n, n] at z, z = 2 * 1 / #0
Q scaled [n, n] at z, z = 2 * lambda
Q diagonal [n, n] at z, z = 2 * w
)");
    CHECK(table(minimize(square(s) + square(z - y)[2] + sum(slice<1, n>(square(z))))) ==
          R"(Q identity [1, 1] at s, s = 2
Q identity [1, 1] at z + #0, z + #0 = 2
Q identity [n - 1, n - 1] at z + 1, z + 1 = 2
q [1] at z + #0 = -2 * y[#0]
offset = 1 * y[#0] * y[#0]
)");
}
TEST_CASE("total variation is bands in rows and shifts from row to row") {
    constexpr variable<"W", m, n> W;
    constexpr param<"Y", m, n> Y;
    CHECK(table(minimize(dot(y, z) + tv(z))) == table(minimize(dot(y, z) + norm1(diff(z)))));
    CHECK(table(minimize(dot(Y, W)).st(tv(W) <= 1)) == R"(rows 0 G general [1] of constraint 0
rows 1 G epigraph [m * n - 1] of t1
rows 2 G epigraph [m * n - n] of t2
G banded 0..1 [m * n - 1, m * n] at row 1, W = 1 * scale_rows(ones - row_ends, (-1, 1))
G identity [m * n - 1, m * n - 1] at row 1, t1 = -1
G banded 0..1 [m * n - 1, m * n] at row 1', W = -1 * scale_rows(ones - row_ends, (-1, 1))
G identity [m * n - 1, m * n - 1] at row 1', t1 = -1
G identity [m * n - n, m * n - n] at row 2, W + n = 1
G identity [m * n - n, m * n - n] at row 2, W = -1
G identity [m * n - n, m * n - n] at row 2, t2 = -1
G identity [m * n - n, m * n - n] at row 2', W + n = -1
G identity [m * n - n, m * n - n] at row 2', W = 1
G identity [m * n - n, m * n - n] at row 2', t2 = -1
G dense [1, m * n - 1] at row 0, t1 = 1 * ones
G dense [1, m * n - n] at row 0, t2 = 1 * ones
q [m * n] at W = 1 * flat(Y)
h [m * n - 1] at row 1 = 1 * row_ends
h [m * n - 1] at row 1' = -1 * row_ends
h [1] at row 0 = 1 * dot(ones, row_ends)
h [1] at row 0 = 1 * #0
)");
}
TEST_CASE("one t for a maximum norm, and for the sum of the largest") {
    CHECK(table(minimize(norm_inf(z - y))) == R"(rows 0 G epigraph [n] of t1
G identity [n, n] at row 0, z = 1
G dense [n, 1] at row 0, t1 = -1 * ones
G identity [n, n] at row 0', z = -1
G dense [n, 1] at row 0', t1 = -1 * ones
h [n] at row 0 = 1 * y
h [n] at row 0' = -1 * y
q [1] at t1 = 1 * 1
)");
    CHECK(table(minimize(sum_largest(z, 2) + dot(y, z))) == R"(rows 0 G general [n]
rows 1 G bound [n]
G identity [n, n] at row 0, z = 1
G dense [n, 1] at row 0, t1 = -1 * ones
G identity [n, n] at row 0, t2 = -1
G identity [n, n] at row 1, t2 = -1
q [1] at t1 = 1 * #0 * 1
q [n] at t2 = 1 * ones
q [n] at z = 1 * y
)");
}
TEST_CASE("huber and pinball") {
    CHECK(table(minimize(sum(huber(z - y, lambda)))) == R"(rows 0 G epigraph [n] of t2
G identity [n, n] at row 0, t1 = 1
G identity [n, n] at row 0, t2 = -1
G identity [n, n] at row 0', t1 = -1
G identity [n, n] at row 0', t2 = -1
Q identity [n, n] at z, z = 2
Q identity [n, n] at z, t1 = -4
Q identity [n, n] at t1, t1 = 2
q [n] at t2 = 2 * lambda * ones
q [n] at z = -2 * y
q [n] at t1 = 2 * y
offset = 1 * dot(y, y)
)");
    CHECK(table(minimize(sum(pinball(z - y, 0.3)))) == R"(rows 0 G epigraph [n] of t1
G identity [n, n] at row 0, z = 1
G identity [n, n] at row 0, t1 = -1
G identity [n, n] at row 0', z = -1
G identity [n, n] at row 0', t1 = -1
h [n] at row 0 = 1 * y
h [n] at row 0' = -1 * y
q [n] at t1 = 0.5 * ones
q [n] at z = 0.5 * #0 + #0 - 1 * ones
offset = -0.5 * #0 + #0 - 1 * dot(ones, y)
)");
}
TEST_CASE("simplex is its two constraints") {
    CHECK(table(minimize(sum_squares(z - y)).st(simplex(z))) ==
          table(minimize(sum_squares(z - y)).st(z >= 0, sum(z) == 1)));
}
TEST_CASE("bounds need no rows of a matrix") {
    constexpr dim<"rules"> rules;
    constexpr variable<"x", 64> x;
    constexpr param<"givens", 64> givens;
    constexpr param<"A", rules, 64> A;
    constexpr param<"x0", 64> x0;
    CHECK(table(minimize(0.05 * sum_squares(x) - dot(givens, x)).st(A * (x - x0) == 0, 0 <= x)) ==
          R"(rows 0 A general [rules] of constraint 0
rows 1 G bound [64] of constraint 1
Q identity [64, 64] at x, x = 2 * #0
A dense [rules, 64] at row 0, x = 1 * A
G identity [64, 64] at row 1, x = -1
q [64] at x = -1 * givens
b [rules] at row 0 = 1 * A * x0
b [rules] at row 0 = 1 * #1
h [64] at row 1 = -1 * #2
)");
    CHECK(table(minimize(dot(q, z)).st(-1 <= z <= y, s >= 2, 2 * z <= 1, d * z >= -1, z[1] <= s, lambda * z <= y)) ==
          R"(rows 0 G bound [n] of constraint 0
rows 1 G bound [n] of constraint 1
rows 2 G bound [1] of constraint 2
rows 3 G bound [n] of constraint 3
rows 4 G bound [n] of constraint 4
rows 5 G general [1] of constraint 5
rows 6 G bound [n] of constraint 6
G identity [n, n] at row 0, z = -1
G identity [n, n] at row 1, z = 1
G identity [1, 1] at row 2, s = -1
G identity [n, n] at row 3, z = 1 * #2
G diagonal [n, n] at row 4, z = -1 * diagonal(d)
G identity [1, 1] at row 5, z + #5 = 1
G identity [1, 1] at row 5, s = -1
G scaled [n, n] at row 6, z = 1 * lambda
q [n] at z = 1 * q
h [n] at row 0 = -1 * #0
h [n] at row 1 = 1 * y
h [1] at row 2 = -1 * #1
h [n] at row 3 = 1 * #3
h [n] at row 4 = -1 * #4
h [n] at row 6 = 1 * y
)");
}
TEST_CASE("maximize, several variables and constants") {
    CHECK(table(maximize(dot(q, z) - lambda * quad(z - y, d) + 3).st(named<"budget">(sum(z) == 1), z - s <= 0)) ==
          R"(rows 0 A general [1] of constraint 0
rows 1 G general [n] of constraint 1
Q diagonal [n, n] at z, z = 2 * lambda * diagonal(d)
A dense [1, n] at row 0, z = 1 * ones
G identity [n, n] at row 1, z = 1
G dense [n, 1] at row 1, s = -1 * ones
q [n] at z = -1 * q
offset = -1 * #0
q [n] at z = -2 * lambda * (d * y)
offset = 1 * lambda * dot(y, d * y)
b [1] at row 0 = 1 * #1
h [n] at row 1 = 1 * #2
)");
}
TEST_CASE("maxima and positive parts") {
    CHECK(table(minimize(max(z) + sum(pos(z - y)) + s).st(max(s, 0, sum(z)) <= 4)) ==
          R"(rows 0 G bound [1] of constraint 0
rows 1 G general [n]
rows 2 G general [n]
rows 3 G bound [n]
rows 4 G general [1]
rows 5 G bound [1]
rows 6 G general [1]
G identity [n, n] at row 1, z = 1
G dense [n, 1] at row 1, t2 = -1 * ones
G identity [n, n] at row 2, z = 1
G identity [n, n] at row 2, t3 = -1
G identity [n, n] at row 3, t3 = -1
G identity [1, 1] at row 4, s = 1
G identity [1, 1] at row 4, t4 = -1
G identity [1, 1] at row 5, t4 = -1
G dense [1, n] at row 6, z = 1 * ones
G identity [1, 1] at row 6, t4 = -1
G identity [1, 1] at row 0, t4 = 1
h [n] at row 2 = 1 * y
q [1] at t2 = 1 * 1
q [n] at t3 = 1 * ones
q [1] at s = 1 * 1
h [1] at row 5 = -1 * #0
h [1] at row 0 = 1 * #1
)");
}
TEST_CASE("slices and elements are places") {
    CHECK(table(minimize(sum_squares(slice<1, n>(z) - slice<0, n - 1>(z)) + z[2] * 3 + dot(y, z))
                    .st(slice<1, 3>(z) == 0)) == R"(rows 0 A general [2] of constraint 0
Q identity [n - 1, n - 1] at z + 1, z + 1 = 2
Q identity [n - 1, n - 1] at z + 1, z = -4
Q identity [n - 1, n - 1] at z, z = 2
A identity [2, 2] at row 0, z + 1 = 1
q [1] at z + #1 = 1 * #0 * 1
q [n] at z = 1 * y
b [2] at row 0 = 1 * #2
)");
}
TEST_CASE("matrices are counted row by row") {
    constexpr variable<"W", m, n> W;
    constexpr param<"A", k, m> A;
    constexpr param<"B", n, k> B;
    CHECK(table(minimize(sum_squares(W)).st(A * W * B == 0, T(W) * h <= y, W <= G)) ==
          R"(rows 0 A general [k * k] of constraint 0
rows 1 G general [n] of constraint 1
rows 2 G bound [m * n] of constraint 2
Q identity [m * n, m * n] at W, W = 2
A dense [k * k, m * n] at row 0, W = 1 * kron(I, T(B)) * kron(A, I)
G dense [n, m * n] at row 1, W = 1 * kron(I, row(h)) * permutation
G identity [m * n, m * n] at row 2, W = 1
b [k * k] at row 0 = 1 * #0
h [n] at row 1 = 1 * y
h [m * n] at row 2 = 1 * G
)");
}
TEST_CASE("the symmetric part of a matrix appears where it matters") {
    CHECK(table(minimize(quad(z - y, Q))) == R"(Q dense [n, n] at z, z = 2 * Q
q [n] at z = -1 * (Q + T(Q)) * y
offset = 0.5 * dot(y, (Q + T(Q)) * y)
)");
    CHECK(table(minimize(quad(c * s - z, Q))) == R"(Q scaled [1, 1] at s, s = 2 * dot(c, Q * c)
Q dense [1, n] at s, z = -2 * T(column(c)) * (Q + T(Q))
Q dense [n, n] at z, z = 2 * Q
)");
}
