// SPDX-License-Identifier: Apache-2.0
#include "signals.hpp"

#include "../support/table.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <random>
#include <stdexcept>
#include <vector>

namespace signals {
namespace {

using torch::Tensor;

constexpr double noise_deviation = 10;

/// The longest runs of numbers of a file's last column, cut into windows.
std::vector<Tensor> windows(const std::filesystem::path& file, std::int64_t length) {
    std::vector<Tensor> found;
    std::vector<double> run;
    for (const auto& row : examples::read_csv(file).rows) {
        const std::string& cell = row.back();
        double value = 0;
        const auto parsed = std::from_chars(cell.data(), cell.data() + cell.size(), value);
        if (cell.empty() || parsed.ec != std::errc{} || parsed.ptr != cell.data() + cell.size()) {
            run.clear(); // a missing value ends the window
            continue;
        }
        run.push_back(value);
        if (static_cast<std::int64_t>(run.size()) < length) continue;
        const Tensor window = torch::tensor(run, torch::kFloat64);
        const double deviation = window.std().item<double>();
        if (deviation > 0) found.push_back((window - window.mean()) * (25 / deviation) + 50);
        run.clear();
    }
    return found;
}

pairs with_noise(const Tensor& clean) { return {clean, clean + noise_deviation * torch::randn_like(clean)}; }

} // namespace

dataset piecewise_constant(std::int64_t count, std::int64_t length, std::uint64_t seed) {
    if (length < 12)
        throw std::runtime_error("signals of " + std::to_string(length) + " points are too short; take 12 or more");
    torch::manual_seed(seed);
    std::mt19937_64 random(seed);
    const auto below = [&](std::int64_t n) {
        return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
    };
    Tensor clean = torch::empty({count, length}, torch::kFloat64);
    for (std::int64_t k = 0; k < count; ++k) {
        const std::int64_t pieces = 1 + below(9);
        std::vector<std::int64_t> places(static_cast<std::size_t>(length - 2));
        std::iota(places.begin(), places.end(), std::int64_t{1});
        for (std::size_t i = places.size() - 1; i > 0; --i)
            std::swap(places[i], places[static_cast<std::size_t>(below(static_cast<std::int64_t>(i + 1)))]);
        places.resize(static_cast<std::size_t>(pieces - 1));
        std::sort(places.begin(), places.end());
        places.push_back(length);
        std::int64_t from = 0;
        for (const std::int64_t to : places) {
            clean[k].narrow(0, from, to - from).fill_(static_cast<double>(10 + below(90)));
            from = to;
        }
    }
    const std::int64_t cut = count * 9 / 10;
    return {with_noise(clean.narrow(0, 0, cut)), with_noise(clean.narrow(0, cut, count - cut))};
}

dataset measured(const std::filesystem::path& path, std::int64_t length, std::int64_t draws, std::uint64_t seed) {
    std::vector<std::filesystem::path> files;
    if (std::filesystem::is_directory(path)) {
        for (const auto& entry : std::filesystem::directory_iterator(path))
            if (entry.path().extension() == ".csv") files.push_back(entry.path());
        std::sort(files.begin(), files.end());
    } else {
        files.push_back(path);
    }
    std::vector<Tensor> train, test;
    std::size_t count = 0;
    for (const auto& file : files)
        for (const Tensor& window : windows(file, length)) (count++ % 5 == 4 ? test : train).push_back(window);
    if (test.empty())
        throw std::runtime_error(path.string() + " has " + std::to_string(count) + " windows of " +
                                 std::to_string(length) +
                                 " numbers without a gap; 5 are needed: take a smaller --length or more data");
    torch::manual_seed(seed);
    return {with_noise(torch::stack(train).repeat({draws, 1})), with_noise(torch::stack(test))};
}

} // namespace signals
