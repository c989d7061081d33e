// SPDX-License-Identifier: Apache-2.0
#pragma once

// The GPU's code on the host: the same headers, another team, memory that is filled with a pattern before each use.

#include "../problems.hpp"
#include "solver/cuda/adjoint.hpp"
#include "solver/cuda/launch.hpp"

#include <cstring>

namespace host {

using namespace optnet::solver;

/// 8-byte words that hold `fill` until they are written.
class memory {
public:
    memory(std::size_t bytes, double fill) : words(bytes / sizeof(double) + 1, fill) {}
    void refill(double fill) { std::fill(words.begin(), words.end(), fill); }
    cuda::arena pieces() { return cuda::arena(words.data()); }

private:
    std::vector<double> words;
};

/// A solved batch: the answer, and what the kernels would keep of it.
template <class T> class batch {
public:
    problems::answer<T> out;
    std::vector<std::int32_t> handed;

    batch(const problem<T>& given, const optnet::settings& how, double fill = std::numeric_limits<double>::quiet_NaN())
        : data(cuda::make_batch(given, how)), poison(fill) {
        const auto count = [&](int n) { return static_cast<std::size_t>(data.batch * n); };
        // The pattern is in the outputs too: each of them must be written.
        const T left = static_cast<T>(fill);
        out = {std::vector<T>(count(data.n), left),     std::vector<T>(count(data.p), left),
               std::vector<T>(count(data.m), left),     std::vector<T>(count(data.m), left),
               std::vector<std::int64_t>(count(1), -1), std::vector<std::int64_t>(count(1), -1),
               std::vector<double>(count(3), fill),     nullptr};
        handed.assign(count(1), -1);
        for (std::int64_t k = 0; k < (data.shared ? 1 : data.batch); ++k)
            sets.emplace_back(cuda::matrices_bytes(data.n, data.p, data.m), fill);
        for (std::int64_t k = 0; k < data.batch; ++k) kept.emplace_back(cuda::kept_bytes(data.n, data.p, data.m), fill);
        own.emplace_back(cuda::element_bytes(data.n, data.p, data.m), fill);
        adjoint.emplace_back(cuda::adjoint_bytes(data.n, data.p, data.m), fill);
    }

    /// What a block does, by each worker of a team.
    template <class Team> void solve(Team& team) {
        if (data.shared) cuda::set_up(team, data, 0, set(0));
        for (std::int64_t k = 0; k < data.batch; ++k) {
            if (team.rank == 0) own[0].refill(poison);
            team.sync();
            if (!data.shared) cuda::set_up(team, data, k, set(k));
            const cuda::kept_factor keep = factor(k);
            cuda::solve_problem(team, data, k, set(k), own[0].pieces(), outputs(), &keep);
        }
    }

    template <class Team> void kkt_solve(Team& team, const kkt_vectors<const T>& r, const kkt_vectors<T>& d) {
        for (std::int64_t k = 0; k < data.batch; ++k) {
            if (team.rank == 0) adjoint[0].refill(poison);
            team.sync();
            cuda::solve_adjoint(team, set(k), factor(k), adjoint[0].pieces(), k, r, d);
        }
    }

    cuda::matrices set(std::int64_t k) {
        cuda::arena from = sets[static_cast<std::size_t>(data.shared ? 0 : k)].pieces();
        return {from, data.n, data.p, data.m};
    }
    cuda::kept_factor factor(std::int64_t k) {
        cuda::arena from = kept[static_cast<std::size_t>(k)].pieces();
        return {from, cuda::basis_capacity(data.n, data.p, data.m)};
    }
    cuda::handed_over handed_over(std::int64_t k) const {
        return static_cast<cuda::handed_over>(handed[static_cast<std::size_t>(k)]);
    }

private:
    cuda::outputs<T> outputs() {
        return {{out.z.data(), out.nu.data(), out.lambda.data(), out.s.data(), out.status.data(), out.iterations.data(),
                 out.residuals.data()},
                handed.data()};
    }

    cuda::device_batch<T> data;
    double poison;
    std::vector<memory> sets, kept, own, adjoint;
};

} // namespace host
