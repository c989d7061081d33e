// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/sparse_form.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// A direction of the interior point need not be better than this.
constexpr double accuracy = 1e-6;
constexpr int steps = 4;

} // namespace

void sparse_form::begin(const element& e) {
    problem = &e;
    x.resize(source->data());
    d.resize(source->data());
    r.resize(source->data());
    gz.assign(at(source->data().m), 0.0);
    weighted.assign(at(source->data().m), 0.0);
}

bool sparse_form::factor(const std::vector<double>& w) {
    weights = w;
    const sparse_shifts by = plain_shifts(source->unit());
    return system.factor(*source, w.data(), by.rho, by.delta);
}

/// K (dz, dν) = (z + G_R'(W right), ν, √W right): `right` is what G dz − W⁻¹dλ is to be.
void sparse_form::solve_equalities(std::vector<double>& z, std::vector<double>& nu, const std::vector<double>& right) {
    const sparse_pattern& shape = source->pattern();
    packed.resize(at(shape.size));
    weighted = right;
    for (const int i : shape.long_rows) {
        const double w = weights[at(i)];
        packed[at(shape.place[at(shape.n + shape.p + i)])] = w > 0 ? right[at(i)] / std::sqrt(w) : 0.0;
        weighted[at(i)] = 0;
    }
    source->multiply_gt(weighted.data(), z.data());
    for (int j = 0; j < shape.n; ++j) packed[at(shape.place[at(j)])] = z[at(j)];
    for (int i = 0; i < shape.p; ++i) packed[at(shape.place[at(shape.n + i)])] = nu[at(i)];
    system.solve(packed, accuracy, steps);
    for (int j = 0; j < shape.n; ++j) z[at(j)] = packed[at(shape.place[at(j)])];
    for (int i = 0; i < shape.p; ++i) nu[at(i)] = packed[at(shape.place[at(shape.n + i)])];
}

void sparse_form::start(std::vector<double>& s) {
    for (std::size_t j = 0; j < x.z.size(); ++j) x.z[j] = -problem->q[j];
    for (std::size_t i = 0; i < s.size(); ++i) s[i] = weights[i] * problem->h[i];
    x.nu = problem->b;
    solve_equalities(x.z, x.nu, s);
    std::fill(gz.begin(), gz.end(), 0.0);
    source->multiply_g(x.z.data(), gz.data());
    for (std::size_t i = 0; i < s.size(); ++i) s[i] = problem->h[i] - gz[i];
}

void sparse_form::residual(const std::vector<double>& lambda, const std::vector<double>& s, std::vector<double>& rs) {
    const element& e = *problem;
    x.lambda = lambda;
    source->multiply(x, of);
    e.residual(of, r);
    for (std::size_t i = 0; i < rs.size(); ++i) rs[i] = e.absent(static_cast<int>(i)) ? 0.0 : r.lambda[i] - s[i];
}

void sparse_form::solve(interior_rows& rows) {
    d.z = r.z;
    d.nu = r.nu;
    // W r_s + r_c / s
    for (std::size_t i = 0; i < gz.size(); ++i) gz[i] = rows.w[i] * rows.rs[i] + rows.rc[i] / rows.s[i];
    solve_equalities(d.z, d.nu, gz);
    std::fill(gz.begin(), gz.end(), 0.0);
    source->multiply_g(d.z.data(), gz.data());
    // G dz + ds = r_s, S dλ + Λ ds = −r_c
    for (std::size_t i = 0; i < gz.size(); ++i) {
        rows.ds[i] = problem->absent(static_cast<int>(i)) ? 0.0 : rows.rs[i] - gz[i];
        rows.dlambda[i] = -(rows.rc[i] + rows.lambda[i] * rows.ds[i]) / rows.s[i];
    }
}

void sparse_form::advance(double step) {
    for (std::size_t j = 0; j < x.z.size(); ++j) x.z[j] += step * d.z[j];
    for (std::size_t i = 0; i < x.nu.size(); ++i) x.nu[i] += step * d.nu[i];
}

void sparse_form::read(const point& from) {
    x.z = from.z;
    x.nu = from.nu;
}

void sparse_form::write(point& to) const {
    to.z = x.z;
    to.nu = x.nu;
}

} // namespace optnet::solver
