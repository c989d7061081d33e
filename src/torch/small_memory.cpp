// SPDX-License-Identifier: Apache-2.0
#include "torch/small_memory.hpp"

#include <array>
#include <cstddef>
#include <new>
#include <utility>

namespace optnet {
namespace {

constexpr std::size_t line = 64; // the alignment of at::empty
constexpr std::size_t most_lines = most_small / line;
/// Bytes that wait to be used again, for each thread.
constexpr std::size_t most_waiting = 1 << 17;

/// A block that nobody has.
struct block {
    block* next;
};

void give_back(block* b) { ::operator delete(b, std::align_val_t(line)); }

/// The blocks of a thread that wait, by their number of lines. Without constructor and destructor, so that a tensor
/// which is dropped at a thread's very end finds it, too.
struct store {
    std::array<block*, most_lines + 1> first;
    std::size_t bytes;
    bool is_watched, is_closed;
};
thread_local constinit store mine{};

/// Gives back what waits when its thread ends.
struct watch {
    ~watch() {
        mine.is_closed = true;
        for (block*& b : mine.first)
            while (b != nullptr) give_back(std::exchange(b, b->next));
    }
};

void let_go(void* bytes, std::size_t lines) {
    store& from = mine;
    auto* const b = static_cast<block*>(bytes);
    if (from.is_closed || from.bytes + lines * line > most_waiting) return give_back(b);
    if (!from.is_watched) {
        static thread_local const watch one;
        static_cast<void>(one);
        from.is_watched = true;
    }
    b->next = from.first[lines];
    from.first[lines] = b;
    from.bytes += lines * line;
}

/// One function for each size: a tensor remembers no more of its memory than what lets go of it.
template <std::size_t... lines>
constexpr std::array<c10::DeleterFnPtr, sizeof...(lines)> deleters(std::index_sequence<lines...> /*all*/) {
    return {[](void* bytes) { let_go(bytes, lines); }...};
}
constexpr auto deleter = deleters(std::make_index_sequence<most_lines + 1>());

} // namespace

c10::DataPtr small_memory(std::size_t size) {
    const std::size_t lines = (size + line - 1) / line;
    store& from = mine;
    void* bytes = from.first[lines];
    if (bytes != nullptr) {
        from.first[lines] = from.first[lines]->next;
        from.bytes -= lines * line;
    } else {
        bytes = ::operator new(lines* line, std::align_val_t(line));
    }
    return {bytes, bytes, deleter[lines], c10::DeviceType::CPU};
}

} // namespace optnet
