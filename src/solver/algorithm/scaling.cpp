// SPDX-License-Identifier: Apache-2.0
// The powers of two that rows and variables are measured in, and what the rows of G look like afterwards.

#include "solver/algorithm/operators.hpp"
#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Columns whose sizes differ by less than this stay as they are.
constexpr double balanced = 100;

} // namespace

double power_below(double most) {
    constexpr int mantissa = 52, bias = 1023;
    const auto exponent = static_cast<int>(std::bit_cast<std::uint64_t>(most) >> mantissa) - bias;
    if (most > 0 && std::abs(exponent) <= 1000) // a power of two is its exponent
        return std::bit_cast<double>(static_cast<std::uint64_t>(bias - exponent) << mantissa);
    return most > 0 ? std::ldexp(1.0, std::clamp(-std::ilogb(most), -1000, 1000)) : 1.0;
}

void operators::scale() {
    z_scale.assign(at(n), 1.0);
    if (finite && !scaled[1]) scale_rows(sets[1], a_scale);
    if (finite && !scaled[2]) scale_rows(sets[2], g_scale);
    find_bounds();
    if (finite && measure_columns()) {
        scale_columns();
        scale_rows(sets[1], a_scale);
        scale_rows(sets[2], g_scale);
        find_bounds();
        read_diagonal();
    }
    const auto invert = [](const std::vector<double>& from, std::vector<double>& to) {
        to.resize(from.size());
        for (std::size_t i = 0; i < from.size(); ++i) to[i] = 1 / from[i];
    };
    invert(a_scale, a_unit);
    invert(g_scale, g_unit);
    invert(z_scale, z_unit);
}

void operators::scale_rows(std::vector<packed>& set, std::vector<double>& scale) {
    const auto& kernels = cpu::dense<double>();
    std::vector<double>& most = row_most;
    most.assign(scale.size(), 0.0);
    for (const packed& b : set) {
        double* own = most.data() + b.row;
        if (b.kind == block_kind::dense)
            read_maxima(b, own);
        else
            each_entry(b, [&](int i, int, double v) { own[i] = std::max(own[i], std::abs(v)); });
    }
    for (std::size_t i = 0; i < scale.size(); ++i) {
        most[i] = power_below(most[i]);
        scale[i] *= most[i];
    }
    for (packed& b : set) {
        const double* own = most.data() + b.row;
        if (std::all_of(own, own + b.rows, [](double v) { return v == 1.0; })) continue;
        own_diagonal(b);
        if (b.kind == block_kind::sparse) {
            for (int i = 0; i < b.rows; ++i)
                for (int k = b.entries->row_start[at(i)]; k < b.entries->row_start[at(i + 1)]; ++k)
                    b.data[at(k)] *= own[i];
            continue;
        }
        const std::size_t width = b.rows == 0 ? 0 : b.data.size() / at(b.rows);
        for (int i = 0; i < b.rows; ++i)
            if (own[i] != 1.0) kernels.scale(own[i], b.data.data() + at(i) * width, static_cast<std::int64_t>(width));
    }
}

/// own_i = max(own_i, the largest entry of row i of a dense block); says so if one is not finite.
void operators::read_maxima(const packed& b, double* own) {
    block_most.resize(at(b.rows));
    cpu::dense<double>().rows_max_abs(b.data.data(), b.cols, b.rows, b.cols, block_most.data());
    for (int i = 0; i < b.rows; ++i) {
        finite = finite && block_most[at(i)] < HUGE_VAL;
        own[i] = std::max(own[i], block_most[at(i)]);
    }
}

/// An identity block gets numbers of its own.
void operators::own_diagonal(packed& b) {
    if (b.kind != block_kind::identity && b.kind != block_kind::scaled_identity) return;
    b.data.assign(at(b.rows), b.kind == block_kind::identity ? 1.0 : b.data[0]);
    b.kind = block_kind::diagonal;
}

/// Fills `z_scale`, and says if it is needed. The size of a column is that of its largest entry in A and in the rows of
/// G with several entries, all scaled to 1; or what a unit of the variable costs, the root of its entry on the diagonal
/// of Q. A bound says nothing: its row has size 1 in any unit.
bool operators::measure_columns() {
    column_most.assign(at(n), 0.0);
    const double q_most = n == 0 ? 0.0 : *std::max_element(diagonal.begin(), diagonal.end());
    for (std::size_t j = 0; q_most > 0 && j < at(n); ++j)
        if (diagonal[j] > 0) column_most[j] = diagonal[j] == q_most ? 1.0 : std::sqrt(diagonal[j] / q_most);
    // No entry of a scaled row reaches 2: where Q alone shows enough of every column, the rows need not be looked at.
    const double shown = column_most.empty() ? 1.0 : *std::min_element(column_most.begin(), column_most.end());
    if (2.0 <= balanced * shown) return false;
    for (std::size_t where = 1; where <= 2; ++where)
        for (const packed& b : sets[where]) {
            double* own = column_most.data() + b.col;
            if (b.kind != block_kind::dense) {
                each_entry(b, [&](int i, int j, double v) {
                    if (where == 1 || !bound[at(b.row + i)]) own[j] = std::max(own[j], std::abs(v));
                });
                continue;
            }
            for (int i = 0; i < b.rows; ++i) {
                if (where == 2 && bound[at(b.row + i)]) continue;
                const double* row = b.data.data() + at(i) * at(b.cols);
                cpu::dense<double>().max_into(row, b.cols, own);
            }
        }
    double most = 0, least = HUGE_VAL;
    for (const double v : column_most)
        if (v > 0) {
            most = std::max(most, v);
            least = std::min(least, v);
        }
    if (!(most > balanced * least)) return false;
    for (std::size_t j = 0; j < at(n); ++j) z_scale[j] = power_below(column_most[j]);
    return true;
}

void operators::scale_columns() {
    for (std::size_t where = 0; where < 3; ++where)
        for (packed& b : sets[where]) {
            own_diagonal(b);
            b.most = -1;
            const double* right = z_scale.data() + b.col;
            const double* left = where == 0 ? z_scale.data() + b.row : nullptr;
            const auto factor = [&](int i, int j) { return left == nullptr ? right[j] : left[i] * right[j]; };
            if (b.kind == block_kind::diagonal) {
                for (int i = 0; i < b.rows; ++i) b.data[at(i)] *= factor(i, i);
                continue;
            }
            if (b.kind == block_kind::sparse) {
                for (int i = 0; i < b.rows; ++i)
                    for (int k = b.entries->row_start[at(i)]; k < b.entries->row_start[at(i + 1)]; ++k)
                        b.data[at(k)] *= factor(i, b.entries->col[at(k)]);
                continue;
            }
            // Of a row that is stored as an interval of columns; the padding of a band is never read.
            const int width = b.kind == block_kind::banded ? b.last - b.first + 1 : b.cols;
            for (int i = 0; i < b.rows; ++i)
                for (int k = 0; k < width; ++k) {
                    const int j = b.kind == block_kind::banded ? i + b.first + k : k;
                    if (j >= 0 && j < b.cols) b.data[at(i) * at(width) + at(k)] *= factor(i, j);
                }
        }
}

void operators::find_bounds() {
    bound.assign(at(m), 1);
    column.assign(at(m), -1);
    entry.assign(at(m), 0.0);
    const auto see = [&](std::size_t r, int j, double v) {
        if (v == 0.0) return;
        if (column[r] < 0 || column[r] == j) {
            column[r] = j;
            entry[r] += v;
        } else {
            bound[r] = 0;
        }
    };
    for (const packed& b : sets[2]) {
        if (b.kind != block_kind::dense) {
            each_entry(b, [&](int i, int j, double v) { see(at(b.row + i), b.col + j, v); });
            continue;
        }
        for (int i = 0; i < b.rows; ++i) {
            const double* row = b.data.data() + at(i) * at(b.cols);
            const std::size_t r = at(b.row + i);
            for (int j = 0; j < b.cols && bound[r]; ++j) see(r, b.col + j, row[j]);
        }
    }
}

} // namespace optnet::solver
