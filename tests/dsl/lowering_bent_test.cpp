// SPDX-License-Identifier: Apache-2.0
// The tables of programs with atoms and constraints say what the programs say: numbers, at random points.

#include "dsl/lowering_model.hpp"

using namespace optnet::words;
using namespace optnet::test::model;
using optnet::test::check_lowering;

TEST_CASE("absolute values") {
    check_objective(norm1(z) + norm1(z - y) + norm1(G * z - h) + norm1(s - a) + norm1(x - s));
    check_objective(lambda * norm1(diff(z)) + 0.5 * norm1(z[1] - a) + norm1(z) / lambda + norm1(z) * 2 + norm1(z) / 2);
    check_objective(dot(w, abs(z - y)) + sum(mul(w, abs(z))) + sum(N * abs(z)) + sum(abs(z)) + w[1] * abs(s));
    check_objective(abs(z)[1] + sum(slice<1, 3>(abs(z - y))) + abs(s - dot(c, z)) + sum(d * z) + sum(abs(d * z)));
    check_objective(norm1(abs(z)) + abs(norm1(z - y)) + norm1(abs(z) + lambda) + norm1(-abs(z - y)) +
                    abs(sum(abs(z)) + abs(s)));
    check_objective(sum(w * abs(s)) + sum(abs(s) + w) + sum(abs(z) + abs(s)) - dot(-w, abs(z)));
}

TEST_CASE("positive parts and maxima") {
    check_objective(sum(pos(z - y)) + pos(s) + sum(pos(G * z - h)) + sum(pos(abs(z) - 1)) +
                    sum(pos(pos(z) + norm1(x) - 2)));
    check_objective(max(z) + max(s, 0) + sum(max(z, y)) + sum(max(z, 0, y)) + sum(max(z - y, s)) + max(s, t, a, 1));
    check_objective(max(z - y) + max(G * z) + max(abs(z)) + max(norm1(z), 3) + sum(max(abs(z), pos(s))));
    check_objective(sum(max(0, z)) + sum(max(s, z)) + max(max(z), max(x)) + sum(max(z, z)) + sum(max(z, z, 1)) +
                    max(-s, s));
    check_objective(norm1(pos(z)) + abs(pos(s)) + norm1(max(z, lambda)) + lambda * max(z) + max(lambda * norm1(z), s));
}

TEST_CASE("quadratics of bent expressions of known sign") {
    check_objective(sum_squares(pos(z - y)) + sum_squares(abs(s)) + sum_squares(norm1(z)) + sum_squares(abs(z) + w));
    check_objective(lambda * sum_squares(max(z, 0 * lambda)) + sum_squares(-pos(z)) + sum_squares(pos(s) + abs(t)));
    check_objective(sum_squares(N * abs(z) + abs(x)) + sum_squares(mul(w, pos(z)) + pos(s)) +
                    sum_squares(max(lambda, s)));
}

TEST_CASE("squares, entry by entry") {
    check_objective(sum(square(z)) + 0.5 * sum(square(z - y)) + square(s - a) + lambda * sum(square(G * z - h)));
    check_objective(dot(w, square(z - y)) + sum(mul(w, 2 * square(z))) + sum(N * square(z)) + sum(w * square(s - t)));
    check_objective(square(z)[1] + 3 * square(z - y)[2] + sum(slice<1, 3>(square(z + s))) + square(G * z - h)[0] +
                    slice<1, n>(square(z - y))[1] + sum(lambda * slice<0, 2>(mul(w, square(z)))));
    check_objective(sum(square(z) / lambda - lambda * -square(s) + w) + sum(square(s) + square(z) + 1));
    check_objective(sum(square(pos(z - y))) + square(norm1(z)) + dot(w, square(abs(z) + w)) + sum(square(max(z, w))));
    check_objective(dot(w, T(N) * (N * square(z - y))) + (N * square(diff(z)[0] + z))[1] + sum(w * square(z)[3]));
    check_objective(sum(square(y)) + dot(square(y), z) + norm1(square(c) + abs(z)) + square(a) * abs(s));
    check_objective(sum(w * square(s - a)) + (w * square(s))[2] + sum(slice<0, 2>(w * square(s))) +
                    dot(w, w * square(s)));
}

TEST_CASE("quadratics that a matrix weighs") {
    check_objective(sum(N * (w * sum_squares(z))) + dot(w, T(N) * (N * (w * sum_squares(s - a)))));
    check_objective(sum(sum<0>(N * sum_squares(z - y))) + dot(w, sum<0>(N * sum_squares(s))) + sum(w * quad(x, P)));
    check_objective(sum(sum_squares(z) + z) + sum(square(s) + w) + dot(w, sum_squares(x) + 0 * z));
    check_objective(sum(sum<1>(mul(N, N * sum_squares(s)) + N * quad(z, Q))) + sum<0>(T(N) * sum_squares(x))[1]);
}

TEST_CASE("constraints") {
    check_constraints(G * z <= h, z == y, 0 <= z, z <= 1, s >= a, s == 2, x >= h);
    check_constraints(0 <= z <= y, -1 <= G * z - h <= 2, a <= s <= lambda, y <= z <= y + 1, h - 1 <= x + s <= 3);
    check_constraints(norm1(z - y) <= lambda, abs(z) <= w, abs(z) + pos(z) <= 3 - abs(s), 2 >= max(z, y));
    check_constraints(s >= norm1(z), t >= abs(s), z >= abs(z) - 1, -norm1(z) >= -5, max(z) <= s, x <= -abs(x) + s);
    check_constraints(sum(z) == 1, z[1] <= z[2], slice<1, 3>(z) == 0, diff(z) <= a, mul(c, z) <= 1, d * z >= -1,
                      a * z <= y);
    check_constraints(2 * z <= y, -z <= 1, 1 >= z, 3 == s, y >= z, 0 == G * z - h, z / lambda <= 1, z - s <= 0,
                      c * s <= y);
    check_constraints(named<"box">(0 <= z <= 1), named<"budget">(sum(z) == 1), N * abs(z) <= 3,
                      sum(mul(c, z)) - 1 >= s);
    check_constraints(G * z - h + x == a, z + y - c == s + t, pos(G * z - h) <= x);
}

TEST_CASE("matrix variables") {
    constexpr variable<"W", m, n> W;
    constexpr variable<"U", n, k> U;
    constexpr param<"A", k, m> A;
    constexpr param<"B", n, k> B;
    constexpr param<"C", k, k> C;
    constexpr param<"D", m, n> D;
    constexpr param<"e", k> e;
    constexpr nonneg<"V", m, n> V;
    const auto regular = sum_squares(W) + sum(mul(D, W)) + sum(A * D) + sum(B);
    check_lowering(minimize(regular + sum_squares(A * W * B - C) + sum_squares(W - D)), sizes);
    check_lowering(minimize(regular + sum(T(W)) + sum_squares(T(W) * T(A) - B) + sum_squares(W * y - h)), sizes);
    check_lowering(minimize(regular + norm1(W * B) + max(W) + dot(W, D) + sum(max(W, D)) + norm1(T(A * W) - B)), sizes);
    check_lowering(
        minimize(regular + sum(abs(A) * abs(W)) + sum(mul(V, pos(W))) + dot(V, abs(W - D)) + sum_squares(W * d)),
        sizes);
    check_lowering(minimize(regular + sum(square(W - D)) + dot(V, square(W)) + sum(square(A * W * B - C)) +
                            sum(sum<0>(square(W))) + sum<1>(square(W - D))[1] + sum(T(V) * T(T(square(W))))),
                   sizes);
    check_lowering(minimize(regular + sum_squares(U) + sum(D * U) + sum(s * D)).st(U * e >= 0), sizes);
}

TEST_CASE("over a dimension of a matrix") {
    constexpr variable<"W", m, n> W;
    constexpr param<"D", m, n> D;
    constexpr nonneg<"V", m, n> V;
    const auto regular = sum_squares(W) + dot(D, W) + sum(V);
    const auto check = [&](const auto& f) {
        check_lowering(minimize(regular + f), sizes);
        check_lowering(maximize(-regular - f), sizes);
    };
    check(dot(c, sum<0>(W)) + dot(h, sum<1>(W - D)) - sum(2 * sum<0>(W)) + sum<1>(W + s)[2] + sum<0>(W)[3]);
    check(sum_squares(sum<0>(W) - y) + sum_squares(sum<1>(D * d + W)) + sum_squares(sum<1>(mul(D, W)) - x));
    check(dot(sum<0>(D) - max<0>(D), z) + dot(max<1>(V) + sum<1>(D), x) + sum(sum<0>(abs(W))) + norm1(sum<1>(W) - h));
    check(sum(max<0>(W)) + sum(max<1>(W - D)) + dot(w, max<0>(abs(W))) + max(max<1>(W)) + norm1(max<0>(abs(W)) + w));
    check(sum(max<1>(T(W))) + sum(max<0>(G * d + W)) + max<1>(W)[1] + sum(sum<1>(pos(W) + abs(s))) + a * sum<0>(W)[0]);
    check(sum(max<0>(W + s)) + sum(max<1>(D * s - D)) + sum_squares(max<1>(abs(W)) + abs(x)));
    check_lowering(minimize(regular).st(sum<0>(W) == c, sum<1>(W) <= h, max<0>(W) <= w, -1 <= sum<1>(W) <= 2,
                                        max<1>(abs(W)) + x <= 3, named<"rows">(sum<1>(transpose(W)) >= y)),
                   sizes);
}
