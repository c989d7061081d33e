// SPDX-License-Identifier: Apache-2.0
#pragma once

// Mini-Sudoku: 4 x 4 boards of the digits 1..4, each once in every row, column and 2 x 2 box. 288 boards exist.

#include <torch/types.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

namespace sudoku {

using grid = std::array<int, 16>; ///< row by row, 0 = blank

struct board {
    grid puzzle{}, solution{};
};

enum class split {
    file,     ///< the last tenth is the test set, in the order of the file (OptNet's split)
    distinct, ///< the same, after every repeated puzzle is removed: no test board occurs in training
};

struct dataset {
    std::vector<board> train, test;
};

/// Puzzles with exactly one solution and 4 to 7 givens, drawn from `seed`.
std::vector<board> generate(std::size_t count, std::uint64_t seed);

/// Reads columns `puzzle` and `solution` of 16 digits. Throws std::runtime_error naming the file and the row at fault.
std::vector<board> load(const std::filesystem::path& csv);

dataset divide(std::vector<board> boards, split how);

/// One-hot boards, [count, 64] in `dtype`: entry (r * 4 + c) * 4 + d is 1 where the cell holds d + 1.
torch::Tensor encode(const std::vector<board>& boards, bool solutions, torch::Dtype dtype);

/// The most likely digit of every cell, [count, 16] with values 1..4.
torch::Tensor decode(const torch::Tensor& x);

/// How many of the boards [count, 64] break any rule.
std::int64_t broken(const torch::Tensor& x);

/// The puzzle, the answer and the solution beside each other.
std::string show(const board& given, const torch::Tensor& answer);

} // namespace sudoku
