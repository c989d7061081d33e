// SPDX-License-Identifier: Apache-2.0
#include "optnet/solver/solve.hpp"

#include "solver/algorithm/rounding.hpp"
#include "solver/by_bounds.hpp"
#include "solver/convexity.hpp"
#include "solver/cpu/pool.hpp"
#include "solver/detect.hpp"
#include "solver/recycled.hpp"
#include "solver/worker.hpp"
#include "solver/write.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Factors of this many bytes in all are kept for the gradient; beyond it each is made again when it is needed.
constexpr double most_kept = 1e9;
constexpr std::int64_t least_together = shared_chunk::least;

template <class T> constexpr double default_tolerance = sizeof(T) == 8 ? 1e-8 : 1e-4;

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
        if (!mine.own || mine.own.use_count() > 1) mine.own = memory(made);
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
        const bool few = rows_on_demand(*matrices);
        const bool on_demand = few && mine.way.run_on_demand(e, matrices->dual, how, eps, done, start);
        if (few && !on_demand) keep_all_rows(mine);
        if (matrices->is_sparse)
            mine.way.run(e, matrices->convex ? &matrices->sparse : nullptr, how, eps, done, start, spent);
        else if (!on_demand)
            mine.way.run(e, matrices->convex ? &matrices->dual : nullptr, how, eps, done, start);
        if (done.status == status::nonconvex && !(o.q_max < 1e140)) done.status = status::numerical_error;
        look_closer(mine.e, done);
        mine.gz.assign(at(o.m), 0.0);
        if (has_point(done.status)) o.multiply_add(matrix::G, done.x.z.data(), mine.gz.data());
        finished result{done.status, done.best, done.iterations, e.given(), {}};
        result.x.z = done.x.z.data();
        result.x.nu = done.x.nu.data();
        result.x.lambda = done.x.lambda.data();
        result.x.gz = mine.gz.data();
        write(out, k, result, o.measures());
        if (kept == nullptr) return;
        factorization::kept& entry = kept->elements[at(k)];
        entry.solved = done.status == status::solved || done.status == status::solved_inaccurate;
        if (!entry.solved) return;
        entry.rows.rows = done.basis;
        const bool clear = on_demand && is_clear(mine);
        if (on_demand && !clear) keep_all_rows(mine);
        if (!clear)
            entry.rows = matrices->is_sparse ? decide_active_rows(e, matrices->sparse, how, done)
                                             : decide_active_rows(e, matrices->dual, how, done, mine.gz.data());
        if (!keeps(*matrices)) return;
        entry.matrices = matrices;
        const auto finished_on = [&](const auto& system) {
            return entry.rows.ratios.empty() && entry.rows.rows == system.rows();
        };
        if (matrices->is_sparse) {
            if (!entry.sparse_system) entry.sparse_system = std::make_unique<sparse_kkt>();
            if (finished_on(mine.way.sparse_system()))
                *entry.sparse_system = std::move(mine.way.sparse_system());
            else
                entry.sparse_system->set_up(matrices->sparse, entry.rows.rows, entry.rows.ratios);
        } else if (finished_on(mine.way.system())) {
            entry.system = mine.way.system();
            if (done.accurate) entry.system.trust();
            if (!common && entry.system.is_trusted() && matrices->dual.can_hand_over()) leave_factors(mine, entry);
        } else {
            entry.system.set_up(matrices->dual, o, entry.rows.rows, entry.rows.ratios);
        }
    }

    /// True where form D was set up without V_G, W and R because one problem needs few of their rows.
    bool rows_on_demand(const set_up& matrices) const {
        return made.rows == kept_rows::on_demand && !matrices.is_sparse && matrices.convex && !matrices.dual.has_r();
    }

    /// For what those few rows do not settle.
    void keep_all_rows(worker& mine) const {
        mine.own->convex = mine.own->dual.set_up(mine.own->data, how.convexity_tolerance, kept_rows::all);
    }

    /// True if the rows of the basis are the active ones without doubt.
    bool is_clear(worker& mine) const {
        const point& end = mine.done.x;
        evaluated x{};
        x.z = end.z.data(), x.lambda = end.lambda.data(), x.gz = mine.gz.data();
        const structure& s = *batch.shape;
        return doubtful_rows(s.n, s.m, mine.way.lengths(), how, mine.e.given(), x, mine.done.basis).empty();
    }

    /// Of matrices of its own, a problem whose solves are trusted needs the factors alone: less memory is written.
    void leave_factors(worker& mine, factorization::kept& entry) const {
        auto slim = memory(made);
        slim->is_sparse = false;
        slim->convex = true;
        slim->data.measure_as(mine.own->data);
        mine.own->dual.hand_over(slim->dual, slim->data);
        entry.system.move_to(slim->dual, slim->data);
        entry.matrices = std::move(slim);
    }

    /// Says solved only where that is no matter of rounding.
    void look_closer(const element& e, outcome& done) const {
        const evaluated x{done.x.z.data(), done.x.nu.data(), done.x.lambda.data(), {}, {}, {}, {}, {}};
        if (done.status != status::solved ||
            !rounding_decides(*e.data, residual_units(e.data->measures()), e.given(), x, eps))
            return;
        done.best = judge_in_long_double(e, done.x, eps);
        if (!(done.best.share <= 1)) done.status = status::solved_inaccurate;
    }

    /// Problems from `first` on as one chunk; those that it does not solve go alone.
    void together(worker& mine, std::int64_t first, std::int64_t most) const {
        const int count = static_cast<int>(std::min(most, batch.batch - first));
        shared_chunk& chunk = mine.chunk;
        chunk.run(batch, first, count, common->data, common->dual, how, eps, from);
        const operators& o = common->data;
        const residual_units largest(o.measures());
        for (int i = 0; i < count; ++i) {
            if (!chunk.solved(i) || rounding_decides(o, largest, chunk.given(i), chunk.point(i), eps)) {
                alone(mine, first + i);
                continue;
            }
            write(out, first + i, {status::solved, chunk.best(i), chunk.iterations(i), chunk.given(i), chunk.point(i)},
                  o.measures());
            if (kept != nullptr) keep(mine, first + i, i);
        }
        if (kept != nullptr) keep_in_lanes(mine, first, count);
    }

    /// The factors of the problems that `keep` left to this. As many rows go together, so that little is spent on
    /// filling up.
    void keep_in_lanes(worker& mine, std::int64_t first, int count) const {
        constexpr int width = factor_lanes::width;
        std::vector<factor_lanes::member> members;
        for (int i = 0; i < count; ++i)
            if (kept->elements[at(first + i)].in_row_lane) members.push_back({first + i, &mine.chunk.system(i)});
        std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) {
            const std::size_t more = a.system->rows().size(), less = b.system->rows().size();
            return more != less ? more > less : a.place < b.place;
        });
        const auto all = static_cast<int>(members.size());
        for (int c = 0; c < all; c += width)
            kept->rows_in_lanes[at((first + c) / width)].take(members.data() + c, std::min(width, all - c));
    }

    /// Sparse problems from `first` on, one per lane; those that are not solved there go on alone.
    void sparse(worker& mine, std::int64_t first) const {
        if (!common && lanes > 1) return sparse_own(mine, first);
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
                  matrices->data.measures());
        }
        if (kept != nullptr) keep_lanes(mine, matrices, first, count);
    }

    /// The same where each has matrices of its own.
    void sparse_own(worker& mine, std::int64_t first) const {
        const int count = static_cast<int>(std::min<std::int64_t>(lanes, batch.batch - first));
        sparse_chunk& chunk = mine.sparse;
        if (mine.begun != serial) chunk.begin(made.pattern);
        mine.begun = serial;
        chunk.run(batch, first, count, how, eps, from, kept != nullptr);
        for (int l = 0; l < count; ++l) {
            const std::int64_t k = first + l;
            if (!chunk.solved(l)) {
                by_road(mine, k, matrices_of(mine, k), chunk.settled(l) || chunk.warm(l) ? 0 : chunk.iterations(l));
                continue;
            }
            const element& e = chunk.given(l);
            write(out, k, {status::solved, chunk.best(l), chunk.iterations(l), e.given(), chunk.point(l)},
                  e.data->measures());
        }
        if (kept != nullptr) keep_lanes(mine, nullptr, first, count);
    }

    /// What the gradient needs of the solved lanes; `matrices` is null where they have their own.
    void keep_lanes(worker& mine, const std::shared_ptr<const set_up>& matrices, std::int64_t first, int count) const {
        sparse_chunk& chunk = mine.sparse;
        const std::shared_ptr<const lane_matrices> own = matrices ? nullptr : chunk.own_matrices();
        const double groups = static_cast<double>(kept->lane_factors.size());
        const bool keep = matrices ? keeps(*matrices) : static_cast<double>(own->bytes()) * groups <= most_kept;
        const active_rows* other[lanes_together] = {};
        bool any = false, others = false;
        chunk.find_centres();
        for (int l = 0; l < count; ++l) {
            if (!chunk.solved(l)) continue;
            factorization::kept& entry = kept->elements[at(first + l)];
            entry.solved = true;
            entry.rows = {chunk.basis(l), {}, false};
            if (chunk.doubtful(l) && !decide(mine, matrices, first, l, entry)) continue;
            entry.in_lane = keep;
            if (!keep) continue;
            entry.matrices = matrices;
            any = true;
            if (!entry.rows.degenerate) continue;
            other[l] = &entry.rows;
            others = true;
        }
        if (!any) return;
        kept->lane_factors[at(first / lanes)] = others ? chunk.factor_with(other) : chunk.factor();
        kept->own_lanes[at(first / lanes)] = own;
    }

    /// False if the problem went alone.
    bool decide(worker& mine, std::shared_ptr<const set_up> matrices, std::int64_t first, int l,
                factorization::kept& entry) const {
        const sparse_chunk& chunk = mine.sparse;
        if (!matrices) matrices = matrices_of(mine, first + l);
        if (!matrices->convex) { // as rounding has it
            by_road(mine, first + l, matrices, 0);
            return false;
        }
        outcome& done = mine.done;
        done.basis = entry.rows.rows;
        take(chunk.point(l), matrices->data, done.x);
        entry.rows = decide_active_rows(chunk.given(l), matrices->sparse, how, done, chunk.centre(l));
        return true;
    }

    static void take(const evaluated& x, const operators& o, point& to) {
        to.z.assign(x.z, x.z + o.n);
        to.nu.assign(x.nu, x.nu + o.p);
        to.lambda.assign(x.lambda, x.lambda + o.m);
    }

    /// Problems from `first` on in the lanes of a vector; those that they do not solve go alone.
    void dense(worker& mine, std::int64_t first) const {
        own_chunk& chunk = mine.lanes;
        const int count = static_cast<int>(std::min<std::int64_t>(own_chunk::together, batch.batch - first));
        chunk.run(batch, first, count, how, eps, from);
        for (int i = 0; i < count; ++i) {
            if (!chunk.solved(i)) {
                alone(mine, first + i);
                continue;
            }
            write(out, first + i, {status::solved, chunk.best(i), chunk.iterations(i), chunk.given(i), chunk.point(i)},
                  chunk.measures(i));
            if (kept != nullptr) keep_dense(mine, first, i);
        }
    }

    void keep_dense(worker& mine, std::int64_t first, int i) const {
        const own_chunk& chunk = mine.lanes;
        const std::int64_t k = first + i;
        factorization::kept& entry = kept->elements[at(k)];
        entry.solved = true;
        entry.rows.rows = chunk.basis(i);
        const evaluated x = chunk.point(i);
        const structure& shape = *batch.shape;
        if (doubtful_rows(shape.n, shape.m, chunk.lengths(i), how, chunk.given(i), x, entry.rows.rows).empty()) {
            const double groups = static_cast<double>(kept->dense.size());
            if (static_cast<double>(chunk.system()->bytes()) * groups > most_kept) return;
            entry.in_dense_lane = true;
            kept->dense[at(first / own_chunk::together)] = chunk.system();
            return;
        }
        static_cast<void>(matrices_of(mine, k));
        set_up& own = *mine.own;
        if (!own.convex) return alone(mine, k);
        mine.e.load(batch, k, own.data, how, eps.absolute > 0 ? eps.absolute : eps.relative);
        decide(mine, own, x, entry.rows.rows, entry);
        if (!keeps(own)) return;
        entry.matrices = mine.own;
        entry.system.set_up(own.dual, own.data, entry.rows.rows, entry.rows.ratios);
    }

    /// The active rows at a point that a chunk came to with this basis.
    void decide(worker& mine, const set_up& own, const evaluated& x, const std::vector<int>& basis,
                factorization::kept& entry) const {
        const operators& o = own.data;
        outcome& done = mine.done;
        done.basis = basis;
        take(x, o, done.x);
        entry.rows = decide_active_rows(mine.e, own.dual, how, done, x.gz);
    }

    void keep(worker& mine, std::int64_t k, int i) const {
        shared_chunk& chunk = mine.chunk;
        const operators& o = common->data;
        factorization::kept& entry = kept->elements[at(k)];
        entry.solved = true;
        const evaluated x = chunk.point(i);
        if (doubtful_rows(o, common->dual, how, chunk.given(i), x, chunk.basis(i)).empty()) {
            entry.in_row_lane = factor_lanes::serves(chunk.system(i));
            if (!entry.in_row_lane) std::swap(entry.system, chunk.system(i));
            return;
        }
        mine.e.load(batch, k, o, how, eps.absolute > 0 ? eps.absolute : eps.relative);
        decide(mine, *common, x, chunk.basis(i), entry);
        entry.system.set_up(common->dual, o, entry.rows.rows, entry.rows.ratios);
    }
};

template <class T>
void solve_checked(const problem<T>& batch, const settings& how, int threads, const solution<T>& out,
                   std::shared_ptr<factorization>* keep, const starting_points<T>& from) {
    plan made = make_plan(*batch.shape, shares_matrices(batch), false);
    const bool sparse = made.chosen == form::sparse;
    // One problem has nobody to share its matrices with on form D, where it then needs few rows of G.
    const bool shared = shares_matrices(batch) && (sparse || batch.batch > 1);
    if (made.chosen == form::dual && !shared) made.rows = rows_of_one(*batch.shape);
    // float32 data are solved and verified in double precision; only the result is rounded.
    const tolerances eps{how.eps_abs.value_or(default_tolerance<T>), how.eps_rel.value_or(default_tolerance<T>)};
    std::shared_ptr<factorization> kept;
    if (keep != nullptr) {
        kept = recycled<factorization>();
        kept->how = how;
        kept->made = made;
        kept->elements.resize(at(batch.batch));
        *keep = kept;
    }
    if (batch.batch == 0) return;
    one_call<T> call{batch, how, eps, out, kept.get(), made, from, nullptr};
    static std::atomic<std::uint64_t> calls{0};
    call.serial = ++calls;
    if (sparse && batch.batch >= least_together && numbers_in_lane(made, shared) <= most_in_lanes)
        call.lanes = lanes_together;
    const bool hold = holds(*batch.shape, made, call.lanes, shared);
    if (shared && hold && sparse) {
        std::shared_ptr<set_up>& held = held_matrices();
        if (!held || held.use_count() > 1) held = std::make_shared<set_up>();
        load(*held, batch, 0, how, made);
        call.common = held;
    } else if (shared) {
        call.common = make_set_up(batch, 0, how, made);
    }
    const bool chunks = shared && !call.common->is_sparse && call.common->convex && batch.batch >= least_together &&
                        shared_kkt::serves(call.common->dual);
    if (kept && chunks) {
        kept->common = call.common;
        kept->rows_in_lanes.resize(at((batch.batch + factor_lanes::width - 1) / factor_lanes::width));
    }
    const std::int64_t groups = (batch.batch + call.lanes - 1) / call.lanes;
    if (kept && sparse) {
        kept->lanes = call.lanes;
        kept->lane_factors.resize(at(groups));
        kept->own_lanes.resize(at(groups));
    }

    constexpr std::int64_t width = own_chunk::together;
    const bool lanes = !shared && batch.batch >= least_together && own_chunk::serves(*batch.shape, made);
    const std::int64_t dense_groups = lanes ? (batch.batch + width - 1) / width : 0;
    if (kept) kept->dense.resize(at(dense_groups));

    threads = cpu::worth_waking(threads, made.microseconds(batch.batch, shared));
    std::vector<worker> workers(hold ? 0 : at(std::max(threads, 1)));
    const auto of = [&](int id) -> worker& { return hold ? held_worker() : workers[at(id)]; };
    if (sparse) {
        cpu::parallel_for(threads, groups, [&](int id, std::int64_t c) { call.sparse(of(id), c * call.lanes); });
    } else if (lanes) {
        cpu::parallel_for(threads, dense_groups, [&](int id, std::int64_t g) { call.dense(of(id), g * width); });
    } else if (!chunks) {
        cpu::parallel_for(threads, batch.batch, [&](int id, std::int64_t k) { call.alone(of(id), k); });
    } else {
        const std::int64_t size = shared_kkt::together(*batch.shape, batch.batch, threads);
        if (kept) kept->together = size;
        cpu::parallel_for(threads, (batch.batch + size - 1) / size,
                          [&](int id, std::int64_t c) { call.together(of(id), c * size, size); });
    }
}

} // namespace

template <class T>
void solve_by_other_forms(const problem<T>& batch, const settings& how, int threads, const solution<T>& out,
                          std::shared_ptr<factorization>* keep, const starting_points<T>& from) {
    settings of_numbers = how;
    of_numbers.convexity_tolerance = convexity_tolerance<T>(how, batch.shape->n);
    const std::shared_ptr<const detected<T>> seen = detect(batch);
    solve_checked(seen ? seen->of(batch) : batch, of_numbers, threads, out, keep, from);
}

template <class T>
void solve(const problem<T>& batch, const settings& how, int threads, const solution<T>& out,
           std::shared_ptr<factorization>* keep, const starting_points<T>& from) {
    check(how);
    check(*batch.shape);
    if (!solve_by_bounds(batch, how, threads, out, keep, from))
        solve_by_other_forms(batch, how, threads, out, keep, from);
}

#define OPTNET_FOR(T)                                                                                                  \
    template void solve(const problem<T>&, const settings&, int, const solution<T>&, std::shared_ptr<factorization>*,  \
                        const starting_points<T>&);                                                                    \
    template void solve_by_other_forms(const problem<T>&, const settings&, int, const solution<T>&,                    \
                                       std::shared_ptr<factorization>*, const starting_points<T>&);
OPTNET_FOR(double)
OPTNET_FOR(float)
#undef OPTNET_FOR

} // namespace optnet::solver
