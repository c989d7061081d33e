// SPDX-License-Identifier: Apache-2.0
#include "table.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace examples {
namespace {

std::vector<std::string> cells(std::string line) {
    std::erase_if(line, [](char c) { return c == '"' || c == '\r'; });
    std::vector<std::string> result(1);
    for (const char c : line) {
        if (c == ',')
            result.emplace_back();
        else
            result.back() += c;
    }
    return result;
}

} // namespace

std::size_t table::column(const std::string& name) const {
    const auto found = std::find(header.begin(), header.end(), name);
    if (found != header.end()) return static_cast<std::size_t>(found - header.begin());
    std::string there;
    for (const auto& h : header) there += (there.empty() ? "" : ", ") + h;
    throw std::runtime_error("no column \"" + name + "\"; the file has: " + there);
}

table read_csv(const std::filesystem::path& file) {
    std::ifstream in(file);
    if (!in) throw std::runtime_error("cannot read " + file.string());
    table result;
    std::string line;
    if (std::getline(in, line)) result.header = cells(line);
    while (std::getline(in, line)) {
        if (line.empty()) continue;
        result.rows.push_back(cells(line));
        if (result.rows.back().size() != result.header.size())
            throw std::runtime_error(file.string() + ": row " + std::to_string(result.rows.size()) + " has " +
                                     std::to_string(result.rows.back().size()) + " cells, the header has " +
                                     std::to_string(result.header.size()));
    }
    return result;
}

void write_csv(const std::filesystem::path& file, const std::vector<std::string>& header,
               const std::vector<std::vector<double>>& rows) {
    std::ofstream out(file);
    out.imbue(std::locale::classic());
    out.precision(9);
    for (std::size_t i = 0; i < header.size(); ++i) out << (i ? "," : "") << header[i];
    out << '\n';
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) out << (i ? "," : "") << row[i];
        out << '\n';
    }
    if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

bool plot(const std::filesystem::path& stem, const std::string& commands, int width, int height) {
    const std::string size = std::to_string(width) + "," + std::to_string(height);
    for (const char* const kind : {"png", "svg"}) {
        const std::filesystem::path script = stem.string() + "." + kind + ".gnuplot";
        std::ofstream(script) << "set terminal " << kind << (kind[0] == 's' ? " dynamic" : "cairo") << " size " << size
                              << " background 'white'\nset output '" << stem.string() << "." << kind
                              << "'\nset datafile separator ','\n"
                              << commands;
        const int rc = std::system(("gnuplot '" + script.string() + "' >/dev/null 2>&1").c_str());
        std::filesystem::remove(script);
        if (rc != 0) {
            std::printf("gnuplot did not draw %s.%s; the numbers are in the CSV file\n", stem.c_str(), kind);
            return false;
        }
    }
    return true;
}

} // namespace examples
