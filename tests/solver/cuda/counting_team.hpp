// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "solver/cuda/team.hpp"

namespace host {

/// One worker that counts the barriers which a block would pass: what a solve on a GPU takes its time for.
struct counting_team {
    static constexpr int rank = 0, size = 1;
    long barriers = 0;
    void sync() { ++barriers; }
    template <class Combine, class F> optnet::solver::cuda::two reduce(int n, const F& f) {
        ++barriers;
        optnet::solver::cuda::serial_team one;
        return one.reduce<Combine>(n, f);
    }
    template <class F> optnet::solver::cuda::keys_of_quarters largest_keys(int n, const F& f) {
        ++barriers;
        optnet::solver::cuda::serial_team one;
        return one.largest_keys(n, f);
    }
};

} // namespace host
