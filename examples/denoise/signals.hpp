// SPDX-License-Identifier: Apache-2.0
#pragma once

// Signals with and without noise, [count, length] in float64.

#include <torch/types.h>

#include <filesystem>

namespace signals {

struct pairs {
    torch::Tensor clean, noisy;
};

struct dataset {
    pairs train, test;
};

/// OptNet's synthetic signals: 1 to 9 constant pieces, heights uniform integers in [10, 100), noise of standard
/// deviation 10. The last tenth is the test set.
dataset piecewise_constant(std::int64_t count, std::int64_t length, std::uint64_t seed);

/// The last column of every CSV file of a folder (or of one file), cut into windows without gaps that are scaled to
/// mean 50 and standard deviation 25, with noise of standard deviation 10. Every fifth window is a test window and gets
/// one draw of noise; the others get `draws`. Throws std::runtime_error if nothing long enough is there.
dataset measured(const std::filesystem::path& path, std::int64_t length, std::int64_t draws, std::uint64_t seed);

} // namespace signals
