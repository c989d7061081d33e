// SPDX-License-Identifier: Apache-2.0
#pragma once

// A block of GPU threads as threads of the host, for the thread sanitizer: a barrier is a barrier, and a reduction
// takes one barrier and two boards in turn, as in block_team. With every barrier the indices go to the next worker, so
// that no result may rest on who has written what: two phases that take a vector entry by entry need the barrier
// between them here, too.

#include "solver/cuda/team.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace host {

using optnet::solver::cuda::keys_of_quarters;
using optnet::solver::cuda::lanes;
using optnet::solver::cuda::two;
using optnet::solver::cuda::two_keys;

/// What the workers share. One barrier may be left out, to see that somebody notices.
class crew {
public:
    enum class barrier { none, of_phase, of_reduction };

    explicit crew(int workers, barrier kind = barrier::none, long number = -1)
        : size(workers), left_out(kind), which(number), state(workers * worker) {}

    // Neither mutex nor futex: what they do on waking up would order more than the barrier does, and hide races.
    void wait() {
        const long mine = round.load(std::memory_order_relaxed);
        if (complete(state.fetch_add(1, std::memory_order_acq_rel) + 1)) return next();
        while (round.load(std::memory_order_acquire) == mine) std::this_thread::yield();
    }
    /// A worker that is done is waited for no more: with a barrier left out they may not agree on how many there are.
    void leave() {
        const int now = state.fetch_sub(worker, std::memory_order_acq_rel) - worker;
        if (now >= worker && complete(now)) next();
    }

    const int size;
    const barrier left_out;
    const long which;
    two board[2][lanes] = {};
    long phases = 0, reductions = 0; ///< barriers of each kind, counted by worker 0

private:
    static constexpr int worker = 1 << 16;
    static bool complete(int s) { return s % worker == s / worker; }
    void next() {
        state.fetch_sub(state.load(std::memory_order_relaxed) % worker, std::memory_order_relaxed);
        round.fetch_add(1, std::memory_order_release);
    }
    std::atomic<int> state; ///< workers that are present, times `worker`, plus those that have arrived
    std::atomic<long> round = 0;
};

class thread_team {
public:
    int rank;
    const int size;

    thread_team(int worker, crew& of) : rank(worker), size(of.size), all(of), is_first(worker == 0) {}

    void sync() { pass(crew::barrier::of_phase, phases++); }

    template <class Combine, class F> two reduce(int n, const F& f) {
        two* const board = all.board[turn];
        turn ^= 1;
        for (int lane = rank; lane < lanes; lane += size) {
            // Not straight into the board: g++ tells the sanitizer nothing of what a call writes.
            const two mine = optnet::solver::cuda::partial<Combine>(lane, n, f);
            board[lane].a = mine.a;
            board[lane].b = mine.b;
        }
        pass(crew::barrier::of_reduction, reductions++);
        return optnet::solver::cuda::combine_lanes<Combine>(board);
    }
    template <class F> keys_of_quarters largest_keys(int n, const F& f) {
        two* const board = all.board[turn];
        turn ^= 1;
        for (int lane = rank; lane < lanes; lane += size) {
            two_keys mine;
            for (int i = lane; i < n; i += lanes) mine.raise(f(i));
            board[lane].a = mine.a;
            board[lane].b = mine.b;
        }
        pass(crew::barrier::of_reduction, reductions++);
        keys_of_quarters found;
        for (int lane = 0; lane < lanes; ++lane)
            found.of[lane / optnet::solver::cuda::warp].raise(
                {static_cast<std::uint32_t>(board[lane].a), static_cast<std::uint32_t>(board[lane].b)});
        return found;
    }

    void leave() {
        if (is_first) {
            all.phases = phases;
            all.reductions = reductions;
        }
        all.leave();
    }

private:
    void pass(crew::barrier kind, long number) {
        if (kind != all.left_out || number != all.which) all.wait();
        rank = (rank + 1) % size;
    }
    crew& all;
    const bool is_first;
    int turn = 0;
    long phases = 0, reductions = 0;
};

/// work(team) in every worker of a crew.
template <class Work> void together(crew& all, const Work& work) {
    std::vector<std::thread> workers;
    workers.reserve(static_cast<std::size_t>(all.size));
    for (int rank = 0; rank < all.size; ++rank)
        workers.emplace_back([&, rank] {
            thread_team team(rank, all);
            work(team);
            team.leave();
        });
    for (std::thread& w : workers) w.join();
}

} // namespace host
