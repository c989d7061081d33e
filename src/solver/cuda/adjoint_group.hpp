// SPDX-License-Identifier: Apache-2.0
#pragma once

// The gradient's systems of eight problems that share their matrices, by one block: as solve_adjoint, problem by
// problem, but the products with the matrices are those of tensor_tiles.hpp. Each problem is refined as often as it
// needs, whatever its neighbours need.

#include "solver/cuda/adjoint.hpp"
#include "solver/cuda/tensor_tiles.hpp"
#include "solver/cuda/warp_team.hpp"

namespace optnet::solver::cuda {

/// work(team, c) for every problem c of a group, each by one warp or, where there are none, by one worker; then a
/// barrier.
template <class Team, class Work> OPTNET_DEVICE void each_problem(Team& team, const Work& work) {
    if constexpr (has_warps<Team>()) {
        warp_team<warp_wire> mine(team.rank % warp, {});
        for (int c = team.rank / warp; c < group_size; c += team.size / warp) work(mine, c);
    } else {
        serial_team mine;
        for (int c = team.rank; c < group_size; c += team.size) work(mine, c);
    }
    team.sync();
}

/// The vectors of a group in the memory of its team.
struct group_memory {
    /// Largest residual and largest number that it is compared with, of each problem by so many workers.
    static constexpr int slots = 32;

    int n, p, capacity;
    double *z, *r;  ///< [n + p + m] of a group: z, ν and λ of the solution, and the residual, then its correction
    double *y, *u;  ///< [n], [p] of a group; u is negative
    double *g, *x;  ///< [group_size, capacity]
    two* parts;     ///< [slots, group_size]
    double* before; ///< [group_size] the residual of a problem before its last step
    int* wants;     ///< [group_size] it wants another step
    int* count;     ///< [group_size] rows of its basis
    int* basis;     ///< [group_size, capacity] a copy of its rows

    OPTNET_DEVICE group_memory(arena& from, int variables, int equalities, int inequalities)
        : n(variables), p(equalities), capacity(kept_capacity(variables, inequalities)) {
        const int all = n + p + inequalities;
        z = from.take<double>(group_size * all);
        r = from.take<double>(group_size * all);
        y = from.take<double>(group_size * n);
        u = from.take<double>(group_size * p);
        g = from.take<double>(group_size * capacity);
        x = from.take<double>(group_size * capacity);
        parts = reinterpret_cast<two*>(from.take<double>(2 * slots * group_size));
        before = from.take<double>(group_size);
        wants = from.take<int>(group_size);
        count = from.take<int>(group_size);
        basis = from.take<int>(group_size * capacity);
    }

    OPTNET_DEVICE double* nu() const { return z + group_size * n; }
    OPTNET_DEVICE double* lambda() const { return z + group_size * (n + p); }
    OPTNET_DEVICE double* rnu() const { return r + group_size * n; }
    OPTNET_DEVICE double* rlambda() const { return r + group_size * (n + p); }
};

/// Up to eight problems of a batch, from `first` on, with what the solve has kept of them: kept(k) of problem k.
template <class Kept> class adjoint_group {
public:
    OPTNET_DEVICE adjoint_group(const matrices& shared, const group_memory& memory, const Kept& factors,
                                std::int64_t first_problem, std::int64_t batch, const kkt_arguments& arguments)
        : of(shared), v(memory), kept(factors), first(first_problem), x(arguments),
          members(batch - first < group_size ? static_cast<int>(batch - first) : group_size) {}

    template <class Team> OPTNET_DEVICE void solve(Team& team) {
        const int all = of.n + of.p + of.m;
        each(team, group_size, [&](int c) {
            const int rows = c < members ? kept(first + c).count[0] : -1;
            v.count[c] = rows;
            v.before[c] = HUGE_VAL;
            v.wants[c] = rows >= 0 ? 1 : 0;
        });
        each(team, all * group_size, [&](int t) {
            const int c = t % group_size;
            v.z[t] = 0;
            v.r[t] = v.count[c] < 0 ? 0.0 : right(c, t / group_size);
        });
        each_problem(team, [&](auto& mine, int c) {
            each(mine, v.count[c], [&](int i) { v.basis[c * v.capacity + i] = kept(first + c).rows[i]; });
        });
        const int steps = of.exact() ? 1 : most_refinements;
        OPTNET_ROLLED
        for (int step = 0;; ++step) {
            correct(team);
            each(team, all * group_size, [&](int t) {
                if (v.wants[t % group_size] != 0) v.z[t] += v.r[t];
            });
            if (step == steps) break;
            residual(team);
            if (!measure(team)) break;
        }
        each(team, all * group_size, [&](int t) {
            const int c = t % group_size;
            if (c < members) vectors(c).put(t / group_size, v.z[t]);
        });
    }

private:
    OPTNET_DEVICE adjoint_vectors vectors(int c) const { return {of, x, first + c}; }
    OPTNET_DEVICE double right(int c, int t) const { return vectors(c).right(t); }

    /// The residual becomes the correction, as `kkt_solve` makes it; λ is 0 outside the basis.
    template <class Team> OPTNET_DEVICE void correct(Team& team) {
        const int n = of.n, p = of.p, m = of.m, ld = of.panel_rows(), lds = of.schur_rows();
        const strided_matrix v_i{of.v_i(), 1, ld}, v_i_transposed{of.v_i(), ld, 1}, v_a{of.v_a(), 1, ld},
            v_a_transposed{of.v_a(), ld, 1}, v_g{of.v_g(), 1, ld}, v_g_transposed{of.v_g(), ld, 1}, w{of.w(), 1, lds},
            w_transposed{of.w(), lds, 1}, s_i{of.s_i(), 1, lds}, s_i_transposed{of.s_i(), lds, 1};
        const auto at = [](int i, int c) { return i * group_size + c; };
        if (p > 0 && of.gamma() > 0)
            group_products(
                team, n,
                [&](auto& sum) {
                    sum.add({of.a(), of.data_rows(), 1}, p, v.rnu());
                },
                [&](int j, int c, double sum) { v.r[at(j, c)] += of.gamma() * sum; });
        group_products(
            team, n, [&](auto& sum) { sum.add_lower(v_i_transposed, n, v.r); },
            [&](int j, int c, double sum) { v.y[at(j, c)] = sum; });
        if (p > 0) {
            group_products(
                team, p, [&](auto& sum) { sum.add(v_a, n, v.y); },
                [&](int i, int c, double sum) { v.rnu()[at(i, c)] = sum - v.rnu()[at(i, c)]; });
            group_products(
                team, p, [&](auto& sum) { sum.add_lower(s_i_transposed, p, v.rnu()); },
                [&](int i, int c, double sum) { v.u[at(i, c)] = -sum; });
        }
        group_products(
            team, m,
            [&](auto& sum) {
                sum.add(v_g, n, v.y);
                sum.add(w, p, v.u);
            },
            [&](int i, int c, double sum) { v.rlambda()[at(i, c)] = sum - v.rlambda()[at(i, c)]; });
        each_problem(team, [&](auto& mine, int c) { multipliers(mine, c); });
        if (p > 0)
            group_products<at_end::go_on>(
                team, p, [&](auto& sum) { sum.add(w_transposed, m, v.rlambda()); },
                [&](int i, int c, double sum) { v.u[at(i, c)] += sum; });
        group_products(
            team, n, [&](auto& sum) { sum.add(v_g_transposed, m, v.rlambda()); },
            [&](int j, int c, double sum) { v.y[at(j, c)] -= sum; });
        if (p > 0) {
            group_products(
                team, p, [&](auto& sum) { sum.add_upper(s_i, p, v.u); },
                [&](int i, int c, double sum) { v.rnu()[at(i, c)] = -sum; });
            group_products(
                team, n, [&](auto& sum) { sum.add(v_a_transposed, p, v.rnu()); },
                [&](int j, int c, double sum) { v.y[at(j, c)] -= sum; });
        }
        group_products(
            team, n, [&](auto& sum) { sum.add_upper(v_i, n, v.y); },
            [&](int i, int c, double sum) { v.r[at(i, c)] = sum; });
    }

    /// Between the two halves, of one problem: its multipliers in the place of their right-hand side.
    template <class Team> OPTNET_DEVICE void multipliers(Team& team, int c) {
        const int k = v.wants[c] != 0 ? v.count[c] : 0;
        const basis_factor basis = factor(c, k);
        double *const g = v.g + c * v.capacity, *const x_of = v.x + c * v.capacity;
        double *const r = right_side(basis, g, x_of), *const rows = v.rlambda() + c;
        each(team, k, [&](int i) { r[i] = rows[basis.rows[i] * group_size]; });
        each(team, of.m, [&](int i) { rows[i * group_size] = 0; });
        solve_basis(team, basis, g, x_of, [&](int i, double sum) { rows[basis.rows[i] * group_size] = sum; });
    }
    OPTNET_DEVICE basis_factor factor(int c, int k) const {
        const int* const near = v.basis + c * v.capacity;
        return k == 0 ? basis_factor{0, near, nullptr, nullptr, factor_kind::triangle} : kept(first + c).factor(near);
    }

    /// What the solution leaves of the right-hand sides; of λ for all rows, without the ratios.
    template <class Team> OPTNET_DEVICE void residual(Team& team) {
        const int n = of.n, p = of.p, m = of.m, ld = of.data_rows();
        const auto less = [&](double* to, int before) {
            return [=, this](int i, int c, double sum) {
                to[i * group_size + c] = (v.count[c] < 0 ? 0.0 : right(c, before + i)) - sum;
            };
        };
        group_products<at_end::go_on>(
            team, n,
            [&](auto& sum) {
                sum.add({of.data, ld, 1}, n, v.z);
                sum.add({of.a(), ld, 1}, p, v.nu());
                sum.add({of.g(), ld, 1}, m, v.lambda());
            },
            less(v.r, 0));
        group_products<at_end::go_on>(
            team, p,
            [&](auto& sum) {
                sum.add({of.a(), 1, ld}, n, v.z);
            },
            less(v.rnu(), n));
        group_products(
            team, m,
            [&](auto& sum) {
                sum.add({of.g(), 1, ld}, n, v.z);
            },
            less(v.rlambda(), n + p));
    }

    /// Adds what the ratios make of it to the residual, and says which problems want another step; false if none does.
    template <class Team> OPTNET_DEVICE bool measure(Team& team) {
        const int n = of.n, p = of.p;
        const bool exact = of.exact();
        each(team, group_memory::slots * group_size, [&](int t) {
            const int c = t % group_size, slot = t / group_size;
            double residual = 0, scale = 0;
            const auto see = [&](int i) {
                const int at = i * group_size + c;
                residual = larger(residual, std::abs(v.r[at]));
                scale = larger(scale, std::abs(right(c, i)));
                if (!exact) return;
                scale = larger(scale, std::abs(v.z[at]));
            };
            if (v.wants[c] != 0) {
                for (int i = slot; i < n + p; i += group_memory::slots) see(i);
                const double* const ratio = kept(first + c).ratio;
                for (int i = slot; i < v.count[c]; i += group_memory::slots) {
                    const int row = v.basis[c * v.capacity + i];
                    v.rlambda()[row * group_size + c] += ratio[i] * v.lambda()[row * group_size + c];
                    see(n + p + row);
                }
            }
            v.parts[t] = {residual, scale};
        });
        const two wanted = most(team, group_size, [&](int c) {
            if (v.wants[c] == 0) return two{0, 0};
            two size = v.parts[c];
            for (int slot = 1; slot < group_memory::slots; ++slot)
                size = maxima()(size, v.parts[slot * group_size + c]);
            // Not a number is left as it is.
            const double bound = (exact ? backward_error : regularized_error) * size.b;
            const bool again = size.a > bound && size.a < 0.5 * v.before[c];
            v.before[c] = size.a;
            v.wants[c] = again ? 1 : 0;
            return two{again ? 1.0 : 0.0, 0};
        });
        return wanted.a > 0;
    }

    const matrices of; // its pointers, and those of the memory, in registers
    const group_memory v;
    const Kept& kept;
    const std::int64_t first;
    const kkt_arguments& x;
    const int members;
};

/// solve_adjoint for the problems [first, first + group_size) of the batch, as far as there are any.
template <class Team, class Kept>
OPTNET_DEVICE void solve_adjoint_group(Team& team, const matrices& of, const Kept& kept, arena memory,
                                       std::int64_t first, std::int64_t batch, const kkt_arguments& x) {
    const group_memory v(memory, of.n, of.p, of.m);
    adjoint_group<Kept>(of, v, kept, first, batch, x).solve(team);
}

} // namespace optnet::solver::cuda
