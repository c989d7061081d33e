// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/factor_lanes.hpp"

#include <algorithm>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

} // namespace

std::array<bool, factor_lanes::width> factor_lanes::factor(const double* R, std::int64_t m, const member* members,
                                                           int count) {
    k = 0;
    problems.clear();
    counts.assign(width, 0.0);
    for (int c = 0; c < count; ++c) {
        const auto size = static_cast<std::int64_t>(members[c].rows->size());
        problems.push_back(members[c].place);
        counts[at(c)] = static_cast<double>(size);
        k = std::max(k, (size + 3) / 4 * 4);
    }
    which.assign(at(k * width), 0);
    reciprocal.resize(at(k * width));
    l.resize(at(k * distance() * width));
    for (int c = 0; c < count; ++c)
        for (std::size_t i = 0; i < members[c].rows->size(); ++i) which[i * width + at(c)] = (*members[c].rows)[i];
    cpu::dense<double>().lanes_cholesky(R, m, which.data(), counts.data(), k, dependent, l.data(), distance(),
                                        reciprocal.data());
    std::array<bool, width> good{};
    for (int c = 0; c < count; ++c) {
        // A pivot that is rounding leaves NaN in what follows.
        const std::size_t last = members[c].rows->size();
        good[at(c)] = last == 0 || reciprocal[(last - 1) * width + at(c)] > 0;
        if (!good[at(c)]) problems[at(c)] = nobody;
    }
    return good;
}

void factor_lanes::multipliers(std::int64_t first, const double* products, double* M, std::int64_t m,
                               std::vector<double>& x) const {
    x.assign(at(k * width), 0.0);
    const auto rows = [&](std::size_t c) { return problems[c] == nobody ? 0 : static_cast<std::int64_t>(counts[c]); };
    for (std::size_t c = 0; c < problems.size(); ++c) {
        if (problems[c] == nobody) continue;
        const std::int64_t row = (problems[c] - first) * m;
        for (std::int64_t i = 0; i < rows(c); ++i) {
            const std::int64_t entry = row + which[at(i * width) + c];
            x[at(i * width) + c] = products[entry] - M[entry];
        }
        std::fill_n(M + row, m, 0.0);
    }
    cpu::dense<double>().lanes_solve(l.data(), distance(), reciprocal.data(), k, x.data());
    for (std::size_t c = 0; c < problems.size(); ++c) {
        if (problems[c] == nobody) continue;
        double* own = M + (problems[c] - first) * m;
        for (std::int64_t i = 0; i < rows(c); ++i) own[which[at(i * width) + c]] = x[at(i * width) + c];
    }
}

} // namespace optnet::solver
