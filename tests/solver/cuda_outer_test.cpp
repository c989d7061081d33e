// SPDX-License-Identifier: Apache-2.0
// The GPU's products of vectors on the host, thread by thread, against sums in long double.

#include "catch.hpp"
#include "outer_example.hpp"
#include "solver/cuda/outer.hpp"

using namespace problems;
namespace cuda = optnet::solver::cuda;

namespace {

/// What the launches of outer.cu do.
template <class T> void run(const std::vector<solver::outer_product<T>>& all, std::int64_t batch, std::int64_t size) {
    std::vector<double> sums(cuda::outer_scratch(all, batch) / sizeof(double),
                             std::numeric_limits<double>::quiet_NaN());
    for (std::size_t from = 0; from < all.size(); from += cuda::most_products) {
        const auto shared = cuda::pick(all, from, batch, true), own = cuda::pick(all, from, batch, false);
        const cuda::run_plan plan = cuda::plan_runs(shared, batch);
        for (std::int64_t t = 0; t < plan.tiles && plan.whole; ++t) cuda::add_whole<cuda::warp>(shared, plan, t, 0);
        for (std::int64_t r = 0; r < plan.runs && !plan.whole; ++r)
            for (std::int64_t t = 0; t < plan.tiles; ++t) cuda::add_run<cuda::warp>(shared, plan, r, t, 0, sums.data());
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

template <class T> void check_sizes(std::int64_t batch, std::int64_t rows, std::int64_t cols) {
    CAPTURE(batch, rows, cols, sizeof(T));
    numbers draw(static_cast<std::uint64_t>(1000 * rows + cols));
    outer_example<T> sum(batch, rows, cols, true, T(-1), true, false, draw),
        own(batch, rows, cols, true, T(2), false, false, draw),
        single(batch, rows, cols, false, T(0.5), true, false, draw),
        square(batch, rows, rows, false, T(-2), true, true, draw);
    run<T>({sum.product, own.product, single.product, square.product}, batch, 96);
    for (const outer_example<T>* e : {&sum, &own, &single, &square}) CHECK(share_of_bound(e->product, batch) <= 1);
    CHECK(symmetric(square.out.data(), rows));
}

} // namespace

TEST_CASE("sums of products over a batch, and products of their own") {
    for (const std::int64_t batch : {1, 2, 9, 130, 300})
        for (const auto& [rows, cols] : {std::pair{1, 1}, {3, 7}, {10, 10}, {5, 33}, {40, 17}}) {
            check_sizes<double>(batch, rows, cols);
            check_sizes<float>(batch, rows, cols);
        }
    check_sizes<double>(9, 600, 500); // too many tiles for one launch
    check_sizes<double>(3000, 3, 4);  // so many runs that a warp adds each entry's up
    check_sizes<float>(3000, 3, 4);
}

TEST_CASE("nothing to add up") {
    numbers draw(1);
    outer_example<double> no_rows(3, 0, 4, true, 1, true, false, draw),
        empty_batch(0, 2, 3, true, 1, true, false, draw);
    run<double>({no_rows.product}, 3, 96);
    run<double>({empty_batch.product}, 0, 96);
    CHECK(empty_batch.out == std::vector<double>(6, 0.0));
}

TEST_CASE("more products than one launch takes") {
    numbers draw(2);
    std::vector<std::unique_ptr<outer_example<double>>> all;
    std::vector<solver::outer_product<double>> products;
    for (int i = 0; i < 2 * cuda::most_products + 3; ++i) {
        all.push_back(
            std::make_unique<outer_example<double>>(5, 1 + i % 4, 2 + i % 3, i % 2 == 0, 1.0, i % 3 > 0, false, draw));
        products.push_back(all.back()->product);
    }
    run(products, 5, 96);
    for (const auto& e : all) CHECK(share_of_bound(e->product, 5) <= 1);
}

TEST_CASE("u x' + x u' is symmetric to the bit, and so is the symmetric part of one problem's product") {
    numbers draw(3);
    constexpr std::int64_t n = 12;
    outer_example<double> own(4, n, n, false, -0.5, false, false, draw), one(1, n, n, false, 3.0, true, true, draw);
    own.product.v = {own.product.x.data, own.product.x.stride};
    own.product.y = {own.product.u.data, own.product.u.stride};
    run<double>({own.product}, 4, 96);
    run<double>({one.product}, 1, 96);
    for (std::int64_t k = 0; k < 4; ++k) CHECK(symmetric(own.out.data() + k * n * n, n));
    CHECK(symmetric(one.out.data(), n));
    CHECK(share_of_bound(own.product, 4) <= 1);
    CHECK(share_of_bound(one.product, 1) <= 1);
}
