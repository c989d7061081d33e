// SPDX-License-Identifier: Apache-2.0
#include "optnet/solver/solve.hpp"

#include "solver/algorithm/lane_kkt.hpp"
#include "solver/algorithm/shared_kkt.hpp"
#include "solver/by_bounds.hpp"
#include "solver/cpu/kernels.hpp"
#include "solver/cpu/pool.hpp"
#include "solver/detect.hpp"
#include "solver/factorization.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

template <class T> void fill_zero(T* to, std::int64_t element, int count) {
    if (to == nullptr) return;
    for (int i = 0; i < count; ++i) to[element * count + i] = T(0);
}

/// to = factor x times its units, where it is wanted.
template <class T>
void write(const double* x, const double* unit, double factor, std::int64_t element, std::int64_t count, T* to) {
    if (to == nullptr) return;
    to += element * count;
    for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<T>(factor * (x[i] * unit[i]));
}

/// Right-hand sides and solutions are those of the user's equations; inside, rows and
/// variables have units of their own.
template <class T> struct user_vectors {
    kkt_vectors<const T> r;
    kkt_vectors<T> d;
    bool same_right_side;
    T* minus_z;

    void read(std::int64_t k, const units& o, double* z, double* nu, double* lambda) const {
        const auto one = [&](const T* from, const double* unit, std::int64_t count, double* to) {
            if (from == nullptr) return void(std::fill_n(to, count, 0.0));
            if (!same_right_side) from += k * count;
            for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<double>(from[i]) * unit[i];
        };
        one(r.z, o.z_scale, o.n, z);
        one(r.nu, o.a_scale, o.p, nu);
        one(r.lambda, o.g_scale, o.m, lambda);
    }
    void write(const double* z, const double* nu, const double* lambda, const units& o, std::int64_t k) const {
        solver::write(z, o.z_scale, 1, k, o.n, d.z);
        solver::write(z, o.z_scale, -1, k, o.n, minus_z);
        solver::write(nu, o.a_scale, 1, k, o.p, d.nu);
        solver::write(lambda, o.g_scale, 1, k, o.m, d.lambda);
    }
    void fill_zero(std::int64_t k, const structure& shape) const {
        solver::fill_zero(d.z, k, shape.n);
        solver::fill_zero(minus_z, k, shape.n);
        solver::fill_zero(d.nu, k, shape.p);
        solver::fill_zero(d.lambda, k, shape.m);
    }
};

template <class T>
void solve_alone(const problem<T>& batch, const factorization& kept, const user_vectors<T>& to, std::int64_t k) {
    const factorization::kept& entry = kept.elements[at(k)];
    if (!entry.solved) return to.fill_zero(k, *batch.shape);
    std::shared_ptr<const set_up> matrices = entry.matrices;
    active_kkt again;
    sparse_kkt sparse_again;
    if (!matrices || entry.in_lane) {
        if (!matrices) matrices = make_set_up(batch, k, kept.how, kept.made);
        if (matrices->is_sparse)
            sparse_again.set_up(matrices->sparse, entry.rows.rows, entry.rows.ratios);
        else
            again.set_up(matrices->dual, matrices->data, entry.rows.rows, entry.rows.ratios);
    }
    const operators& o = matrices->data;
    point x;
    x.resize(o);
    to.read(k, o.measures(), x.z.data(), x.nu.data(), x.lambda.data());
    if (matrices->is_sparse)
        (entry.matrices && !entry.in_lane ? *entry.sparse_system : sparse_again).solve(x);
    else
        (entry.matrices ? entry.system : again).solve(x);
    to.write(x.z.data(), x.nu.data(), x.lambda.data(), o.measures(), k);
}

/// What one thread works with where sparse problems go in lanes.
struct lanes_of_problems {
    lane_kkt kkt;
    lane_points x;
    point one;
};

template <class T>
void solve_lanes(lanes_of_problems& mine, const problem<T>& batch, const factorization& kept, const user_vectors<T>& to,
                 std::int64_t group) {
    const int lanes = kept.lanes;
    const std::int64_t first = group * lanes;
    const int count = static_cast<int>(std::min<std::int64_t>(lanes, batch.batch - first));
    const auto entry = [&](int l) -> const factorization::kept& { return kept.elements[at(first + l)]; };
    const lane_matrices* own = kept.own_lanes[at(group)].get();
    const sparse_matrices* form = nullptr;
    for (int l = 0; l < count && own == nullptr; ++l)
        if (entry(l).in_lane) form = &entry(l).matrices->sparse;
    const auto measures = [&](int l) { return own != nullptr ? own->measures(l) : form->data().measures(); };
    if (own != nullptr || form != nullptr) {
        const cpu::lane_system system = own != nullptr ? own->system() : form->system();
        mine.x.resize(system, lanes);
        point& x = mine.one;
        for (int l = 0; l < lanes; ++l) {
            x.z.assign(at(system.n), 0.0);
            x.nu.assign(at(system.p), 0.0);
            x.lambda.assign(at(system.m), 0.0);
            if (l < count && entry(l).in_lane)
                to.read(first + l, measures(l), x.z.data(), x.nu.data(), x.lambda.data());
            mine.x.put(x, l, lanes);
        }
        mine.kkt.solve(system, lanes, *kept.lane_factors[at(group)], mine.x);
    }
    for (int l = 0; l < count; ++l) {
        if (!entry(l).in_lane || !mine.kkt.solved(l)) {
            solve_alone(batch, kept, to, first + l);
            continue;
        }
        mine.x.take(mine.one, l, lanes);
        to.write(mine.one.z.data(), mine.one.nu.data(), mine.one.lambda.data(), measures(l), first + l);
    }
}

/// What one thread works with where problems go together.
struct rows_of_problems {
    shared_kkt kkt;
    row_systems systems;
    std::vector<double> z, nu, lambda;
};

template <class T>
void solve_together(rows_of_problems& mine, const factorization& kept, const user_vectors<T>& to, std::int64_t first,
                    std::int64_t count, const structure& shape) {
    const operators& o = kept.common->data;
    const auto entry = [&](std::int64_t i) -> const factorization::kept& { return kept.elements[at(first + i)]; };
    const std::int64_t n = o.n, p = o.p, m = o.m, block = dual_form::row_block;
    const std::int64_t rows = (count + block - 1) / block * block;
    mine.z.resize(at(rows * n));
    mine.nu.resize(at(rows * p));
    mine.lambda.resize(at(rows * m));
    mine.systems.assign(at(count), nullptr);
    row_lanes lanes{nullptr, nullptr, first};
    if (!kept.rows_in_lanes.empty()) {
        lanes.begin = kept.rows_in_lanes.data() + first / factor_lanes::width;
        lanes.end = lanes.begin + (count + factor_lanes::width - 1) / factor_lanes::width;
    }
    for (std::int64_t i = 0; i < rows; ++i) {
        double *z = mine.z.data() + i * n, *nu = mine.nu.data() + i * p, *lambda = mine.lambda.data() + i * m;
        if (i < count && entry(i).solved) {
            if (!entry(i).in_row_lane) mine.systems[at(i)] = &entry(i).system;
            to.read(first + i, o.measures(), z, nu, lambda);
        } else {
            std::fill_n(z, n, 0.0);
            std::fill_n(nu, p, 0.0);
            std::fill_n(lambda, m, 0.0);
        }
    }
    mine.kkt.solve(kept.common->dual, o, mine.systems, lanes, mine.z, mine.nu, mine.lambda, rows);
    for (std::int64_t i = 0; i < count; ++i) {
        if (!entry(i).solved)
            to.fill_zero(first + i, shape);
        else
            to.write(mine.z.data() + i * n, mine.nu.data() + i * p, mine.lambda.data() + i * m, o.measures(),
                     first + i);
    }
}

/// What one thread works with where problems lie in lanes.
struct dense_work {
    lane_array x[3];            ///< z, ν and λ, in lanes
    std::vector<double> copies; ///< [lanes, size], for rows that are not the user's
};

/// Rows of one of the vectors where the user has them, as far as they are wanted and in double precision.
template <class T> struct lane_rows {
    static constexpr int width = dense_lanes::width;
    static constexpr bool in_place = std::is_same_v<T, double>;
    double* copies;
    std::int64_t size, first;
    const bool* is_here;

    /// Into lanes, 0 where there is nothing, times `scales`, which may be null.
    void read(const T* from, bool same_for_all, const double* scales, double* to) const {
        if (from == nullptr) return void(std::fill_n(to, size * width, 0.0));
        const double* rows[width];
        for (int l = 0; l < width; ++l) {
            const T* own = same_for_all ? from : from + (first + l) * size;
            rows[l] = copies + l * size;
            if constexpr (in_place)
                if (is_here[l]) rows[l] = own;
            if (rows[l] != copies + l * size) continue;
            for (std::int64_t i = 0; i < size; ++i) copies[l * size + i] = is_here[l] ? static_cast<double>(own[i]) : 0;
        }
        cpu::dense<double>().lanes_gather(rows, size, to);
        for (std::int64_t e = 0; scales != nullptr && e < size * width; ++e) to[e] *= scales[e];
    }
    /// The way back for numbers that are in the user's units.
    void write(const double* from, T* to) const {
        if (to == nullptr) return;
        double* rows[width];
        for (int l = 0; l < width; ++l) {
            rows[l] = copies + l * size;
            if constexpr (in_place)
                if (is_here[l]) rows[l] = to + (first + l) * size;
        }
        cpu::dense<double>().lanes_scatter(from, size, rows);
        for (int l = 0; l < width; ++l)
            for (std::int64_t i = 0; !in_place && is_here[l] && i < size; ++i)
                to[(first + l) * size + i] = static_cast<T>(rows[l][i]);
    }
};

template <class T>
void solve_dense(dense_work& mine, const problem<T>& batch, const factorization& kept, const user_vectors<T>& to,
                 std::int64_t group) {
    constexpr std::int64_t width = dense_lanes::width;
    const std::int64_t first = group * width, count = std::min(width, batch.batch - first);
    const dense_lanes* system = kept.dense[at(group)].get();
    bool is_here[width] = {};
    for (std::int64_t i = 0; i < count; ++i) {
        is_here[i] = kept.elements[at(first + i)].in_dense_lane;
        if (!is_here[i]) solve_alone(batch, kept, to, first + i);
    }
    if (system == nullptr) return;
    const std::int64_t sizes[3] = {system->n, system->p, system->m};
    const T* const from[3] = {to.r.z, to.r.nu, to.r.lambda};
    T* const back[3] = {to.d.z, to.d.nu, to.d.lambda};
    const double* const scales[3] = {nullptr, system->scales.data(), system->scales.data() + sizes[1] * width};
    mine.copies.resize(at(*std::max_element(sizes, sizes + 3) * width));
    const auto rows = [&](int v) { return lane_rows<T>{mine.copies.data(), sizes[v], first, is_here}; };
    for (int v = 0; v < 3; ++v) {
        mine.x[v].resize(at(sizes[v] * width));
        rows(v).read(from[v], to.same_right_side, scales[v], mine.x[v].data());
    }
    system->solve(mine.x[0].data(), mine.x[1].data(), mine.x[2].data());
    for (int v = 0; v < 3; ++v) {
        lane_array& x = mine.x[v];
        for (std::size_t e = 0; v > 0 && e < x.size(); ++e) x[e] *= scales[v][e];
        rows(v).write(x.data(), back[v]);
    }
    if (to.minus_z == nullptr) return;
    for (double& v : mine.x[0]) v = -v;
    rows(0).write(mine.x[0].data(), to.minus_z);
}

} // namespace

template <class T>
void kkt_solve(const problem<T>& batch, const factorization& kept, int threads, const kkt_vectors<const T>& r,
               const kkt_vectors<T>& d, bool same_right_side, T* minus_z) {
    const user_vectors<T> to{r, d, same_right_side, minus_z};
    if (static_cast<std::int64_t>(kept.elements.size()) != batch.batch)
        throw std::invalid_argument("kkt_solve: the batch has " + std::to_string(batch.batch) +
                                    " problems, but what was kept is of " + std::to_string(kept.elements.size()));
    if (kept.by_bounds) return kkt_solve_by_bounds(batch, kept, threads, r, d, same_right_side, minus_z);
    constexpr double share = 0.15; // of the forward pass
    threads = cpu::worth_waking(threads, share * kept.made.microseconds(batch.batch, true));
    // Matrices that were not kept are read again, as they were then.
    const bool again = !kept.common && std::any_of(kept.elements.begin(), kept.elements.end(), [](const auto& e) {
        return e.solved && !e.matrices && !e.in_dense_lane;
    });
    const std::shared_ptr<const detected<T>> seen = again ? detect(batch) : nullptr;
    const problem<T> data = seen ? seen->of(batch) : batch;
    if (kept.lanes > 0) {
        std::vector<lanes_of_problems> workers(at(std::max(threads, 1)));
        cpu::parallel_for(threads, static_cast<std::int64_t>(kept.lane_factors.size()),
                          [&](int id, std::int64_t g) { solve_lanes(workers[at(id)], data, kept, to, g); });
        return;
    }
    if (!kept.common) {
        if (kept.dense.empty()) {
            cpu::parallel_for(threads, batch.batch, [&](int, std::int64_t k) { solve_alone(data, kept, to, k); });
            return;
        }
        std::vector<dense_work> workers(at(std::max(threads, 1)));
        cpu::parallel_for(threads, static_cast<std::int64_t>(kept.dense.size()),
                          [&](int id, std::int64_t g) { solve_dense(workers[at(id)], data, kept, to, g); });
        return;
    }
    // No fewer than in the forward pass, whose groups of lanes stay together.
    const std::int64_t most = std::max(kept.together, shared_kkt::together(*batch.shape, batch.batch, threads));
    std::vector<rows_of_problems> workers(at(std::max(threads, 1)));
    cpu::parallel_for(threads, (batch.batch + most - 1) / most, [&](int id, std::int64_t c) {
        solve_together(workers[at(id)], kept, to, c * most, std::min(most, batch.batch - c * most), *batch.shape);
    });
}

template void kkt_solve(const problem<double>&, const factorization&, int, const kkt_vectors<const double>&,
                        const kkt_vectors<double>&, bool, double*);
template void kkt_solve(const problem<float>&, const factorization&, int, const kkt_vectors<const float>&,
                        const kkt_vectors<float>&, bool, float*);

} // namespace optnet::solver
