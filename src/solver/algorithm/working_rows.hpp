// SPDX-License-Identifier: Apache-2.0
#pragma once

// The rows of G that one problem has needed so far, as form D sees them. Most rows of most problems are never violated
// on the way to the solution, and what they would be in form D is two thirds of its set-up.

#include "solver/algorithm/dual_form.hpp"

#include <vector>

namespace optnet::solver {

class working_rows {
public:
    /// No rows of a form that keeps none itself.
    void begin(const dual_form& source, const operators& packed);
    /// Takes in rows of G that are not there yet, behind the others.
    void add(const std::vector<int>& more);

    const std::vector<int>& rows() const { return which; }
    std::int64_t count() const { return static_cast<std::int64_t>(which.size()); }
    /// Row i of G has a place here.
    bool holds(int i) const { return here[static_cast<std::size_t>(i)] != 0; }
    /// [v w] of the rows at these places, row-major [k, row_width()].
    void copy(const std::vector<int>& places, double* to) const;
    /// R of these rows, symmetric, [count, count] with rows `stride` apart.
    const double* r() const { return products.data(); }
    std::int64_t stride() const { return room; }
    /// R_ii by row of G, 0 for the others, [m].
    const double* lengths() const { return length.data(); }

    /// out_i += v_i·y − w_i·u, that is [v_i g_iB]·[y c] in a reduced form, for the rows from place `first` on.
    void add_products(std::int64_t first, const double* y, const double* u, double* out) const;
    /// y += V'f and u += W'f (G_B'f in a reduced form) over the rows at these places.
    void combine(const std::vector<int>& places, const double* f, double* y, double* u) const;

private:
    void grow(std::int64_t least);
    void multiply(std::int64_t first);
    void multiply_bounds(std::int64_t first);

    const dual_form* form = nullptr;
    const operators* data = nullptr;
    std::int64_t n = 0, p = 0, width = 0, length_v = 0, room = 0;
    bool bounds = false; ///< all rows are bounds and H is diagonal
    std::vector<int> which;
    std::vector<char> here;     ///< [m]
    aligned_numbers t;          ///< [row_width(), room]: rows of G are columns
    aligned_numbers products;   ///< [room, room]
    std::vector<double> length; ///< [m]
    std::vector<double> squares;
    mutable std::vector<double> spread; ///< [count]
};

} // namespace optnet::solver
