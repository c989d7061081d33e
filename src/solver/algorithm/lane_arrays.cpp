// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/lane_arrays.hpp"

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

} // namespace

double lanes_numbers(const sparse_pattern& x) {
    return 2.0 * static_cast<double>(x.l_row.size()) + 12.0 * (x.n + x.p + x.m);
}

void lane_factor::factor(const cpu::lane_system& s, int lanes, lane_array& work, double* replaced) {
    inverse.resize(at(s.size * lanes));
    l.resize(at(std::int64_t{s.l_start[s.size]} * lanes));
    cpu::sparse(lanes > 1).factor(s, w.data(), l.data(), inverse.data(), work.data(), replaced);
}

void put_lane(const std::vector<double>& from, double factor, lane_array& to, int l, int lanes) {
    for (std::size_t i = 0; i < from.size(); ++i) to[i * at(lanes) + at(l)] = factor * from[i];
}

void take_lane(const lane_array& from, std::vector<double>& to, int l, int lanes) {
    to.resize(from.size() / at(lanes));
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = from[i * at(lanes) + at(l)];
}

void lane_points::resize(const cpu::lane_system& s, int lanes) {
    z.resize(at(s.n * lanes));
    nu.resize(at(s.p * lanes));
    lambda.resize(at(s.m * lanes));
}

void lane_points::put(const point& from, int l, int lanes) {
    put_lane(from.z, 1, z, l, lanes);
    put_lane(from.nu, 1, nu, l, lanes);
    put_lane(from.lambda, 1, lambda, l, lanes);
}

void lane_points::take(point& to, int l, int lanes) const {
    take_lane(z, to.z, l, lanes);
    take_lane(nu, to.nu, l, lanes);
    take_lane(lambda, to.lambda, l, lanes);
}

void lane_product_arrays::resize(const cpu::lane_system& s, int lanes) {
    for (auto* v : {&qz, &atnu, &gtl}) v->resize(at(s.n * lanes));
    az.resize(at(s.p * lanes));
    gz.resize(at(s.m * lanes));
}

} // namespace optnet::solver
