// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/shared_interior.hpp"

#include "solver/cpu/kernels_interior.hpp"

#include <algorithm>
#include <limits>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

constexpr double boundary = 0.995; ///< the share of the step to the boundary that is taken

} // namespace

template <class T> void shared_interior<T>::set_up(const double* R, std::int64_t rows) {
    m = rows;
    size = (m + 3) / 4 * 4;
    unit.resize(at(m));
    for (std::int64_t i = 0; i < m; ++i) unit[at(i)] = R[i * m + i] > 0 ? 1 / std::sqrt(R[i * m + i]) : 1.0;
    r.assign(at(size * size), T(0));
    for (std::int64_t i = 0; i < m; ++i)
        for (std::int64_t j = 0; j < m; ++j)
            r[at(i * size + j)] = static_cast<T>(R[i * m + j] * unit[at(i)] * unit[at(j)]);
    for (std::int64_t i = m; i < size; ++i) r[at(i * (size + 1))] = 1;
    for (lines* a :
         {&present, &s, &lambda, &inverse_s, &inverse_lambda, &v, &d, &shift, &target, &ds, &dlambda, &reciprocal})
        a->assign(at(size * width), T(0));
    l.resize(at(size * (size + 1) * width));
}

/// Lane l becomes the problem at its start.
template <class T> void shared_interior<T>::put(const interior_member& from, int lane) {
    double most = 0;
    for (std::int64_t i = 0; i < m; ++i)
        if (from.floor[i] != HUGE_VAL) most = std::max(most, std::abs(from.d[i] * unit[at(i)]));
    const double measure = scale[lane] = most > 0 ? most : 1.0;
    count_of[lane] = 0;
    for (std::int64_t i = 0; i < m; ++i) {
        const std::size_t e = at(i * width + lane);
        const bool is_present = from.floor[i] != HUGE_VAL;
        count_of[lane] += is_present ? 1 : 0;
        present[e] = is_present ? T(1) : T(0);
        d[e] = is_present ? static_cast<T>(from.d[i] * unit[at(i)] / measure) : T(0);
        s[e] = is_present ? static_cast<T>(std::max(least_start, from.s[i] * unit[at(i)] / measure)) : T(1);
        lambda[e] = is_present ? static_cast<T>(std::max(least_start, from.lambda[i] / (unit[at(i)] * measure))) : T(0);
    }
}

template <class T> void shared_interior<T>::take(interior_member& to, int lane) const {
    for (std::int64_t i = 0; i < m; ++i) {
        const std::size_t e = at(i * width + lane);
        const bool is_present = present[e] > 0;
        to.s[i] = is_present ? static_cast<double>(s[e]) / unit[at(i)] * scale[lane] : 1.0;
        to.lambda[i] = is_present ? static_cast<double>(lambda[e]) * unit[at(i)] * scale[lane] : 0.0;
    }
}

template <class T>
void shared_interior<T>::run(std::vector<interior_member>& members, double eps, double room, int limit, int centring) {
    precision = static_cast<T>(eps);
    least_start = room;
    most_steps = limit;
    last_steps = centring;
    const auto all = static_cast<int>(members.size());
    for (int first = 0; first < all; first += width) run_group(members.data() + first, std::min(width, all - first));
}

template <class T> void shared_interior<T>::run_group(interior_member* first, int count) {
    // Lanes of nobody have absent rows.
    std::fill(s.begin(), s.end(), T(1));
    for (lines* a : {&lambda, &present, &d, &ds, &dlambda}) std::fill(a->begin(), a->end(), T(0));
    /// What a lane is at: its way to the solution, its last steps (so many are left), or nothing any more.
    int left[width] = {};
    constexpr int on_its_way = -1;
    for (int i = 0; i < count; ++i) {
        put(first[i], i);
        left[i] = on_its_way;
        first[i].converged = false;
        first[i].iterations = 0;
    }
    const auto& kernels = cpu::interior<T>();
    const cpu::interior_lanes<T> x{
        size,     d.data(),     present.data(), s.data(),  lambda.data(), inverse_s.data(), inverse_lambda.data(),
        v.data(), shift.data(), target.data(),  ds.data(), dlambda.data()};
    // Dependent rows with large weights leave pivots of rounding.
    const T least = 4 * std::numeric_limits<T>::epsilon();
    T total[width], cost[width], residual[width], bend[width], centre[width], step[width];
    T steepest[width] = {}, linear[width] = {}, square[width] = {};
    const auto solve = [&] {
        cpu::dense<T>().lanes_solve(l.data(), size + 1, reciprocal.data(), size, dlambda.data());
        kernels.measure(x, steepest, linear, square);
    };
    for (int iteration = 0;; ++iteration) {
        kernels.product(r.data(), size, size, lambda.data(), d.data(), v.data());
        kernels.affine(x, total, cost, residual);
        bool any = false, any_affine = false;
        for (int i = 0; i < count; ++i) {
            if (left[i] == 0) continue;
            first[i].iterations = iteration;
            if (left[i] == on_its_way) {
                const bool finite = total[i] + cost[i] < std::numeric_limits<T>::max();
                first[i].converged = total[i] <= precision * (1 + cost[i]) && residual[i] <= precision;
                if (first[i].converged)
                    left[i] = last_steps;
                else if (!finite || iteration >= most_steps)
                    left[i] = 0;
                if (left[i] == 0 && finite) take(first[i], i);
            } else if (--left[i] == 0) {
                take(first[i], i);
            }
            any = any || left[i] != 0;
            any_affine = any_affine || left[i] == on_its_way;
        }
        if (!any) return;
        kernels.cholesky(r.data(), size, size, shift.data(), least, l.data(), size + 1, reciprocal.data());
        if (any_affine) solve();
        for (int i = 0; i < width; ++i) {
            const T mean = i < count && count_of[i] > 0 ? total[i] / static_cast<T>(count_of[i]) : T(0);
            const T affine = steepest[i] > 1 ? 1 / steepest[i] : T(1);
            const T rest = total[i] + affine * (linear[i] + affine * square[i]);
            const T ratio = total[i] > 0 ? std::clamp(rest / total[i], T(0), T(1)) : T(0);
            bend[i] = left[i] == on_its_way ? T(1) : T(0);
            centre[i] = left[i] == on_its_way ? ratio * ratio * ratio * mean : mean;
        }
        kernels.combine(x, bend, centre);
        solve();
        for (int i = 0; i < width; ++i) {
            const T far = static_cast<T>(boundary);
            step[i] = left[i] == 0 ? T(0) : steepest[i] > far ? far / steepest[i] : T(1);
        }
        kernels.advance(x, step);
    }
}

template class shared_interior<double>;
template class shared_interior<float>;

} // namespace optnet::solver
