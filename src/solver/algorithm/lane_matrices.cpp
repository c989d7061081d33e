// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/lane_matrices.hpp"

#include <cmath>
#include <numeric>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Numbers of one group of lanes: 16 MB in all.
constexpr double most_numbers = 2.5e5;

} // namespace

bool lane_matrices::serves(const sparse_pattern& x) {
    return static_cast<double>(x.l_row.size()) + 20.0 * (x.n + x.p + x.m) <= most_numbers;
}

/// `each` calls f(line, at, value) for every entry; entries of a line keep that order.
template <class Each> void lane_matrices::gather(int count, const Each& each, lines& to) {
    to.start.assign(at(count + 1), 0);
    each([&](int line, int, double) { ++to.start[at(line + 1)]; });
    std::partial_sum(to.start.begin(), to.start.end(), to.start.begin());
    to.at.resize(at(to.start.back()));
    to.value.resize(to.at.size());
    std::vector<int> next(to.start.begin(), to.start.end() - 1);
    each([&](int line, int place, double value) {
        const std::size_t e = at(next[at(line)]++);
        to.at[e] = place;
        to.value[e] = value;
    });
}

lane_matrices::lane_matrices(const sparse_matrices& numbers) : source(&numbers) {
    const sparse_pattern& x = numbers.pattern();
    const double* g = numbers.g_numbers().data();
    const auto each_column = [](const sparse_rows& rows, const double* value, const auto& wanted, const auto& f) {
        for (int i = 0; i + 1 < static_cast<int>(rows.start.size()); ++i)
            for (int e = rows.start[at(i)]; wanted(i) && e < rows.start[at(i + 1)]; ++e)
                f(rows.col[at(e)], i, value[e]);
    };
    const auto all = [](int) { return true; };
    gather(
        x.n, [&](const auto& f) { each_column(x.a, numbers.a_numbers().data(), all, f); }, a_columns);
    gather(
        x.n, [&](const auto& f) { each_column(x.g, g, all, f); }, g_columns);
    gather(
        x.n,
        [&](const auto& f) {
            each_column(
                x.g, g, [&](int i) { return x.in_r(i); }, f);
        },
        r_columns);
    // A row of R adds its products times its weight to K, a row of E its entries times the root of its weight.
    const auto each_sum = [&](const auto& f) {
        for (int i = 0; i < x.m; ++i) {
            for (int e = x.product_start[at(i)]; e < x.product_start[at(i + 1)]; ++e)
                f(x.product[at(e)], i, numbers.pair_numbers()[at(e)]);
            for (int e = x.g.start[at(i)]; !x.in_r(i) && e < x.g.start[at(i + 1)]; ++e) f(x.g_place[at(e)], i, g[e]);
        }
    };
    gather(static_cast<int>(x.row.size()), each_sum, sums);
    base = numbers.base_numbers();
    view.rho = sparse_shift * numbers.unit();
    view.delta = sparse_shift / numbers.unit();
    const double weight = 1 / view.delta;
    active.assign(at(x.m), weight);
    for (const int i : x.long_rows) {
        active[at(i)] = std::sqrt(weight);
        base[at(x.start[at(x.place[at(x.n + x.p + i)] + 1)] - 1)] = -1;
    }
    compliances.resize(at(x.m));
    for (int i = 0; i < x.m; ++i) {
        // Without a limit below, the sum alone; where a limit counts, its code.
        const double sum = numbers.compliance(i, 0.0);
        compliances[at(i)] = numbers.compliance(i, HUGE_VAL) == HUGE_VAL ? -1 - sum : sum;
    }
    const auto rows = [](const sparse_rows& r, const std::vector<double>& value) {
        return cpu::sparse_lines{static_cast<std::int64_t>(r.start.size()) - 1, r.start.data(), r.col.data(),
                                 value.data()};
    };
    view.n = x.n;
    view.p = x.p;
    view.m = x.m;
    view.size = x.size;
    view.place = x.place.data();
    view.q = rows(x.q, numbers.q_numbers());
    view.a = rows(x.a, numbers.a_numbers());
    view.g = rows(x.g, numbers.g_numbers());
    view.a_columns = a_columns.view();
    view.g_columns = g_columns.view();
    view.r_columns = r_columns.view();
    view.positive = x.positive.data();
    view.start = x.start.data();
    view.row = x.row.data();
    view.sums = sums.view();
    view.base = base.data();
    view.l_start = x.l_start.data();
    view.l_row = x.l_row.data();
    view.row_start = x.row_start.data();
    view.row_col = x.row_col.data();
    view.row_place = x.row_place.data();
    view.least_pivot = sparse_ldl::least_pivot;
}

void lane_points::resize(const operators& data) {
    z.assign(at(data.n) * lane_matrices::lanes, 0.0);
    nu.assign(at(data.p) * lane_matrices::lanes, 0.0);
    lambda.assign(at(data.m) * lane_matrices::lanes, 0.0);
}

void lane_points::put(const point& from, int l) {
    const auto copy = [&](const std::vector<double>& v, lane_array& to) {
        for (std::size_t i = 0; i < v.size(); ++i) to[i * lane_matrices::lanes + at(l)] = v[i];
    };
    copy(from.z, z);
    copy(from.nu, nu);
    copy(from.lambda, lambda);
}

void lane_points::take(point& to, int l) const {
    const auto copy = [&](const lane_array& v, std::vector<double>& one) {
        one.resize(v.size() / lane_matrices::lanes);
        for (std::size_t i = 0; i < one.size(); ++i) one[i] = v[i * lane_matrices::lanes + at(l)];
    };
    copy(z, to.z);
    copy(nu, to.nu);
    copy(lambda, to.lambda);
}

void lane_product_arrays::resize(const operators& data) {
    for (auto* v : {&qz, &atnu, &gtl}) v->assign(at(data.n) * lane_matrices::lanes, 0.0);
    az.assign(at(data.p) * lane_matrices::lanes, 0.0);
    gz.assign(at(data.m) * lane_matrices::lanes, 0.0);
}

} // namespace optnet::solver
