// SPDX-License-Identifier: Apache-2.0
#pragma once

// The memory of a team that works on one problem of the sparse form. A thread that has a problem to itself shares its
// memory with its warp: entry i of the 32 problems stand side by side, so that one access of the warp is one piece of
// memory. A warp or a block has it for itself. What differs is the step between two entries.

#include "solver/algorithm/sparse_shifts.hpp"
#include "solver/cuda/sparse_shape.hpp"
#include "solver/cuda/team.hpp"

namespace optnet::solver::cuda {

struct strided {
    double* first = nullptr;
    std::int64_t step = 1;

    OPTNET_DEVICE double& operator[](std::int64_t i) const { return first[i * step]; }
};

/// Hands out vectors; from a null pointer it only counts their entries.
class strided_arena {
public:
    OPTNET_DEVICE explicit strided_arena(double* base = nullptr, std::int64_t apart = 1) : first(base), step(apart) {}
    OPTNET_DEVICE strided take(std::int64_t count) {
        const std::int64_t from = used;
        used += count;
        return {first == nullptr ? nullptr : first + from * step, step};
    }
    OPTNET_DEVICE std::int64_t entries() const { return used; }

private:
    double* first;
    std::int64_t step, used = 0;
};

/// A team's part of the shared memory of its block: vectors move there one after the other, those that fit. With a null
/// pointer it only counts what they take.
class near_memory {
public:
    near_memory() = default;
    OPTNET_DEVICE near_memory(double* base, std::int64_t entries) : first(base), room(entries) {}

    /// Vectors of so many entries each.
    template <class... Vectors> OPTNET_DEVICE void take(std::int64_t count, Vectors&... v) {
        (take_one(count, v), ...);
    }
    OPTNET_DEVICE std::int64_t entries() const { return used; }

private:
    OPTNET_DEVICE void take_one(std::int64_t count, strided& v) {
        if (count > room - used) return;
        if (first != nullptr) v = {first + used, 1};
        used += count;
    }

    double* first = nullptr;
    std::int64_t room = 0, used = 0;
};

/// The matrices of one problem, or of a batch that shares them, in units of their own.
struct sparse_set {
    strided number;                    ///< [numbers] of Q, A and G
    strided a_scale, g_scale, z_scale; ///< as those of `operators`
    strided mark;                      ///< [m] 1 where a row of G has several entries
    strided about;                     ///< [6] the largest entry of Q, its unit, `least_of_q`, ρ, δ, the state

    OPTNET_DEVICE sparse_set(strided_arena& from, const sparse_shape& s)
        : number(from.take(s.numbers)), a_scale(from.take(s.p)), g_scale(from.take(s.m)), z_scale(from.take(s.n)),
          mark(from.take(s.m)), about(from.take(6)) {}

    OPTNET_DEVICE double q_size() const { return about[0]; }
    OPTNET_DEVICE double unit() const { return about[1]; }
    OPTNET_DEVICE double least_of_q() const { return about[2]; } ///< above 0 on the diagonal, as a share of the largest
    OPTNET_DEVICE sparse_shifts shifts() const { return {about[3], about[4]}; }
};

/// U and D for one set of weights, and the weights: w of an active row of R, and the root of it for rows of E.
struct sparse_factor {
    strided u;       ///< [entries]
    strided inverse; ///< [size] 1 / D
    strided weight;  ///< [m]
    strided ratio;   ///< [m] D of a row that is weakly active
    strided state;   ///< [1] 1 for a problem with a gradient

    OPTNET_DEVICE sparse_factor(strided_arena& from, const sparse_shape& s)
        : u(from.take(s.entries)), inverse(from.take(s.size)), weight(from.take(s.m)), ratio(from.take(s.m)),
          state(from.take(1)) {}

    /// The factor itself comes behind all that is small: it is long, and most often does not fit.
    OPTNET_DEVICE void move(near_memory& to, const sparse_shape& s) {
        to.take(s.size, inverse);
        to.take(s.m, weight);
        to.take(s.entries, u);
    }
};

struct sparse_point {
    strided z, nu, lambda; ///< [n], [p], [m]

    sparse_point() = default;
    OPTNET_DEVICE sparse_point(strided_arena& from, const sparse_shape& s)
        : z(from.take(s.n)), nu(from.take(s.p)), lambda(from.take(s.m)) {}

    OPTNET_DEVICE void move(near_memory& to, const sparse_shape& s) {
        to.take(s.n, z);
        to.take(s.p, nu);
        to.take(s.m, lambda);
    }
};

struct sparse_products {
    strided qz, atnu, gtl, az, gz;

    OPTNET_DEVICE sparse_products(strided_arena& from, const sparse_shape& s)
        : qz(from.take(s.n)), atnu(from.take(s.n)), gtl(from.take(s.n)), az(from.take(s.p)), gz(from.take(s.m)) {}

    OPTNET_DEVICE void move(near_memory& to, const sparse_shape& s) {
        to.take(s.m, gz);
        to.take(s.n, qz, atnu, gtl);
        to.take(s.p, az);
    }
};

/// What a solve of K takes.
struct sparse_refining {
    sparse_products of;
    sparse_point right, left; ///< the right-hand side, and what is left of it
    strided weighted;         ///< [m] W times the right-hand side's λ, for rows of E its root times it
    strided packed;           ///< [size]

    OPTNET_DEVICE sparse_refining(strided_arena& from, const sparse_shape& s)
        : of(from, s), right(from, s), left(from, s), weighted(from.take(s.m)), packed(from.take(s.size)) {}

    OPTNET_DEVICE void move(near_memory& to, const sparse_shape& s) {
        to.take(s.size, packed);
        to.take(s.m, weighted);
        of.move(to, s);
        left.move(to, s);
        right.move(to, s);
    }
};

/// f(v, i) for every entry of the vectors of a point.
template <class Team, class Z, class Nu, class Lambda>
OPTNET_DEVICE void each_entry_of(Team& team, const sparse_shape& s, const Z& z, const Nu& nu, const Lambda& lambda) {
    each(team, s.n + s.p + s.m, [&](int t) {
        if (t < s.n)
            z(t);
        else if (t < s.n + s.p)
            nu(t - s.n);
        else
            lambda(t - s.n - s.p);
    });
}

template <class Team>
OPTNET_DEVICE void copy(Team& team, const sparse_shape& s, const sparse_point& from, const sparse_point& to) {
    each_entry_of(
        team, s, [&](int j) { to.z[j] = from.z[j]; }, [&](int i) { to.nu[i] = from.nu[i]; },
        [&](int i) { to.lambda[i] = from.lambda[i]; });
}

} // namespace optnet::solver::cuda
