// SPDX-License-Identifier: Apache-2.0
#pragma once

// The gradients of dense blocks on a GPU (optnet/solver/outer_products.hpp): all products of a batch in three launches
// at most. Sums over the batch are cut into runs of problems; a warp adds a tile of entries up over one run, and
// whoever comes after adds up the runs. Everything in double precision, in an order that the sizes say.

#include "optnet/solver/outer_products.hpp"
#include "solver/cuda/device.hpp"
#include "solver/cuda/launch.hpp"
#include "solver/cuda/tensor_tiles.hpp"

#include <algorithm>

namespace optnet::solver::cuda {

/// Products that fit into the arguments of a kernel.
inline constexpr int most_products = 16;
/// A warp adds up so many rows and columns, in tiles of tensor_tiles.hpp.
inline constexpr int tiles_of_side = 4, tile_side = tiles_of_side * tile_rows;
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
    std::int64_t tiles = 0, entries = 0;       ///< of all sums together
};

OPTNET_DEVICE inline std::int64_t tiles_along(std::int64_t size) { return (size + tile_side - 1) / tile_side; }
template <class T> OPTNET_DEVICE std::int64_t tiles_of(const outer_product<T>& p) {
    return tiles_along(p.rows) * tiles_along(p.cols);
}

template <class T> run_plan plan_runs(const product_list<T>& sums, std::int64_t batch) {
    run_plan made;
    made.batch = batch;
    for (int i = 0; i < sums.count; ++i) {
        made.tiles += tiles_of(sums.of[i]);
        made.entries += sums.of[i].rows * sums.of[i].cols;
    }
    if (made.tiles == 0) return made;
    const std::int64_t wanted = std::min(most_runs, (warps_of_sums + made.tiles - 1) / made.tiles);
    made.run = std::max(least_run, (batch + wanted - 1) / wanted);
    made.runs = std::max<std::int64_t>(1, (batch + made.run - 1) / made.run);
    return made;
}

/// u x' + v y' of problems [from, to) at the rows and columns of one tile, into `sums` [rows, cols]; by a warp, each
/// thread of it from `lane` on for so many lanes.
template <int held, class T>
OPTNET_DEVICE void add_tile(const outer_product<T>& p, std::int64_t which, std::int64_t from, std::int64_t to, int lane,
                            double* sums) {
    const std::int64_t across = tiles_along(p.cols);
    const std::int64_t top = which / across * tile_side, left = which % across * tile_side;
    constexpr int ahead = 2; // so many steps have their numbers on the way together
    double sum[tiles_of_side][tiles_of_side][2][held] = {};
    double a[ahead][tiles_of_side][held], b[ahead][tiles_of_side][held];
    // Beyond the last row or column that one again, for nothing; a problem that is not there has zeros.
    int row[tiles_of_side][held], col[tiles_of_side][held];
    const auto within = [](std::int64_t i, std::int64_t size) { return static_cast<int>(i < size ? i : size - 1); };
    OPTNET_UNROLLED
    for (int t = 0; t < tiles_of_side * held; ++t) {
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
            for (int i = 0; i < tiles_of_side; ++i) {
                const T of_row = read_only(left_of + row[i][h]), of_col = read_only(right_of + col[i][h]);
                of_u[i][h] = k < to ? static_cast<double>(of_row) : 0.0;
                of_x[i][h] = k < to ? static_cast<double>(of_col) : 0.0;
            }
        }
    };
    const auto add = [&](const rows_view<T>& u, const rows_view<T>& x) {
        OPTNET_ROLLED
        for (std::int64_t first = from; first < to; first += ahead * tile_terms) {
            OPTNET_UNROLLED
            for (int s = 0; s < ahead; ++s) read(u, x, first + s * tile_terms, a[s], b[s]);
            OPTNET_UNROLLED
            for (int s = 0; s < ahead; ++s) OPTNET_UNROLLED
            for (int t = 0; t < tiles_of_side * tiles_of_side; ++t)
                multiply_tile(sum[t / tiles_of_side][t % tiles_of_side], a[s][t / tiles_of_side],
                              b[s][t % tiles_of_side]);
        }
    };
    add(p.u, p.x);
    if (p.v.data != nullptr) add(p.v, p.y);
    OPTNET_UNROLLED
    for (int t = 0; t < tiles_of_side * tiles_of_side; ++t) {
        OPTNET_UNROLLED
        for (int h = 0; h < held; ++h) {
            const std::int64_t to_row = top + t / tiles_of_side * tile_rows + (lane + h) / tile_terms,
                               to_col = left + t % tiles_of_side * tile_rows + (lane + h) % tile_terms * 2;
            OPTNET_UNROLLED
            for (int e = 0; e < 2; ++e)
                if (to_row < p.rows && to_col + e < p.cols)
                    sums[to_row * p.cols + to_col + e] = sum[t / tiles_of_side][t % tiles_of_side][e][h];
        }
    }
}

/// Warp t of run number `run`; `sums` [runs, entries].
template <int held, class T>
OPTNET_DEVICE void add_run(const product_list<T>& all, const run_plan& plan, std::int64_t run, std::int64_t t, int lane,
                           double* sums) {
    const std::int64_t from = run * plan.run, end = from + plan.run;
    sums += run * plan.entries;
    for (int i = 0; i < all.count; ++i) {
        const std::int64_t tiles = tiles_of(all.of[i]);
        if (t < tiles) return add_tile<held>(all.of[i], t, from, end < plan.batch ? end : plan.batch, lane, sums);
        t -= tiles;
        sums += all.of[i].rows * all.of[i].cols;
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
    two total{0, 0};
    for (std::int64_t run = 0; run < plan.runs; ++run) total = add()(total, entry.part(run));
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
        if (p.symmetric && batch == 1) p = {p.u, p.x, p.x, p.u, p.rows, p.cols, p.scale / 2, false, false, p.out};
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
