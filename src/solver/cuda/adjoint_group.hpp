// SPDX-License-Identifier: Apache-2.0
#pragma once

// The gradient's systems of eight problems that share their matrices, by one block: as solve_adjoint, problem by
// problem, but the products with the matrices are those of tensor_tiles.hpp. Each problem is refined as often as it
// needs, whatever its neighbours need; what that does not solve goes on by itself.

#include "solver/cuda/adjoint.hpp"
#include "solver/cuda/tensor_tiles.hpp"

namespace optnet::solver::cuda {

/// The vectors of a group in the memory of its team.
struct group_memory {
    /// So many workers look for the largest residual of each problem, and the largest number that it is compared with.
    static constexpr int slots = 32;

    int n, p, capacity;
    double *z, *r;  ///< [n + p + m] of a group: z, ν and λ of the solution, and the residual, then its correction
    double* right;  ///< the same: the right-hand side
    double *y, *u;  ///< [n], [p] of a group; u is negative
    double* step;   ///< [m] of a group: the correction of λ, 0 outside the basis
    double *g, *x;  ///< [group_size, padded()] 0 behind the entries of a basis
    two* parts;     ///< [slots, group_size]
    double* before; ///< [group_size] the residual of a problem before its last step, 0 if nobody need look at it
    int* wants;     ///< [group_size] it wants another step
    int* stalled;   ///< [group_size] steps do not solve it
    int* count;     ///< [group_size] rows of its basis, -1 for none
    int* kind;      ///< [group_size] the `factor_kind` of its basis
    const double **T, **ratio; ///< [group_size] as those of `kept_factor`
    const int** rows;          ///< the same
    int* basis;                ///< [group_size, capacity] a copy of them

    OPTNET_DEVICE group_memory(arena& from, int variables, int equalities, int m)
        : n(variables), p(equalities), capacity(kept_capacity(variables, m)) {
        for (double** v : {&z, &r, &right}) *v = from.take<double>(group_size * (n + p + m));
        y = from.take<double>(group_size * n);
        u = from.take<double>(group_size * p);
        step = from.take<double>(group_size * m);
        for (double** v : {&g, &x}) *v = from.take<double>(group_size * padded());
        parts = reinterpret_cast<two*>(from.take<double>(2 * slots * group_size));
        before = from.take<double>(group_size);
        for (int** v : {&wants, &stalled, &count, &kind}) *v = from.take<int>(group_size);
        for (const double*** v : {&T, &ratio}) *v = from.take<const double*>(group_size);
        rows = from.take<const int*>(group_size);
        basis = from.take<int>(group_size * capacity);
    }

    OPTNET_DEVICE int padded() const { return capacity + packed_padding; }
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
        const int n = of.n, p = of.p, m = of.m, all = n + p + m;
        look_up(team);
        fetch_bases(team);
        transfer(
            team, all, group_size, [&](int row, int c) { return v.count[c] < 0 ? 0.0 : vectors(c).right(row); },
            [&](int row, int c, double value) {
                const int t = row * group_size + c;
                v.z[t] = 0;
                v.r[t] = v.right[t] = value;
                if (row >= n + p) v.step[t - (n + p) * group_size] = 0;
            });
        const int steps = of.exact() ? 1 : most_refinements;
        OPTNET_ROLLED
        for (int turn = 0;; ++turn) {
            correct(team);
            each(team, all * group_size, [&](int t) {
                const int behind = t - (n + p) * group_size;
                if (v.wants[t % group_size] != 0) v.z[t] += behind < 0 ? v.r[t] : v.step[behind];
            });
            if (turn == steps || !any([&](int c) { return v.wants[c] != 0 && v.before[c] > 0; })) break;
            residual(team);
            if (!measure(team)) break;
        }
        each(team, all * group_size, [&](int t) {
            const int c = t % group_size;
            if (c < members) vectors(c).put(t / group_size, v.z[t]);
        });
        each(team, members, [&](int c) {
            if (v.stalled[c] != 0) kept(first + c).count[2] = kept_trust::only_alone;
        });
    }

private:
    /// What the solve has kept, and where.
    template <class Team> OPTNET_DEVICE void look_up(Team& team) {
        each(team, group_size, [&](int c) {
            v.count[c] = -1;
            v.kind[c] = v.wants[c] = v.stalled[c] = 0;
            if (c >= members) return;
            const kept_factor of_problem = kept(first + c);
            v.T[c] = of_problem.T;
            v.ratio[c] = of_problem.ratio;
            v.rows[c] = of_problem.rows;
            v.count[c] = of_problem.count[0];
            if (v.count[c] < 0) return;
            v.kind[c] = of_problem.count[1];
            v.wants[c] = 1;
            v.before[c] = of_problem.count[2] == kept_trust::trusted ? 0.0 : HUGE_VAL;
        });
    }
    OPTNET_DEVICE bool is(int c, factor_kind kind) const {
        return v.count[c] > 0 && v.kind[c] == static_cast<int>(kind);
    }
    OPTNET_DEVICE bool is_triangle(int c) const { return is(c, factor_kind::triangle); }
    OPTNET_DEVICE bool is_inverse(int c) const { return is(c, factor_kind::inverse); }
    /// Whether it holds for one of the problems; what it reads was written before the last barrier.
    template <class Which> OPTNET_DEVICE bool any(const Which& which) const {
        bool found = false;
        OPTNET_ROLLED
        for (int c = 0; c < group_size; ++c) found = found || which(c);
        return found;
    }

    OPTNET_DEVICE adjoint_vectors vectors(int c) const { return {of, x, first + c}; }

    /// Copies the rows of each basis, and asks for its factor, which is read but once and comes from far away, before
    /// the products that come first. No barrier.
    template <class Team> OPTNET_DEVICE void fetch_bases(const Team& team) {
        constexpr int of_line = 16; // numbers in 128 bytes
        OPTNET_ROLLED
        for (int c = 0; c < group_size; ++c) {
            const int k = v.count[c];
            for (int i = team.rank; i < k; i += team.size) v.basis[c * v.capacity + i] = v.rows[c][i];
            for (int at = team.rank * of_line; at < triangle(k); at += team.size * of_line) fetch_ahead(v.T[c] + at);
        }
    }

    /// The residual becomes the correction, as `kkt_solve` makes it, but for that of λ, which is `step`.
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
        group_products<at_end::wait, longest::last>(
            team, n, [&](auto& sum) { sum.add_lower(v_i_transposed, n, v.r); },
            [&](int j, int c, double sum) { v.y[at(j, c)] = sum; });
        if (p > 0) {
            group_products(
                team, p, [&](auto& sum) { sum.add(v_a, n, v.y); },
                [&](int i, int c, double sum) { v.rnu()[at(i, c)] = sum - v.rnu()[at(i, c)]; });
            group_products<at_end::wait, longest::last>(
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
        multipliers(team);
        if (p > 0)
            group_products<at_end::go_on>(
                team, p, [&](auto& sum) { sum.add(w_transposed, m, v.step); },
                [&](int i, int c, double sum) { v.u[at(i, c)] += sum; });
        group_products(
            team, n, [&](auto& sum) { sum.add(v_g_transposed, m, v.step); },
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

    /// Between the two halves: the step of λ, the solution of each problem with its own basis.
    template <class Team> OPTNET_DEVICE void multipliers(Team& team) {
        const auto wanted = [&](int c) { return v.wants[c] != 0; };
        gather(team);
        if (any([&](int c) { return is_triangle(c); }))
            basis_products(
                team, [&](int) { return v.g; }, [&](int c) { return wanted(c) && is_triangle(c); },
                [](int) { return packed::lower; }, [&](int c, int i, double sum) { v.x[c * v.padded() + i] = sum; });
        // As the factor of a basis is kept, an inverse is a negative one.
        basis_products(
            team, [&](int c) { return is_triangle(c) ? v.x : v.g; }, wanted,
            [&](int c) { return is_triangle(c) ? packed::upper : packed::symmetric; },
            [&](int c, int i, double sum) { step_of(c, i) = is_triangle(c) ? sum : -sum; });
        if (!any([&](int c) { return is_inverse(c); })) return;
        // As `refine_multipliers`.
        group_products(
            team, of.m,
            [&](auto& sum) {
                sum.add({of.r, 1, of.m}, of.m, v.step);
            },
            [&](int i, int c, double sum) { v.rlambda()[i * group_size + c] -= sum; });
        gather(team);
        basis_products(
            team, [&](int) { return v.g; }, [&](int c) { return wanted(c) && is_inverse(c); },
            [](int) { return packed::symmetric; }, [&](int c, int i, double sum) { step_of(c, i) -= sum; });
    }

    /// The step of the multiplier of row i of a basis.
    OPTNET_DEVICE double& step_of(int c, int i) const { return v.step[v.basis[c * v.capacity + i] * group_size + c]; }

    /// The right-hand sides of the multipliers of each basis, in its order.
    template <class Team> OPTNET_DEVICE void gather(Team& team) {
        each(team, group_size * v.padded(), [&](int t) {
            const int c = t % group_size, i = t / group_size, to = c * v.padded() + i;
            v.g[to] = i < v.count[c] ? v.rlambda()[v.basis[c * v.capacity + i] * group_size + c] : 0.0;
            v.x[to] = 0;
        });
    }

    /// The kept factors of the problems for which chosen(c) holds, or the part(c) of them, times their vectors, in
    /// from(c): then(c, i, entry i); then a barrier.
    template <class Team, class From, class Chosen, class Part, class Then>
    OPTNET_DEVICE void basis_products(Team& team, const From& from, const Chosen& chosen, const Part& part,
                                      const Then& then) {
        constexpr int held = lanes_of<Team>, threads = warp / held;
        const int tiles = (v.capacity + tile_rows - 1) / tile_rows, lane = team.rank % threads;
        OPTNET_ROLLED
        for (int t = team.rank / threads; t < group_size * tiles; t += team.size / threads) {
            const int c = t % group_size, top = t / group_size * tile_rows, k = v.count[c];
            if (top >= k || !chosen(c)) continue;
            const sums_of_lanes<held> sum =
                packed_products<held>(v.T[c], part(c), top, k, from(c) + c * v.padded(), lane);
            OPTNET_UNROLLED
            for (int h = 0; h < held; ++h) {
                const int i = top + (lane + h) / tile_terms;
                if ((lane + h) % tile_terms == 0 && i < k) then(c, i, sum.of[0][h]);
            }
        }
        team.sync();
    }

    /// What the solution leaves of the right-hand sides; of λ for all rows, without the ratios.
    template <class Team> OPTNET_DEVICE void residual(Team& team) {
        const int n = of.n, p = of.p, m = of.m, ld = of.data_rows();
        const auto less = [&](double* to, int before) {
            return [=, this](int i, int c, double sum) {
                const int at = i * group_size + c;
                to[at] = v.right[before * group_size + at] - sum;
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
            const auto see = [&](int at) {
                residual = larger(residual, std::abs(v.r[at]));
                scale = larger(scale, std::abs(v.right[at]));
                if (exact) scale = larger(scale, std::abs(v.z[at]));
            };
            if (v.wants[c] != 0) {
                OPTNET_ROLLED
                for (int i = slot; i < n + p; i += group_memory::slots) see(i * group_size + c);
                const double* const ratio = v.ratio[c];
                OPTNET_ROLLED
                for (int i = slot; i < v.count[c]; i += group_memory::slots) {
                    const int at = (n + p + v.basis[c * v.capacity + i]) * group_size + c;
                    v.r[at] += ratio[i] * v.z[at];
                    see(at);
                }
            }
            v.parts[t] = {residual, scale};
        });
        each(team, group_size, [&](int c) {
            if (v.wants[c] == 0) return;
            two size = v.parts[c];
            [[maybe_unused]] constexpr int turns = 8;
            OPTNET_TURNS
            for (int slot = 1; slot < group_memory::slots; ++slot)
                size = maxima()(size, v.parts[slot * group_size + c]);
            // Not a number is left as it is.
            const double bound = (exact ? backward_error : regularized_error) * size.b;
            const bool again = size.a > bound && size.a < 0.5 * v.before[c];
            v.before[c] = size.a;
            v.wants[c] = again ? 1 : 0;
            v.stalled[c] = !exact && !again && size.a > stalled_error * size.b ? 1 : 0;
        });
        return any([&](int c) { return v.wants[c] != 0; });
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

/// Those of the group that are left for solve_adjoint itself, one after the other. It comes behind all groups of a
/// block, where none of their numbers is in a register.
template <class Team, class Kept>
OPTNET_DEVICE void solve_adjoint_left(Team& team, const matrices& of, const Kept& kept, arena memory,
                                      std::int64_t first, std::int64_t batch, const kkt_arguments& x) {
    for (std::int64_t k = first; k < batch && k < first + group_size; ++k)
        if (kept(k).count[0] >= 0 && kept(k).count[2] == kept_trust::only_alone)
            solve_adjoint(team, of, kept(k), memory, k, x);
}

} // namespace optnet::solver::cuda
