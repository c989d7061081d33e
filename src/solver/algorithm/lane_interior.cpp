// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/lane_interior.hpp"

#include "solver/algorithm/interior_point.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

} // namespace

void lane_interior::resize(const cpu::lane_system& s, const sparse_pattern& pattern, int count,
                           const lane_array& floor) {
    shape = &pattern;
    lanes = count;
    for (lane_points* v : {&x, &r, &d}) v->resize(s, lanes);
    for (lane_array* v : {&slack, &slack_inverse, &lambda_inverse, &gdz, &affine, &factor.w})
        v->resize(at(s.m * lanes));
    packed.resize(at(s.size * lanes));
    of.resize(s, lanes);
    multiplied = stepped = false;
    present.resize(at(lanes));
    for (int l = 0; l < lanes; ++l) {
        present[at(l)] = 0;
        for (std::int64_t i = 0; i < s.m; ++i) present[at(l)] += floor[at(i * lanes + l)] < HUGE_VAL ? 1 : 0;
    }
}

void lane_interior::start(const cpu::lane_system& s, lane_points& right, const lane_array& floor,
                          const lane_points& from, const lane_array& gz, const double* cost_unit) {
    x.z = from.z;
    x.nu = from.nu;
    cpu::sparse(lanes > 1).interior.start(s, right.lambda.data(), floor.data(), gz.data(), cost_unit, first_room,
                                          least_start, rows());
    multiplied = stepped = false;
}

void lane_interior::put(const point& from, const std::vector<double>& s, int l) {
    x.put(from, l, lanes);
    put_lane(s, 1, slack, l, lanes);
    multiplied = stepped = false;
}

void lane_interior::take(central_point& to, int l) const {
    take_lane(x.lambda, to.lambda, l, lanes);
    take_lane(slack, to.s, l, lanes);
    take_lane(x.z, to.z, l, lanes);
}

void lane_interior::take(interior_iterate& to, int l) const {
    take_lane(x.z, to.x.z, l, lanes);
    take_lane(x.nu, to.x.nu, l, lanes);
    take_lane(x.lambda, to.x.lambda, l, lanes);
    take_lane(slack, to.s, l, lanes);
}

void lane_interior::judge(const cpu::lane_system& s, lane_points& right, const lane_array& floor, const double* a_unit,
                          const double* g_unit, const double* z_unit, cpu::lane_verdict* sums) {
    const auto& kernels = cpu::sparse(lanes > 1);
    if (!multiplied) kernels.products(s, x.view(), of.view());
    multiplied = true;
    kernels.judge(s, right.view(), floor.data(), x.view(), of.view(), a_unit, g_unit, z_unit, sums);
}

/// w = Λ S⁻¹, for rows of E its root.
void lane_interior::weigh(const cpu::lane_system& s, const lane_array& floor) {
    cpu::sparse(lanes > 1).interior.weigh(s, floor.data(), rows(), factor.w.data(), total);
    for (const int i : shape->long_rows)
        for (int l = 0; l < lanes; ++l) {
            double& w = factor.w[at(i * lanes + l)];
            w = std::sqrt(w);
        }
}

void lane_interior::solve(const cpu::lane_system& s, lane_points& sides) {
    cpu::sparse(lanes > 1).solve(s, factor.w.data(), factor.l.data(), factor.inverse.data(), sides.view(), d.view(),
                                 gdz.data(), packed.data());
}

/// With r_c = s ∘ λ, so that the right-hand side r_s + r_c / λ is h − G z.
void lane_interior::step_affinely(const cpu::lane_system& s, lane_points& right, const lane_array& floor,
                                  lane_array& work) {
    if (stepped) return;
    const auto& kernels = cpu::sparse(lanes > 1);
    double size[lanes_together];
    if (!multiplied) kernels.products(s, x.view(), of.view());
    weigh(s, floor);
    kernels.residual(s, factor.w.data(), right.view(), of.view(), r.view(), size);
    factor.factor(s, lanes, work);
    solve(s, r);
    multiplied = stepped = true;
}

void lane_interior::iterate(const cpu::lane_system& s, lane_points& right, const lane_array& floor, const double* go,
                            int count, lane_array& work) {
    const cpu::interior_kernels& loop = cpu::sparse(lanes > 1).interior;
    double steepest[lanes_together], linear[lanes_together], square[lanes_together];
    double target[lanes_together], step[lanes_together];
    const auto measure = [&] {
        loop.measure(s, floor.data(), rows(), r.lambda.data(), d.view(), gdz.data(), steepest, linear, square);
    };
    for (int k = 0; k < count; ++k) {
        step_affinely(s, right, floor, work);
        measure();
        for (int l = 0; l < lanes; ++l) {
            const double affine_step = steepest[l] > 1 ? 1 / steepest[l] : 1.0;
            const double left = total[l] + affine_step * (linear[l] + affine_step * square[l]);
            const double ratio = total[l] > 0 ? std::clamp(left / total[l], 0.0, 1.0) : 0.0;
            target[l] = present[at(l)] > 0 ? ratio * ratio * ratio * total[l] / present[at(l)] : 0.0;
        }
        loop.combine(s, floor.data(), rows(), r.lambda.data(), d.view(), gdz.data(), target, affine.data());
        r.lambda.swap(affine);
        solve(s, r);
        r.lambda.swap(affine);
        measure();
        for (int l = 0; l < lanes; ++l)
            step[l] = go[l] == 0 ? 0.0 : steepest[l] > interior::boundary ? interior::boundary / steepest[l] : 1.0;
        loop.advance(s, floor.data(), rows(), r.lambda.data(), d.view(), gdz.data(), step, x.view());
        multiplied = stepped = false;
    }
}

void lane_interior::guess(const cpu::lane_system& s, lane_points& right, const lane_array& floor, const double* go,
                          lane_array& w, lane_array& work) {
    step_affinely(s, right, floor, work);
    cpu::sparse(lanes > 1).interior.guess(s, floor.data(), rows(), r.lambda.data(), d.view(), gdz.data(), go, w.data());
}

} // namespace optnet::solver
