// SPDX-License-Identifier: Apache-2.0
// The tables of affine and quadratic programs say what the programs say: numbers, at random points.

#include "dsl/lowering_model.hpp"

using namespace optnet::words;
using namespace optnet::test::model;
using optnet::test::check_lowering;

TEST_CASE("the three programs of the reference") {
    constexpr param<"A", k, n> A;
    constexpr param<"b", k> b;
    check_lowering(minimize(0.5 * quad(z, Q) + dot(c, z)).st(G * z <= h, A * z == b), sizes);
    check_lowering(minimize(0.5 * sum_squares(z - y) + lambda * norm1(G * z)), sizes);
    constexpr variable<"v", 6> v;
    constexpr param<"givens", 6> givens;
    constexpr param<"B", m, 6> B;
    constexpr param<"v0", 6> v0;
    check_lowering(minimize(0.05 * sum_squares(v) - dot(givens, v)).st(B * (v - v0) == 0, 0 <= v), sizes);
}

TEST_CASE("quadratics of affine expressions") {
    check_objective(sum_squares(z) + s);
    check_objective(0.5 * sum_squares(z - y) / 4);
    check_objective(sum_squares(z - y + 1));
    check_objective(sum_squares(2 * z - a * y + a));
    check_objective(sum_squares(G * z - h) + sum_squares(H * z + x));
    check_objective(sum_squares(G * z + a * x - h));
    check_objective(lambda * sum_squares(mul(w, z) - y));
    check_objective(sum_squares(d * z + z - mul(c, z)));
    check_objective(sum_squares(G * (d * z)) + sum_squares(d * (L * z)));
    check_objective(sum_squares(s) + sum_squares(s - a) + sum_squares(dot(c, z) - s + 2));
    check_objective(sum_squares(z - s) + sum_squares(x - a * s + t));
    check_objective(sum_squares(c * s - y));
    check_objective(sum_squares(z / a - y / 2));
    check_objective(sum_squares(mul(c, z) / lambda + z / 3));
    check_objective(sum_squares(z[1] - z[3] + a) + sum_squares(y[0] * z[2]));
    check_objective(sum_squares(slice<1, 3>(z) - slice<0, 2>(y)) + sum_squares(slice<1, n>(z) - slice<0, n - 1>(z)));
    check_objective(sum_squares(diff(z)) + sum_squares(diff(diff(z)) - 1) + sum_squares(diff(z - y)));
    check_objective(sum_squares(sum(z) - 1) + sum_squares(sum(G * z)) + sum_squares(sum(diff(z))));
}

TEST_CASE("quadratic forms") {
    check_objective(quad(z, Q) + quad(x, P));
    check_objective(quad(z - y, Q)); // Q is not symmetric
    check_objective(quad(G * z - h, P) + quad(G * z + x, 2 * P));
    check_objective(quad(mul(c, z) + y, Q + lambda * d));
    check_objective(quad(z, d) + quad(z - y, d) + quad(L * z, d));
    check_objective(quad(z, L * T(L)) + quad(z - c, T(L) * L) + quad(z - c * s, T(G) * P * G));
    check_objective(0.5 * quad(z, 0.5 * Q) + lambda * quad(z - y, lambda * Q) + quad(z, Q / lambda) + quad(z, Q / 2));
    check_objective(quad(G * z, P) * 0 + quad(z - s, Q) + quad(c * s - z, Q));
    check_objective(dot(exp(c), mul(w, pos(z))) + exp(a) * quad(z, Q));
}

TEST_CASE("parameters alone") {
    check_objective(dot(exp(c) + log(w) - sqrt(w), z) + softplus(a) * s - sigmoid(a) * t + tanh(a));
    check_objective(dot(G * y - h, x) + norm1(y) * s + (quad(y, Q) + sum_squares(c)) * t + max(a, lambda, 2));
    check_objective(sum(mul(abs(c), z)) + dot(T(G) * h + pos(y), z) + max(c) * s + dot(diff(c), diff(z)));
    check_objective(dot(max(c, y, 0.5), z) + c[1] * s - sum(slice<0, 2>(y)) * t + (a + 1) * (2 - a) * s);
    check_objective(dot(1 / w, z) - dot(y / lambda, z) + (lambda - 2) / 4 * s);
    check_objective(quad(z, abs(a) * Q + L * T(L)) * 0 + sum(z));
}

TEST_CASE("sums, products and pieces of affine expressions") {
    check_objective(sum(z) - 2 * sum(z - y) + 3 * (s - 1) - (-t) + dot(z, c));
    check_objective(dot(G * z - h, h) + dot(z + s, c) + dot(c, y * s) + sum(z * a + a) + dot(s, a));
    check_objective(sum(mul(c, z - y)) + sum(mul(z + s, c)) + sum(c * (s - t)) + sum((s - 1) * c));
    check_objective(z[2] - (G * z)[1] + (z - y)[0] + (c * s + y)[3] + diff(z)[1] + mul(c, z)[2] + (2 * z)[1] +
                    (z + s)[0]);
    check_objective(sum(slice<1, 3>(G * z)) + sum(slice<1, n - 1>(diff(z))) + sum(slice<0, 2>(mul(c, z - y) + s)));
    check_objective(slice<1, 3>(z)[1] + slice<1, 4>(slice<0, 4>(z))[0] + sum(slice<1, 2>(diff(z) - diff(y))));
    check_objective(sum(diff(mul(c, z))) + sum(diff(G * z)) + dot(diff(c * s + 2), diff(y)) + sum(diff(a * z)));
    check_objective(sum(G * (z - s)) + sum(L * (d * (z + y))) + sum(d * (c * s)) + sum(T(L) * z) + sum((-d) * z));
    check_objective(sum(L * (L * z - y) - y) + sum((L * L) * z) + sum((2 * d) * z) + sum((a * d) * z) + sum(T(d) * z));
}
