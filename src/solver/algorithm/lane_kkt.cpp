// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/lane_kkt.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {

void lane_kkt::solve(const cpu::lane_system& s, int lanes, const lane_factor& factor, lane_points& x) {
    const auto& kernels = cpu::sparse(lanes > 1);
    const double* w = factor.w.data();
    // The size of the right-hand side where rows are active: that of the residual at 0.
    r.resize(s, lanes);
    of.resize(s, lanes);
    for (auto* v : {&of.qz, &of.atnu, &of.gtl, &of.az, &of.gz}) std::fill(v->begin(), v->end(), 0.0);
    right = x;
    gz.resize(x.lambda.size());
    work.resize(static_cast<std::size_t>(s.size * lanes));
    double size[lanes_together], now[lanes_together], before[lanes_together], go[lanes_together];
    kernels.residual(s, w, x.view(), of.view(), right.view(), size);
    kernels.solve(s, w, factor.l.data(), factor.inverse.data(), right.view(), x.view(), gz.data(), work.data());
    std::fill_n(before, lanes, HUGE_VAL);
    std::fill_n(left, lanes, 0.0);
    for (int l = 0; l < lanes; ++l) go[l] = size[l] == 0 ? 0 : 1;
    for (int step = 0; std::any_of(go, go + lanes, [](double v) { return v != 0; }); ++step) {
        kernels.products(s, x.view(), of.view());
        // The rows are Gz − Dλ.
        for (std::size_t i = 0; i < factor.ratio.size(); ++i) of.gz[i] -= factor.ratio[i] * x.lambda[i];
        kernels.residual(s, w, right.view(), of.view(), r.view(), now);
        for (int l = 0; l < lanes; ++l) {
            if (go[l] == 0) continue;
            left[l] = now[l] / size[l];
            if (step >= most_steps || !(left[l] < 0.5 * before[l]) || left[l] <= enough) go[l] = 0;
            before[l] = left[l];
        }
        if (std::all_of(go, go + lanes, [](double v) { return v == 0; })) return;
        kernels.solve(s, w, factor.l.data(), factor.inverse.data(), r.view(), r.view(), gz.data(), work.data());
        kernels.advance(s, go, r.view(), -HUGE_VAL, x.view());
    }
}

} // namespace optnet::solver
