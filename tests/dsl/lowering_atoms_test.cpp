// SPDX-License-Identifier: Apache-2.0
// The tables of programs with atoms say what the programs say: numbers, at random points.

#include "dsl/lowering_model.hpp"

using namespace optnet::words;
using namespace optnet::test::model;
using optnet::test::check_lowering;

namespace {

constexpr variable<"W", m, n> W;
constexpr param<"D", m, n> D;
constexpr nonneg<"V", m, n> V;

/// Objectives of a matrix variable.
template <class F> void check_matrix(const F& f) {
    check_lowering(minimize(sum_squares(W) + dot(D, W) + sum(V) + f), sizes);
    check_lowering(maximize(-f - sum_squares(W) - dot(D, W) - sum(V)), sizes);
}

} // namespace

TEST_CASE("neg") {
    check_objective(sum(neg(z)) + sum(neg(z - y)) + neg(s) + sum(neg(G * z - h)));
    check_objective(dot(w, neg(1 - abs(z))) + sum(neg(-abs(z))) + norm1(neg(z)) + sum_squares(neg(z)));
}

TEST_CASE("norm_inf") {
    check_objective(norm_inf(z) + norm_inf(z - y) + norm_inf(s) + lambda * norm_inf(G * z - h));
    check_objective(norm_inf(abs(z)) + norm_inf(norm_inf(x) + abs(s - 1)) + sum_squares(norm_inf(z)));
    check_constraints(norm_inf(z) <= 2, norm_inf(G * z - h) + s <= 3, s >= norm_inf(abs(z) + w),
                      mul(w, abs(z)) <= -norm_inf(z));
    check_matrix(norm_inf(W - D) + norm_inf(T(W)));
}

TEST_CASE("min") {
    check_objective(-min(z) - min(s, 0) - sum(min(z, y)) - sum(min(z, 0, y)) - sum(min(z - y, s)));
    check_objective(-min(s, t, a, 1) - lambda * min(G * z - h) - min(z, z)[0] - sum(min(1, z)) - sum(min(z, z, 1)));
    check_objective(sum(neg(min(z, w))) + sum(abs(min(-abs(z), 0 * lambda))) - min(min(z), -norm1(x)));
    check_constraints(min(z) >= a, min(z, y, s) >= -2, s <= min(z - y), min(z) + min(x) >= norm1(z) - 4);
    check_matrix(-sum(min<0>(W)) - sum(min<1>(D * s - D)) - dot(w, min<0>(-abs(W))) - min(W));
    check_lowering(minimize(sum_squares(W) + sum(D)).st(min<0>(W) >= c, min<1>(W - D) >= h), sizes);
}

TEST_CASE("tv") {
    check_objective(tv(z) + lambda * tv(z - y) + tv(G * z - h) + tv(mul(y, z)) + tv(d * z + s) + max(tv(z), tv(x)) +
                    tv(s * y));
    check_constraints(tv(z) <= 3, tv(x) <= s);
    check_matrix(tv(W) + lambda * tv(W - D) + tv(T(W)) + tv(D * s - D) + tv(W + s) + tv(sum<0>(W)));
    check_matrix(tv(G * T(W)) + lambda * tv(mul(D, W) + D));
    check_lowering(minimize(sum_squares(W) + sum(D)).st(tv(W) <= lambda, tv(W - D) + s <= 2), sizes);
}

TEST_CASE("hinge") {
    check_objective(sum(hinge(z)) + sum(hinge(mul(y, z))) + hinge(s) + sum(hinge(G * z - h)));
    check_objective(sum(hinge(-abs(z))) + dot(w, hinge(3 - abs(z))) + sum_squares(hinge(z - y)) + max(hinge(z)));
    check_matrix(dot(V, hinge(W)) + max(hinge(W - D)));
}

TEST_CASE("pinball") {
    check_objective(sum(pinball(z, 0.3)) + sum(pinball(z - y, 0.9)) + pinball(s, 0) + sum(pinball(G * z - h, 0.5)));
    check_objective(dot(w, pinball(abs(z), 1)) + dot(w, pinball(-abs(z), 0.2)) + pinball(s * a - t, 0.7));
    check_constraints(sum(pinball(z, 0.3)) <= 3, pinball(abs(z), 0.8) <= w);
    check_matrix(sum(pinball(W - D, 0.25)));
}

TEST_CASE("huber") {
    check_objective(sum(huber(z, 0.5)) + lambda * huber(s - a, lambda) + sum(huber(G * z - h, 0)));
    check_objective(dot(w, huber(z - y, w)) + sum(N * huber(2 * z, 1.5)) + huber(z, exp(a))[1]);
    check_objective(sum(huber(pos(z), 1)) + huber(norm1(z), lambda));
    check_lowering(minimize(sum_squares(W) + sum(D) + sum(huber(W, V))), sizes);
}

TEST_CASE("sum_largest, sum_smallest") {
    check_objective(sum_largest(z, 2) + lambda * sum_largest(z - y, 1) - sum_smallest(G * z - h, 2));
    check_objective(sum_largest(abs(z), 3) + sum_largest(s, 1) + pos(sum_largest(z - y, 2) - 1));
    check_objective(norm1(sum_largest(abs(z), 2)) - 2 * sum_smallest(-abs(z), 2));
    check_constraints(sum_largest(z, 2) <= 1, sum_smallest(z - y, 3) >= -4);
    check_matrix(sum_largest(W - D, 4) - sum_smallest(W, 5));
}

TEST_CASE("simplex") { check_constraints(simplex(z), named<"p">(simplex(G * z - h)), simplex(s)); }

TEST_CASE("atoms of parameters") {
    check_objective(dot(neg(y) + hinge(c) + min(y, c) + pinball(y, 0.2) + norm_inf(y) + sum_largest(y, 2), z));
    check_objective(dot(huber(y, 1) + huber(c, w), z) + tv(y) * s + min(c) * s + tv(G) * t + min<1>(G)[0] * s +
                    sum_smallest(G, 5) * t);
}
