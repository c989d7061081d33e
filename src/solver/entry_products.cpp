// SPDX-License-Identifier: Apache-2.0
#include "optnet/solver/entry_products.hpp"

#include "solver/cpu/pool.hpp"

#include <algorithm>
#include <vector>

namespace optnet::solver {
namespace {

/// Below so many entries of all problems one thread does them all.
constexpr double little = 1e5;

/// put(e, value) for the entries of the rows [first, last) of u_k x_k' + v_k y_k'.
template <class T, class Put>
void multiply(const entry_product<T>& p, std::int64_t k, std::size_t first, std::size_t last, const Put& put) {
    const auto of = [k](rows_view<T> rows) { return rows.data == nullptr ? nullptr : rows.data + k * rows.stride; };
    const T *const u = of(p.u), *const x = of(p.x), *const v = of(p.v), *const y = of(p.y);
    const int* const col = p.places->col.data();
    for (std::size_t i = first; i < last; ++i) {
        const double left = static_cast<double>(u[i]), other = v == nullptr ? 0.0 : static_cast<double>(v[i]);
        for (int e = p.places->row_start[i]; e < p.places->row_start[i + 1]; ++e) {
            const double product = left * static_cast<double>(x[col[e]]);
            put(e, v == nullptr ? product : product + other * static_cast<double>(y[col[e]]));
        }
    }
}

/// The sums over the batch of the entries of some rows.
template <class T> void add_up(const entry_product<T>& p, std::int64_t batch, std::size_t first, std::size_t last) {
    const int from = p.places->row_start[first];
    std::vector<double> sum(static_cast<std::size_t>(p.places->row_start[last] - from), 0.0);
    for (std::int64_t k = 0; k < batch; ++k)
        multiply(p, k, first, last, [&](int e, double value) { sum[static_cast<std::size_t>(e - from)] += value; });
    for (std::size_t e = 0; e < sum.size(); ++e)
        p.out[static_cast<std::size_t>(from) + e] = static_cast<T>(static_cast<double>(p.scale) * sum[e]);
}

} // namespace

template <class T> void entry_products(const entry_product<T>& p, std::int64_t batch, int threads) {
    const std::vector<int>& starts = p.places->row_start;
    const std::size_t rows = starts.size() - 1;
    const auto entries = static_cast<std::int64_t>(p.places->col.size());
    const int workers = static_cast<double>(batch * entries) < little ? 1 : threads;
    if (!p.shared)
        return cpu::parallel_for(workers, batch, [&](int, std::int64_t k) {
            T* const out = p.out + k * entries;
            multiply(p, k, 0, rows,
                     [&](int e, double value) { out[e] = static_cast<T>(static_cast<double>(p.scale) * value); });
        });
    // Runs of rows with about as many entries each.
    const std::int64_t runs = workers == 1 ? 1 : 4 * workers;
    const auto row_at = [&](std::int64_t run) {
        const auto wanted = static_cast<int>(run * entries / runs);
        return run == runs
                   ? rows
                   : static_cast<std::size_t>(std::lower_bound(starts.begin(), starts.end(), wanted) - starts.begin());
    };
    cpu::parallel_for(workers, runs, [&](int, std::int64_t run) { add_up(p, batch, row_at(run), row_at(run + 1)); });
}

template void entry_products(const entry_product<double>&, std::int64_t, int);
template void entry_products(const entry_product<float>&, std::int64_t, int);

} // namespace optnet::solver
