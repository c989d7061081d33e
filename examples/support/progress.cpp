// SPDX-License-Identifier: Apache-2.0
#include "progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace examples {

progress_bar::progress_bar(std::string what, std::int64_t steps)
    : title(std::move(what)), total(std::max<std::int64_t>(steps, 1)), terminal(isatty(fileno(stdout)) == 1) {}

progress_bar::~progress_bar() {
    if (terminal) std::fputs("\r\033[K", stdout);
}

void progress_bar::step(const std::string& note) {
    done = std::min(done + 1, total);
    if (!terminal) return;
    constexpr std::int64_t width = 30;
    const auto filled = static_cast<std::size_t>(done * width / total);
    const std::string bar = std::string(filled, '#') + std::string(width - filled, '.');
    std::printf("\r%s [%s] %ld/%ld  %.1f s  %s\033[K", title.c_str(), bar.c_str(), static_cast<long>(done),
                static_cast<long>(total), clock.seconds(), note.c_str());
    std::fflush(stdout);
}

} // namespace examples
