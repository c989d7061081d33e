// SPDX-License-Identifier: Apache-2.0
// Solves and differentiates a small batch with seven threads in place of a GPU's block, or with 32 in place of a warp,
// and leaves one barrier out:
//
//     cuda_mutation [sparse-]block|[sparse-]warp     none; prints how many barriers of phases and of reductions there
//                                                    are
//     cuda_mutation ... phase|reduction <i>          the i-th of these; those of a warp are all called phases
//
// Built with the thread sanitizer, which is to notice (mutation.py).

#include "../sparse_models.hpp"
#include "sparse_host.hpp"
#include "warp.hpp"

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string_view>

namespace {

/// On the simplex: a projection that the active set solves alone, a linear program for the proximal loop, and a
/// projection that ends where two bounds only touch, for the interior point. With matrices that are shared, three
/// projections, whose derivatives are solved together.
problems::dense<double> three_roads(bool shared) {
    problems::dense<double> d = problems::zeros(4, 1, 8, 3, shared);
    const double q[3][4] = {{-0.9, 0.3, -0.4, 0.2}, {3, 1, 2, 4}, {-0.5, -0.5, 0, 0}};
    for (std::int64_t k = 0; k < 3; ++k) {
        d.bat(k, 0) = 1;
        for (int j = 0; j < 4; ++j) {
            d.Qat(k, j, j) = k == 1 && !shared ? 0 : 1;
            d.qat(k, j) = q[k][j];
            d.Aat(k, 0, j) = 1;
            d.Gat(k, j, j) = -1;
            d.Gat(k, 4 + j, j) = 1;
            d.hat(k, 4 + j) = 1;
        }
    }
    return d;
}

/// A portfolio over one period, on the sparse form: its columns meet in one long row, and it is degenerate.
problems::model assets() { return problems::portfolio(1, 1, 3); }

/// Solves and differentiates the batches, one after the other, with a crew.
template <class Batch> void run(std::deque<Batch>& batches, std::size_t numbers, host::crew& all, bool warp) {
    std::vector<double> right(numbers, 1.0), left(numbers);
    const auto work = [&](auto& team) {
        for (Batch& b : batches) {
            b.solve(team);
            b.kkt_solve(team, {right.data(), nullptr, nullptr}, {left.data(), nullptr, nullptr});
        }
    };
    if (warp)
        host::together_as_warp(all, work);
    else
        host::together(all, work);
}

} // namespace

int main(int count, char** words) {
    using barrier = host::crew::barrier;
    const std::string_view team = count > 1 ? words[1] : "block";
    const bool mutate = count == 4, warp = team.ends_with("warp");
    const barrier kind = !mutate                                     ? barrier::none
                         : std::string_view(words[2]) == "reduction" ? barrier::of_reduction
                                                                     : barrier::of_phase;
    // Seven: a vector may begin anywhere among the indices of a phase, and the next phase shall not find it with the
    // same worker by chance.
    host::crew all(warp ? optnet::solver::cuda::warp : 7, kind, mutate ? std::strtol(words[3], nullptr, 10) : -1);
    if (team.starts_with("sparse")) {
        problems::model x = assets();
        std::deque<host::sparse_batch<double>> b;
        b.emplace_back(x.problem(), optnet::settings{}, optnet::solver::cuda::mapping::per_warp, 0.0,
                       optnet::solver::starting_points<double>{}, 300);
        run(b, static_cast<std::size_t>(x.shape.n), all, warp);
    } else {
        const problems::dense<double> own = three_roads(false), shared = three_roads(true);
        const problems::view<double> of_own(own), of_shared(shared);
        std::deque<host::batch<double>> b;
        for (const problems::view<double>* v : {&of_own, &of_shared})
            b.emplace_back(v->batch, optnet::settings{}, NAN, optnet::solver::cuda::arena::unlimited,
                           optnet::solver::starting_points<double>{}, !warp);
        run(b, static_cast<std::size_t>(own.batch * own.n), all, warp);
    }
    std::printf("%ld %ld\n", all.phases, all.reductions);
    return 0;
}
