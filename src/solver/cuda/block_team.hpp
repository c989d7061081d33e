// SPDX-License-Identifier: Apache-2.0
#pragma once

// A block of threads as a team; for nvcc.

#include "solver/cuda/team.hpp"

namespace optnet::solver::cuda {

/// Of the threads of a block that is wider than a reduction the first have its lanes, and the others wait.
template <int threads> class team_of_threads {
public:
    static_assert(threads % warp == 0 && threads >= lanes);
    static constexpr int size = threads;
    static constexpr int warps = lanes / warp;
    /// What the warps tell each other. Two reductions in turn use two halves, so that one barrier each is enough.
    struct board {
        two of[2][warps];
        two_keys keys[2][warps];
    };

    const int rank;

    OPTNET_DEVICE team_of_threads(int thread, board& shared) : rank(thread), shared_board(&shared) {}

    OPTNET_DEVICE void sync() {
#if defined(__CUDA_ARCH__)
        __syncthreads();
#endif
    }

    /// The sum of what a worker and the one at that distance in its warp have.
    OPTNET_DEVICE double add_neighbours(double mine, [[maybe_unused]] int distance) {
#if defined(__CUDA_ARCH__)
        mine += __shfl_xor_sync(0xffffffffu, mine, distance);
#endif
        return mine;
    }

    template <class Combine, class F> OPTNET_DEVICE two reduce(std::int64_t n, const F& f) {
        const Combine combine;
        two mine = rank < lanes ? partial<Combine>(rank, n, f) : Combine::none();
#if defined(__CUDA_ARCH__)
        two* const of = shared_board->of[turn];
        turn ^= 1;
        if (rank < lanes) {
            for (int half = warp / 2; half > 0; half /= 2) {
                const two other = {__shfl_xor_sync(0xffffffffu, mine.a, half),
                                   __shfl_xor_sync(0xffffffffu, mine.b, half)};
                mine = combine(mine, other);
            }
            if (rank % warp == 0) of[rank / warp] = mine;
        }
        __syncthreads();
        mine = of[0];
        for (int w = 1; w < warps; ++w) mine = combine(mine, of[w]);
#endif
        return mine;
    }
    /// The largest keys f(i) of the lanes of each warp, for i in [0, n).
    template <class F> OPTNET_DEVICE keys_of_quarters largest_keys(int n, const F& f) {
        two_keys mine;
        if (rank < lanes)
            for (int i = rank; i < n; i += lanes) mine.raise(f(i));
        keys_of_quarters all;
#if defined(__CUDA_ARCH__)
        two_keys* const of = shared_board->keys[turn];
        turn ^= 1;
        if (rank < lanes) {
            mine = {__reduce_max_sync(0xffffffffu, mine.a), __reduce_max_sync(0xffffffffu, mine.b)};
            if (rank % warp == 0) of[rank / warp] = mine;
        }
        __syncthreads();
        OPTNET_UNROLLED
        for (int w = 0; w < warps; ++w) all.of[w] = of[w];
#endif
        return all;
    }

private:
    board* shared_board;
    int turn = 0;
};

using block_team = team_of_threads<lanes>;

/// Blocks that have a processor to themselves, for matrices that many problems wait for: 128 registers per thread where
/// they multiply, 64 where they only load.
using set_up_team = team_of_threads<512>;
using load_team = team_of_threads<1024>;

/// All blocks of a kernel, for one phase: they meet when it ends.
struct grid_team {
    const int rank, size;
    OPTNET_DEVICE void sync() {}
};

} // namespace optnet::solver::cuda
