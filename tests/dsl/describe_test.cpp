// SPDX-License-Identifier: Apache-2.0
// The printed form of the three programs of the reference, word by word.

#include "catch.hpp"
#include "optnet/dsl/describe.hpp"
#include "optnet/dsl/outline.hpp"
#include "optnet/dsl/words.hpp"

using namespace optnet::words;

namespace {

template <class Problem> std::string described(const Problem& problem) {
    const std::vector<double> numbers = optnet::dsl::numbers(problem);
    const optnet::dsl::description text(optnet::dsl::lower<Problem>(), numbers);
    return text.mathematics() + text.blocks();
}

} // namespace

TEST_CASE("a quadratic program with every coefficient a tensor") {
    constexpr dim<"n"> n;
    constexpr dim<"m"> m;
    constexpr dim<"p"> p;
    constexpr variable<"z", n> z;
    constexpr psd<"Q", n> Q;
    constexpr param<"q", n> q;
    constexpr param<"G", m, n> G;
    constexpr param<"h", m> h;
    constexpr param<"A", p, n> A;
    constexpr param<"b", p> b;
    CHECK(described(minimize(0.5 * quad(z, Q) + dot(q, z)).st(G * z <= h, A * z == b)) ==
          R"(minimize    0.5 * quad(z, Q) + dot(q, z)
subject to  G * z <= h
            A * z == b
variables   z [n]
parameters  Q [n, n] psd, q [n], G [m, n], h [m], A [p, n], b [p]
lowered to minimize 1/2 z'Qz + q'z subject to A z = b, G z <= h
  z = (z [n])
  Q  dense           [n, n]          Q                       z, z
  q  vector          [n]             q                       z
  A  dense           [p, n]          A                       row    z in A * z == b
  b  vector          [p]             b                       A * z == b
  G  dense           [m, n]          G                       row    z in G * z <= h
  h  vector          [m]             h                       G * z <= h
)");
}

TEST_CASE("total-variation denoising") {
    constexpr dim<"n"> n;
    constexpr dim<"m"> m;
    constexpr variable<"z", n> z;
    constexpr param<"y", n> y;
    constexpr param<"D", m, n> D;
    constexpr nonneg<"lambda"> lambda;
    CHECK(described(minimize(0.5 * sum_squares(z - y) + lambda * norm1(D * z))) ==
          R"(minimize    0.5 * sum_squares(z - y) + lambda * norm1(D * z)
variables   z [n]
parameters  y [n], lambda [] >= 0, D [m, n]
lowered to minimize 1/2 z'Qz + q'z subject to A z = b, G z <= h
  z = (z [n], t1 [m])
  Q  identity        [n, n]          I                       z, z
  q  vector          [m]             lambda * ones           t1
  q  vector          [n]             -y                      z
  G  dense           [m, n]          D                       row    z in epigraph +
  G  identity        [m, m]          -I                      row    t1 in epigraph +
  G  dense           [m, n]          -D                      row    z in epigraph -
  G  identity        [m, m]          -I                      row    t1 in epigraph -
)");
}

TEST_CASE("mini-Sudoku") {
    constexpr dim<"rules"> rules;
    constexpr variable<"x", 64> x;
    constexpr param<"givens", 64> givens;
    constexpr param<"A", rules, 64> A;
    constexpr param<"x0", 64> x0;
    CHECK(described(minimize(0.05 * sum_squares(x) - dot(givens, x)).st(A * (x - x0) == 0, 0 <= x)) ==
          R"(minimize    0.05 * sum_squares(x) - dot(givens, x)
subject to  A * (x - x0) == 0
            0 <= x
variables   x [64]
parameters  givens [64], A [rules, 64], x0 [64]
lowered to minimize 1/2 z'Qz + q'z subject to A z = b, G z <= h
  z = (x [64])
  Q  identity        [64, 64]        0.1 I                   x, x
  q  vector          [64]            -givens                 x
  A  dense           [rules, 64]     A                       row    x in A * (x - x0) == 0
  b  vector          [rules]         A * x0                  A * (x - x0) == 0
  b  vector          [rules]         0                       A * (x - x0) == 0
  G  identity        [64, 64]        -I                      bound  x in 0 <= x
  h  vector          [64]            0                       0 <= x
)");
}

TEST_CASE("every way to write a constraint, and numbers of every kind") {
    constexpr dim<"n"> n;
    constexpr variable<"z", n> z;
    constexpr variable<"s"> s;
    constexpr nonneg<"w", n> w;
    constexpr param<"y", n> y;
    constexpr diagonal<"d", n> d;
    CHECK(described(maximize(s - 2.5 * norm1(z) - dot(w, z))
                        .st(named<"box">(-1 <= z <= 1e-3), named<"budget">(sum(z) == 1), s <= 3 - abs(z[0]),
                            d * z + y >= -2 * s)) == R"(maximize    s - 2.5 * norm1(z) - dot(w, z)
subject to  -1 <= z <= 0.001    (box)
            sum(z) == 1    (budget)
            s <= 3 - abs(z[0])
            d * z + y >= (-2) * s
variables   s [], z [n]
parameters  w [n] >= 0, d [n, n] diagonal, y [n]
lowered to minimize 1/2 z'Qz + q'z subject to A z = b, G z <= h
  z = (s [1], z [n], t1 [n], t2 [1])
  q  vector          [1]             -1                      s
  q  vector          [n]             2.5 ones                t1
  q  vector          [n]             w                       z
  A  dense           [1, n]          ones                    row    z in budget
  b  vector          [1]             1                       budget
  G  identity        [n, n]          -I                      bound  z in box
  h  vector          [n]             1                       box
  G  identity        [n, n]          I                       bound  z in box
  h  vector          [n]             0.001                   box
  G  identity        [1, 1]          I                       row    s in s <= 3 - abs(z[0])
  G  identity        [1, 1]          I                       row    t2 in s <= 3 - abs(z[0])
  h  vector          [1]             3                       s <= 3 - abs(z[0])
  G  dense           [n, 1]          -2 ones                 row    s in d * z + y >= (-2) * s
  G  diagonal        [n, n]          -diagonal(d)            row    z in d * z + y >= (-2) * s
  h  vector          [n]             y                       d * z + y >= (-2) * s
  G  identity        [n, n]          I                       row    z in epigraph +
  G  identity        [n, n]          -I                      row    t1 in epigraph +
  G  identity        [n, n]          -I                      row    z in epigraph -
  G  identity        [n, n]          -I                      row    t1 in epigraph -
  G  identity        [1, 1]          I                       row    z in epigraph +
  G  identity        [1, 1]          -I                      row    t2 in epigraph +
  G  identity        [1, 1]          -I                      row    z in epigraph -
  G  identity        [1, 1]          -I                      row    t2 in epigraph -
)");
}

TEST_CASE("text says what the user wrote, in parentheses where they matter") {
    constexpr dim<"n"> n;
    constexpr variable<"z", n> z;
    constexpr param<"a"> a;
    constexpr param<"y", n> y;
    constexpr param<"L", n, n> L;
    const auto text = [](const auto& e) {
        return std::string(optnet::dsl::text_of<std::remove_cvref_t<decltype(e)>>().view());
    };
    CHECK(text(-(z - y)) == "-(z - y)");
    CHECK(text(z - (y - z)) == "z - (y - z)");
    CHECK(text(a * (z + y) / 2) == "a * (z + y) / ...");
    CHECK(text(L * (L * z)) == "L * (L * z)");
    CHECK(text(L * T(L) * z) == "L * T(L) * z");
    CHECK(text((z - y)[1] + slice<1, n - 1>(diff(z))[0]) == "(z - y)[...] + slice<1, n - 1>(diff(z))[...]");
    CHECK(text(-(2 * norm1(z))) == "-(... * norm1(z))");
    CHECK(text(-a * z - -z) == "-a * z - -z");
    CHECK(text(-(-z)) == "-(-z)");
    CHECK(text(-(a * z) * a) == "(-a * z) * a");
    CHECK(text(-(z + y) / a) == "-(z + y) / a");
    CHECK(text(max(z, 0, y)) == "max(z, ..., y)");
    CHECK(text(pinball(z, 0.5) - min(z, 0) - min<0>(L)) == "pinball(z, ...) - min(z, ...) - min<0>(L)");
    CHECK(text(2 * sum<0>(L) - max<1>(abs(L - transpose(L)))) == "... * sum<0>(L) - max<1>(abs(L - T(L)))");
}

TEST_CASE("over a dimension of a matrix") {
    constexpr dim<"m"> m;
    constexpr dim<"n"> n;
    constexpr variable<"W", m, n> W;
    constexpr param<"C", m, n> C;
    CHECK(described(minimize(sum(max<0>(W)) + dot(C, W)).st(sum<1>(W) == 1)) ==
          R"(minimize    sum(max<0>(W)) + dot(C, W)
subject to  sum<1>(W) == 1
variables   W [m, n]
parameters  C [m, n]
lowered to minimize 1/2 z'Qz + q'z subject to A z = b, G z <= h
  z = (W [n * m], t1 [n])
  q  vector          [n]             ones                    t1
  q  vector          [n * m]         flat(C)                 W
  A  dense           [m, n * m]      kron(I, row(ones))      row    W in sum<1>(W) == 1
  b  vector          [m]             1                       sum<1>(W) == 1
  G  identity        [n * m, n * m]  I                       row    W in epigraph
  G  dense           [n * m, n]      -(T(kron(row(ones), I))) row    t1 in epigraph
)");
}

TEST_CASE("atoms and a simplex, as they were written") {
    constexpr dim<"n"> n;
    constexpr variable<"z", n> z;
    constexpr variable<"s"> s;
    constexpr param<"y", n> y;
    constexpr nonneg<"M"> M;
    const std::string text =
        described(minimize(sum(huber(z - y, M)) + pinball(s, 0.25) + sum(square(z)) - sum_smallest(z, 2))
                      .st(simplex(z), named<"p">(simplex(y - z)), tv(z) + norm_inf(z) <= min(s, 3)));
    CHECK(text.substr(0, text.find("lowered")) ==
          R"(minimize    sum(huber(z - y, M)) + pinball(s, 0.25) + sum(square(z)) - sum_smallest(z, 2)
subject to  simplex(z)
            simplex(y - z)    (p)
            tv(z) + norm_inf(z) <= min(s, 3)
variables   z [n], s []
parameters  y [n], M [] >= 0
)");
    // 1/2 |s| - 1/4 s
    CHECK(text.find("q  vector          [1]             -0.25                   s\n") != std::string::npos);
    CHECK(text.find("A  dense           [1, n]          ones                    row    z in sum(z) == 1\n") !=
          std::string::npos);
}

namespace simplex {
constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"x", n> x;
constexpr auto problem = minimize(0.5 * sum_squares(z - x)).st(sum(z) == 1, z >= 0);
} // namespace simplex

TEST_CASE("in the outline that the form is chosen from, every block lies inside its matrix") {
    const auto& table = optnet::dsl::table_of<std::remove_cvref_t<decltype(simplex::problem)>>;
    const std::vector<int> sizes(table.symbols.size(), 10);
    const optnet::solver::structure shape = optnet::dsl::outline(table, sizes);
    CHECK(shape.blocks.size() == 3);
    for (const optnet::solver::block& b : shape.blocks) {
        const int rows = b.where == optnet::solver::matrix::Q   ? shape.n
                         : b.where == optnet::solver::matrix::A ? shape.p
                                                                : shape.m;
        CHECK((b.row >= 0 && b.row + b.rows <= rows));
        CHECK((b.col >= 0 && b.col + b.cols <= shape.n));
    }
}
