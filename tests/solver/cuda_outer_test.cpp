// SPDX-License-Identifier: Apache-2.0
// The GPU's products of vectors on the host, thread by thread, against sums in long double. The bound is that of a sum
// of k products in any order, (k + 3) u sum |a||b| (Higham, Accuracy and Stability, 3.1).

#include "catch.hpp"
#include "problems.hpp"
#include "solver/cuda/outer.hpp"

#include <limits>

using namespace problems;
namespace cuda = optnet::solver::cuda;

namespace {

/// u, x, v, y [batch, stride of each], and the matrix that they make.
template <class T> struct example {
    std::vector<T> u, x, v, y, out;
    solver::outer_product<T> product;

    example(std::int64_t batch, std::int64_t rows, std::int64_t cols, bool two, T scale, bool shared, bool symmetric,
            numbers& draw) {
        const auto vectors = [&](std::int64_t stride) {
            std::vector<T> made(static_cast<std::size_t>(batch * stride));
            for (T& value : made) value = static_cast<T>(draw.normal());
            return made;
        };
        const std::int64_t wide = cols + 3; // rows of something longer
        u = vectors(rows);
        x = vectors(wide);
        if (two) v = vectors(rows), y = vectors(wide);
        const std::int64_t entries = rows * cols * (shared ? 1 : batch);
        out.assign(static_cast<std::size_t>(entries), std::numeric_limits<T>::quiet_NaN());
        product = {{u.data(), rows}, {x.data(), wide}, {}, {}, rows, cols, scale, shared, symmetric, out.data()};
        if (two) product.v = {v.data(), rows}, product.y = {y.data(), wide};
    }
    example(const example&) = delete;
    example& operator=(const example&) = delete;
};

/// What the launches of outer.cu do.
template <class T> void run(const std::vector<solver::outer_product<T>>& all, std::int64_t batch, std::int64_t size) {
    std::vector<double> sums(cuda::outer_scratch(all, batch) / sizeof(double),
                             std::numeric_limits<double>::quiet_NaN());
    for (std::size_t from = 0; from < all.size(); from += cuda::most_products) {
        const auto shared = cuda::pick(all, from, batch, true), own = cuda::pick(all, from, batch, false);
        const cuda::run_plan plan = cuda::plan_runs(shared, batch);
        for (std::int64_t r = 0; r < plan.runs; ++r)
            for (std::int64_t t = 0; t < plan.tiles; ++t) cuda::add_run(shared, plan, r, t, sums.data());
        cuda::serial_team one;
        for (std::int64_t t = 0; t < plan.entries; ++t) {
            if (plan.runs <= cuda::few_runs)
                cuda::add_few(shared, plan, t, sums.data());
            else
                cuda::add_many(one, shared, plan, t, sums.data());
        }
        for (int i = 0; i < own.count; ++i)
            for (std::int64_t k = 0; k < batch; ++k)
                for (std::int64_t rank = 0; rank < size; ++rank) cuda::write_product(own.of[i], k, rank, size);
    }
}

/// The largest error as a share of its bound; infinite where an entry is not a number.
template <class T> long double share_of_bound(const solver::outer_product<T>& p, std::int64_t batch) {
    long double most = 0;
    const auto term = [](const solver::rows_view<T>& left, const solver::rows_view<T>& right, std::int64_t k,
                         std::int64_t i, std::int64_t j) {
        return left.data == nullptr ? 0.0L
                                    : static_cast<long double>(left.data[k * left.stride + i]) *
                                          static_cast<long double>(right.data[k * right.stride + j]);
    };
    const std::int64_t count = p.shared ? batch : 1;
    const auto terms = static_cast<long double>((p.v.data == nullptr ? 1 : 2) * (p.symmetric ? 2 : 1) * count);
    for (std::int64_t first = 0; first < (p.shared ? 1 : batch); ++first)
        for (std::int64_t i = 0; i < p.rows; ++i)
            for (std::int64_t j = 0; j < p.cols; ++j) {
                long double sum = 0, size = 0;
                const auto add = [&](long double value) { sum += value, size += std::abs(value); };
                const long double weight = p.symmetric ? 0.5L : 1.0L;
                for (std::int64_t k = first; k < first + count; ++k)
                    for (int mirrored = 0; mirrored < (p.symmetric ? 2 : 1); ++mirrored) {
                        const std::int64_t row = mirrored == 0 ? i : j, col = mirrored == 0 ? j : i;
                        add(weight * term(p.u, p.x, k, row, col));
                        add(weight * term(p.v, p.y, k, row, col));
                    }
                const long double found = p.out[(first * p.rows + i) * p.cols + j];
                const long double scale = p.scale, error = std::abs(found - scale * sum);
                const long double bound =
                    (terms + 3) * static_cast<long double>(std::numeric_limits<T>::epsilon()) * std::abs(scale) * size;
                if (!(error <= bound)) return std::numeric_limits<long double>::infinity();
                if (bound > 0) most = std::max(most, error / bound);
            }
    return most;
}

template <class T> void check_sizes(std::int64_t batch, std::int64_t rows, std::int64_t cols) {
    CAPTURE(batch, rows, cols, sizeof(T));
    numbers draw(static_cast<std::uint64_t>(1000 * rows + cols));
    example<T> sum(batch, rows, cols, true, T(-1), true, false, draw),
        own(batch, rows, cols, true, T(2), false, false, draw),
        single(batch, rows, cols, false, T(0.5), true, false, draw),
        square(batch, rows, rows, false, T(-2), true, true, draw);
    run<T>({sum.product, own.product, single.product, square.product}, batch, 96);
    for (const example<T>* e : {&sum, &own, &single, &square}) CHECK(share_of_bound(e->product, batch) <= 1);
    for (std::int64_t i = 0; i < rows; ++i)
        for (std::int64_t j = 0; j < i; ++j)
            if (square.product.out[i * rows + j] != square.product.out[j * rows + i]) FAIL_CHECK("not symmetric");
}

} // namespace

TEST_CASE("sums of products over a batch, and products of their own") {
    for (const std::int64_t batch : {1, 2, 9, 130})
        for (const auto& [rows, cols] : {std::pair{1, 1}, {3, 7}, {10, 10}, {5, 33}, {40, 17}}) {
            check_sizes<double>(batch, rows, cols);
            check_sizes<float>(batch, rows, cols);
        }
    check_sizes<double>(3000, 3, 4); // so many runs that a warp adds each entry's up
    check_sizes<float>(3000, 3, 4);
}

TEST_CASE("nothing to add up") {
    numbers draw(1);
    example<double> no_rows(3, 0, 4, true, 1, true, false, draw), empty_batch(0, 2, 3, true, 1, true, false, draw);
    run<double>({no_rows.product}, 3, 96);
    run<double>({empty_batch.product}, 0, 96);
    CHECK(empty_batch.out == std::vector<double>(6, 0.0));
}

TEST_CASE("more products than one launch takes") {
    numbers draw(2);
    std::vector<std::unique_ptr<example<double>>> all;
    std::vector<solver::outer_product<double>> products;
    for (int i = 0; i < 2 * cuda::most_products + 3; ++i) {
        all.push_back(
            std::make_unique<example<double>>(5, 1 + i % 4, 2 + i % 3, i % 2 == 0, 1.0, i % 3 > 0, false, draw));
        products.push_back(all.back()->product);
    }
    run(products, 5, 96);
    for (const auto& e : all) CHECK(share_of_bound(e->product, 5) <= 1);
}

TEST_CASE("u x' + x u' is symmetric to the bit, and so is the symmetric part of one problem's product") {
    numbers draw(3);
    constexpr std::int64_t n = 12;
    example<double> own(4, n, n, false, -0.5, false, false, draw), one(1, n, n, false, 3.0, true, true, draw);
    own.product.v = {own.product.x.data, own.product.x.stride};
    own.product.y = {own.product.u.data, own.product.u.stride};
    run<double>({own.product}, 4, 96);
    run<double>({one.product}, 1, 96);
    for (std::int64_t k = 0; k < 5; ++k) {
        const double* const matrix = k < 4 ? own.out.data() + k * n * n : one.out.data();
        for (std::int64_t i = 0; i < n; ++i)
            for (std::int64_t j = 0; j < n; ++j) CHECK(matrix[i * n + j] == matrix[j * n + i]);
    }
    CHECK(share_of_bound(own.product, 4) <= 1);
    CHECK(share_of_bound(one.product, 1) <= 1);
}
