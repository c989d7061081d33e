// SPDX-License-Identifier: Apache-2.0
#pragma once

// A warp of 32 threads as a team. It has a quarter of a block's lanes at a time and takes the quarters in turn, so that
// a reduction has the bits of a block's; small problems fill only the first.

#include "solver/cuda/team.hpp"

namespace optnet::solver::cuda {

/// The instructions of a warp; the host's tests have others.
struct warp_wire {
    /// Waits for all threads of the warp, and shows each what the others wrote.
    OPTNET_DEVICE void sync() {
#if defined(__CUDA_ARCH__)
        __syncwarp();
#endif
    }
    /// What the thread of that rank says. It orders nothing else.
    OPTNET_DEVICE two from(int rank, two mine) {
#if defined(__CUDA_ARCH__)
        return {__shfl_sync(0xffffffffu, mine.a, rank), __shfl_sync(0xffffffffu, mine.b, rank)};
#else
        return rank == 0 ? mine : two{};
#endif
    }
    OPTNET_DEVICE double from(int rank, double mine) {
#if defined(__CUDA_ARCH__)
        return __shfl_sync(0xffffffffu, mine, rank);
#else
        return rank == 0 ? mine : 0.0;
#endif
    }
};

template <class Wire> class warp_team {
public:
    static constexpr int size = warp;
    static constexpr bool sweeps = false;
    const int rank;

    OPTNET_DEVICE warp_team(int thread, Wire between) : rank(thread), wire(between) {}

    OPTNET_DEVICE void sync() { wire.sync(); }

    /// As that of a block.
    OPTNET_DEVICE double add_neighbours(double mine, int distance) requires requires(Wire between) {
        between.from(0, 0.0);
    }
    { return mine + wire.from(rank ^ distance, mine); }

    template <class Combine, class F> OPTNET_DEVICE two reduce(int n, const F& f) {
        const Combine combine;
        two total = Combine::none();
        OPTNET_ROLLED
        for (int w = 0; w < lanes; w += warp) {
            if (w > 0 && w >= n) { // the quarters that are left have nothing, and nothing twice is nothing once
                total = combine(total, Combine::none());
                break;
            }
            two mine = partial<Combine>(w + rank, n, f);
            for (int half = warp / 2; half > 0; half /= 2) mine = combine(mine, wire.from(rank ^ half, mine));
            total = w == 0 ? mine : combine(total, mine);
        }
        total = wire.from(0, total); // zeros of both signs are equal, but not to the bit
        wire.sync();
        return total;
    }

private:
    Wire wire;
};

} // namespace optnet::solver::cuda
