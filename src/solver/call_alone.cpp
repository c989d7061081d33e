// SPDX-License-Identifier: Apache-2.0
// One problem by itself.

#include "solver/one_call.hpp"

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

} // namespace

template <class T> std::shared_ptr<const set_up> one_call<T>::matrices_of(worker& mine, std::int64_t k) const {
    if (common) return common;
    // The memory of the last set-up is used again, unless it was kept.
    if (!mine.own || mine.own.use_count() > 1) mine.own = memory(made);
    load(*mine.own, batch, k, how, made);
    return mine.own;
}

template <class T> bool one_call<T>::keeps(const set_up& matrices) const {
    return common || static_cast<double>(matrices.bytes()) * static_cast<double>(batch.batch) <= most_kept;
}

template <class T> void one_call<T>::alone(worker& mine, std::int64_t k) const {
    by_road(mine, k, matrices_of(mine, k), 0);
}

template <class T>
void one_call<T>::by_road(worker& mine, std::int64_t k, const std::shared_ptr<const set_up>& matrices, int spent,
                          const interior_iterate* reached) const {
    const operators& o = matrices->data;
    const element& e = mine.e;
    outcome& done = mine.done;
    mine.e.load(batch, k, o, how, eps.absolute > 0 ? eps.absolute : eps.relative);
    mine.start.load(from, k, e);
    const warm_start* start = mine.start.if_usable();
    const bool few = rows_on_demand(*matrices);
    const bool on_demand = few && mine.way.run_on_demand(e, matrices->dual, how, eps, done, start,
                                                         made.rows == kept_rows::at_once, kept != nullptr);
    if (few && !on_demand) keep_all_rows(mine);
    if (matrices->is_sparse)
        mine.way.run(e, matrices->convex ? &matrices->sparse : nullptr, how, eps, done, start, spent, reached);
    else if (!on_demand)
        mine.way.run(e, matrices->convex ? &matrices->dual : nullptr, how, eps, done, start);
    if (done.status == status::nonconvex && !(o.q_max < 1e140)) done.status = status::numerical_error;
    evaluated x{};
    x.z = done.x.z.data(), x.nu = done.x.nu.data(), x.lambda = done.x.lambda.data();
    look_closer(e, residual_units(o.measures()), x, done.status, done.best);
    if (on_demand && done.status == status::solved) {
        mine.gz = mine.way.row_products();
    } else {
        mine.gz.assign(at(o.m), 0.0);
        if (has_point(done.status)) o.multiply_add(matrix::G, done.x.z.data(), mine.gz.data());
    }
    x.gz = mine.gz.data();
    write(out, k, {done.status, done.best, done.iterations, e.given(), x}, o.measures());
    if (kept == nullptr) return;
    factorization::kept& entry = kept->elements[at(k)];
    entry.solved = is_solved(k);
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
        return system.is_set_up() && entry.rows.ratios.empty() && entry.rows.rows == system.rows();
    };
    if (matrices->is_sparse) {
        if (!entry.sparse_system) entry.sparse_system = std::make_unique<sparse_kkt>();
        sparse_kkt& system = mine.way.sparse_system();
        if (!finished_on(system)) system.set_up(matrices->sparse, entry.rows.rows, entry.rows.ratios);
        system.leave_to(*entry.sparse_system);
    } else if (finished_on(mine.way.system())) {
        entry.system = mine.way.system();
        if (done.accurate) entry.system.trust();
        if (!common && entry.system.is_trusted() && matrices->dual.can_hand_over()) leave_factors(mine, entry);
    } else {
        entry.system.set_up(matrices->dual, o, entry.rows.rows, entry.rows.ratios);
    }
}

template <class T> bool one_call<T>::rows_on_demand(const set_up& matrices) const {
    const bool asked = made.rows == kept_rows::on_demand || made.rows == kept_rows::at_once;
    return asked && !matrices.is_sparse && matrices.convex && !matrices.dual.has_r();
}

template <class T> void one_call<T>::keep_all_rows(worker& mine) const {
    mine.own->convex = mine.own->dual.set_up(mine.own->data, how.convexity_tolerance, kept_rows::all);
}

template <class T> bool one_call<T>::is_clear(worker& mine) const {
    const point& end = mine.done.x;
    evaluated x{};
    x.z = end.z.data(), x.lambda = end.lambda.data(), x.gz = mine.gz.data();
    const structure& s = *batch.shape;
    return doubtful_rows(s.n, s.m, mine.way.lengths(), how, mine.e.given(), x, mine.done.basis).empty();
}

template <class T> void one_call<T>::leave_factors(worker& mine, factorization::kept& entry) const {
    auto slim = memory(made);
    slim->is_sparse = false;
    slim->convex = true;
    slim->data.measure_as(mine.own->data);
    mine.own->dual.hand_over(slim->dual, slim->data);
    entry.system.move_to(slim->dual, slim->data);
    entry.matrices = std::move(slim);
}

template <class T>
void one_call<T>::look_closer(const element& e, const residual_units& largest, const evaluated& x, status& said,
                              verdict& best) const {
    if (said != status::solved && said != status::solved_inaccurate) return;
    const operators& o = *e.data;
    const double promised = said == status::solved ? 1 : inaccurate;
    const tolerances allowed{promised * eps.absolute, promised * eps.relative};
    if (!rounding_decides(o.measures(), o.q_max, largest, best, x, allowed)) return;
    best = judge_in_long_double(e, x, eps);
    if (!(best.share <= promised))
        said = best.share <= inaccurate ? status::solved_inaccurate : status::numerical_error;
}

#define OPTNET_FOR(T)                                                                                                  \
    template std::shared_ptr<const set_up> one_call<T>::matrices_of(worker&, std::int64_t) const;                      \
    template bool one_call<T>::keeps(const set_up&) const;                                                             \
    template void one_call<T>::alone(worker&, std::int64_t) const;                                                     \
    template void one_call<T>::by_road(worker&, std::int64_t, const std::shared_ptr<const set_up>&, int,               \
                                       const interior_iterate*) const;                                                 \
    template void one_call<T>::look_closer(const element&, const residual_units&, const evaluated&, status&, verdict&) \
        const;
OPTNET_FOR(double)
OPTNET_FOR(float)
#undef OPTNET_FOR

} // namespace optnet::solver
