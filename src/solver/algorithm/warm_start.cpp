// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/warm_start.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

/// Smaller shares of the largest multiplier are what an interior point leaves of a zero. Where such a row is active it
/// costs one step.
constexpr double least_share = 1e-8;

/// Reads n numbers in units of their own; false if one is not finite. Nothing given is zeros.
template <class T>
bool read(const vector_view<T>& view, std::int64_t k, const double* unit, int n, std::vector<double>& to) {
    to.assign(static_cast<std::size_t>(n), 0.0);
    if (view.data == nullptr) return true;
    const T* from = view.of(k);
    double check = 0;
    for (std::size_t i = 0; i < to.size(); ++i) {
        to[i] = static_cast<double>(from[static_cast<std::int64_t>(i) * view.stride]) * unit[i];
        check += to[i] * 0.0;
    }
    return check == 0.0;
}

} // namespace

template <class T> void warm_start::load(const starting_points<T>& from, std::int64_t k, const element& e) {
    usable = false;
    if (e.finite) load(from, k, e.data->measures(), e.floor.data());
}

template <class T>
void warm_start::load(const starting_points<T>& from, std::int64_t k, const units& o, const double* floor) {
    rows.clear();
    usable = from.given() && read(from.z, k, o.z_unit, o.n, x.z) && read(from.nu, k, o.a_unit, o.p, x.nu) &&
             read(from.lambda, k, o.g_unit, o.m, x.lambda);
    if (!usable) return;
    double most = 0;
    for (const double v : x.lambda) most = std::max(most, v);
    for (int i = 0; i < o.m; ++i) {
        double& multiplier = x.lambda[static_cast<std::size_t>(i)];
        if (multiplier > least_share * most && floor[i] < HUGE_VAL)
            rows.push_back(i);
        else
            multiplier = 0;
    }
}

template void warm_start::load(const starting_points<double>&, std::int64_t, const element&);
template void warm_start::load(const starting_points<float>&, std::int64_t, const element&);
template void warm_start::load(const starting_points<double>&, std::int64_t, const units&, const double*);
template void warm_start::load(const starting_points<float>&, std::int64_t, const units&, const double*);

} // namespace optnet::solver
