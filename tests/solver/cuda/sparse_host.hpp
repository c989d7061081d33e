// SPDX-License-Identifier: Apache-2.0
#pragma once

// The sparse form's code for a GPU on the host: the same headers, another team, memory that is filled with a pattern
// before each use.

#include "host.hpp"
#include "solver/cuda/sparse_places.hpp"

namespace host {

/// A solved batch on the sparse form.
template <class T> class sparse_batch {
public:
    problems::answer<T> out;
    std::vector<std::int32_t> handed;

    /// `by`: where the vectors lie; one thread of a warp has every 32nd number. `room`: entries of a team's own memory;
    /// what does not fit lies elsewhere.
    sparse_batch(const problem<T>& given, const optnet::settings& how, cuda::mapping by = cuda::mapping::per_warp,
                 double fill = std::numeric_limits<double>::quiet_NaN(), const starting_points<T>& start = {},
                 std::int64_t room = 0)
        : schedule(cuda::schedule(*given.shape)), data(cuda::make_sparse_batch(given, how, start)), poison(fill) {
        const structure& s = *given.shape;
        const auto count = [&](int n) { return static_cast<std::size_t>(data.batch * n); };
        // The pattern is in the outputs too: each of them must be written.
        const T left = static_cast<T>(fill);
        out = {std::vector<T>(count(s.n), left),        std::vector<T>(count(s.p), left),
               std::vector<T>(count(s.m), left),        std::vector<T>(count(s.m), left),
               std::vector<std::int64_t>(count(1), -1), std::vector<std::int64_t>(count(1), -1),
               std::vector<double>(count(3), fill),     nullptr};
        handed.assign(count(1), -1);
        at.shape = schedule->on(schedule->words.data());
        at.plan.batch = data.batch;
        at.plan.shared = data.shared;
        at.plan.keep = true;
        at.plan.by = by;
        at.plan.blocks = 1;
        at.plan.teams = cuda::warp;
        cuda::lay_out(at.shape, room, at.plan);
        space.emplace_back(at.plan.workspace, fill);
        space.emplace_back(at.plan.scratch, fill);
        for (const std::int64_t entries : {at.plan.near, at.plan.near_adjoint})
            own.emplace_back(static_cast<std::size_t>(entries) * sizeof(double), fill);
        at.base = reinterpret_cast<unsigned char*>(space[0].data());
        at.scratch = reinterpret_cast<unsigned char*>(space[1].data());
    }

    template <class Team> void solve(Team& team) {
        if (data.shared) cuda::set_up(team, at.shape, data, 0, at.set(0, 0), at.first_factor());
        for (std::int64_t k = 0; k < data.batch; ++k) {
            if (team.rank == 0) {
                double* const work = space[0].data(at.plan.first_work / sizeof(double));
                std::fill(work, work + (at.plan.workspace - at.plan.first_work) / sizeof(double), poison);
                own[0].refill(poison);
            }
            team.sync();
            cuda::solve_one(team, data, at, k, k % cuda::warp, own[0].data(), outputs());
        }
    }

    template <class Team>
    void kkt_solve(Team& team, const kkt_vectors<const T>& r, const kkt_vectors<T>& d, T* minus_z = nullptr) {
        for (std::int64_t k = 0; k < data.batch; ++k) {
            if (team.rank == 0) {
                space[1].refill(poison);
                own[1].refill(poison);
            }
            team.sync();
            cuda::kkt_solve_one(team, at, k, k % cuda::warp, own[1].data(), cuda::arguments(r, d, minus_z));
        }
    }

    /// Entries that lie in the team's own memory.
    std::int64_t near() const { return at.plan.near; }

    cuda::handed_over handed_over(std::int64_t k) const {
        return static_cast<cuda::handed_over>(handed[static_cast<std::size_t>(k)]);
    }

private:
    cuda::outputs outputs() {
        return {solution<T>{out.z.data(), out.nu.data(), out.lambda.data(), out.s.data(), out.status.data(),
                            out.iterations.data(), out.residuals.data()},
                handed.data()};
    }

    std::shared_ptr<const cuda::sparse_schedule> schedule;
    cuda::sparse_batch data;
    double poison;
    cuda::sparse_places at{};
    std::vector<memory> space, own;
};

} // namespace host
