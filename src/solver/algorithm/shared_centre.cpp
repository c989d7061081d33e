// SPDX-License-Identifier: Apache-2.0
// The points of maximal support of a chunk's degenerate problems, which decide the active rows for the gradient.

#include "solver/algorithm/shared_chunk.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// As in `decide_active_rows`: what is not found to this goes on alone.
constexpr tolerances central{1e-6, 1e-6};
/// What the iterates come to before the last steps, in units of R and d; and in single precision before those in
/// double.
constexpr double of_double = 1e-10, of_single = 1e-5;
/// The way begins beside the solution, where every slack and multiplier gets this much: fewer iterations than from
/// afar.
constexpr double beside = 1e-4;
constexpr int limit = 30, limit_of_single = 6, centring = 2;
/// From there on nothing is moved off the boundary any more.
constexpr double as_it_is = 1e-12;

} // namespace

void shared_chunk::find_centres(const operators& data, const dual_form& form, const std::vector<int>& which,
                                std::vector<central_point>& centres) {
    const auto size = static_cast<std::int64_t>(which.size());
    centres.resize(at(size));
    if (size == 0 || m > shared_interior<double>::most_rows) {
        for (central_point& c : centres) c.lambda.clear();
        return;
    }
    std::vector<interior_member> members;
    members.reserve(at(size));
    for (std::int64_t c = 0; c < size; ++c) {
        const int i = which[at(c)];
        const evaluated from = point(i);
        central_point& to = centres[at(c)];
        to.lambda.assign(from.lambda, from.lambda + m);
        to.s.resize(at(m));
        for (std::int64_t j = 0; j < m; ++j) to.s[at(j)] = std::max(0.0, h[at(i * m + j)] - from.gz[j]);
        members.push_back({d.data() + i * m, floor.data() + i * m, to.lambda.data(), to.s.data()});
    }
    single.set_up(form.r_row(0), m);
    single.run(members, of_single, beside, limit_of_single, 0);
    interior.set_up(form.r_row(0), m);
    interior.run(members, of_double, as_it_is, limit, centring);

    // The verdict is that of z on the data as given.
    constexpr std::int64_t block = dual_form::row_block;
    const std::int64_t count = (size + block - 1) / block * block;
    again.resize(data, count);
    for (array* a : {&again.z, &again.nu, &again.lambda}) std::fill(a->begin(), a->end(), 0.0);
    for (std::int64_t c = 0; c < size; ++c) {
        const std::int64_t i = which[at(c)];
        for (std::int64_t j = 0; j < n; ++j) again.z[at(c * n + j)] = -q[at(i * n + j)];
        std::copy_n(b.data() + i * p, p, again.nu.data() + c * p);
        std::copy_n(members[at(c)].lambda, m, again.lambda.data() + c * m);
    }
    form.forward_rows(again.z.data(), again.nu.data(), count);
    form.subtract_multipliers(again.lambda.data(), again.z.data(), again.nu.data(), count);
    form.backward_rows(again.z.data(), again.nu.data(), count);
    again.multiply(data, count);
    for (std::int64_t c = 0; c < size; ++c) {
        const verdict v = judge(data.measures(), given(which[at(c)]), again.row(c), central);
        if (!members[at(c)].converged || !(v.share <= 1)) centres[at(c)].lambda.clear();
        centres[at(c)].z.assign(again.z.data() + c * n, again.z.data() + (c + 1) * n);
    }
}

} // namespace optnet::solver
