// SPDX-License-Identifier: Apache-2.0
#pragma once

// The gradients of dense blocks on a GPU (optnet/solver/outer_products.hpp): all products of a batch in three launches
// at most. Sums over a large batch are cut into runs of problems; a warp adds a tile of entries up over one run, and
// whoever comes after adds up the runs. Over a small one a warp adds up a small tile and writes it, in one launch.
// Everything in double precision, in an order that the sizes say.

#include "optnet/solver/outer_products.hpp"
#include "solver/cuda/device.hpp"
#include "solver/cuda/launch.hpp"
#include "solver/cuda/tensor_tiles.hpp"

#include <algorithm>

namespace optnet::solver::cuda {

/// Products that fit into the arguments of a kernel.
inline constexpr int most_products = 16;
/// A warp adds up so many tiles of tensor_tiles.hpp down and across: of a run, and of a whole batch.
inline constexpr int run_side = 4, whole_side = 1;
/// Up to so many problems are added up as a whole, where that is work for so many warps at most: they read each number
/// more often.
inline constexpr std::int64_t most_whole = 256, most_whole_warps = 4096;
/// Runs are made until so many warps have work, as many as the largest GPU runs of them, but so many runs at most, each
/// of so many problems at least.
inline constexpr std::int64_t warps_of_sums = 1536, most_runs = 4096, least_run = 8;
/// Up to so many runs are added up by a thread per entry, in their order; more of them by a warp per entry.
inline constexpr std::int64_t few_runs = 64;

template <class T> struct product_list {
    outer_product<T> of[most_products];
    int count = 0;
};

/// How the sums over a batch are cut.
struct run_plan {
    std::int64_t batch = 0, runs = 1, run = 0; ///< problems, runs, problems of a run
    std::int64_t tiles = 0;                    ///< of all sums together, one for a warp
    std::int64_t entries = 0;                  ///< of all sums together, 0 if nothing is left to be added up
    bool whole = false;                        ///< uncut
};

OPTNET_DEVICE inline std::int64_t tiles_along(std::int64_t size, int side) {
    return (size + side * tile_rows - 1) / (side * tile_rows);
}
template <class T> OPTNET_DEVICE std::int64_t tiles_of(const outer_product<T>& p, int side) {
    return tiles_along(p.rows, side) * tiles_along(p.cols, side);
}

template <class T> run_plan plan_runs(const product_list<T>& sums, std::int64_t batch) {
    run_plan made;
    made.batch = made.run = batch;
    const auto tiles = [&](int side) {
        std::int64_t all = 0;
        for (int i = 0; i < sums.count; ++i) all += tiles_of(sums.of[i], side);
        return all;
    };
    made.tiles = tiles(whole_side);
    made.whole = batch <= most_whole && made.tiles <= most_whole_warps;
    if (made.whole || made.tiles == 0) return made;
    made.tiles = tiles(run_side);
    for (int i = 0; i < sums.count; ++i) made.entries += sums.of[i].rows * sums.of[i].cols;
    const std::int64_t wanted = std::min(most_runs, (warps_of_sums + made.tiles - 1) / made.tiles);
    made.run = std::max(least_run, (batch + wanted - 1) / wanted);
    made.runs = std::max<std::int64_t>(1, (batch + made.run - 1) / made.run);
    return made;
}

/// u x' + v y' of problems [from, to) at the rows and columns of one tile: put(row, col, value); by a warp, each thread
/// of it from `lane` on for so many lanes. A tile by itself adds up both products apart, so that u x' + x u' is
/// symmetric to the bit.
template <int held, int side, class T, class Put>
OPTNET_DEVICE void add_tile(const outer_product<T>& p, std::int64_t which, std::int64_t from, std::int64_t to, int lane,
                            const Put& put) {
    const std::int64_t across = tiles_along(p.cols, side);
    const std::int64_t top = which / across * (side * tile_rows), left = which % across * (side * tile_rows);
    constexpr int ahead = 8 / side; // so many steps have their numbers on the way together
    constexpr int apart = side == 1 ? 2 : 1;
    double sum[apart][side][side][2][held] = {};
    double a[ahead][side][held], b[ahead][side][held];
    // Beyond the last row or column that one again, for nothing; a problem that is not there has zeros.
    int row[side][held], col[side][held];
    const auto within = [](std::int64_t i, std::int64_t size) { return static_cast<int>(i < size ? i : size - 1); };
    OPTNET_UNROLLED
    for (int t = 0; t < side * held; ++t) {
        const int i = t / held, h = t % held, beside = i * tile_rows + (lane + h) / tile_terms;
        row[i][h] = within(top + beside, p.rows);
        col[i][h] = within(left + beside, p.cols);
    }
    const auto read = [&](const rows_view<T>& u, const rows_view<T>& x, std::int64_t first, auto& of_u, auto& of_x) {
        OPTNET_UNROLLED
        for (int h = 0; h < held; ++h) {
            const std::int64_t k = first + (lane + h) % tile_terms, problem = k < to ? k : to - 1;
            const T *const left_of = u.data + problem * u.stride, *const right_of = x.data + problem * x.stride;
            OPTNET_UNROLLED
            for (int i = 0; i < side; ++i) {
                const T of_row = read_only(left_of + row[i][h]), of_col = read_only(right_of + col[i][h]);
                of_u[i][h] = k < to ? static_cast<double>(of_row) : 0.0;
                of_x[i][h] = k < to ? static_cast<double>(of_col) : 0.0;
            }
        }
    };
    const auto add = [&](const rows_view<T>& u, const rows_view<T>& x, auto& to_sum) {
        OPTNET_ROLLED
        for (std::int64_t first = from; first < to; first += ahead * tile_terms) {
            OPTNET_UNROLLED
            for (int s = 0; s < ahead; ++s) read(u, x, first + s * tile_terms, a[s], b[s]);
            OPTNET_UNROLLED
            for (int s = 0; s < ahead; ++s) OPTNET_UNROLLED
            for (int t = 0; t < side * side; ++t)
                multiply_tile(to_sum[t / side][t % side], a[s][t / side], b[s][t % side]);
        }
    };
    add(p.u, p.x, sum[0]);
    if (p.v.data != nullptr) add(p.v, p.y, sum[apart - 1]);
    OPTNET_UNROLLED
    for (int t = 0; t < side * side; ++t) {
        const auto& whole = sum[0][t / side][t % side];
        OPTNET_UNROLLED
        for (int h = 0; h < held; ++h) {
            const std::int64_t to_row = top + t / side * tile_rows + (lane + h) / tile_terms,
                               to_col = left + t % side * tile_rows + (lane + h) % tile_terms * 2;
            OPTNET_UNROLLED
            for (int e = 0; e < 2; ++e) {
                if (to_row >= p.rows || to_col + e >= p.cols) continue;
                put(to_row, to_col + e, apart == 1 ? whole[e][h] : whole[e][h] + sum[apart - 1][0][0][e][h]);
            }
        }
    }
}

/// The symmetric part of a product, (u x' + x u') / 2, as a product.
template <class T> OPTNET_DEVICE outer_product<T> halved(const outer_product<T>& p) {
    return {p.u, p.x, p.x, p.u, p.rows, p.cols, p.scale / 2, false, false, p.out};
}

/// Warp t of all sums together, over the whole batch.
template <int held, class T>
OPTNET_DEVICE void add_whole(const product_list<T>& all, const run_plan& plan, std::int64_t t, int lane) {
    for (int i = 0; i < all.count; ++i) {
        const outer_product<T> p = all.of[i].symmetric ? halved(all.of[i]) : all.of[i];
        const std::int64_t tiles = tiles_of(p, whole_side);
        if (t < tiles)
            return add_tile<held, whole_side>(p, t, 0, plan.batch, lane, [&](std::int64_t r, std::int64_t c, double v) {
                p.out[r * p.cols + c] = static_cast<T>(static_cast<double>(p.scale) * v);
            });
        t -= tiles;
    }
}

/// Warp t of run number `run`; `sums` [runs, entries].
template <int held, class T>
OPTNET_DEVICE void add_run(const product_list<T>& all, const run_plan& plan, std::int64_t run, std::int64_t t, int lane,
                           double* sums) {
    const std::int64_t from = run * plan.run, end = from + plan.run;
    sums += run * plan.entries;
    for (int i = 0; i < all.count; ++i) {
        const outer_product<T>& p = all.of[i];
        const std::int64_t tiles = tiles_of(p, run_side);
        if (t < tiles)
            return add_tile<held, run_side>(
                p, t, from, end < plan.batch ? end : plan.batch, lane,
                [&](std::int64_t r, std::int64_t c, double v) { sums[r * p.cols + c] = v; });
        t -= tiles;
        sums += p.rows * p.cols;
    }
}

/// An entry of a sum: its part in the first run, and that of its mirror image.
template <class T> struct sum_entry {
    const outer_product<T>* of;
    std::int64_t place, apart; ///< in `out`; from one run to the next
    const double *first, *first_mirrored;

    OPTNET_DEVICE two part(std::int64_t run) const { return {first[run * apart], first_mirrored[run * apart]}; }
    /// Symmetric to the bit where that is asked for.
    OPTNET_DEVICE void put(two total) const {
        const double value = of->symmetric ? 0.5 * (total.a + total.b) : total.a;
        of->out[place] = static_cast<T>(static_cast<double>(of->scale) * value);
    }
};

/// Entry t of all sums together.
template <class T>
OPTNET_DEVICE sum_entry<T> entry_of_sums(const product_list<T>& all, const run_plan& plan, std::int64_t t,
                                         const double* sums) {
    const outer_product<T>* p = all.of;
    for (; t >= p->rows * p->cols; ++p) {
        t -= p->rows * p->cols;
        sums += p->rows * p->cols;
    }
    const std::int64_t mirrored = p->symmetric ? t % p->cols * p->cols + t / p->cols : t;
    return {p, t, plan.entries, sums + t, sums + mirrored};
}

/// Adds up few runs of entry t, or by a team of threads many of them.
template <class T>
OPTNET_DEVICE void add_few(const product_list<T>& all, const run_plan& plan, std::int64_t t, const double* sums) {
    const sum_entry<T> entry = entry_of_sums(all, plan, t, sums);
    constexpr int ahead = 8; // so many are on their way together; beyond the last run that one again, for nothing
    two total{0, 0};
    for (std::int64_t begin = 0; begin < plan.runs; begin += ahead) {
        two part[ahead];
        OPTNET_UNROLLED
        for (int a = 0; a < ahead; ++a) part[a] = entry.part(begin + a < plan.runs ? begin + a : plan.runs - 1);
        OPTNET_UNROLLED
        for (int a = 0; a < ahead; ++a)
            if (begin + a < plan.runs) total = add()(total, part[a]);
    }
    entry.put(total);
}
template <class Team, class T>
OPTNET_DEVICE void add_many(Team& team, const product_list<T>& all, const run_plan& plan, std::int64_t t,
                            const double* sums) {
    const sum_entry<T> entry = entry_of_sums(all, plan, t, sums);
    const two total = teams::sums(team, static_cast<int>(plan.runs), [&](int run) { return entry.part(run); });
    if (team.rank == 0) entry.put(total);
}

/// a b, rounded: never fused with a sum, which would spoil the symmetry of u x' + x u'.
OPTNET_DEVICE inline double rounded_product(double a, double b) {
#if defined(__CUDA_ARCH__)
    return __dmul_rn(a, b);
#else
    return a * b;
#endif
}

/// The product of problem k, which has an `out` of its own: one worker's entries, every `size`-th from `rank` on.
template <class T>
OPTNET_DEVICE void write_product(const outer_product<T>& p, std::int64_t k, std::int64_t rank, std::int64_t size) {
    const auto row_of = [&](const rows_view<T>& v) { return v.data == nullptr ? nullptr : v.data + k * v.stride; };
    const T *u = row_of(p.u), *x = row_of(p.x), *v = row_of(p.v), *y = row_of(p.y);
    T* const out = p.out + k * p.rows * p.cols;
    const auto product = [](T a, T b) { return rounded_product(static_cast<double>(a), static_cast<double>(b)); };
    if (p.cols == 0) return;
    const std::int64_t down = size / p.cols, right = size % p.cols;
    for (std::int64_t i = rank / p.cols, j = rank % p.cols; i < p.rows; i += down, j += right) {
        if (j >= p.cols) {
            j -= p.cols;
            if (++i == p.rows) return;
        }
        double value = product(u[i], x[j]);
        if (v != nullptr) value += product(v[i], y[j]);
        out[i * p.cols + j] = static_cast<T>(static_cast<double>(p.scale) * value);
    }
}

/// The products that are sums over the batch, or the others. Of one problem nothing is a sum, and the symmetric part of
/// its product is (u x' + x u') / 2.
template <class T>
product_list<T> pick(const std::vector<outer_product<T>>& all, std::size_t from, std::int64_t batch, bool sums) {
    product_list<T> chosen;
    for (std::size_t i = from; i < all.size() && i < from + most_products; ++i) {
        outer_product<T> p = all[i];
        if ((p.shared && batch != 1) != sums) continue;
        if (p.symmetric && batch == 1) p = halved(p);
        chosen.of[chosen.count++] = p;
    }
    return chosen;
}

/// Bytes that `outer_products` needs beside its arguments.
template <class T> std::size_t outer_scratch(const std::vector<outer_product<T>>& all, std::int64_t batch) {
    std::int64_t most = 0;
    for (std::size_t from = 0; from < all.size(); from += most_products) {
        const run_plan plan = plan_runs(pick(all, from, batch, true), batch);
        most = std::max(most, plan.runs * plan.entries);
    }
    return static_cast<std::size_t>(most) * sizeof(double);
}

/// All of them, queued on the stream; their vectors and `scratch` lie in the GPU's memory.
template <class T>
error outer_products(const std::vector<outer_product<T>>& all, std::int64_t batch, void* scratch, CUstream_st* stream);

} // namespace optnet::solver::cuda
