// SPDX-License-Identifier: Apache-2.0
#pragma once

// Scalars, vectors and matrices of double, and what the words of the language mean for them, written from their
// definitions alone. Slow and plain: the tests of the lowering compare with it.

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace optnet::test {

/// rank 0, 1 or 2; entries row by row.
struct dense_value {
    int rank = 0, rows = 1, cols = 1;
    std::vector<double> data{0.0};

    double operator()(int i, int j = 0) const { return data.at(static_cast<std::size_t>(i * cols + j)); }
    double& operator()(int i, int j = 0) { return data.at(static_cast<std::size_t>(i * cols + j)); }
    int entries() const { return rows * cols; }
};

inline dense_value scalar_value(double v) { return {0, 1, 1, {v}}; }
inline dense_value zeros(int rank, int rows, int cols) {
    return {rank, rows, cols, std::vector<double>(static_cast<std::size_t>(rows * cols), 0.0)};
}
inline dense_value vector_value(std::vector<double> v) {
    const int n = static_cast<int>(v.size());
    return {1, n, 1, std::move(v)};
}

template <class F> dense_value each(const dense_value& a, F f) {
    dense_value out = a;
    for (double& v : out.data) v = f(v);
    return out;
}

/// Entry by entry; a scalar goes with everything.
template <class F> dense_value each(const dense_value& a, const dense_value& b, F f) {
    if (a.rank == 0) return each(b, [&](double v) { return f(a.data[0], v); });
    if (b.rank == 0) return each(a, [&](double v) { return f(v, b.data[0]); });
    if (a.rank != b.rank || a.rows != b.rows || a.cols != b.cols) throw std::logic_error("shapes disagree");
    dense_value out = a;
    for (std::size_t i = 0; i < out.data.size(); ++i) out.data[i] = f(a.data[i], b.data[i]);
    return out;
}

inline dense_value transposed(const dense_value& a) {
    if (a.rank == 0) return a;
    dense_value out = zeros(2, a.cols, a.rows);
    for (int i = 0; i < a.rows; ++i)
        for (int j = 0; j < a.cols; ++j) out(j, i) = a(i, j);
    return out;
}

/// scalar * anything, matrix * vector, matrix * matrix.
inline dense_value product(const dense_value& a, const dense_value& b) {
    if (a.rank == 0 || b.rank == 0) return each(a, b, [](double x, double y) { return x * y; });
    if (a.rank != 2 || a.cols != b.rows) throw std::logic_error("no product of these shapes");
    dense_value out = zeros(b.rank, a.rows, b.cols);
    for (int i = 0; i < a.rows; ++i)
        for (int j = 0; j < b.cols; ++j)
            for (int k = 0; k < a.cols; ++k) out(i, j) += a(i, k) * b(k, j);
    return out;
}

inline double total(const dense_value& a) {
    double s = 0;
    for (const double v : a.data) s += v;
    return s;
}

/// Every column (dimension 0) or row (dimension 1) of a matrix, folded from its first entry on.
template <class F> dense_value over(const dense_value& a, int dimension, F f) {
    const bool down = dimension == 0;
    dense_value out = zeros(1, down ? a.cols : a.rows, 1);
    for (int i = 0; i < a.rows; ++i)
        for (int j = 0; j < a.cols; ++j) {
            const int kept = down ? j : i, folded = down ? i : j;
            out(kept) = folded == 0 ? a(i, j) : f(out(kept), a(i, j));
        }
    return out;
}

/// Rows from, ..., to - 1; entries of a vector.
inline dense_value rows_of(const dense_value& a, int from, int to) {
    dense_value out = zeros(a.rank, to - from, a.cols);
    for (int i = from; i < to; ++i)
        for (int j = 0; j < a.cols; ++j) out(i - from, j) = a(i, j);
    return out;
}

/// Row i of a matrix as a vector, entry i of a vector.
inline dense_value element(const dense_value& a, int i) {
    if (a.rank == 1) return scalar_value(a(i));
    dense_value out = zeros(1, a.cols, 1);
    for (int j = 0; j < a.cols; ++j) out(j) = a(i, j);
    return out;
}

inline dense_value differences(const dense_value& a) {
    return each(rows_of(a, 1, a.rows), rows_of(a, 0, a.rows - 1), [](double x, double y) { return x - y; });
}

/// Sums of the first entries of a vector, 1, 2, ... of them.
inline dense_value sums_so_far(const dense_value& a) {
    dense_value out = a;
    for (int i = 1; i < a.rows; ++i)
        for (int j = 0; j < a.cols; ++j) out(i, j) += out(i - 1, j);
    return out;
}

/// Columns from, ..., to - 1.
inline dense_value columns_of(const dense_value& a, int from, int to) {
    return transposed(rows_of(transposed(a), from, to));
}

/// Rows below each other, a vector as a row.
inline dense_value below(const dense_value& a, const dense_value& b) {
    const auto as_rows = [](const dense_value& v) { return v.rank == 2 ? v : dense_value{2, 1, v.entries(), v.data}; };
    dense_value out = as_rows(a);
    const dense_value more = as_rows(b);
    if (out.cols != more.cols) throw std::logic_error("rows of one matrix have one length");
    out.rows += more.rows;
    out.data.insert(out.data.end(), more.data.begin(), more.data.end());
    return out;
}

/// Entries behind each other; of matrices columns.
inline dense_value beside(const dense_value& a, const dense_value& b) {
    if (a.rank == 2) return transposed(below(transposed(a), transposed(b)));
    std::vector<double> all = a.data;
    all.insert(all.end(), b.data.begin(), b.data.end());
    return vector_value(all);
}

/// The algebra that the formulas in the atoms' own files are written with.
struct dense_algebra {
    using value = dense_value;
    static value abs(const value& a) {
        return each(a, [](double v) { return std::abs(v); });
    }
    static value pos(const value& a) {
        return each(a, [](double v) { return std::max(v, 0.0); });
    }
    static value square(const value& a) {
        return each(a, [](double v) { return v * v; });
    }
    static value sum(const value& a) { return scalar_value(total(a)); }
    static value largest(const value& a) { return scalar_value(*std::max_element(a.data.begin(), a.data.end())); }
    static value largest_over(const value& a, int dimension) {
        return over(a, dimension, [](double x, double y) { return std::max(x, y); });
    }
    static value maximum(const value& a, const value& b) {
        return each(a, b, [](double x, double y) { return std::max(x, y); });
    }
    static value multiply(const value& a, const value& b) { return product(a, b); }
    static value elementwise(const value& a, const value& b) {
        return each(a, b, [](double x, double y) { return x * y; });
    }
    static value sum_largest(const value& a, const value& k) {
        std::vector<double> sorted = a.data;
        std::sort(sorted.rbegin(), sorted.rend());
        double sum = 0;
        for (std::size_t i = 0; i < static_cast<std::size_t>(k.data[0]); ++i) sum += sorted[i];
        return scalar_value(sum);
    }
    static value number(double x) { return scalar_value(x); }
    static value add(const value& a, const value& b) {
        return each(a, b, [](double x, double y) { return x + y; });
    }
    static value negate(const value& a) {
        return each(a, [](double v) { return -v; });
    }
    static value transpose(const value& a) { return transposed(a); }
    static value diff(const value& a) { return differences(a); }
    static value dot(const value& a, const value& b) {
        return sum(each(a, b, [](double x, double y) { return x * y; }));
    }
};

} // namespace optnet::test
