// SPDX-License-Identifier: Apache-2.0
#include "../catch.hpp"

#include "solver/cpu/pool.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#endif

using optnet::solver::cpu::parallel_for;

namespace {

/// Runs a loop and returns how many indices were not visited exactly once.
std::int64_t wrongly_visited(int threads, std::int64_t count) {
    std::vector<int> visits(static_cast<std::size_t>(count), 0);
    parallel_for(threads, count, [&](int, std::int64_t i) { ++visits[static_cast<std::size_t>(i)]; });
    std::int64_t wrong = 0;
    for (const int v : visits) wrong += v != 1;
    return wrong;
}

void sleep_a_little() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

} // namespace

TEST_CASE("every index is visited once, whatever the number of threads") {
    for (const int threads : {-1, 0, 1, 2, 3, 7})
        for (const std::int64_t count : {0, 1, 2, 3, 100, 5000}) {
            INFO("threads " << threads << ", count " << count);
            CHECK(wrongly_visited(threads, count) == 0);
        }
}

TEST_CASE("parts of rows follow each other, and there are no more than have work enough") {
    using optnet::solver::cpu::parallel_rows, optnet::solver::cpu::rows_of;
    for (const rows_of shape : {rows_of::rectangle, rows_of::triangle})
        for (const std::int64_t rows : {0, 1, 7, 8, 17, 200, 1001})
            for (const double operations : {0.0, 1.5e6, 1e9}) {
                std::vector<std::atomic<int>> visits(static_cast<std::size_t>(rows));
                std::atomic<int> parts{0};
                parallel_rows(4, shape, rows, operations, [&](std::int64_t first, std::int64_t end) {
                    ++parts;
                    for (std::int64_t i = first; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
                });
                CAPTURE(rows, operations, parts.load());
                for (const std::atomic<int>& v : visits) REQUIRE(v == 1);
                CHECK(parts == (operations < 2e6 || rows < 16 ? 1 : rows == 17 ? 2 : 4));
            }
}

TEST_CASE("many short loops in a row, with changing numbers of threads") {
    std::int64_t wrong = 0;
    for (int i = 0; i < 3000; ++i) wrong += wrongly_visited(1 + i % 5, i % 7);
    CHECK(wrong == 0);
}

TEST_CASE("workers are numbered below the number of threads and none is shared at a time") {
    constexpr int threads = 3;
    std::atomic<int> in_use[threads] = {};
    std::atomic<int> faults{0};
    std::atomic<int> most{0}, now{0};
    parallel_for(threads, 60, [&](int worker, std::int64_t) {
        if (worker < 0 || worker >= threads || in_use[worker]++ != 0) ++faults;
        const int together = ++now;
        for (int seen = most; seen < together && !most.compare_exchange_weak(seen, together);) {
        }
        sleep_a_little();
        --now;
        --in_use[worker];
    });
    CHECK(faults == 0);
    // 60 ms of sleep are enough for a second thread to wake; more than three never work.
    CHECK(most >= 2);
    CHECK(most <= threads);
}

TEST_CASE("one thread or one index runs on the caller") {
    const auto self = std::this_thread::get_id();
    bool elsewhere = false;
    parallel_for(1, 50, [&](int worker, std::int64_t) {
        elsewhere = elsewhere || worker != 0 || std::this_thread::get_id() != self;
    });
    parallel_for(4, 1, [&](int worker, std::int64_t) {
        elsewhere = elsewhere || worker != 0 || std::this_thread::get_id() != self;
    });
    CHECK_FALSE(elsewhere);
}

TEST_CASE("a loop inside a loop runs on the thread that starts it") {
    std::atomic<int> elsewhere{0}, total{0};
    parallel_for(3, 20, [&](int, std::int64_t) {
        const auto self = std::this_thread::get_id();
        parallel_for(3, 5, [&](int worker, std::int64_t) {
            ++total;
            if (worker != 0 || std::this_thread::get_id() != self) ++elsewhere;
        });
    });
    CHECK(total == 100);
    CHECK(elsewhere == 0);
}

TEST_CASE("the first exception reaches the caller, and the pool works on") {
    for (int round = 0; round < 50; ++round) {
        std::string message;
        try {
            parallel_for(3, 200, [&](int, std::int64_t i) {
                if (i == 20) throw std::runtime_error("element 20");
            });
        } catch (const std::runtime_error& error) {
            message = error.what();
        }
        REQUIRE(message == "element 20");
        REQUIRE(wrongly_visited(3, 30) == 0);
    }
    // Thrown by a helper: the caller is kept busy until it happened.
    const auto self = std::this_thread::get_id();
    std::atomic<bool> thrown{false};
    CHECK_THROWS_AS(parallel_for(2, 2000,
                                 [&](int, std::int64_t) {
                                     if (std::this_thread::get_id() == self) return sleep_a_little();
                                     thrown = true;
                                     throw std::runtime_error("helper");
                                 }),
                    std::runtime_error);
    CHECK(thrown);
}

TEST_CASE("several callers at once each get their own loop done") {
    std::atomic<std::int64_t> wrong{0};
    std::vector<std::thread> callers;
    callers.reserve(4);
    for (int c = 0; c < 4; ++c)
        callers.emplace_back([&] {
            for (int i = 0; i < 200; ++i) wrong += wrongly_visited(3, 40);
        });
    for (std::thread& caller : callers) caller.join();
    CHECK(wrong == 0);
}

#if !defined(UNDER_TSAN) // which does not allow threads in a child of a process with threads
TEST_CASE("a forked child starts a pool of its own") {
    REQUIRE(wrongly_visited(3, 100) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        alarm(20); // a child that waits for threads it does not have is ended by this
        std::atomic<int> most{0};
        parallel_for(2, 60, [&](int worker, std::int64_t) {
            for (int old = most; old < worker && !most.compare_exchange_weak(old, worker);) {
            }
            sleep_a_little();
        });
        _exit(wrongly_visited(3, 100) == 0 && most == 1 ? 0 : 1);
    }
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    CHECK(wrongly_visited(3, 100) == 0);
}
#endif

TEST_CASE("loops go where the program says, and back") {
    static std::atomic<int> asked{0};
    optnet::solver::set_parallel_loop(
        [](int threads, std::int64_t count, const std::function<void(int, std::int64_t)>& work) {
            ++asked;
            optnet::solver::own_parallel_loop(threads, count, work);
        });
    CHECK(wrongly_visited(3, 100) == 0);
    CHECK(asked == 1);
    CHECK(wrongly_visited(1, 100) == 0); // one thread needs nobody
    CHECK(asked == 1);
    optnet::solver::set_parallel_loop(nullptr);
    CHECK(wrongly_visited(3, 100) == 0);
    CHECK(asked == 1);
}

TEST_CASE("a thread is woken for two hundred microseconds of work or more") {
    using optnet::solver::cpu::worth_waking;
    CHECK(worth_waking(8, 10) == 1);
    CHECK(worth_waking(8, 390) == 1);
    CHECK(worth_waking(8, 410) == 2);
    CHECK(worth_waking(8, 1e9) == 8);
    CHECK(worth_waking(1, 1e9) == 1);
}
