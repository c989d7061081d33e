// SPDX-License-Identifier: Apache-2.0
#include "optnet/solver/structure.hpp"

#include <stdexcept>
#include <string>

namespace optnet::solver {
namespace {

std::string size(int rows, int cols) { return std::to_string(rows) + " x " + std::to_string(cols); }

[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument("structure: " + what); }

/// Row i of a sparse block has the places row_start[i] ... of its entries; what is wrong with them, or nothing.
std::string mistake(const entry_list& e, int rows, int cols) {
    const auto at = [](int i) { return static_cast<std::size_t>(i); };
    if (e.row_start.size() != at(rows + 1) || e.row_start.front() != 0 ||
        e.row_start.back() != static_cast<int>(e.col.size()))
        return "row_start must have " + std::to_string(rows + 1) + " numbers from 0 to the " +
               std::to_string(e.col.size()) + " entries of col";
    for (int i = 0; i < rows; ++i)
        if (e.row_start[at(i)] > e.row_start[at(i + 1)])
            return "row_start must not descend at row " + std::to_string(i);
    for (int i = 0; i < rows; ++i)
        for (int k = e.row_start[at(i)]; k < e.row_start[at(i + 1)]; ++k)
            if (e.col[at(k)] < 0 || e.col[at(k)] >= cols ||
                (k > e.row_start[at(i)] && e.col[at(k)] <= e.col[at(k - 1)]))
                return "the columns of row " + std::to_string(i) + " must ascend from 0 to at most " +
                       std::to_string(cols - 1) + ", each once";
    return {};
}

void check_block(const structure& s, std::size_t number) {
    const block& b = s.blocks[number];
    const int rows = b.where == matrix::Q ? s.n : b.where == matrix::A ? s.p : s.m;
    const auto name = [&] { // made only where a sentence needs it
        const char* const of = b.where == matrix::Q ? "Q" : b.where == matrix::A ? "A" : "G";
        return "block " + std::to_string(number) + " of " + of;
    };
    if (b.row < 0 || b.col < 0 || b.rows < 0 || b.cols < 0 || b.rows > rows - b.row || b.cols > s.n - b.col)
        refuse(name() + " is " + size(b.rows, b.cols) + " at (" + std::to_string(b.row) + ", " + std::to_string(b.col) +
               "), which does not lie inside the " + size(rows, s.n) + " matrix");
    const bool square =
        b.kind == block_kind::identity || b.kind == block_kind::scaled_identity || b.kind == block_kind::diagonal;
    if (square && b.rows != b.cols)
        refuse(name() + " is " + size(b.rows, b.cols) + ", but an identity or diagonal block must be square");
    if (b.kind == block_kind::banded && b.last < b.first)
        refuse(name() + " has the band " + std::to_string(b.first) + ".." + std::to_string(b.last) +
               ", but first must not be greater than last");
    if (b.source < 0 && b.kind != block_kind::identity)
        refuse(name() + " has no source; only an identity block needs no numbers");
    if (b.kind != block_kind::sparse) return;
    if (!b.entries) refuse(name() + " is sparse, but has no entries");
    if (const std::string what = mistake(*b.entries, b.rows, b.cols); !what.empty())
        refuse(name() + " is sparse: " + what);
}

} // namespace

void check(const structure& s) {
    if (s.n < 0 || s.p < 0 || s.m < 0)
        refuse("n = " + std::to_string(s.n) + ", p = " + std::to_string(s.p) + ", m = " + std::to_string(s.m) +
               ", but sizes must not be negative");
    bool seen[3] = {false, false, false};
    for (std::size_t i = 0; i < s.blocks.size(); ++i) {
        check_block(s, i);
        const block& b = s.blocks[i];
        const auto where = static_cast<int>(b.where);
        const int rows = b.where == matrix::Q ? s.n : b.where == matrix::A ? s.p : s.m;
        if (s.plain && (b.rows != rows || b.cols != s.n || b.source != where || seen[where]))
            refuse(
                "block " + std::to_string(i) +
                " is not the one block of a whole matrix with source 0, 1 or 2 for Q, A or G, which all blocks of a " +
                "plain structure are");
        seen[where] = true;
    }
    if (s.groups.empty()) return;
    int covered = 0;
    for (const row_group& g : s.groups) {
        if (g.first != covered || g.count < 0)
            refuse("the group of rows at " + std::to_string(g.first) + " must start at " + std::to_string(covered) +
                   ", where the one before it ends");
        covered += g.count;
    }
    if (covered != s.m)
        refuse("the groups cover " + std::to_string(covered) + " rows, but G has " + std::to_string(s.m));
}

structure dense_structure(int n, int p, int m, bool has_q_matrix) {
    structure s;
    s.n = n;
    s.p = p;
    s.m = m;
    s.plain = true;
    const auto dense = [&](matrix where, int rows, int source) {
        block b;
        b.where = where;
        b.rows = rows;
        b.cols = n;
        b.source = source;
        if (rows > 0 && n > 0) s.blocks.push_back(b);
    };
    if (has_q_matrix) dense(matrix::Q, n, 0);
    dense(matrix::A, p, 1);
    dense(matrix::G, m, 2);
    row_group rows;
    rows.count = m;
    if (m > 0) s.groups.push_back(rows);
    return s;
}

} // namespace optnet::solver
