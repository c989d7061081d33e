// SPDX-License-Identifier: Apache-2.0
// What of a chunk of sparse problems concerns the gradient: which rows are in doubt, the points of maximal support that
// decide them, and the factors for the rows that were decided.

#include "solver/algorithm/sparse_chunk.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// The search ends at these tolerances, or after so many iterations; then the problem goes on alone.
constexpr tolerances centred{1e-9, 1e-9};
constexpr int centre_limit = 25;

double largest(const std::vector<double>& v) {
    double most = 0;
    for (const double x : v) most = std::max(most, std::abs(x));
    return most;
}

} // namespace

sparse_chunk::lane_units sparse_chunk::measures() const {
    if (form == nullptr) return {each->a_unit().data(), each->g_unit().data(), each->z_unit().data()};
    const operators& o = form->data();
    return {o.a_unit.data(), o.g_unit.data(), o.z_unit.data()};
}

void sparse_chunk::find_doubt(const settings& how) {
    double doubt[lanes_together];
    if (compliance.empty() && form == nullptr) each->compliance(compliance);
    if (compliance.empty()) {
        compliance.resize(at(system.m));
        for (int i = 0; i < system.m; ++i) {
            // Without a limit below, the sum alone; where a limit counts, its code.
            const double sum = form->compliance(i, 0.0);
            compliance[at(i)] = form->compliance(i, HUGE_VAL) == HUGE_VAL ? -1 - sum : sum;
        }
    }
    const double relative = std::max(64.0 * static_cast<double>(system.n) * 1.1e-16, how.active_tolerance);
    cpu::sparse(lanes > 1).doubt(system, right.view(), floor.data(), kept->w.data(), x.view(), of.view(), relative,
                                 compliance.data(), doubt);
    for (int l = 0; l < lanes; ++l) own[l].doubtful = own[l].doubtful || doubt[l] != 0;
}

/// As `sparse_matrices::compliance`.
double sparse_chunk::compliance_of(int i, int l, double otherwise) const {
    const double code = compliance[form == nullptr ? at(std::int64_t{i} * lanes + l) : at(i)];
    return code < 0 ? std::max(-1 - code, otherwise) : code;
}

/// Beside the solution of lane l, where every row has room and a multiplier of the same strength.
void sparse_chunk::start_beside(int l, solver::point& from, std::vector<double>& slack) const {
    const lane& mine = own[l];
    from = {mine.z, mine.nu, mine.lambda};
    slack.assign(mine.lambda.size(), 1.0);
    double dual_size = largest(mine.data.q);
    for (std::size_t j = at(l); j < of.qz.size(); j += at(lanes)) dual_size = std::max(dual_size, std::abs(of.qz[j]));
    const double z_size = largest(mine.z);
    for (std::size_t i = 0; i < slack.size(); ++i) {
        if (mine.data.absent(static_cast<int>(i))) continue;
        const double size = std::abs(mine.data.h[i]) + z_size, room = std::max(off_boundary * size, 1e-300);
        const double strength = compliance_of(static_cast<int>(i), l, dual_size > 0 ? size / dual_size : 1.0);
        slack[i] = std::max(mine.data.h[i] - mine.gz[i], room);
        from.lambda[i] = std::max(mine.lambda[i], strength > 0 ? room / strength : room);
    }
}

void sparse_chunk::find_centres() {
    double go[lanes_together];
    bool any = false;
    for (int l = 0; l < lanes; ++l) {
        centres[l].lambda.clear();
        go[l] = solved(l) && own[l].doubtful ? 1 : 0;
        any = any || go[l] != 0;
    }
    if (!any) return;
    inner.resize(system, pattern(), lanes, floor);
    solver::point from;
    std::vector<double> slack;
    for (int l = 0; l < lanes; ++l) {
        if (go[l] != 0) {
            start_beside(l, from, slack);
        } else {
            from.z.assign(at(system.n), 0.0);
            from.nu.assign(at(system.p), 0.0);
            from.lambda.assign(at(system.m), 1.0);
            slack.assign(at(system.m), 1.0);
        }
        inner.put(from, slack, l);
    }
    const lane_units unit = measures();
    cpu::lane_verdict sums[lanes_together];
    for (int round = 0; round <= centre_limit; ++round) {
        inner.judge(system, right, floor, unit.a, unit.g, unit.z, sums);
        any = false;
        for (int l = 0; l < lanes; ++l) {
            if (go[l] == 0) continue;
            if (judged(sums[l], centred).share <= 1) {
                inner.take(centres[l], l);
                go[l] = 0;
            }
            any = any || go[l] != 0;
        }
        if (!any) return;
        inner.iterate(system, right, floor, go, 1, work);
    }
}

std::shared_ptr<const lane_factor> sparse_chunk::factor_with(const active_rows* const rows[lanes_together]) {
    auto made = std::make_shared<lane_factor>();
    made->w = kept->w;
    made->ratio.assign(kept->w.size(), 0.0);
    for (int l = 0; l < lanes; ++l) {
        if (rows[l] == nullptr) continue;
        for (std::size_t i = at(l); i < made->w.size(); i += at(lanes)) made->w[i] = 0;
        for (std::size_t k = 0; k < rows[l]->rows.size(); ++k) {
            const int i = rows[l]->rows[k];
            const double ratio = rows[l]->ratios.empty() ? 0.0 : rows[l]->ratios[k];
            const double weight = 1 / (ratio + system.delta[l]);
            made->w[at(std::int64_t{i} * lanes + l)] = pattern().in_r(i) ? weight : std::sqrt(weight);
            made->ratio[at(std::int64_t{i} * lanes + l)] = ratio;
        }
    }
    made->factor(system, lanes, work);
    return made;
}

} // namespace optnet::solver
