// SPDX-License-Identifier: Apache-2.0
// What small problems in lanes read from the user and write for the user.

#include "solver/algorithm/small_chunk.hpp"

#include "optnet/solver/status.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

} // namespace

/// A matrix into the lanes of `to`; idle lanes repeat the first problem.
template <class T>
void small_chunk::read(const problem<T>& batch, const structure& shape, matrix where, std::int64_t first, int count,
                       double* to) {
    const block& k = *std::find_if(shape.blocks.begin(), shape.blocks.end(),
                                   [&](const block& other) { return other.where == where; });
    const matrix_view<T>& view = batch.data[k.source];
    const std::int64_t size = std::int64_t{k.rows} * n;
    const bool plain = std::is_same_v<T, double> && view.col_stride == 1 && view.row_stride == n;
    const double* from[width];
    for (int l = 0; l < width; ++l) {
        const T* source = view.of(first + (l < count ? l : 0));
        if constexpr (std::is_same_v<T, double>) from[l] = source;
        if (plain) continue;
        double* own = scratch.data() + l * size;
        from[l] = own;
        for (std::int64_t i = 0; i < k.rows; ++i)
            for (std::int64_t j = 0; j < n; ++j)
                own[i * n + j] = static_cast<double>(source[i * view.row_stride + j * view.col_stride]);
    }
    const auto& kernels = cpu::dense<double>();
    const std::int64_t at_once = made->ld == n ? k.rows : 1;
    for (std::int64_t i = 0; i < k.rows; i += at_once) {
        double* own = to + i * made->ld * width;
        kernels.lanes_gather(from, at_once * n, own);
        if (k.scale != 1.0) kernels.scale(k.scale, own, at_once * n * width);
        for (const double*& next : from) next += at_once * n;
    }
}

template <class T>
void small_chunk::read(const vector_view<T>& view, std::int64_t first, int count, std::int64_t size, array& to) {
    if (view.data == nullptr) return void(std::fill(to.begin(), to.end(), 0.0));
    const double* from[width];
    for (int l = 0; l < width; ++l) {
        const T* source = view.of(first + (l < count ? l : 0));
        if constexpr (std::is_same_v<T, double>) from[l] = source;
        if (std::is_same_v<T, double> && view.stride == 1) continue;
        double* own = scratch.data() + l * size;
        from[l] = own;
        for (std::int64_t i = 0; i < size; ++i) own[i] = static_cast<double>(source[i * view.stride]);
    }
    cpu::dense<double>().lanes_gather(from, size, to.data());
}

std::vector<int> small_chunk::basis(int i) const {
    std::vector<int> rows;
    for (std::int64_t e = 0; e < m; ++e)
        if (made->inside[at(e * width + i)] > 0) rows.push_back(static_cast<int>(e));
    return rows;
}

evaluated small_chunk::point(int i) {
    const array* const from[4] = {&z, &nu, &lambda, &gz};
    for (int v = 0; v < 4; ++v) {
        const array& lanes = *from[v];
        one[v].resize(lanes.size() / at(width));
        for (std::size_t e = 0; e < one[v].size(); ++e) one[v][e] = lanes[e * at(width) + at(i)];
    }
    evaluated x{};
    x.z = one[0].data(), x.nu = one[1].data(), x.lambda = one[2].data(), x.gz = one[3].data();
    return x;
}

/// `size` numbers of every problem to rows of the user's array, if it is wanted. What is no number of a float is not
/// for lanes.
template <class T> void small_chunk::put(const double* from, std::int64_t size, T* to, std::int64_t first, int count) {
    if (to == nullptr) return;
    double* rows[width];
    for (int l = 0; l < width; ++l) {
        rows[l] = scratch.data() + l * size;
        if constexpr (std::is_same_v<T, double>)
            if (l < count) rows[l] = to + (first + l) * size;
    }
    cpu::dense<double>().lanes_scatter(from, size, rows);
    if constexpr (std::is_same_v<T, float>)
        for (int l = 0; l < count; ++l)
            for (std::int64_t i = 0; i < size; ++i) {
                const double value = rows[l][i];
                tried[l] = tried[l] && (std::abs(value) <= std::numeric_limits<float>::max() || !std::isfinite(value));
                to[(first + l) * size + i] = static_cast<float>(value);
            }
}

/// As `write` in solver/write.hpp. Of those that go on alone everything is written again.
template <class T> void small_chunk::write(const solution<T>& out, std::int64_t first, int count) {
    put(z.data(), n, out.z, first, count);
    const double* scales = made->scales.data();
    for (std::int64_t e = 0; e < p * width; ++e) work[at(e)] = nu[at(e)] * scales[e];
    put(work.data(), p, out.nu, first, count);
    for (std::int64_t e = 0; e < m * width; ++e) work[at(e)] = lambda[at(e)] * scales[p * width + e];
    put(work.data(), m, out.lambda, first, count);
    if (out.s != nullptr)
        for (std::int64_t e = 0; e < m * width; ++e)
            work[at(e)] = floor[at(e)] == HUGE_VAL ? HUGE_VAL : (h[at(e)] - gz[at(e)]) * g_unit[at(e)];
    put(work.data(), m, out.s, first, count);
    for (int l = 0; l < count; ++l) {
        const std::int64_t k = first + l;
        out.status[k] = static_cast<std::int64_t>(status::solved);
        if (out.iterations != nullptr) out.iterations[k] = static_cast<std::int64_t>(steps[l]);
        if (out.residuals == nullptr) continue;
        const double values[3] = {verdicts[l].primal, verdicts[l].dual, verdicts[l].gap};
        std::copy_n(values, 3, out.residuals + 3 * k);
    }
}

#define OPTNET_FOR(T)                                                                                                  \
    template void small_chunk::read(const problem<T>&, const structure&, matrix, std::int64_t, int, double*);          \
    template void small_chunk::read(const vector_view<T>&, std::int64_t, int, std::int64_t, array&);                   \
    template void small_chunk::write(const solution<T>&, std::int64_t, int);
OPTNET_FOR(double)
OPTNET_FOR(float)
#undef OPTNET_FOR

} // namespace optnet::solver
