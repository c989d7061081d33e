// SPDX-License-Identifier: Apache-2.0
#include "optnet/solver/solve.hpp"

#include "solver/cpu/pool.hpp"
#include "solver/factorization.hpp"

#include <cmath>
#include <limits>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Factors of this many bytes in all are kept for the gradient; beyond it each is made again when it is needed.
constexpr double most_kept = 1e9;

template <class T> void fill(T* to, std::int64_t element, int count, double value) {
    if (to == nullptr) return;
    for (int i = 0; i < count; ++i) to[element * count + i] = static_cast<T>(value);
}

template <class T>
void write(const solution<T>& out, std::int64_t k, const element& e, const outcome& done, const operators& o) {
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    const bool has_point = done.status == status::solved || done.status == status::solved_inaccurate ||
                           done.status == status::max_iterations;
    const bool farkas = done.status == status::primal_infeasible, ray = done.status == status::dual_infeasible;
    out.status[k] = static_cast<std::int64_t>(done.status);
    if (out.iterations != nullptr) out.iterations[k] = done.iterations;
    if (out.residuals != nullptr) {
        const double values[3] = {done.best.primal, done.best.dual, done.best.gap};
        for (int i = 0; i < 3; ++i) out.residuals[3 * k + i] = has_point ? values[i] : none;
    }
    for (int j = 0; j < o.n; ++j)
        out.z[k * o.n + j] = static_cast<T>(has_point || ray ? done.x.z[at(j)] * o.z_scale[at(j)] : none);
    if (!has_point && !farkas) {
        fill(out.nu, k, o.p, none);
        fill(out.lambda, k, o.m, none);
    } else {
        if (out.nu != nullptr)
            for (int i = 0; i < o.p; ++i) out.nu[k * o.p + i] = static_cast<T>(done.x.nu[at(i)] * o.a_scale[at(i)]);
        if (out.lambda != nullptr)
            for (int i = 0; i < o.m; ++i)
                out.lambda[k * o.m + i] = static_cast<T>(done.x.lambda[at(i)] * o.g_scale[at(i)]);
    }
    if (out.s == nullptr) return;
    if (!has_point) return fill(out.s, k, o.m, none);
    std::vector<double> gz(at(o.m));
    o.multiply_add(matrix::G, done.x.z.data(), gz.data());
    for (int i = 0; i < o.m; ++i)
        out.s[k * o.m + i] = e.absent(i) ? std::numeric_limits<T>::infinity()
                                         : static_cast<T>((e.h[at(i)] - gz[at(i)]) / o.g_scale[at(i)]);
}

template <class T> constexpr double default_tolerance = sizeof(T) == 8 ? 1e-8 : 1e-4;

} // namespace

template <class T> bool shares_matrices(const problem<T>& batch) {
    for (const block& b : batch.shape->blocks)
        if (b.source >= 0 && !batch.data[b.source].shared()) return false;
    return true;
}

template <class T>
std::shared_ptr<const set_up> make_set_up(const problem<T>& batch, std::int64_t element, const settings& how,
                                          const plan& chosen) {
    auto made = std::make_shared<set_up>();
    made->data = operators(batch, element);
    made->is_sparse = chosen.chosen == form::sparse;
    if (!made->data.finite) return made;
    made->convex = made->is_sparse
                       ? made->sparse.set_up(made->data, chosen.pattern, how.convexity_tolerance)
                       : made->dual.set_up(made->data, how.convexity_tolerance, chosen.chosen == form::dual);
    return made;
}

template <class T>
void solve(const problem<T>& batch, const settings& how, int threads, const solution<T>& out,
           std::shared_ptr<factorization>* keep) {
    check(how);
    check(*batch.shape);
    const bool shared = shares_matrices(batch);
    const plan made = make_plan(*batch.shape, shared);
    tolerances eps{how.eps_abs.value_or(default_tolerance<T>), how.eps_rel.value_or(default_tolerance<T>)};
    // float32 data are solved and verified in double precision; only the result is rounded.
    std::shared_ptr<factorization> kept;
    if (keep != nullptr) {
        kept = std::make_shared<factorization>();
        kept->how = how;
        kept->made = made;
        kept->elements.resize(at(batch.batch));
        *keep = kept;
    }
    if (batch.batch == 0) return;
    std::shared_ptr<const set_up> common;
    if (shared) common = make_set_up(batch, 0, how, made);

    struct worker {
        road way;
        element e;
        outcome done;
    };
    std::vector<worker> workers(at(std::max(threads, 1)));
    cpu::parallel_for(threads, batch.batch, [&](int id, std::int64_t k) {
        worker& mine = workers[at(id)];
        const auto matrices = shared ? common : make_set_up(batch, k, how, made);
        mine.e.load(batch, k, matrices->data, how, eps.absolute > 0 ? eps.absolute : eps.relative);
        if (matrices->is_sparse)
            mine.way.run(mine.e, matrices->convex ? &matrices->sparse : nullptr, how, eps, mine.done);
        else
            mine.way.run(mine.e, matrices->convex ? &matrices->dual : nullptr, how, eps, mine.done);
        if (mine.done.status == status::nonconvex && !(matrices->data.q_max < 1e140))
            mine.done.status = status::numerical_error;
        write(out, k, mine.e, mine.done, matrices->data);
        if (!kept) return;
        factorization::kept& entry = kept->elements[at(k)];
        entry.solved = mine.done.status == status::solved || mine.done.status == status::solved_inaccurate;
        if (!entry.solved) return;
        entry.rows = matrices->is_sparse ? decide_active_rows(mine.e, matrices->sparse, how, mine.done)
                                         : decide_active_rows(mine.e, matrices->dual, how, mine.done);
        const double bytes = static_cast<double>(matrices->bytes());
        if (shared || bytes * static_cast<double>(batch.batch) <= most_kept) {
            entry.matrices = matrices;
            if (matrices->is_sparse) {
                if (entry.rows.ratios.empty() && entry.rows.rows == mine.way.sparse_system().rows())
                    entry.sparse_system = std::move(mine.way.sparse_system());
                else
                    entry.sparse_system.set_up(matrices->sparse, entry.rows.rows, entry.rows.ratios);
                return;
            }
            const active_kkt& finished = mine.way.system();
            if (entry.rows.ratios.empty() && entry.rows.rows == finished.rows())
                entry.system = finished;
            else
                entry.system.set_up(matrices->dual, matrices->data, entry.rows.rows, entry.rows.ratios);
        }
    });
}

#define OPTNET_FOR(T)                                                                                                  \
    template bool shares_matrices(const problem<T>&);                                                                  \
    template std::shared_ptr<const set_up> make_set_up(const problem<T>&, std::int64_t, const settings&, const plan&); \
    template void solve(const problem<T>&, const settings&, int, const solution<T>&, std::shared_ptr<factorization>*);
OPTNET_FOR(double)
OPTNET_FOR(float)
#undef OPTNET_FOR

} // namespace optnet::solver
