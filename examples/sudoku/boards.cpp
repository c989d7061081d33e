// SPDX-License-Identifier: Apache-2.0
#include "boards.hpp"

#include "../support/table.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>
#include <stdexcept>

namespace sudoku {
namespace {

bool may_hold(const grid& g, int cell, int digit) {
    const int row = cell / 4, column = cell % 4;
    for (int i = 0; i < 16; ++i) {
        const int r = i / 4, c = i % 4;
        const bool together = r == row || c == column || (r / 2 == row / 2 && c / 2 == column / 2);
        if (i != cell && together && g[static_cast<std::size_t>(i)] == digit) return false;
    }
    return true;
}

void fill(grid& g, int cell, std::vector<grid>& found) {
    if (cell == 16) {
        found.push_back(g);
        return;
    }
    for (int digit = 1; digit <= 4; ++digit) {
        if (!may_hold(g, cell, digit)) continue;
        g[static_cast<std::size_t>(cell)] = digit;
        fill(g, cell + 1, found);
        g[static_cast<std::size_t>(cell)] = 0;
    }
}

std::vector<grid> every_solution() {
    std::vector<grid> found;
    grid g{};
    fill(g, 0, found);
    return found;
}

bool agrees(const grid& puzzle, const grid& solution) {
    for (std::size_t i = 0; i < 16; ++i)
        if (puzzle[i] != 0 && puzzle[i] != solution[i]) return false;
    return true;
}

grid digits(const std::string& text, const std::string& where) {
    if (text.size() != 16 || !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '4'; }))
        throw std::runtime_error(where + ": \"" + text + "\" is not 16 digits from 0 to 4");
    grid g{};
    for (std::size_t i = 0; i < 16; ++i) g[i] = text[i] - '0';
    return g;
}

} // namespace

std::vector<board> generate(std::size_t count, std::uint64_t seed) {
    static const std::vector<grid> solutions = every_solution();
    std::mt19937_64 random(seed);
    // Modulo instead of std::uniform_int_distribution, whose results differ between standard libraries.
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    std::vector<board> boards;
    while (boards.size() < count) {
        board b;
        b.solution = b.puzzle = solutions[below(solutions.size())];
        std::array<std::size_t, 16> cells{};
        std::iota(cells.begin(), cells.end(), std::size_t{0});
        for (std::size_t i = 15; i > 0; --i) std::swap(cells[i], cells[below(i + 1)]);
        // As many givens as the boards of the paper have: 4 in 14 of 100, 5 in 56, 6 in 28, 7 in 2.
        const std::size_t percent = below(100);
        const std::size_t wanted = percent < 14 ? 4 : percent < 70 ? 5 : percent < 98 ? 6 : 7;
        std::size_t givens = 16;
        for (const std::size_t cell : cells) {
            if (givens == wanted) break;
            const int digit = std::exchange(b.puzzle[cell], 0);
            const auto fitting =
                std::count_if(solutions.begin(), solutions.end(), [&](const grid& s) { return agrees(b.puzzle, s); });
            if (fitting == 1)
                --givens;
            else
                b.puzzle[cell] = digit;
        }
        if (givens == wanted) boards.push_back(b);
    }
    return boards;
}

std::vector<board> load(const std::filesystem::path& csv) {
    const examples::table file = examples::read_csv(csv);
    const std::size_t puzzle = file.column("puzzle"), solution = file.column("solution");
    std::vector<board> boards;
    for (const auto& row : file.rows) {
        const std::string where = csv.string() + ", row " + std::to_string(boards.size() + 1);
        boards.push_back({digits(row[puzzle], where), digits(row[solution], where)});
    }
    if (boards.size() < 10) throw std::runtime_error(csv.string() + " has fewer than 10 boards");
    return boards;
}

dataset divide(std::vector<board> boards, split how) {
    if (how == split::distinct) {
        std::set<grid> seen;
        std::erase_if(boards, [&](const board& b) { return !seen.insert(b.puzzle).second; });
    }
    const auto cut = boards.begin() + static_cast<std::ptrdiff_t>(boards.size() * 9 / 10);
    return {{boards.begin(), cut}, {cut, boards.end()}};
}

torch::Tensor encode(const std::vector<board>& boards, bool solutions, torch::Dtype dtype) {
    torch::Tensor cells = torch::empty({static_cast<std::int64_t>(boards.size()), 16}, torch::kInt64);
    std::int64_t* out = cells.data_ptr<std::int64_t>();
    for (const board& b : boards)
        for (const int digit : solutions ? b.solution : b.puzzle) *out++ = digit;
    // Blanks are class 0 of five; dropping it leaves four zeros.
    return torch::one_hot(cells, 5).narrow(2, 1, 4).reshape({-1, 64}).to(dtype);
}

torch::Tensor decode(const torch::Tensor& x) { return x.reshape({-1, 16, 4}).argmax(2) + 1; }

std::int64_t broken(const torch::Tensor& x) {
    const torch::Tensor digit = torch::one_hot(decode(x) - 1, 4).reshape({-1, 4, 4, 4});
    const torch::Tensor rows = digit.sum(2), columns = digit.sum(1);
    const torch::Tensor boxes = digit.reshape({-1, 2, 2, 2, 2, 4}).sum({2, 4}).reshape({-1, 4, 4});
    const torch::Tensor wrong = (rows != 1).logical_or(columns != 1).logical_or(boxes != 1);
    return wrong.reshape({-1, 16}).any(1).sum().item<std::int64_t>();
}

std::string show(const board& given, const torch::Tensor& answer) {
    const torch::Tensor digit = decode(answer).reshape({16});
    std::string text = "  given      layer      solution\n";
    for (std::size_t r = 0; r < 4; ++r) {
        std::string line = "  ";
        for (std::size_t c = 0; c < 4; ++c)
            line += given.puzzle[r * 4 + c] ? std::to_string(given.puzzle[r * 4 + c]) + " " : ". ";
        line += "   ";
        for (std::size_t c = 0; c < 4; ++c)
            line += std::to_string(digit[static_cast<std::int64_t>(r * 4 + c)].item<std::int64_t>()) + " ";
        line += "   ";
        for (std::size_t c = 0; c < 4; ++c) line += std::to_string(given.solution[r * 4 + c]) + " ";
        text += line + "\n";
    }
    return text;
}

} // namespace sudoku
