// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/factor_lanes.hpp"

#include <algorithm>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

} // namespace

void factor_lanes::take(const member* members, int count) {
    const auto size = [&](int c) { return static_cast<std::int64_t>(members[c].system->rows().size()); };
    k = 0;
    problems.clear();
    counts.clear();
    for (int c = 0; c < count; ++c) {
        problems.push_back(members[c].place);
        counts.push_back(size(c));
        k = std::max(k, (size(c) + 3) / 4 * 4);
    }
    which.assign(at(k * width), 0);
    reciprocal.assign(at(k * width), 1.0);
    l.resize(at(k * distance() * width));
    const std::vector<double> zeros(at(k), 0.0);
    const double* from[width];
    for (std::int64_t i = 0; i < k; ++i) {
        for (int c = 0; c < width; ++c) {
            from[c] = zeros.data();
            if (c >= count || i >= counts[at(c)]) continue;
            from[c] = members[c].system->factor_row(i);
            which[at(i * width + c)] = members[c].system->rows()[at(i)];
            reciprocal[at(i * width + c)] = 1 / from[c][i];
        }
        cpu::dense<double>().lanes_gather(from, i + 1, l.data() + i * distance() * width);
    }
}

void factor_lanes::multipliers(std::int64_t first, const double* products, double* M, std::int64_t m,
                               std::vector<double>& x) const {
    x.assign(at(k * width), 0.0);
    for (std::size_t c = 0; c < problems.size(); ++c) {
        const std::int64_t row = (problems[c] - first) * m;
        for (std::int64_t i = 0; i < counts[c]; ++i) {
            const std::int64_t entry = row + which[at(i * width) + c];
            x[at(i * width) + c] = products[entry] - M[entry];
        }
        std::fill_n(M + row, m, 0.0);
    }
    cpu::dense<double>().lanes_solve(l.data(), distance(), reciprocal.data(), k, x.data());
    for (std::size_t c = 0; c < problems.size(); ++c) {
        double* own = M + (problems[c] - first) * m;
        for (std::int64_t i = 0; i < counts[c]; ++i) own[which[at(i * width) + c]] = x[at(i * width) + c];
    }
}

} // namespace optnet::solver
