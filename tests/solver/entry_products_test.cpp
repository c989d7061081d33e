// SPDX-License-Identifier: Apache-2.0
// Products of vectors at the places of a sparse block, against sums in long double.

#include "catch.hpp"
#include "optnet/solver/entry_products.hpp"
#include "outer_example.hpp"

using namespace problems;

namespace {

/// Rows with no entry, with all of them, and with some.
solver::entry_list some_places(std::int64_t rows, std::int64_t cols, numbers& draw) {
    solver::entry_list places;
    places.row_start.push_back(0);
    for (std::int64_t i = 0; i < rows; ++i) {
        for (std::int64_t j = 0; j < cols && i % 5 != 3; ++j)
            if (i % 5 == 1 || draw.uniform() < 0.5) places.col.push_back(static_cast<int>(j));
        places.row_start.push_back(static_cast<int>(places.col.size()));
    }
    return places;
}

template <class T>
std::vector<T> run(const solver::outer_product<T>& of, const solver::entry_list& places, std::int64_t batch,
                   int threads) {
    std::vector<T> out(places.col.size() * static_cast<std::size_t>(of.shared ? 1 : batch),
                       std::numeric_limits<T>::quiet_NaN());
    solver::entry_products<T>({of.u, of.x, of.v, of.y, &places, of.scale, of.shared, out.data()}, batch, threads);
    return out;
}

template <class T> void check(std::int64_t batch, std::int64_t rows, std::int64_t cols, bool two, bool shared) {
    CAPTURE(batch, rows, cols, two, shared, sizeof(T));
    numbers draw(static_cast<std::uint64_t>(100 * rows + cols));
    outer_example<T> x(batch, rows, cols, two, T(-0.5), shared, false, draw);
    const solver::entry_list places = some_places(rows, cols, draw);
    const std::vector<T> found = run(x.product, places, batch, 1);
    CHECK(run(x.product, places, batch, 3) == found);
    // The example's matrix with what was found in its places, and the product itself in the others.
    solver::outer_products<T>({x.product}, batch, 1);
    std::size_t next = 0;
    for (std::int64_t k = 0; k < (shared ? 1 : batch); ++k)
        for (std::int64_t i = 0; i < rows; ++i)
            for (int e = places.row_start[static_cast<std::size_t>(i)];
                 e < places.row_start[static_cast<std::size_t>(i) + 1]; ++e)
                x.out[static_cast<std::size_t>((k * rows + i) * cols + places.col[static_cast<std::size_t>(e)])] =
                    found[next++];
    REQUIRE(next == found.size());
    CHECK(share_of_bound(x.product, batch) <= 1);
}

} // namespace

TEST_CASE("entries of products, added up over a batch or of each problem") {
    for (const std::int64_t batch : {1, 2, 9, 300})
        for (const auto& [rows, cols] : {std::pair{1, 1}, {3, 7}, {20, 5}, {40, 33}})
            for (const bool two : {false, true})
                for (const bool shared : {false, true}) {
                    check<double>(batch, rows, cols, two, shared);
                    check<float>(batch, rows, cols, two, shared);
                }
}

TEST_CASE("nothing to add up: zeros, and no entries") {
    numbers draw(2);
    outer_example<double> none(1, 4, 3, false, 1.0, true, false, draw);
    const solver::entry_list places = some_places(4, 3, draw), empty{{0, 0, 0, 0, 0}, {}};
    REQUIRE_FALSE(places.col.empty());
    for (const double value : run(none.product, places, 0, 2)) CHECK(value == 0);
    CHECK(run(none.product, empty, 1, 2).empty());
}

TEST_CASE("the entries of a symmetric matrix are symmetric to the bit") {
    constexpr int n = 12;
    constexpr std::int64_t batch = 31;
    numbers draw(3);
    outer_example<double> x(batch, n, n, false, -0.5, true, false, draw);
    solver::outer_product<double> of = x.product; // d z' + z d'
    of.v = of.x;
    of.y = of.u;
    solver::entry_list all;
    all.row_start.push_back(0);
    for (int i = 0; i < n; ++i) {
        for (int j = 0; j < n; ++j) all.col.push_back(j);
        all.row_start.push_back(n * (i + 1));
    }
    CHECK(symmetric(run(of, all, batch, 2).data(), n));
}
