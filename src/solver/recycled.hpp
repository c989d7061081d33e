// SPDX-License-Identifier: Apache-2.0
#pragma once

// Memory of factorizations that are no longer needed, for the next ones: a training loop drops and makes as many in
// every step, and fresh memory costs as much as a fifth of the solve.

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace optnet::solver {

/// At most so many bytes of each kind wait to be used again.
inline constexpr std::size_t most_recycled = std::size_t{64} << 20;

/// A T whose contents are whatever an earlier one left; it goes back when its last owner lets go of it. T has
/// `held()`, its bytes with what is not used now, and `let_go()` if it shares anything with others.
template <class T> std::shared_ptr<T> recycled() {
    struct store {
        std::mutex lock;
        std::vector<std::unique_ptr<T>> free;
        std::size_t bytes = 0;

        std::unique_ptr<T> take() {
            const std::unique_lock own(lock, std::try_to_lock);
            if (!own.owns_lock() || free.empty()) return std::make_unique<T>();
            std::unique_ptr<T> last = std::move(free.back());
            free.pop_back();
            bytes -= last->held();
            return last;
        }
        void give(std::unique_ptr<T> done) {
            if constexpr (requires { done->let_go(); }) done->let_go();
            const std::unique_lock own(lock, std::try_to_lock);
            if (!own.owns_lock() || bytes + done->held() > most_recycled) return;
            bytes += done->held();
            free.push_back(std::move(done));
        }
    };
    // Never destroyed: factorizations may outlive every static object. Whoever does not get the lock at once does
    // without, so that a forked child never waits for a thread that it does not have.
    static store& all = *new store;
    return {all.take().release(), [](T* done) { all.give(std::unique_ptr<T>(done)); }};
}

} // namespace optnet::solver
