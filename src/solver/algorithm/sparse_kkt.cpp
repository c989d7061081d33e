// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/sparse_kkt.hpp"

#include "solver/algorithm/exact_kkt.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// A residual of this share of the right-hand side is rounding; above the second no solution meets it.
constexpr double enough = 1e-14, contradiction = 1e-6;
constexpr int most_steps = 40;
/// What refinement does not solve is solved without shifts up to this size, n + p + m.
constexpr std::int64_t most_exact = 300;

double size_of(const point& x) {
    double most = 0;
    for (const auto* part : {&x.z, &x.nu, &x.lambda})
        for (const double v : *part) most = std::abs(v) > most ? std::abs(v) : most;
    return most;
}

void add(point& x, const point& d, double factor) {
    for (std::size_t i = 0; i < x.z.size(); ++i) x.z[i] += factor * d.z[i];
    for (std::size_t i = 0; i < x.nu.size(); ++i) x.nu[i] += factor * d.nu[i];
    for (std::size_t i = 0; i < x.lambda.size(); ++i) x.lambda[i] += factor * d.lambda[i];
}

} // namespace

bool sparse_kkt::set_up(const sparse_matrices& matrices, const std::vector<int>& rows,
                        const std::vector<double>& ratios) {
    source = &matrices;
    active = rows;
    ratio = ratios;
    weight.assign(at(matrices.pattern().m), 0.0);
    const double delta = matrices.delta();
    for (std::size_t i = 0; i < rows.size(); ++i)
        weight[at(rows[i])] = 1 / ((ratios.empty() ? 0.0 : ratios[i]) + delta);
    return system.factor(matrices, weight.data(), matrices.rho(), delta);
}

void sparse_kkt::leave_to(sparse_kkt& to) {
    sparse_ldl work;
    work.swap_work(system);
    to = std::move(*this);
    system.swap_work(work);
}

void sparse_kkt::solve_once(point& x, std::vector<double>& gz) const {
    const sparse_pattern& shape = source->pattern();
    std::vector<double> packed(at(shape.size));
    const std::size_t m = weight.size();
    gz.resize(m);
    for (std::size_t i = 0; i < m; ++i) gz[i] = weight[i] * x.lambda[i];
    for (const int i : shape.long_rows) {
        packed[at(shape.place[at(shape.n + shape.p + i)])] = std::sqrt(weight[at(i)]) * x.lambda[at(i)];
        gz[at(i)] = 0;
    }
    source->multiply_gt(gz.data(), x.z.data());
    const int* place = shape.place.data();
    for (std::size_t j = 0; j < x.z.size(); ++j) packed[at(place[j])] = x.z[j];
    for (std::size_t i = 0; i < x.nu.size(); ++i) packed[at(place[x.z.size() + i])] = x.nu[i];
    system.solve_once(packed.data());
    for (std::size_t j = 0; j < x.z.size(); ++j) x.z[j] = packed[at(place[j])];
    for (std::size_t i = 0; i < x.nu.size(); ++i) x.nu[i] = packed[at(place[x.z.size() + i])];
    std::fill(gz.begin(), gz.end(), 0.0);
    source->multiply_g(x.z.data(), gz.data());
    for (std::size_t i = 0; i < m; ++i) x.lambda[i] = weight[i] * (gz[i] - x.lambda[i]);
    // A variable whose number in Q is 0 may have a pivot of ρ, and what that loses of z the weight would make large
    // here.
    for (const int i : shape.long_rows)
        x.lambda[at(i)] = std::sqrt(weight[at(i)]) * packed[at(place[x.z.size() + x.nu.size() + at(i)])];
}

void sparse_kkt::residual(const point& right, const point& x, point& r) const {
    const operators& data = source->data();
    r.resize(data);
    source->multiply_q(x.z.data(), r.z.data());
    source->multiply_at(x.nu.data(), r.z.data());
    source->multiply_gt(x.lambda.data(), r.z.data());
    source->multiply_a(x.z.data(), r.nu.data());
    std::vector<double> gz(x.lambda.size(), 0.0);
    source->multiply_g(x.z.data(), gz.data());
    for (std::size_t j = 0; j < r.z.size(); ++j) r.z[j] = right.z[j] - r.z[j];
    for (std::size_t i = 0; i < r.nu.size(); ++i) r.nu[i] = right.nu[i] - r.nu[i];
    for (std::size_t i = 0; i < active.size(); ++i) {
        const std::size_t row = at(active[i]);
        r.lambda[row] = right.lambda[row] - gz[row] + (ratio.empty() ? 0.0 : ratio[i] * x.lambda[row]);
    }
}

void sparse_kkt::keep_active(std::vector<double>& lambda) const {
    std::vector<double> kept(lambda.size(), 0.0);
    for (const int row : active) kept[at(row)] = lambda[at(row)];
    lambda.swap(kept);
}

double sparse_kkt::refine(point& x, int steps) const {
    keep_active(x.lambda);
    const point right = x;
    const double size = size_of(right);
    if (size == 0) return 0;
    std::vector<double> gz;
    solve_once(x, gz);
    point r;
    double before = HUGE_VAL;
    for (int step = 0;; ++step) {
        residual(right, x, r);
        const double left = size_of(r) / size;
        if (step >= steps || !(left < 0.5 * before) || left <= enough) return left;
        before = left;
        solve_once(r, gz);
        add(x, r, 1.0);
    }
}

/// Where Q is spread over so much that the shifts outweigh it, though the system is regular.
bool sparse_kkt::solve_exactly(const point& right, point& x) const {
    const operators& o = source->data();
    if (std::int64_t{o.n} + o.p + o.m > most_exact) return false;
    exact_kkt exact;
    if (!exact.set_up(o, active, ratio)) return false;
    point found = right, r;
    exact.correct(found);
    residual(right, found, r);
    if (!(size_of(r) <= contradiction * size_of(right))) return false;
    x = std::move(found);
    return true;
}

/// What `refine` left of x lies in the null space of the system: without it the right-hand side has a solution.
void sparse_kkt::leave_out(point right, point& x) const {
    point r;
    residual(right, x, r);
    add(right, r, -1.0);
    x = std::move(right);
    refine(x, most_steps);
}

void sparse_kkt::solve(point& x, std::vector<double>& gz) const {
    keep_active(x.lambda);
    const point right = x;
    if (!(refine(x, most_steps) <= contradiction)) leave_out(right, x);
    gz.assign(x.lambda.size(), 0.0);
    source->multiply_g(x.z.data(), gz.data());
}

void sparse_kkt::solve(point& x) const {
    keep_active(x.lambda);
    const point right = x;
    if (refine(x, most_steps) <= contradiction || solve_exactly(right, x)) return;
    leave_out(right, x);
}

} // namespace optnet::solver
