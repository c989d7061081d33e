// SPDX-License-Identifier: Apache-2.0
// Sizes are linear forms in symbols; every operation has the shape that the reference says. Compiling is passing.

#include "catch.hpp"
#include "optnet/dsl/words.hpp"

using namespace optnet::words;
using optnet::dsl::make_shape;
using optnet::dsl::shape;
using optnet::expr::size;

namespace {

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr dim<"k"> k;

// sizes
static_assert(size(64) == size(64ul) && size(64) == size(short{64}));
static_assert(n + m == m + n && n - 1 == size(n) - 1 && 2 * n == n + n && n * 2 == 2 * n);
static_assert(2 * n + m - 1 == m - 1 + n + n && n + 1 - 1 == size(n) && n - n == size(0));
static_assert(size(n) != size(m) && n - 1 != n + 1 && 2 * n != size(n) && size(n) != dim<"nn">{});
static_assert((3 * (n - m + 2)).constant == 6 && (3 * (n - m + 2)).count == 2 && (0 * n).count == 0);
static_assert(n + m + k + dim<"p">{} - m == k + n + dim<"p">{});

template <auto... Sizes> constexpr shape of = make_shape<Sizes...>();
constexpr shape scalar = of<>;

constexpr variable<"z", n> z;
constexpr variable<"s"> s;
constexpr variable<"W", m, n> W;
constexpr variable<"x", 64> x;
constexpr param<"y", n> y;
constexpr param<"h", m> h;
constexpr param<"a"> a;
constexpr param<"A", k, m> A;
constexpr param<"B", n, k> B;
constexpr param<"G", m, n> G;
constexpr param<"g", 64ul> g;
constexpr psd<"Q", n> Q;
constexpr diagonal<"d", n> d;

template <class E> constexpr bool has(const E&, const shape& wanted) { return E::form == wanted; }

// declarations
static_assert(has(z, of<n>) && has(s, scalar) && has(W, of<m, n>) && has(Q, of<n, n>) && has(d, of<n, n>));
static_assert(has(x, of<64>) && has(x, of<64ul>) && scalar.rank == 0 && of<n>.rank == 1 && of<m, n>.rank == 2);

// + and -: equal shapes, or a scalar and anything
static_assert(has(z + y, of<n>) && has(z - 1, of<n>) && has(1 - z, of<n>) && has(s + z, of<n>) && has(W + a, of<m, n>));
static_assert(has(s - a, scalar) && has(-W, of<m, n>) && has(+z, of<n>) && has(x - g, of<64>));
static_assert(has(diff(z) + slice<1, n>(y), of<n - 1>) && has(slice<1, n - 1>(z) - slice<2, n>(y), of<n - 2>));

// * and /
static_assert(has(G * z, of<m>) && has(W * y, of<m>) && has(A * W, of<k, n>) && has(W * B, of<m, k>));
static_assert(has(A * W * B, of<k, k>) && has(2 * W, of<m, n>) && has(z * 2, of<n>) && has(a * z, of<n>));
static_assert(has(y * s, of<n>) && has(s * G, of<m, n>) && has(z / 2, of<n>) && has(W / a, of<m, n>) &&
              has(s / a, scalar));
static_assert(has(d * z, of<n>) && has(T(G) * h, of<n>) && has(T(G) * G, of<n, n>));

// words
static_assert(has(mul(z, y), of<n>) && has(mul(W, G), of<m, n>) && has(dot(z, y), scalar) && has(dot(W, G), scalar));
static_assert(has(sum(z), scalar) && has(sum(W), scalar) && has(sum(s), scalar) && has(T(W), of<n, m>) &&
              has(T(s), scalar));
static_assert(has(z[0], scalar) && has((G * z)[1], scalar) && has(slice<2, 5>(x), of<3>) && has(slice<0, n>(z), of<n>));
static_assert(has(diff(z), of<n - 1>) && has(diff(diff(x)), of<62>) && has(x[63], scalar));
static_assert(has(sum<0>(W), of<n>) && has(sum<1>(W), of<m>) && has(sum<1>(T(W)), of<n>) && has(sum<0>(G), of<n>));
static_assert(has(max<0>(W), of<n>) && has(max<1>(A * W), of<k>) && has(transpose(W), of<n, m>));
static_assert(has(exp(G), of<m, n>) && has(softplus(a), scalar) && has(tanh(y), of<n>));

// atoms
static_assert(has(abs(W), of<m, n>) && has(pos(z), of<n>) && has(norm1(W), scalar) && has(sum_squares(W), scalar));
static_assert(has(quad(z, Q), scalar) && has(max(z), scalar) && has(max(W), scalar) && has(max(z, y), of<n>));
static_assert(has(max(0, z), of<n>) && has(max(z, 0, s), of<n>) && has(max(s, a), scalar) && has(max(z, z), of<n>));

} // namespace

TEST_CASE("sizes with more symbols than a size holds are refused") {
    size all = n + m + k + dim<"p">{};
    REQUIRE_THROWS(all + dim<"q">{});
}
