// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sign, curvature and monotonicity are one lattice; the rules of disciplined convex programming are its arithmetic.

namespace optnet::dsl {

/// zero < plus, minus < any. As a sign: 0, >= 0, <= 0, unknown. As a curvature: affine, convex, concave, unknown.
/// As a monotonicity: constant, nondecreasing, nonincreasing, neither.
enum class mark : unsigned char { zero = 0, plus = 1, minus = 2, any = 3 };

/// The mark of a sum.
constexpr mark join(mark a, mark b) { return static_cast<mark>(static_cast<unsigned>(a) | static_cast<unsigned>(b)); }

/// The mark of -a.
constexpr mark flip(mark a) { return a == mark::plus ? mark::minus : a == mark::minus ? mark::plus : a; }

/// The mark of a product: of two signs, or of a sign (or monotonicity) and a curvature.
constexpr mark times(mark a, mark b) {
    if (a == mark::zero || b == mark::zero) return mark::zero;
    if (a == mark::any || b == mark::any) return mark::any;
    return a == b ? mark::plus : mark::minus;
}

/// What the compiler knows of an expression's value.
struct attributes {
    mark sign = mark::any;
    mark curvature = mark::zero; ///< parameters alone are affine
    bool psd = false;            ///< a symmetric positive semidefinite matrix
    bool quadratic = false;      ///< contains a quadratic: may stand only in the objective
    friend constexpr bool operator==(const attributes&, const attributes&) = default;
};

/// The curvature of f(g) for f of curvature `outer` that is `monotone` in g of curvature `inner`.
constexpr mark compose(mark outer, mark monotone, mark inner) { return join(outer, times(monotone, inner)); }

static_assert(compose(mark::plus, mark::plus, mark::plus) == mark::plus);
static_assert(compose(mark::plus, mark::minus, mark::minus) == mark::plus);
static_assert(compose(mark::plus, mark::any, mark::zero) == mark::plus);
static_assert(compose(mark::plus, mark::any, mark::plus) == mark::any);
static_assert(compose(mark::minus, mark::plus, mark::minus) == mark::minus);
static_assert(join(mark::plus, mark::minus) == mark::any && flip(mark::plus) == mark::minus);

} // namespace optnet::dsl
