// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace examples {

/// Seconds since the clock was made.
class stopwatch {
public:
    double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }

private:
    std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
};

/// One line that redraws itself on a terminal and stays silent elsewhere, so that logs hold results only.
class progress_bar {
public:
    progress_bar(std::string title, std::int64_t total);
    ~progress_bar();
    progress_bar(const progress_bar&) = delete;
    progress_bar& operator=(const progress_bar&) = delete;

    /// `note` stands behind the bar, for example the loss.
    void step(const std::string& note);

private:
    std::string title;
    std::int64_t total, done = 0;
    bool terminal;
    stopwatch clock;
};

} // namespace examples
