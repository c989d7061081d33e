// SPDX-License-Identifier: Apache-2.0
#pragma once

// A warp of a GPU as 32 threads of the host, for the thread sanitizer. What they say to each other orders nothing else,
// as on a GPU: letters go through relaxed atomics, half a number and the letter's place in the row in one word. As in
// threads.hpp, the indices of phases go to the next worker with every barrier; the lanes of reductions stay.

#include "solver/cuda/warp_team.hpp"
#include "threads.hpp"

#include <array>
#include <bit>

namespace host {

/// Between two barriers nobody says more than fits: a reduction is at most 4 x 5 + 1 letters.
struct post {
    static constexpr std::size_t row = 32;
    std::array<std::array<std::array<std::atomic<std::uint64_t>, 4>, optnet::solver::cuda::warp>, row> letters = {};
};

class wire {
public:
    wire(int worker, crew& of, post& by) : rank(worker), all(&of), letters(&by) {}

    void sync() {
        const long number = phases++;
        if (rank == 0) all->phases = phases;
        if (all->left_out != crew::barrier::of_phase || number != all->which) all->wait();
    }

    two from(int source, two mine) {
        ++sent;
        auto& now = letters->letters[sent % post::row];
        const std::uint64_t bits[2] = {std::bit_cast<std::uint64_t>(mine.a), std::bit_cast<std::uint64_t>(mine.b)};
        for (std::size_t i = 0; i < 4; ++i)
            now[static_cast<std::size_t>(rank)][i].store(
                (bits[i / 2] >> (i % 2 * 32) & 0xffffffffu) | std::uint64_t{sent} << 32, std::memory_order_relaxed);
        std::uint64_t got[2] = {};
        for (std::size_t i = 0; i < 4; ++i) {
            std::uint64_t word = 0;
            // Later than asked for where a barrier is left out; wrong, then, but not for ever.
            while ((word = now[static_cast<std::size_t>(source)][i].load(std::memory_order_relaxed)) >> 32 < sent)
                std::this_thread::yield();
            got[i / 2] |= (word & 0xffffffffu) << (i % 2 * 32);
        }
        return {std::bit_cast<double>(got[0]), std::bit_cast<double>(got[1])};
    }

private:
    int rank;
    crew* all;
    post* letters;
    std::uint32_t sent = 0;
    long phases = 0;
};

class warp_team {
public:
    static constexpr int size = optnet::solver::cuda::warp;
    static constexpr bool sweeps = false;
    int rank;

    warp_team(int worker, wire between) : rank(worker), fixed(worker, between) {}

    void sync() {
        fixed.sync();
        move_on();
    }
    template <class Combine, class F> two reduce(int n, const F& f) {
        const two found = fixed.reduce<Combine>(n, f);
        move_on();
        return found;
    }

private:
    void move_on() { rank = (rank + 1) % size; }
    optnet::solver::cuda::warp_team<wire> fixed;
};

/// work(team) in every thread of a warp.
template <class Work> void together_as_warp(crew& all, const Work& work) {
    post letters;
    std::vector<std::thread> workers;
    workers.reserve(static_cast<std::size_t>(all.size));
    for (int rank = 0; rank < all.size; ++rank)
        workers.emplace_back([&, rank] {
            warp_team team(rank, wire(rank, all, letters));
            work(team);
            all.leave();
        });
    for (std::thread& w : workers) w.join();
}

} // namespace host
