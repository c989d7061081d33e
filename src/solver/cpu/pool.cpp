// SPDX-License-Identifier: Apache-2.0
#include "solver/cpu/pool.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace optnet::solver::cpu {
namespace {

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

class pool {
public:
    std::mutex busy; ///< held by the caller whose loop runs

    void run(int helpers, loop& job) {
        {
            const std::lock_guard lock(state);
            while (static_cast<int>(threads.size()) < helpers)
                threads.emplace_back(&pool::serve, this, static_cast<int>(threads.size()) + 1, generation);
            current = &job;
            wanted = helpers;
            running = static_cast<int>(threads.size());
            ++generation;
        }
        start.notify_all();
        job.run(0);
        std::unique_lock lock(state);
        done.wait(lock, [&] { return running == 0; });
        current = nullptr;
    }

private:
    void serve(int worker, std::uint64_t seen) {
        for (;;) {
            loop* job = nullptr;
            {
                std::unique_lock lock(state);
                start.wait(lock, [&] { return generation != seen; });
                seen = generation;
                job = worker <= wanted ? current : nullptr;
            }
            if (job != nullptr) job->run(worker);
            {
                const std::lock_guard lock(state);
                if (--running == 0) done.notify_one();
            }
        }
    }

    std::mutex state;
    std::condition_variable start, done;
    std::vector<std::thread> threads;
    loop* current = nullptr;
    int wanted = 0, running = 0;
    std::uint64_t generation = 0;
};

// Never destroyed: its threads wait until the process ends. A forked child has none of them and starts a pool of its own.
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

thread_local bool inside = false;

} // namespace

void parallel_for(int threads, std::int64_t count, const std::function<void(int, std::int64_t)>& work) {
    const auto workers = static_cast<int>(std::min<std::int64_t>(threads, count));
    if (workers > 1 && !inside) {
        pool& shared = the_pool();
        if (const std::unique_lock lock(shared.busy, std::try_to_lock); lock.owns_lock()) {
            loop job{work, count};
            inside = true;
            shared.run(workers - 1, job);
            inside = false;
            if (job.error) std::rethrow_exception(job.error);
            return;
        }
    }
    for (std::int64_t i = 0; i < count; ++i) work(0, i);
}

} // namespace optnet::solver::cpu
