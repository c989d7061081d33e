// SPDX-License-Identifier: Apache-2.0
#pragma once

// The matrices of form B: Q = diag(d) with d > 0, at most one equality a'z = b, and rows of G with one entry each.
// Everything is in the user's units: nothing here needs others.

#include "optnet/solver/views.hpp"

#include <cstddef>
#include <vector>

namespace optnet::solver {

/// The rows that bound variables from one side, by variable; where there is none `row` is -1 and `entry` is that of a
/// row which is absent.
struct bounding_rows {
    std::vector<int> row;               ///< [n]
    std::vector<double> entry, inverse; ///< [n] the row's entry, and 1 / entry
    int count = 0;                      ///< variables with such a row
    int first = -1;                     ///< not -1: `row` is first, first + 1, ...

    void see_run();
};

class bound_matrices {
public:
    int n = 0, p = 0, m = 0;
    std::vector<double> d, inverse, a; ///< [n]; inverse = 1 / d; a is 0 where p = 0
    std::vector<int> column;           ///< [m] -1 for an empty row
    std::vector<double> entry;         ///< [m]
    bounding_rows lower, upper;        ///< the first row of every variable with an entry < 0, > 0
    std::vector<int> others;           ///< the rest of the rows of G
    double slope = 0;                  ///< sum of a_j^2 / d_j
    double largest = 0;                ///< the largest of its terms

    /// Reads one element of the batch; memory of an earlier one is used again. False if its numbers are not of this
    /// kind; they may then be anything.
    template <class T> bool load(const problem<T>& batch, std::int64_t element);
    std::size_t held() const; ///< bytes

private:
    template <class T> bool load_diagonal(const problem<T>& batch, std::int64_t element);
    template <class T> bool load_equality(const problem<T>& batch, std::int64_t element);
    template <class T> bool load_rows(const problem<T>& batch, std::int64_t element);
    template <class T> bool load_constants(const problem<T>& batch, std::int64_t element);
    void clear_sides();
    void assign_sides();
};

/// True if the blocks say that the matrices are of this kind, whatever their numbers.
bool is_bounded_diagonal(const structure& shape);

} // namespace optnet::solver
