// SPDX-License-Identifier: Apache-2.0
#include "solver/cpu/pool.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace optnet::solver {
namespace {

/// How often a waiting thread looks before it sleeps: some ten microseconds, about what waking costs.
constexpr int looks = 500;

void breathe() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/// One loop: workers draw tickets until none is left.
struct loop {
    const std::function<void(int, std::int64_t)>& work;
    std::int64_t count;
    std::atomic<std::int64_t> next{0};
    std::exception_ptr error{};
    std::mutex error_lock{};

    void run(int worker) {
        for (std::int64_t i = next++; i < count; i = next++) {
            try {
                work(worker, i);
            } catch (...) {
                const std::lock_guard lock(error_lock);
                if (!error) error = std::current_exception();
                next = count;
            }
        }
    }
};

/// True on a thread that works on a loop: what it starts in turn, it does alone.
thread_local bool inside = false;

class pool {
public:
    std::mutex busy; ///< held by the caller whose loop runs

    /// Runs the loop on this thread and up to `helpers` others. A helper that wakes too late finds no place left and is
    /// not waited for.
    void run(int helpers, loop& job) {
        {
            const std::lock_guard lock(state);
            hire(helpers);
            current = &job;
            places = std::min(helpers, static_cast<int>(threads.size()));
            given = 0;
            ++generation;
        }
        for (int i = 0; i < helpers; ++i) start.notify_one();
        inside = true;
        job.run(0);
        inside = false;
        {
            const std::lock_guard lock(state);
            current = nullptr;
            places = 0;
        }
        for (int i = 0; i < looks && active != 0; ++i) breathe();
        std::unique_lock lock(state);
        done.wait(lock, [&] { return active == 0; });
    }

private:
    void hire(int helpers) {
        try {
            while (static_cast<int>(threads.size()) < helpers)
                threads.emplace_back(&pool::serve, this, generation.load());
        } catch (const std::system_error&) { // NOLINT(bugprone-empty-catch): said below
            // The system gives no more threads: the loop runs on those that are there.
        }
    }

    void serve(std::uint64_t seen) {
        inside = true;
        for (;;) {
            for (int i = 0; i < looks && generation == seen; ++i) breathe();
            loop* job = nullptr;
            int worker = 0;
            {
                std::unique_lock lock(state);
                start.wait(lock, [&] { return generation != seen; });
                seen = generation;
                if (places > 0) {
                    --places;
                    ++active;
                    worker = ++given;
                    job = current;
                }
            }
            if (job == nullptr) continue;
            job->run(worker);
            const std::lock_guard lock(state);
            if (--active == 0) done.notify_one();
        }
    }

    std::mutex state; ///< guards everything below; the atomics are also looked at without it
    std::condition_variable start, done;
    std::vector<std::thread> threads;
    loop* current = nullptr;
    int places = 0, given = 0;
    std::atomic<int> active{0};
    std::atomic<std::uint64_t> generation{0};
};

// Never destroyed: its threads wait until the process ends. A forked child has none of them and starts a pool of its
// own.
std::atomic<pool*> instance{nullptr};

pool& the_pool() {
    static const int registered = pthread_atfork(nullptr, nullptr, [] { instance = nullptr; });
    static_cast<void>(registered);
    pool* found = instance;
    if (found == nullptr) {
        auto* made = new pool;
        if (instance.compare_exchange_strong(found, made))
            found = made;
        else
            delete made;
    }
    return *found;
}

std::atomic<parallel_loop> chosen{own_parallel_loop};

} // namespace

void set_parallel_loop(parallel_loop loop) { chosen = loop == nullptr ? own_parallel_loop : loop; }

void own_parallel_loop(int threads, std::int64_t count, const std::function<void(int, std::int64_t)>& work) {
    const auto workers = static_cast<int>(std::min<std::int64_t>(threads, count));
    if (workers > 1 && !inside) {
        pool& shared = the_pool();
        if (const std::unique_lock lock(shared.busy, std::try_to_lock); lock.owns_lock()) {
            loop job{work, count};
            shared.run(workers - 1, job);
            if (job.error) std::rethrow_exception(job.error);
            return;
        }
    }
    for (std::int64_t i = 0; i < count; ++i) work(0, i);
}

void cpu::parallel_for(int threads, std::int64_t count, const std::function<void(int, std::int64_t)>& work) {
    const auto workers = static_cast<int>(std::min<std::int64_t>(threads, count));
    if (workers <= 1) {
        for (std::int64_t i = 0; i < count; ++i) work(0, i);
        return;
    }
    // A share of the loop to each, and what others have left once that is done: where one loop follows another over the
    // same problems, a processor finds in its own cache what it wrote there before.
    struct alignas(64) share {
        std::atomic<std::int64_t> next{0};
        std::int64_t end = 0;
    };
    std::vector<share> shares(static_cast<std::size_t>(workers));
    for (int w = 0; w < workers; ++w) {
        shares[static_cast<std::size_t>(w)].next = w * count / workers;
        shares[static_cast<std::size_t>(w)].end = (w + 1) * count / workers;
    }
    chosen.load()(workers, workers, [&](int worker, std::int64_t own) {
        for (int w = 0; w < workers; ++w) {
            share& from = shares[static_cast<std::size_t>((own + w) % workers)];
            for (std::int64_t i = from.next++; i < from.end; i = from.next++) work(worker, i);
        }
    });
}

void cpu::parallel_rows(int threads, rows_of shape, std::int64_t rows, double operations,
                        const std::function<void(std::int64_t, std::int64_t)>& work) {
    constexpr double least = 1e6; // some 50 microseconds
    constexpr std::int64_t step = 8;
    const auto worth = static_cast<int>(std::min(operations / least, 1e6));
    const auto parts = static_cast<int>(std::min<std::int64_t>(std::min(threads, worth), rows / step));
    if (parts <= 1) return work(0, rows);
    const auto begin = [&](std::int64_t part) {
        const double share = static_cast<double>(part) / parts;
        const double of_rows = static_cast<double>(rows) * (shape == rows_of::triangle ? std::sqrt(share) : share);
        return part == parts ? rows : static_cast<std::int64_t>(of_rows) / step * step;
    };
    parallel_for(parts, parts, [&](int /*worker*/, std::int64_t part) { work(begin(part), begin(part + 1)); });
}

int cpu::worth_waking(int threads, double microseconds) {
    constexpr double least = 200;
    return std::min(threads, std::max(1, static_cast<int>(std::min(microseconds / least, 1e6))));
}

} // namespace optnet::solver
