// SPDX-License-Identifier: Apache-2.0
#pragma once

// A block of 128 threads as a team; for nvcc.

#include "solver/cuda/team.hpp"

namespace optnet::solver::cuda {

class block_team {
public:
    static constexpr int size = lanes;
    static constexpr int warps = lanes / warp;
    /// What the warps tell each other. Two reductions in turn use two halves, so that one barrier each is enough.
    struct board {
        two of[2][warps];
    };

    const int rank;

    OPTNET_DEVICE block_team(int thread, board& shared) : rank(thread), shared_board(&shared) {}

    OPTNET_DEVICE void sync() {
#if defined(__CUDA_ARCH__)
        __syncthreads();
#endif
    }

    template <class Combine, class F> OPTNET_DEVICE two reduce(std::int64_t n, const F& f) {
        const Combine combine;
        two mine = partial<Combine>(rank, n, f);
#if defined(__CUDA_ARCH__)
        for (int half = warp / 2; half > 0; half /= 2) {
            const two other = {__shfl_xor_sync(0xffffffffu, mine.a, half), __shfl_xor_sync(0xffffffffu, mine.b, half)};
            mine = combine(mine, other);
        }
        two* const of = shared_board->of[turn];
        turn ^= 1;
        if (rank % warp == 0) of[rank / warp] = mine;
        __syncthreads();
        mine = of[0];
        for (int w = 1; w < warps; ++w) mine = combine(mine, of[w]);
#endif
        return mine;
    }

private:
    board* shared_board;
    int turn = 0;
};

} // namespace optnet::solver::cuda
