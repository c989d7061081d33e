// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace examples {

/// Rows of text cells from a file of comma-separated values without quoted commas; quotes are removed.
/// Throws std::runtime_error that names the file if it cannot be read or a row has another number of cells.
struct table {
    std::vector<std::string> header;
    std::vector<std::vector<std::string>> rows;

    /// The position of a column; throws std::runtime_error that names the column and those there are.
    std::size_t column(const std::string& name) const;
};

table read_csv(const std::filesystem::path& file);

/// Writes numbers with 9 significant digits, the shortest form, one row a line.
/// Throws std::runtime_error that names the file if it cannot be written.
void write_csv(const std::filesystem::path& file, const std::vector<std::string>& header,
               const std::vector<std::vector<double>>& rows);

/// Runs gnuplot on `commands` with a PNG and an SVG terminal in turn, writing `stem`.png and `stem`.svg.
/// Returns false, having said so on stdout, where gnuplot is absent or fails: a picture is never worth a failed run.
bool plot(const std::filesystem::path& stem, const std::string& commands, int width = 900, int height = 420);

} // namespace examples
