// SPDX-License-Identifier: Apache-2.0
// Sign, curvature and definiteness of expressions, by the rules of disciplined convex programming with signs. Compiling
// is passing.

#include "catch.hpp"
#include "optnet/dsl/words.hpp"

using namespace optnet::words;

namespace {

using optnet::dsl::mark;
constexpr mark zero = mark::zero, plus = mark::plus, minus = mark::minus, any = mark::any;
constexpr mark affine = mark::zero, convex = mark::plus, concave = mark::minus;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"z", n> z;
constexpr variable<"s"> s;
constexpr variable<"U", m, n> U;
constexpr param<"y", n> y;
constexpr param<"a"> a;
constexpr param<"L", n, n> L;
constexpr param<"G", m, n> G;
constexpr nonneg<"lambda"> lambda;
constexpr nonneg<"w", n> w;
constexpr nonneg<"N", m, n> N;
constexpr psd<"Q", n> Q;
constexpr psd<"P", m> P;
constexpr diagonal<"d", n> d;

template <class E> constexpr bool sign(const E&, mark wanted) { return E::what.sign == wanted; }
template <class E> constexpr bool curvature(const E&, mark wanted) { return E::what.curvature == wanted; }
template <class E> constexpr bool is(const E&, mark curvature, mark sign) {
    return E::what.curvature == curvature && E::what.sign == sign;
}
template <class E> constexpr bool known_psd(const E&) { return E::what.psd; }
template <class E> constexpr bool quadratic(const E&) { return E::what.quadratic; }

// the lattice
using optnet::dsl::compose;
using optnet::dsl::flip;
using optnet::dsl::join;
using optnet::dsl::times;
static_assert(join(zero, plus) == plus && join(plus, minus) == any && join(minus, zero) == minus);
static_assert(times(plus, minus) == minus && times(minus, minus) == plus && times(any, zero) == zero);
static_assert(times(any, plus) == any && flip(any) == any && flip(zero) == zero && flip(minus) == plus);
static_assert(compose(convex, plus, convex) == convex && compose(convex, minus, convex) == any);
static_assert(compose(concave, plus, concave) == concave && compose(concave, minus, convex) == concave);

// signs of data
static_assert(sign(a, any) && sign(lambda, plus) && sign(-lambda, minus) && sign(Q, any) && sign(2 * a, any));
static_assert(sign(lambda * w, plus) && sign(lambda * -w, minus) && sign(a * w, any) && sign(lambda + w, plus));
static_assert(sign(lambda - w, any) && sign(-lambda - w, minus) && sign(2 * lambda, plus) && sign(lambda / 2, plus));
static_assert(sign(-(2 * lambda), minus) && sign(lambda + 1, any) && sign(lambda / lambda, plus) &&
              sign(a / lambda, any));
static_assert(sign(N * w, plus) && sign(G * w, any) && sign(dot(w, w), plus) && sign(mul(w, w), plus) &&
              sign(sum(w), plus));
static_assert(sign(T(N), plus) && sign(w[1], plus) && sign(slice<0, 2>(w), plus) && sign(diff(w), any));
static_assert(sign(exp(a), plus) && sign(softplus(y), plus) && sign(sigmoid(a), plus) && sign(sqrt(lambda), plus));
static_assert(sign(log(lambda), any) && sign(tanh(a), any) && sign(abs(a), plus) && sign(pos(a + 1), plus));
static_assert(sign(norm1(y), plus) && sign(sum_squares(y), plus) && sign(quad(y, Q), plus) &&
              sign(max(a, lambda), plus));
static_assert(sign(max(a, 1), any) && sign(max(-lambda, -w[0]), minus) && sign(-exp(a), minus));

// parameters alone are affine, whatever is done to them
static_assert(curvature(exp(a) * norm1(y), affine) && curvature(-abs(a), affine) && !quadratic(sum_squares(y)));
static_assert(curvature(a * sum_squares(y), affine) && curvature(abs(norm1(y) - 1), affine));

// affine
static_assert(is(z, affine, any) && is(G * z - 1, affine, any) && is(dot(y, z), affine, any) && is(a * s, affine, any));
static_assert(curvature(-2 * z, affine) && curvature(z / a, affine) && curvature(diff(z), affine) &&
              curvature(-z, affine));

// atoms and their composition
static_assert(is(abs(z), convex, plus) && is(norm1(z - y), convex, plus) && is(pos(z), convex, plus));
static_assert(is(sum_squares(z), convex, plus) && is(quad(z - y, Q), convex, plus) && is(max(z), convex, any));
static_assert(is(max(z, w), convex, plus) && is(max(z, 1), convex, any) && is(-abs(z), concave, minus));
static_assert(is(abs(abs(z)), convex, plus) && is(norm1(pos(z) + w), convex, plus) && is(abs(-pos(z)), convex, plus));
static_assert(is(pos(abs(z) - 1), convex, plus) && is(max(norm1(z), 2), convex, plus) &&
              is(pos(max(z, y)), convex, plus));
static_assert(is(sum_squares(pos(z)), convex, plus) && quadratic(sum_squares(pos(z))) && !quadratic(norm1(z)));
static_assert(quadratic(lambda * quad(z, Q) + s) && quadratic(-sum_squares(z)) && is(abs(s) + abs(z), convex, plus));

static_assert(is(square(z), convex, plus) && quadratic(square(z)) && is(-square(U), concave, minus));
static_assert(is(square(pos(z)), convex, plus) && is(square(abs(z) + w), convex, plus) && square(U).form == U.form);
static_assert(is(N * square(z), convex, plus) && quadratic(slice<0, 2>(square(z))) && quadratic(square(s) + s));
static_assert(is(square(y), affine, plus) && !quadratic(square(y)) && is(square(a) * norm1(z), convex, plus));

static_assert(is(neg(z), convex, plus) && is(neg(-abs(z)), convex, plus) && is(hinge(1 - abs(z)), convex, plus));
static_assert(is(norm_inf(abs(z)), convex, plus) && is(tv(U), convex, plus) && is(pinball(abs(z), 0.1), convex, plus));
static_assert(is(min(z), concave, any) && is(min(w, 1), affine, any) && is(min(-abs(z), s), concave, minus));
static_assert(is(min(w, w), affine, plus) && is(min<0>(N), affine, plus) && is(-min<1>(-abs(U)), convex, plus));
static_assert(min<0>(U).form == y.form && min(z, 0).form == z.form && min(U).form == s.form && tv(U).form == s.form);
static_assert(is(norm1(min(-abs(z), 0 * -w)), convex, plus) && is(sum_squares(min(-abs(z), -w)), convex, plus));
static_assert(is(huber(z, lambda), convex, plus) && quadratic(huber(U, 1)) && is(huber(pos(z), w), convex, plus));
static_assert(!quadratic(huber(y, 1)) && huber(z, w).form == z.form && is(huber(s, abs(a)), convex, plus));
static_assert(is(sum_largest(z, 2), convex, any) && is(sum_largest(abs(z), 2), convex, plus));
static_assert(is(sum_smallest(z, 2), concave, any) && is(sum_smallest(-abs(z), 1), concave, minus));
static_assert(is(norm_inf(w) * norm1(z), convex, plus) && is(sum_smallest(w, 1) * norm1(z), convex, plus));

// products, sums and pieces of bent expressions
static_assert(is(lambda * norm1(z), convex, plus) && is(-lambda * norm1(z), concave, minus));
static_assert(is(norm1(z) * 2, convex, plus) && is(norm1(z) / lambda, convex, plus) && is(0.5 * abs(z), convex, plus));
static_assert(is(N * abs(z), convex, plus) && is(dot(w, abs(z)), convex, plus) && is(dot(-w, abs(z)), concave, minus));
static_assert(is(mul(w, pos(z)), convex, plus) && is(-N * abs(z), concave, minus) && is(w * abs(s), convex, plus));
static_assert(is(sum(abs(z)), convex, plus) && is(abs(z)[1], convex, plus) && is(slice<0, 2>(abs(z)), convex, plus));
static_assert(is(norm1(z) - sum(z), convex, any) && is(1 - norm1(z), concave, any) && is(norm1(z) + 1, convex, any));
static_assert(curvature(abs(z) - pos(z), any) && curvature(norm1(z) - lambda * norm1(z), any));

// over a dimension of a matrix, and its shape
static_assert(is(sum<0>(U), affine, any) && is(sum<1>(N), affine, plus) && is(sum<0>(-N), affine, minus));
static_assert(is(sum<0>(abs(U)), convex, plus) && is(sum<1>(-abs(U)), concave, minus) && is(-sum<1>(U), affine, any));
static_assert(is(max<0>(U), convex, any) && is(max<1>(abs(U)), convex, plus) && is(-max<1>(pos(U)), concave, minus));
static_assert(is(max<0>(N), affine, plus) && is(max<1>(-N), affine, minus) && is(max<1>(G), affine, any));
static_assert(is(norm1(max<0>(abs(U)) + w), convex, plus) && is(sum(sum<0>(U)), affine, any));
static_assert(sum<0>(U).form == y.form && max<0>(U).form == y.form && sum<0>(T(U)).form == sum<1>(U).form);
static_assert(quadratic(sum<0>(N * sum_squares(z))) && !quadratic(sum<1>(N * sum_squares(y))));
static_assert(transpose(U).form == T(U).form && sign(transpose(N), plus) && known_psd(L * transpose(L)));

// definiteness
static_assert(known_psd(Q) && known_psd(d) && !known_psd(L) && !known_psd(N) && !known_psd(-Q) && !known_psd(w));
static_assert(known_psd(L * T(L)) && known_psd(T(L) * L) && known_psd(T(G) * G) && known_psd(G * T(G)));
static_assert(known_psd(T(G) * P * G) && known_psd(G * Q * T(G)) && known_psd(T(G) * (P * G)) &&
              known_psd(G * d * T(G)));
static_assert(known_psd(Q + d) && known_psd(2 * Q) && known_psd(Q / 2) && known_psd(lambda * Q) &&
              known_psd(Q / lambda));
static_assert(known_psd(Q * lambda + L * T(L)) && known_psd(exp(a) * Q) && known_psd(T(Q)) && known_psd(0 * d));
static_assert(!known_psd(L * L) && !known_psd(Q * Q) && !known_psd(Q - d) && !known_psd(a * Q) && !known_psd(Q + 1));
static_assert(!known_psd(L * T(-L)) && !known_psd((1 * L) * T(1 * L)) && !known_psd((1 * L) * T(-1 * L)));
static_assert(!known_psd(T(G) * P * (2 * G)) && !known_psd(L * Q * T(Q)) && !known_psd(T(L) * L * L));

} // namespace

TEST_CASE("numbers come out in the order of their slots") {
    constexpr auto problem =
        minimize(0.5 * quad(z - 2, Q) + z[3] + lambda * norm1(G * z - 7) / 4).st(-1 <= z <= 6, sum(z) == 8, 9 >= s);
    const std::vector<double> wanted{0.5, 2, 3, 7, 4, -1, 6, 8, 9};
    CHECK(optnet::dsl::numbers(problem) == wanted);
    CHECK(optnet::dsl::lower<decltype(problem)>().number_count == 9);
    static_assert(optnet::dsl::numbers(minimize(3 * z[1] - 4))[1] == 1);
    double weight = 0.25; // an affine expression takes numbers that only the program knows
    CHECK(optnet::dsl::numbers(minimize(weight * sum(z))) == std::vector<double>{0.25});
}
