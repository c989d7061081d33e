// SPDX-License-Identifier: Apache-2.0
#include "solver/by_bounds.hpp"

#include "solver/algorithm/bound_form.hpp"
#include "solver/algorithm/defaults.hpp"
#include "solver/cpu/pool.hpp"
#include "solver/recycled.hpp"
#include "solver/write.hpp"

#include <algorithm>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

template <class T> vector_view<T> only(vector_view<T> view, std::int64_t k) {
    if (view.data != nullptr) view.data = view.of(k);
    view.batch_stride = 0;
    return view;
}

/// Problem k of a batch as a batch of its own.
template <class T> struct one_problem {
    std::vector<matrix_view<T>> data;
    problem<T> batch;

    one_problem(const problem<T>& all, std::int64_t k) : batch(all) {
        for (const block& b : all.shape->blocks) {
            if (b.source < 0) continue;
            data.resize(std::max(data.size(), at(b.source + 1)));
            matrix_view<T>& view = data[at(b.source)];
            view = all.data[b.source];
            view.data = view.of(k);
            view.batch_stride = 0;
        }
        batch.batch = 1;
        batch.data = data.data();
        batch.q = only(all.q, k);
        batch.b = only(all.b, k);
        batch.h = only(all.h, k);
    }
};

/// The arrays of one problem.
template <class T> struct arrays {
    std::vector<T> z, nu, lambda;
    std::int64_t status = 0;

    solution<T> of(const structure& s) {
        z.resize(at(s.n));
        nu.resize(at(s.p));
        lambda.resize(at(s.m));
        return {z.data(), nu.data(), lambda.data(), nullptr, &status, nullptr, nullptr};
    }
    starting_points<T> from() const { return {{z.data(), 0, 1}, {nu.data(), 0, 1}, {lambda.data(), 0, 1}}; }
};

/// What one thread works with.
struct bound_worker {
    bound_form form;
    bound_matrices own;
    bound_kkt_work kkt;
};

/// Bytes up to which a thread keeps that, and about how much it is for a variable.
constexpr double most_held = 3.2e7, bytes_per_variable = 160;

/// The workers of a call: those of the threads, which stay from one call to the next, or new ones for large problems.
class bound_workers {
public:
    bound_workers(const structure& s, int threads)
        : hold(bytes_per_variable * (static_cast<double>(s.n) + s.m) <= most_held),
          own(hold ? 0 : at(std::max(threads, 1))) {}
    bound_worker& of(int id) {
        static thread_local bound_worker held;
        return hold ? held : own[at(id)];
    }

private:
    bool hold;
    std::vector<bound_worker> own;
};

template <class T> solution<T> shifted(const solution<T>& out, std::int64_t k, const structure& s) {
    const auto move = [k](auto* to, std::int64_t count) { return to == nullptr ? nullptr : to + k * count; };
    return {move(out.z, s.n),    move(out.nu, s.p),       move(out.lambda, s.m), move(out.s, s.m),
            move(out.status, 1), move(out.iterations, 1), move(out.residuals, 3)};
}

template <class T> struct bounds_call {
    const problem<T>& batch;
    const settings& how;
    tolerances eps;
    const solution<T>& out;
    factorization* kept;
    const starting_points<T>& from;
    std::shared_ptr<const bound_matrices> common; ///< null where each problem has its own

    void one(bound_worker& mine, std::int64_t k) const {
        const bound_matrices& matrices = common ? *common : mine.own;
        const bool known = (common || mine.own.load(batch, k)) && mine.form.run(batch, k, matrices, how, eps, from);
        if (!known) return elsewhere(k);
        mine.form.write(out, k);
        if (kept == nullptr || !mine.form.solved()) return;
        factorization::kept& entry = kept->elements[at(k)];
        entry.solved = true;
        if (mine.form.doubtful()) {
            entry.rows.degenerate = mine.form.weakly_active_rows(entry.rows.rows, entry.rows.ratios);
            if (entry.rows.degenerate || decide_elsewhere(mine, k, entry)) return;
        }
        entry.rows.ratios.clear();
        mine.form.active_rows(entry.rows.rows);
    }

    /// A problem that form B does not settle.
    void elsewhere(std::int64_t k) const {
        const one_problem<T> alone(batch, k);
        const solution<T> to = shifted(out, k, *batch.shape);
        std::shared_ptr<factorization> other;
        const starting_points<T> start{only(from.z, k), only(from.nu, k), only(from.lambda, k)};
        solve_by_other_forms(alone.batch, how, 1, to, kept == nullptr ? nullptr : &other, start);
        if (kept == nullptr) return;
        kept->elements[at(k)].solved = has_solution(static_cast<optnet::status>(*to.status));
        kept->elements[at(k)].other = other;
    }

    /// The active rows of a degenerate solution, decided from there as on every form. False if that led nowhere.
    bool decide_elsewhere(bound_worker& mine, std::int64_t k, factorization::kept& entry) const {
        const one_problem<T> alone(batch, k);
        arrays<T> start, again;
        mine.form.write(start.of(*batch.shape), 0);
        std::shared_ptr<factorization> other;
        solve_by_other_forms(alone.batch, how, 1, again.of(*batch.shape), &other, start.from());
        if (!has_solution(static_cast<optnet::status>(again.status))) return false;
        entry.other = other;
        return true;
    }
};

/// About the microseconds of a batch on one thread.
double microseconds(const structure& s, std::int64_t batch) {
    return static_cast<double>(batch) * (0.3 + 4e-3 * (static_cast<double>(s.n) + s.m));
}

/// f(worker, k) for every problem, small ones some at a time.
template <class F> void each_problem(int threads, const structure& s, std::int64_t batch, const F& f) {
    bound_workers workers(s, threads);
    const std::int64_t together = 1 + 5000 / (std::int64_t{s.n} + s.m);
    cpu::parallel_for(threads, (batch + together - 1) / together, [&](int id, std::int64_t g) {
        const std::int64_t end = std::min(batch, (g + 1) * together);
        for (std::int64_t k = g * together; k < end; ++k) f(workers.of(id), k);
    });
}

} // namespace

template <class T>
bool solve_by_bounds(const problem<T>& batch, const settings& how, int threads, const solution<T>& out,
                     std::shared_ptr<factorization>* keep, const starting_points<T>& from) {
    const structure& shape = *batch.shape;
    const bool shared = batch.batch == 1 || shares_matrices(batch), said = is_bounded_diagonal(shape);
    // Plain matrices that the problems share are looked at: that ends with the first entry which does not fit.
    const bool may_be = shape.plain && shared && shape.n > 0 && shape.p <= 1;
    if (batch.batch == 0 || (!said && !may_be)) return false;
    std::shared_ptr<bound_matrices> common;
    if (shared) {
        common = recycled<bound_matrices>();
        if (!common->load(batch, 0)) return false;
    }
    const tolerances eps{how.eps_abs.value_or(default_tolerance<T>), how.eps_rel.value_or(default_tolerance<T>)};
    std::shared_ptr<factorization> kept;
    if (keep != nullptr) {
        kept = recycled<factorization>();
        kept->how = how;
        kept->by_bounds = true;
        kept->bounds = common;
        kept->elements.resize(at(batch.batch));
        *keep = kept;
    }
    const bounds_call<T> call{batch, how, eps, out, kept.get(), from, common};
    threads = cpu::worth_waking(threads, microseconds(shape, batch.batch));
    each_problem(threads, shape, batch.batch, [&](bound_worker& mine, std::int64_t k) { call.one(mine, k); });
    return true;
}

template <class T>
void kkt_solve_by_bounds(const problem<T>& batch, const factorization& kept, int threads, const kkt_vectors<const T>& r,
                         const kkt_vectors<T>& d, bool same_right_side, T* minus_z) {
    const structure& s = *batch.shape;
    constexpr double share = 0.5; // of the forward pass
    threads = cpu::worth_waking(threads, share * microseconds(s, batch.batch));
    const auto of = [](auto* to, std::int64_t place) { return to == nullptr ? nullptr : to + place; };
    each_problem(threads, s, batch.batch, [&](bound_worker& mine, std::int64_t k) {
        const std::int64_t r_k = same_right_side ? 0 : k;
        const kkt_vectors<const T> right{of(r.z, r_k * s.n), of(r.nu, r_k * s.p), of(r.lambda, r_k * s.m)};
        const kkt_vectors<T> to{of(d.z, k * s.n), of(d.nu, k * s.p), of(d.lambda, k * s.m)};
        const factorization::kept& entry = kept.elements[at(k)];
        if (!entry.solved) {
            fill(d.z, k, s.n, 0);
            fill(minus_z, k, s.n, 0);
            fill(d.nu, k, s.p, 0);
            fill(d.lambda, k, s.m, 0);
        } else if (entry.other) {
            kkt_solve(one_problem<T>(batch, k).batch, *entry.other, 1, right, to, same_right_side,
                      of(minus_z, k * s.n));
        } else if (kept.bounds) {
            solve_bound_kkt(*kept.bounds, entry.rows.rows, entry.rows.ratios, right, to, of(minus_z, k * s.n),
                            mine.kkt);
        } else {
            // Matrices of each problem's own are read again.
            mine.own.load(batch, k);
            solve_bound_kkt(mine.own, entry.rows.rows, entry.rows.ratios, right, to, of(minus_z, k * s.n), mine.kkt);
        }
    });
}

#define OPTNET_FOR(T)                                                                                                  \
    template bool solve_by_bounds(const problem<T>&, const settings&, int, const solution<T>&,                         \
                                  std::shared_ptr<factorization>*, const starting_points<T>&);
OPTNET_FOR(double)
OPTNET_FOR(float)
#undef OPTNET_FOR
template void kkt_solve_by_bounds(const problem<double>&, const factorization&, int, const kkt_vectors<const double>&,
                                  const kkt_vectors<double>&, bool, double*);
template void kkt_solve_by_bounds(const problem<float>&, const factorization&, int, const kkt_vectors<const float>&,
                                  const kkt_vectors<float>&, bool, float*);

} // namespace optnet::solver
