// SPDX-License-Identifier: Apache-2.0
#include "optnet/solver/outer_products.hpp"

#include "solver/cpu/kernels.hpp"
#include "solver/cpu/pool.hpp"

#include <algorithm>

namespace optnet::solver {
namespace {

/// Rows of a sum that one thread computes at a time, where there are several: whole tiles of the product, and enough
/// to be worth the packing of the other factor.
constexpr std::int64_t panel = 32;
/// Up to so many threads a symmetric part stays whole: others have enough to do meanwhile.
constexpr int few = 3;
/// Below so many operations one thread does them all.
constexpr double little = 2e6;

/// What one thread does at a time: `count` rows of a sum, or problems of their own, from `first` on.
template <class T> struct part {
    const outer_product<T>* of;
    std::int64_t first, count;
};

/// Rows of a sum; every entry is added up in the order of the batch, whoever does it.
template <class T> void add_up(const outer_product<T>& p, std::int64_t batch, std::int64_t first, std::int64_t count) {
    const auto product = [&](rows_view<T> left, rows_view<T> right, T old) {
        cpu::dense<T>().gemm_tn(p.out + first * p.cols, p.cols, left.data + first, left.stride, right.data,
                                right.stride, count, p.cols, batch, p.scale, old);
    };
    product(p.u, p.x, T(0));
    if (p.v.data != nullptr) product(p.v, p.y, T(1));
}

/// Rows of the matrix of problem k.
template <class T> void write_rows(const outer_product<T>& p, std::int64_t k, std::int64_t first, std::int64_t count) {
    const auto of = [k](rows_view<T> rows) { return rows.data + k * rows.stride; };
    const bool both = p.v.data != nullptr;
    cpu::dense<T>().outer_rows(p.out + (k * p.rows + first) * p.cols, p.cols, of(p.u) + first, of(p.x),
                               both ? of(p.v) + first : nullptr, both ? of(p.y) : nullptr, count, p.cols, p.scale);
}

} // namespace

template <class T> void outer_products(const std::vector<outer_product<T>>& all, std::int64_t batch, int threads) {
    double operations = 0;
    for (const outer_product<T>& p : all)
        operations += 2.0 * static_cast<double>(batch * p.rows * p.cols) * (p.v.data == nullptr ? 1 : 2);
    const int workers = operations < little ? 1 : threads;
    const auto& kernels = cpu::dense<T>();
    const auto compute = [&](const part<T>& what) {
        const auto [of, first, count] = what;
        if (!of->shared) {
            for (std::int64_t k = first; k < first + count; ++k) write_rows(*of, k, 0, of->rows);
            return;
        }
        if (batch == 1) // no sum, and nothing worth packing
            write_rows(*of, 0, first, count);
        else
            add_up(*of, batch, first, count);
        if (of->symmetric && count == of->rows) kernels.symmetric_part(of->out, of->cols, of->rows);
    };
    if (workers == 1) {
        for (const outer_product<T>& p : all)
            if (p.rows > 0) compute({&p, 0, p.shared ? p.rows : batch});
        return;
    }
    std::vector<part<T>> parts;
    const auto divide = [&](const outer_product<T>& p, std::int64_t size, std::int64_t share) {
        for (std::int64_t i = 0; i < size; i += share) parts.push_back({&p, i, std::min(share, size - i)});
    };
    for (const outer_product<T>& p : all) {
        const std::int64_t whole = std::max<std::int64_t>(p.rows, 1);
        if (p.shared)
            divide(p, p.rows, p.symmetric && workers <= few ? whole : panel);
        else
            divide(p, batch, std::max<std::int64_t>(batch / (4 * workers), 1));
    }
    cpu::parallel_for(workers, static_cast<std::int64_t>(parts.size()),
                      [&](int, std::int64_t i) { compute(parts[static_cast<std::size_t>(i)]); });
    for (const outer_product<T>& p : all)
        if (p.symmetric && workers > few) kernels.symmetric_part(p.out, p.cols, p.rows);
}

template void outer_products(const std::vector<outer_product<double>>&, std::int64_t, int);
template void outer_products(const std::vector<outer_product<float>>&, std::int64_t, int);

} // namespace optnet::solver
