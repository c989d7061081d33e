// SPDX-License-Identifier: Apache-2.0
#include "optnet/solver/solve.hpp"

#include "solver/cpu/pool.hpp"
#include "solver/factorization.hpp"

#include <stdexcept>
#include <string>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

template <class T> void fill_zero(T* to, std::int64_t element, int count) {
    if (to == nullptr) return;
    for (int i = 0; i < count; ++i) to[element * count + i] = T(0);
}

} // namespace

template <class T>
void kkt_solve(const problem<T>& batch, const factorization& kept, int threads, const kkt_vectors<const T>& r,
               const kkt_vectors<T>& d) {
    const int n = batch.shape->n, p = batch.shape->p, m = batch.shape->m;
    if (static_cast<std::int64_t>(kept.elements.size()) != batch.batch)
        throw std::invalid_argument("kkt_solve: the batch has " + std::to_string(batch.batch) +
                                    " problems, but what was kept is of " + std::to_string(kept.elements.size()));
    cpu::parallel_for(threads, batch.batch, [&](int, std::int64_t k) {
        const factorization::kept& entry = kept.elements[at(k)];
        if (!entry.solved) {
            fill_zero(d.z, k, n);
            fill_zero(d.nu, k, p);
            fill_zero(d.lambda, k, m);
            return;
        }
        std::shared_ptr<const set_up> matrices = entry.matrices;
        active_kkt again;
        sparse_kkt sparse_again;
        if (!matrices) {
            matrices = make_set_up(batch, k, kept.how, kept.made);
            if (matrices->is_sparse)
                sparse_again.set_up(matrices->sparse, entry.rows.rows, entry.rows.ratios);
            else
                again.set_up(matrices->dual, matrices->data, entry.rows.rows, entry.rows.ratios);
        }
        const operators& o = matrices->data;
        point x;
        x.resize(o);
        // The right-hand side is that of the user's equations, in units of their rows and variables.
        if (r.z != nullptr)
            for (int j = 0; j < n; ++j) x.z[at(j)] = static_cast<double>(r.z[k * n + j]) * o.z_scale[at(j)];
        if (r.nu != nullptr)
            for (int i = 0; i < p; ++i) x.nu[at(i)] = static_cast<double>(r.nu[k * p + i]) * o.a_scale[at(i)];
        if (r.lambda != nullptr)
            for (int i = 0; i < m; ++i) x.lambda[at(i)] = static_cast<double>(r.lambda[k * m + i]) * o.g_scale[at(i)];
        if (matrices->is_sparse)
            (entry.matrices ? entry.sparse_system : sparse_again).solve(x);
        else
            (entry.matrices ? entry.system : again).solve(x);
        for (int j = 0; d.z != nullptr && j < n; ++j) d.z[k * n + j] = static_cast<T>(x.z[at(j)] * o.z_scale[at(j)]);
        for (int i = 0; d.nu != nullptr && i < p; ++i) d.nu[k * p + i] = static_cast<T>(x.nu[at(i)] * o.a_scale[at(i)]);
        for (int i = 0; d.lambda != nullptr && i < m; ++i)
            d.lambda[k * m + i] = static_cast<T>(x.lambda[at(i)] * o.g_scale[at(i)]);
    });
}

#define OPTNET_FOR(T)                                                                                                  \
    template void kkt_solve(const problem<T>&, const factorization&, int, const kkt_vectors<const T>&,                 \
                            const kkt_vectors<T>&);
OPTNET_FOR(double)
OPTNET_FOR(float)
#undef OPTNET_FOR

} // namespace optnet::solver
