// SPDX-License-Identifier: Apache-2.0
#include "optnet/solver/solve.hpp"

#include "solver/algorithm/shared_chunk.hpp"
#include "solver/algorithm/sparse_chunk.hpp"
#include "solver/cpu/pool.hpp"
#include "solver/detect.hpp"
#include "solver/factorization.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Factors of this many bytes in all are kept for the gradient; beyond it each is made again when it is needed.
constexpr double most_kept = 1e9;
/// From this many problems with shared matrices on they are solved together.
constexpr std::int64_t least_together = 8;

template <class T> void fill(T* to, std::int64_t element, int count, double value) {
    if (to == nullptr) return;
    for (int i = 0; i < count; ++i) to[element * count + i] = static_cast<T>(value);
}

/// One outcome, wherever its numbers lie.
struct finished {
    optnet::status status;
    verdict best;
    int iterations;
    right_sides given;
    evaluated x; ///< z, nu, lambda and gz
};

bool has_point(optnet::status s) {
    return s == status::solved || s == status::solved_inaccurate || s == status::max_iterations;
}

template <class T> void write(const solution<T>& out, std::int64_t k, const finished& done, const operators& o) {
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    const bool point = has_point(done.status);
    const bool farkas = done.status == status::primal_infeasible, ray = done.status == status::dual_infeasible;
    out.status[k] = static_cast<std::int64_t>(done.status);
    if (out.iterations != nullptr) out.iterations[k] = done.iterations;
    if (out.residuals != nullptr) {
        const double values[3] = {done.best.primal, done.best.dual, done.best.gap};
        for (int i = 0; i < 3; ++i) out.residuals[3 * k + i] = point ? values[i] : none;
    }
    for (int j = 0; j < o.n; ++j)
        out.z[k * o.n + j] = static_cast<T>(point || ray ? done.x.z[j] * o.z_scale[at(j)] : none);
    if (!point && !farkas) {
        fill(out.nu, k, o.p, none);
        fill(out.lambda, k, o.m, none);
    } else {
        if (out.nu != nullptr)
            for (int i = 0; i < o.p; ++i) out.nu[k * o.p + i] = static_cast<T>(done.x.nu[i] * o.a_scale[at(i)]);
        if (out.lambda != nullptr)
            for (int i = 0; i < o.m; ++i) out.lambda[k * o.m + i] = static_cast<T>(done.x.lambda[i] * o.g_scale[at(i)]);
    }
    if (out.s == nullptr) return;
    if (!point) return fill(out.s, k, o.m, none);
    for (int i = 0; i < o.m; ++i)
        out.s[k * o.m + i] = done.given.floor[i] == HUGE_VAL
                                 ? std::numeric_limits<T>::infinity()
                                 : static_cast<T>((done.given.h[i] - done.x.gz[i]) * o.g_unit[at(i)]);
}

template <class T> constexpr double default_tolerance = sizeof(T) == 8 ? 1e-8 : 1e-4;

} // namespace

template <class T> bool shares_matrices(const problem<T>& batch) {
    for (const block& b : batch.shape->blocks)
        if (b.source >= 0 && !batch.data[b.source].shared()) return false;
    return true;
}

namespace {

template <class T>
void load(set_up& to, const problem<T>& batch, std::int64_t element, const settings& how, const plan& chosen) {
    to.data.load(batch, element);
    to.is_sparse = chosen.chosen == form::sparse;
    to.convex = false;
    if (!to.data.finite) return;
    to.convex = to.is_sparse ? to.sparse.set_up(to.data, chosen.pattern, how.convexity_tolerance)
                             : to.dual.set_up(to.data, how.convexity_tolerance, chosen.chosen == form::dual);
}

} // namespace

template <class T>
std::shared_ptr<const set_up> make_set_up(const problem<T>& batch, std::int64_t element, const settings& how,
                                          const plan& chosen) {
    auto made = std::make_shared<set_up>();
    load(*made, batch, element, how, chosen);
    return made;
}

namespace {

/// What one thread works with.
struct worker {
    road way;
    element e;
    warm_start start;
    outcome done;
    std::vector<double> gz;
    std::shared_ptr<set_up> own;
    shared_chunk chunk;
    sparse_chunk sparse;
    std::uint64_t begun = 0; ///< the call that `sparse` works for
};

/// Up to this many bytes a thread keeps what it works with on the sparse form from one call to the next: there the
/// memory would take as long to get as it is used.
constexpr double most_held = 3.2e7;

worker& held_worker() {
    static thread_local worker held;
    return held;
}

/// The same for the matrices that the problems of a call share.
std::shared_ptr<set_up>& held_matrices() {
    static thread_local std::shared_ptr<set_up> held;
    return held;
}

bool holds(const plan& made, int lanes) {
    return made.chosen == form::sparse && 8.0 * lanes * lanes_numbers(*made.pattern) <= most_held;
}

template <class T> struct one_call {
    const problem<T>& batch;
    const settings& how;
    tolerances eps;
    const solution<T>& out;
    factorization* kept;
    const plan& made;
    const starting_points<T>& from;
    std::shared_ptr<const set_up> common; ///< null if the problems do not share their matrices
    int lanes = 1;                        ///< so many sparse problems go together
    std::uint64_t serial = 0;             ///< another number for every call

    std::shared_ptr<const set_up> matrices_of(worker& mine, std::int64_t k) const {
        if (common) return common;
        // The memory of the last set-up is used again, unless it was kept.
        if (!mine.own || mine.own.use_count() > 1) mine.own = std::make_shared<set_up>();
        load(*mine.own, batch, k, how, made);
        return mine.own;
    }

    /// False if matrices of each problem's own are too many to be kept for the gradient.
    bool keeps(const set_up& matrices) const {
        return common || static_cast<double>(matrices.bytes()) * static_cast<double>(batch.batch) <= most_kept;
    }

    /// One problem on the road of its own.
    void alone(worker& mine, std::int64_t k) const { by_road(mine, k, matrices_of(mine, k), 0); }

    /// `spent` as in `road::run`.
    void by_road(worker& mine, std::int64_t k, const std::shared_ptr<const set_up>& matrices, int spent) const {
        const operators& o = matrices->data;
        const element& e = mine.e;
        outcome& done = mine.done;
        mine.e.load(batch, k, o, how, eps.absolute > 0 ? eps.absolute : eps.relative);
        mine.start.load(from, k, e);
        const warm_start* start = mine.start.if_usable();
        if (matrices->is_sparse)
            mine.way.run(e, matrices->convex ? &matrices->sparse : nullptr, how, eps, done, start, spent);
        else
            mine.way.run(e, matrices->convex ? &matrices->dual : nullptr, how, eps, done, start);
        if (done.status == status::nonconvex && !(o.q_max < 1e140)) done.status = status::numerical_error;
        mine.gz.assign(at(o.m), 0.0);
        if (has_point(done.status)) o.multiply_add(matrix::G, done.x.z.data(), mine.gz.data());
        finished result{done.status, done.best, done.iterations, e.given(), {}};
        result.x.z = done.x.z.data();
        result.x.nu = done.x.nu.data();
        result.x.lambda = done.x.lambda.data();
        result.x.gz = mine.gz.data();
        write(out, k, result, o);
        if (kept == nullptr) return;
        factorization::kept& entry = kept->elements[at(k)];
        entry.solved = done.status == status::solved || done.status == status::solved_inaccurate;
        if (!entry.solved) return;
        entry.rows = matrices->is_sparse ? decide_active_rows(e, matrices->sparse, how, done)
                                         : decide_active_rows(e, matrices->dual, how, done, mine.gz.data());
        if (!keeps(*matrices)) return;
        entry.matrices = matrices;
        const auto finished_on = [&](const auto& system) {
            return entry.rows.ratios.empty() && entry.rows.rows == system.rows();
        };
        if (matrices->is_sparse) {
            if (finished_on(mine.way.sparse_system()))
                entry.sparse_system = std::move(mine.way.sparse_system());
            else
                entry.sparse_system.set_up(matrices->sparse, entry.rows.rows, entry.rows.ratios);
        } else if (finished_on(mine.way.system())) {
            entry.system = mine.way.system();
        } else {
            entry.system.set_up(matrices->dual, o, entry.rows.rows, entry.rows.ratios);
        }
    }

    /// Problems from `first` on as one chunk; those that it does not solve go alone.
    void together(worker& mine, std::int64_t first) const {
        const int count = static_cast<int>(std::min(shared_kkt::together(*batch.shape), batch.batch - first));
        shared_chunk& chunk = mine.chunk;
        chunk.run(batch, first, count, common->data, common->dual, how, eps, from);
        for (int i = 0; i < count; ++i) {
            if (!chunk.solved(i)) {
                alone(mine, first + i);
                continue;
            }
            write(out, first + i, {status::solved, chunk.best(i), chunk.iterations(i), chunk.given(i), chunk.point(i)},
                  common->data);
            if (kept != nullptr) keep(mine, first + i, i);
        }
    }

    /// Sparse problems from `first` on, one per lane; those that are not solved there go on alone.
    void sparse(worker& mine, std::int64_t first) const {
        const std::shared_ptr<const set_up> matrices = matrices_of(mine, first);
        const int count = static_cast<int>(std::min<std::int64_t>(lanes, batch.batch - first));
        if (!matrices->convex) {
            for (int l = 0; l < count; ++l) by_road(mine, first + l, matrices, 0);
            return;
        }
        sparse_chunk& chunk = mine.sparse;
        if (!common || mine.begun != serial) chunk.begin(matrices->sparse, lanes);
        mine.begun = serial;
        chunk.run(batch, first, count, how, eps, from, kept != nullptr);
        for (int l = 0; l < count; ++l) {
            if (!chunk.solved(l)) {
                by_road(mine, first + l, matrices, chunk.settled(l) || chunk.warm(l) ? 0 : chunk.iterations(l));
                continue;
            }
            write(out, first + l,
                  {status::solved, chunk.best(l), chunk.iterations(l), chunk.given(l).given(), chunk.point(l)},
                  matrices->data);
            if (kept != nullptr) keep_lane(mine, matrices, first, l);
        }
    }

    void keep_lane(worker& mine, const std::shared_ptr<const set_up>& matrices, std::int64_t first, int l) const {
        const sparse_chunk& chunk = mine.sparse;
        factorization::kept& entry = kept->elements[at(first + l)];
        entry.solved = true;
        entry.rows.rows = chunk.basis(l);
        entry.in_lane = true;
        if (chunk.doubtful(l)) {
            const evaluated x = chunk.point(l);
            const operators& o = matrices->data;
            outcome& done = mine.done;
            done.basis = entry.rows.rows;
            done.x.z.assign(x.z, x.z + o.n);
            done.x.nu.assign(x.nu, x.nu + o.p);
            done.x.lambda.assign(x.lambda, x.lambda + o.m);
            entry.rows = decide_active_rows(chunk.given(l), matrices->sparse, how, done);
            entry.in_lane = entry.rows.ratios.empty() && entry.rows.rows == done.basis;
        }
        if (!keeps(*matrices)) {
            entry.in_lane = false;
            return;
        }
        entry.matrices = matrices;
        if (entry.in_lane)
            kept->lane_factors[at(first / lanes)] = chunk.factor();
        else
            entry.sparse_system.set_up(matrices->sparse, entry.rows.rows, entry.rows.ratios);
    }

    void keep(worker& mine, std::int64_t k, int i) const {
        shared_chunk& chunk = mine.chunk;
        const operators& o = common->data;
        factorization::kept& entry = kept->elements[at(k)];
        entry.solved = true;
        entry.matrices = common;
        const evaluated x = chunk.point(i);
        if (doubtful_rows(o, common->dual, how, chunk.given(i), x, chunk.basis(i)).empty()) {
            entry.rows.rows = chunk.basis(i);
            std::swap(entry.system, chunk.system(i));
            return;
        }
        mine.e.load(batch, k, o, how, eps.absolute > 0 ? eps.absolute : eps.relative);
        outcome& done = mine.done;
        done.basis = chunk.basis(i);
        done.x.z.assign(x.z, x.z + o.n);
        done.x.nu.assign(x.nu, x.nu + o.p);
        done.x.lambda.assign(x.lambda, x.lambda + o.m);
        entry.rows = decide_active_rows(mine.e, common->dual, how, done, x.gz);
        entry.system.set_up(common->dual, o, entry.rows.rows, entry.rows.ratios);
    }
};

template <class T>
void solve_checked(const problem<T>& batch, const settings& how, int threads, const solution<T>& out,
                   std::shared_ptr<factorization>* keep, const starting_points<T>& from) {
    const bool shared = shares_matrices(batch);
    const plan made = make_plan(*batch.shape, shared);
    // float32 data are solved and verified in double precision; only the result is rounded.
    const tolerances eps{how.eps_abs.value_or(default_tolerance<T>), how.eps_rel.value_or(default_tolerance<T>)};
    std::shared_ptr<factorization> kept;
    if (keep != nullptr) {
        kept = std::make_shared<factorization>();
        kept->how = how;
        kept->made = made;
        kept->elements.resize(at(batch.batch));
        *keep = kept;
    }
    if (batch.batch == 0) return;
    one_call<T> call{batch, how, eps, out, kept.get(), made, from, nullptr};
    static std::atomic<std::uint64_t> calls{0};
    call.serial = ++calls;
    const bool sparse = made.chosen == form::sparse;
    if (sparse && shared && batch.batch >= least_together && lanes_numbers(*made.pattern) <= most_in_lanes)
        call.lanes = lanes_together;
    const bool hold = holds(made, call.lanes);
    if (shared && hold) {
        std::shared_ptr<set_up>& held = held_matrices();
        if (!held || held.use_count() > 1) held = std::make_shared<set_up>();
        load(*held, batch, 0, how, made);
        call.common = held;
    } else if (shared) {
        call.common = make_set_up(batch, 0, how, made);
    }
    const bool chunks = shared && !call.common->is_sparse && call.common->convex && batch.batch >= least_together &&
                        shared_kkt::serves(call.common->dual);
    if (kept && chunks) kept->common = call.common;
    const std::int64_t groups = (batch.batch + call.lanes - 1) / call.lanes;
    if (kept && sparse) {
        kept->lanes = call.lanes;
        kept->lane_factors.resize(at(groups));
    }

    std::vector<worker> workers(hold ? 0 : at(std::max(threads, 1)));
    if (sparse) {
        cpu::parallel_for(threads, groups, [&](int id, std::int64_t c) {
            call.sparse(hold ? held_worker() : workers[at(id)], c * call.lanes);
        });
    } else if (!chunks) {
        cpu::parallel_for(threads, batch.batch, [&](int id, std::int64_t k) { call.alone(workers[at(id)], k); });
    } else {
        const std::int64_t size = shared_kkt::together(*batch.shape);
        cpu::parallel_for(threads, (batch.batch + size - 1) / size,
                          [&](int id, std::int64_t c) { call.together(workers[at(id)], c * size); });
    }
}

} // namespace

template <class T>
void solve(const problem<T>& batch, const settings& how, int threads, const solution<T>& out,
           std::shared_ptr<factorization>* keep, const starting_points<T>& from) {
    check(how);
    check(*batch.shape);
    const std::shared_ptr<const detected<T>> seen = detect(batch);
    solve_checked(seen ? seen->of(batch) : batch, how, threads, out, keep, from);
}

#define OPTNET_FOR(T)                                                                                                  \
    template bool shares_matrices(const problem<T>&);                                                                  \
    template std::shared_ptr<const set_up> make_set_up(const problem<T>&, std::int64_t, const settings&, const plan&); \
    template void solve(const problem<T>&, const settings&, int, const solution<T>&, std::shared_ptr<factorization>*,  \
                        const starting_points<T>&);
OPTNET_FOR(double)
OPTNET_FOR(float)
#undef OPTNET_FOR

} // namespace optnet::solver
