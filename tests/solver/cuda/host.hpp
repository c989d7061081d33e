// SPDX-License-Identifier: Apache-2.0
#pragma once

// The GPU's code on the host: the same headers, another team, memory that is filled with a pattern before each use.

#include "../problems.hpp"
#include "solver/cuda/adjoint_group.hpp"
#include "solver/cuda/launch.hpp"
#include "solver/cuda/library_steps.hpp"
#include "solver/cuda/road.hpp"

#include <cstring>

namespace host {

using namespace optnet::solver;

/// 8-byte words that hold `fill` until they are written.
class memory {
public:
    memory(std::size_t bytes, double fill) : words(bytes / sizeof(double) + 1, fill) {}
    void refill(double fill) { std::fill(words.begin(), words.end(), fill); }
    double* data(std::size_t word = 0) { return words.data() + word; }
    cuda::arena pieces() { return cuda::arena(words.data()); }

private:
    std::vector<double> words;
};

/// A solved batch: the answer, and what the kernels would keep of it.
template <class T> class batch {
public:
    problems::answer<T> out;
    std::vector<std::int32_t> handed;
    bool active_set_only = false; ///< leaves the second kernel out
    bool together = true;         ///< derivatives by groups

    /// `room`: bytes of a block's own memory; what does not fit lies elsewhere. `sweeps`: as where a GPU has few
    /// problems.
    batch(const problem<T>& given, const optnet::settings& how, double fill = std::numeric_limits<double>::quiet_NaN(),
          std::size_t room = cuda::arena::unlimited, const starting_points<T>& start = {}, bool sweeps = true)
        : data(cuda::make_batch(given, how, start)), poison(fill),
          set_words((cuda::matrices_bytes(data.n, data.p, data.m) + 255) / 256 * 32),
          swept(sweeps && cuda::by_sweeps(data.m)), split(cuda::element_memory(data.n, data.p, data.m, room, swept)),
          kkt_split(cuda::adjoint_memory(data.n, data.p, data.m, room)),
          group_split(cuda::group_adjoint_memory(data.n, data.p, data.m, room)) {
        const auto count = [&](int n) { return static_cast<std::size_t>(data.batch * n); };
        // The pattern is in the outputs too: each of them must be written.
        const T left = static_cast<T>(fill);
        out = {std::vector<T>(count(data.n), left),     std::vector<T>(count(data.p), left),
               std::vector<T>(count(data.m), left),     std::vector<T>(count(data.m), left),
               std::vector<std::int64_t>(count(1), -1), std::vector<std::int64_t>(count(1), -1),
               std::vector<double>(count(3), fill),     nullptr};
        handed.assign(count(1), -1);
        sets.emplace_back(static_cast<std::size_t>(count_sets()) * set_words * sizeof(double), fill);
        for (std::int64_t k = 0; k < data.batch; ++k) kept.emplace_back(cuda::kept_bytes(data.n, data.p, data.m), fill);
        for (const std::size_t bytes : {split.near, split.far}) own.emplace_back(bytes, fill);
        for (const std::size_t bytes : {kkt_split.near, kkt_split.far}) adjoint.emplace_back(bytes, fill);
        grouped.emplace_back(group_split.near, fill);
        road.emplace_back(cuda::road_bytes(data.n, data.p, data.m), fill);
    }

    /// The set-up of all matrices with calls of a library between two launches of blocks (large.hpp).
    template <class Calls> void set_up_by(Calls calls) {
        const auto count = static_cast<std::size_t>(count_sets());
        std::vector<double*> left(count), right(count);
        std::vector<int> words(2 * count, -1);
        const cuda::library_sets all{static_cast<int>(count), static_cast<std::int64_t>(set_words), left.data(),
                                     right.data(), words.data()};
        cuda::library_steps<Calls> steps(calls, all);
        cuda::serial_team one;
        for (std::size_t k = 0; k < count; ++k) cuda::load_large(one, data, std::int64_t(k), set(std::int64_t(k)));
        cuda::factor_large(steps, set(0));
        for (std::size_t k = 0; k < count; ++k)
            cuda::conclude_large(one, data, std::int64_t(k), set(std::int64_t(k)), &words[k], &words[count + k]);
        factored = true;
    }

    /// What a block does, by each worker of a team.
    template <class Team> void solve(Team& team) {
        if (data.shared && !factored) cuda::set_up(team, data, 0, set(0));
        for (std::int64_t k = 0; k < data.batch; ++k) {
            if (!data.shared && !factored) cuda::set_up(team, data, k, set(k));
            if (team.rank == 0)
                for (memory& part : own) part.refill(poison);
            team.sync();
            const cuda::kept_factor keep = factor(k);
            const cuda::arena pieces(own[0].data(), split.near, own[1].data());
            const cuda::handed_over first = cuda::solve_problem(team, data, k, set(k), pieces, outputs(), &keep, swept);
            if (first == cuda::handed_over::no || active_set_only) continue;
            team.sync();
            if (team.rank == 0) road[0].refill(poison);
            team.sync();
            cuda::solve_by_road(team, data, k, set(k), road[0].pieces(), outputs(), &keep);
        }
    }

    /// Matrices that are shared: eight problems at a time, by the teams of which a GPU has blocks, unless that is not
    /// wanted.
    template <class Team>
    void kkt_solve(Team& team, const kkt_vectors<const T>& r, const kkt_vectors<T>& d, T* minus_z = nullptr) {
        if (data.shared && together && group_split.far == 0 && cuda::may_sweep<Team>()) {
            const auto kept_of = [&](std::int64_t k) { return factor(k); };
            const cuda::kkt_arguments x = cuda::arguments(r, d, minus_z);
            for (std::int64_t k = 0; k < data.batch; k += cuda::group_size) {
                if (team.rank == 0) grouped[0].refill(poison);
                team.sync();
                cuda::solve_adjoint_group(team, set(0), kept_of, grouped[0].pieces(), k, data.batch, x);
            }
            for (std::int64_t k = 0; k < data.batch; k += cuda::group_size)
                cuda::solve_adjoint_left(team, set(0), kept_of, grouped[0].pieces(), k, data.batch, x);
            return;
        }
        for (std::int64_t k = 0; k < data.batch; ++k) {
            if (team.rank == 0)
                for (memory& part : adjoint) part.refill(poison);
            team.sync();
            const cuda::arena pieces(adjoint[0].data(), kkt_split.near, adjoint[1].data());
            cuda::solve_adjoint(team, set(k), factor(k), pieces, k, cuda::arguments(r, d, minus_z));
        }
    }

    cuda::matrices set(std::int64_t k) {
        cuda::arena from(sets[0].data(static_cast<std::size_t>(data.shared ? 0 : k) * set_words));
        return {from, data.n, data.p, data.m};
    }
    cuda::kept_factor factor(std::int64_t k) {
        cuda::arena from = kept[static_cast<std::size_t>(k)].pieces();
        return {from, cuda::kept_capacity(data.n, data.m)};
    }
    cuda::handed_over handed_over(std::int64_t k) const {
        return static_cast<cuda::handed_over>(handed[static_cast<std::size_t>(k)]);
    }

private:
    std::int64_t count_sets() const { return data.shared ? 1 : data.batch; }
    cuda::outputs outputs() {
        return {solution<T>{out.z.data(), out.nu.data(), out.lambda.data(), out.s.data(), out.status.data(),
                            out.iterations.data(), out.residuals.data()},
                handed.data()};
    }

    cuda::device_batch data;
    double poison;
    std::size_t set_words;
    bool swept;
    cuda::memory_split split, kkt_split, group_split;
    bool factored = false;
    std::vector<memory> sets, kept, own, road, adjoint, grouped;
};

} // namespace host
