// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/single_active_set.hpp"

#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

constexpr int refinements = 5;
/// Slacks of active rows of this share of their terms are rounding; from the second on, one more step leads there.
constexpr double exact = 1e-12, nearly = 1e-9;
/// What a step has to leave at most, so that the gradient needs one; and single precision to begin with.
constexpr double contraction = 1e-3, first = 1e-3;
/// As in the dual active set: such a share of its terms is no slack.
constexpr double rounding = 1e-13;

/// True if no sign is wrong: then W is the active set.
bool optimal(const std::vector<int>& rows, std::int64_t m, const double* lambda, const double* d, const double* s,
             const double* floor) {
    for (const int i : rows)
        if (!(lambda[i] >= 0)) return false;
    bool violated = false;
    auto active = rows.begin();
    for (std::int64_t i = 0; i < m; ++i) {
        if (active != rows.end() && *active == i) {
            ++active;
            continue;
        }
        const double least = std::max(floor[i], rounding * (std::abs(d[i]) + std::abs(s[i] - d[i])));
        violated |= !(s[i] >= -least);
    }
    return !violated;
}

} // namespace

void single_active_set::solve(const dual_form& form, std::int64_t m, const double* d, const double* floor, int limit) {
    const auto count = static_cast<std::int64_t>(lanes.problems.size());
    rounded_d.assign(d, d + count * m);
    rounded_floor.assign(floor, floor + count * m);
    lanes.solve(form.single_r(), m, rounded_d.data(), rounded_floor.data(), limit);

    lambda.assign(at(count * m), 0.0);
    states.assign(at(count), state::failed);
    before.assign(at(count), first / contraction);
    for (std::int64_t i = 0; i < count; ++i) {
        const auto& x = lanes.problems[at(i)];
        if (!x.solved) continue;
        states[at(i)] = state::going_on;
        std::copy(x.lambda.begin(), x.lambda.end(), lambda.begin() + i * m);
    }
    const auto going_on = [](state x) { return x == state::going_on; };
    for (int step = 0; step < refinements && std::any_of(states.begin(), states.end(), going_on); ++step) {
        s.assign(d, d + count * m);
        form.add_r_products(lambda.data(), s.data(), count);
        for (std::int64_t i = 0; i < count; ++i) {
            state& own = states[at(i)];
            if (own != state::going_on) continue;
            const auto& x = lanes.problems[at(i)];
            double* value = lambda.data() + i * m;
            own = refine(x, d + i * m, s.data() + i * m, value, before[at(i)]);
            if (own == state::done && !optimal(x.rows, m, value, d + i * m, s.data() + i * m, floor + i * m))
                own = state::failed;
        }
    }
    for (std::int64_t i = 0; i < count; ++i) lanes.problems[at(i)].solved = states[at(i)] == state::done;
}

single_active_set::state single_active_set::refine(const lane_active_set<float>::lane& x, const double* d,
                                                   const double* slack, double* value, double& last) {
    const auto& kernels = cpu::dense<float>();
    const auto k = static_cast<std::int64_t>(x.rows.size());
    right.resize(x.rows.size());
    double worst = 0;
    for (std::size_t i = 0; i < right.size(); ++i) {
        const int row = x.rows[i];
        const double left = slack[row], size = std::abs(d[row]) + std::abs(left - d[row]);
        right[i] = static_cast<float>(-left);
        const double share = left == 0 ? 0.0 : std::abs(left) / size;
        if (share > worst || std::isnan(share)) worst = share;
    }
    if (worst <= exact) return state::done;
    if (!(worst <= contraction * last)) return state::failed;
    last = worst;
    kernels.trsv_lower(x.factor.data(), x.stride, k, right.data());
    kernels.trsv_lower_transposed(x.factor.data(), x.stride, k, right.data());
    for (std::size_t i = 0; i < right.size(); ++i) value[x.rows[i]] += static_cast<double>(right[i]);
    return worst <= nearly ? state::done : state::going_on;
}

} // namespace optnet::solver
