// SPDX-License-Identifier: Apache-2.0
// The printed form of the three programs of the reference, word by word.

#include "catch.hpp"
#include "optnet/dsl/describe.hpp"
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
    CHECK(described(minimize(0.5 * quad(z, Q) + dot(q, z)).st(G * z <= h, A * z == b)) == "");
}

TEST_CASE("total-variation denoising") {
    constexpr dim<"n"> n;
    constexpr dim<"m"> m;
    constexpr variable<"z", n> z;
    constexpr param<"y", n> y;
    constexpr param<"D", m, n> D;
    constexpr nonneg<"lambda"> lambda;
    CHECK(described(minimize(0.5 * sum_squares(z - y) + lambda * norm1(D * z))) == "");
}

TEST_CASE("mini-Sudoku") {
    constexpr dim<"rules"> rules;
    constexpr variable<"x", 64> x;
    constexpr param<"givens", 64> givens;
    constexpr param<"A", rules, 64> A;
    constexpr param<"x0", 64> x0;
    CHECK(described(minimize(0.05 * sum_squares(x) - dot(givens, x)).st(A * (x - x0) == 0, 0 <= x)) == "");
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
                            d * z + y >= -2 * s)) == "");
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
    CHECK(text(max(z, 0, y)) == "max(z, ..., y)");
}
