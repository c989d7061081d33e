// SPDX-License-Identifier: Apache-2.0
#include "torch/large_memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <mutex>
#include <new>

namespace optnet {
namespace {

/// The head of a block, on a line of its own in front of the tensor's bytes. Blocks are mapped one by one: from the
/// heap, those that wait would keep the system from having back what lies between them.
struct alignas(64) block {
    std::size_t bytes;
};
struct give_back {
    void operator()(block* b) const { munmap(b, sizeof(block) + b->bytes); }
};
using owner = std::unique_ptr<block, give_back>;

struct store {
    std::mutex lock;
    std::deque<owner> waiting; // the oldest first
    std::size_t bytes = 0;

    /// One that is hardly larger; the newest, which may still be in a cache.
    owner take(std::size_t least) {
        const std::unique_lock own(lock, std::try_to_lock);
        if (!own.owns_lock()) return nullptr;
        const auto fits = [least](const owner& b) { return b->bytes >= least && b->bytes - least <= least / 8; };
        const auto found = std::find_if(waiting.rbegin(), waiting.rend(), fits);
        if (found == waiting.rend()) return nullptr;
        owner one = std::move(*found);
        waiting.erase(std::next(found).base());
        bytes -= one->bytes;
        return one;
    }

    void give(owner one) {
        std::deque<owner> gone; // given back after the lock
        const std::unique_lock own(lock, std::try_to_lock);
        if (!own.owns_lock() || one->bytes > most_large_waiting) return;
        bytes += one->bytes;
        waiting.push_back(std::move(one));
        for (; bytes > most_large_waiting; waiting.pop_front()) {
            bytes -= waiting.front()->bytes;
            gone.push_back(std::move(waiting.front()));
        }
    }
};

store& all() {
    // Never destroyed: tensors may outlive every static object. Whoever does not get the lock at once does without, so
    // that a forked child never waits for a thread that it does not have.
    static store& one = *new store;
    return one;
}

void let_go(void* b) { all().give(owner(static_cast<block*>(b))); }

} // namespace

c10::DataPtr large_memory(std::size_t bytes) {
    owner one = all().take(bytes);
    if (!one) {
        const std::size_t whole = sizeof(block) + bytes;
        void* const made = mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        // Torch says how much it was.
        if (made == MAP_FAILED) return c10::GetAllocator(c10::DeviceType::CPU)->allocate(bytes);
        one.reset(new (made) block{bytes});
    }
    block* const b = one.release();
    return {b + 1, b, let_go, c10::DeviceType::CPU};
}

} // namespace optnet
