// SPDX-License-Identifier: Apache-2.0
#pragma once

// Random operands with marked padding and the bookkeeping of errors against bounds, for the tests of the kernels.

#include "../catch.hpp"

#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace kernel_test {

using optnet::solver::cpu::dense;
using optnet::solver::cpu::kernels;
using index_t = std::int64_t;

inline const std::vector<index_t> sizes{0, 1, 2, 3, 5, 7, 8, 9, 16, 17, 23, 24, 25, 31, 33, 64, 65, 72, 73, 100, 101};

/// A rows x cols matrix inside a buffer with an odd row distance and marked padding.
template <class T> struct matrix {
    index_t rows, cols, ld;
    std::vector<T> data;
    static constexpr T mark = T(12345);

    matrix(index_t r, index_t c)
        : rows(r), cols(c), ld(c % 2 == 0 ? c + 3 : c + 2), data(static_cast<std::size_t>(r * ld + 1), mark) {}
    T& operator()(index_t i, index_t j) { return data[static_cast<std::size_t>(i * ld + j)]; }
    const T& operator()(index_t i, index_t j) const { return data[static_cast<std::size_t>(i * ld + j)]; }
    T* at() { return data.data(); }
    const T* at() const { return data.data(); }
    bool padding_untouched() const {
        for (index_t i = 0; i < rows; ++i)
            for (index_t j = cols; j < ld; ++j)
                if ((*this)(i, j) != mark) return false;
        return data.back() == mark;
    }
};

inline std::mt19937_64 generator(20240311);

template <class T> T uniform() { return static_cast<T>(std::uniform_real_distribution<double>(-1, 1)(generator)); }

template <class T> matrix<T> random_matrix(index_t rows, index_t cols) {
    matrix<T> m(rows, cols);
    for (index_t i = 0; i < rows; ++i)
        for (index_t j = 0; j < cols; ++j) m(i, j) = uniform<T>();
    return m;
}

template <class T> std::vector<T> random_vector(index_t n) {
    std::vector<T> v(static_cast<std::size_t>(n));
    for (T& x : v) x = uniform<T>();
    return v;
}

/// A lower triangle with diagonal in [2, 4]; above it NaN, which no kernel may read.
template <class T> matrix<T> random_triangle(index_t n) {
    matrix<T> L = random_matrix<T>(n, n);
    for (index_t i = 0; i < n; ++i)
        for (index_t j = 0; j < n; ++j)
            L(i, j) = j < i    ? L(i, j) / static_cast<T>(std::sqrt(static_cast<double>(n)))
                      : j == i ? T(3) + L(i, j)
                               : std::numeric_limits<T>::quiet_NaN();
    return L;
}

/// The largest error in units of its bound.
class worst {
public:
    void add(long double error, long double bound) {
        if (!(std::abs(error) <= bound))
            ratio = std::max(ratio, bound > 0 && error == error ? std::abs(error) / bound : HUGE_VALL);
    }
    long double ratio = 0;
};

template <class T> constexpr long double u = std::numeric_limits<T>::epsilon() / 2;

template <class F> void each_table(const F& f) {
    for (const char* name : {"portable", "avx2", "avx512"}) {
        INFO(name);
        if (const auto* k = dense<double>(name)) f(*k, double());
        if (const auto* k = dense<float>(name)) f(*k, float());
    }
}

} // namespace kernel_test
