// SPDX-License-Identifier: Apache-2.0
// The GPU's code on the host where problems are large: memory in two parts, and the set-up by a library; and who solves
// what.

#include "catch.hpp"
#include "claims.hpp"
#include "cuda/host.hpp"
#include "cuda/library.hpp"
#include "families.hpp"
#include "sizes.hpp"

using namespace problems;
namespace cuda = optnet::solver::cuda;
using cuda::handed_over;

namespace {

bool close(const std::vector<double>& a, const std::vector<double>& b, double relative) {
    for (std::size_t i = 0; i < a.size(); ++i)
        if (!(std::abs(a[i] - b[i]) <= relative * (1 + largest(b)))) return false;
    return a.size() == b.size();
}

/// Both sets of factors are exact to u times the condition, and the finish refines on the user's data: as in
/// cuda_test.cpp.
constexpr double rounding = 1e-11;

host::batch<double> by_library(const dense<double>& d) {
    const view<double> v(d);
    host::batch<double> b(v.batch, {});
    b.set_up_by(host::library());
    cuda::serial_team one;
    b.solve(one);
    return b;
}
host::batch<double> by_blocks(const dense<double>& d, std::size_t room = cuda::arena::unlimited) {
    const view<double> v(d);
    host::batch<double> b(v.batch, {}, std::numeric_limits<double>::quiet_NaN(), room);
    cuda::serial_team one;
    b.solve(one);
    return b;
}

/// True if a set is the library's work, and not that of a block which has done it again: the triangle that it spoils is
/// spoilt.
bool is_of_library(const cuda::matrices& of) { return of.n == 1 || std::isnan(of.panel[of.panel_rows()]); }

std::vector<double> gradient(host::batch<double>& b, const dense<double>& d) {
    const auto count = static_cast<std::size_t>(d.batch * d.n);
    std::vector<double> right(count), z(count, HUGE_VAL);
    for (std::size_t i = 0; i < count; ++i) right[i] = std::cos(static_cast<double>(i));
    cuda::serial_team one;
    b.kkt_solve(one, {right.data(), nullptr, nullptr}, {z.data(), nullptr, nullptr});
    return z;
}

} // namespace

TEST_CASE("an arena gives what does not fit from elsewhere, and counts as it gives") {
    for (const std::size_t room : {std::size_t{0}, std::size_t{16}, std::size_t{40}, cuda::arena::unlimited}) {
        std::vector<double> near(100), far(100);
        const auto take = [](cuda::arena& from) {
            return std::vector<double*>{from.take<double>(3), from.take<double>(1),
                                        reinterpret_cast<double*>(from.take<int>(1)), from.take<double>(0),
                                        from.take<double>(4)};
        };
        cuda::arena count(nullptr, room, nullptr), real(near.data(), room, far.data());
        for (const double* piece : take(count)) CHECK(piece == nullptr);
        const std::vector<double*> pieces = take(real);
        CHECK(real.bytes() == count.bytes());
        CHECK(real.far_bytes() == count.far_bytes());
        CHECK(real.bytes() <= room);
        CHECK(real.bytes() + real.far_bytes() == 72);
        // No two of them share a word.
        const std::size_t words[] = {3, 1, 1, 0, 4};
        double mark = 0;
        for (std::size_t i = 0; i < pieces.size(); ++i)
            for (std::size_t w = 0; w < words[i]; ++w) pieces[i][w] = ++mark;
        mark = 0;
        for (std::size_t i = 0; i < pieces.size(); ++i)
            for (std::size_t w = 0; w < words[i]; ++w) CHECK(pieces[i][w] == ++mark);
    }
}

TEST_CASE("where the memory of a problem lies changes no bit") {
    for (const auto& [n, p, m] : {std::array{10, 2, 15}, std::array{30, 0, 40}, std::array{12, 5, 3}}) {
        const dense<double> d = random(n, p, m, 2, false, 3);
        host::batch<double> whole = by_blocks(d);
        const std::vector<double> expected = gradient(whole, d);
        const std::size_t all = cuda::element_memory(n, p, m, cuda::arena::unlimited).near;
        for (const std::size_t room : {std::size_t{0}, std::size_t{100}, all / 2, all - 8, all}) {
            CAPTURE(n, p, m, room);
            const cuda::memory_split split = cuda::element_memory(n, p, m, room);
            CHECK(split.near <= room);
            CHECK(split.near + split.far == all);
            CHECK((split.far == 0) == (room >= all));
            host::batch<double> b = by_blocks(d, room);
            CHECK(b.out.z == whole.out.z);
            CHECK(b.out.lambda == whole.out.lambda);
            CHECK(b.out.status == whole.out.status);
            CHECK(gradient(b, d) == expected);
        }
    }
}

TEST_CASE("a library's set-up is that of a block, to rounding") {
    for (const bool shared : {true, false})
        for (const auto& [n, p, m] : {std::array{1, 0, 1}, std::array{9, 0, 12}, std::array{20, 7, 25},
                                      std::array{15, 15, 4}, std::array{8, 3, 0}, std::array{40, 11, 60}}) {
            CAPTURE(shared, n, p, m);
            const dense<double> d = random(n, p, m, 3, shared, 5);
            host::batch<double> a = by_blocks(d), b = by_library(d);
            for (std::int64_t k = 0; k < (shared ? 1 : d.batch); ++k) {
                const cuda::matrices x = a.set(k), y = b.set(k);
                REQUIRE(x.verdict() == cuda::usable::yes);
                REQUIRE(y.verdict() == cuda::usable::yes);
                CHECK(is_of_library(y));
                double r_size = 0, apart = 0;
                bool symmetric = true;
                for (int i = 0; i < m; ++i)
                    for (int j = 0; j < m; ++j) {
                        r_size = std::max(r_size, std::abs(x.r[j * m + i]));
                        apart = std::max(apart, std::abs(x.r[j * m + i] - y.r[j * m + i]));
                        symmetric = symmetric && y.r[j * m + i] == y.r[i * m + j];
                    }
                CHECK(apart <= 1e-11 * r_size);
                CHECK(symmetric);
            }
            CHECK(a.out.status == b.out.status);
            CHECK(close(b.out.z, a.out.z, rounding));
            CHECK(close(b.out.nu, a.out.nu, rounding));
            CHECK(close(b.out.lambda, a.out.lambda, rounding));
            CHECK(close(gradient(b, d), gradient(a, d), rounding));
        }
}

TEST_CASE("with a library every family ends as with blocks") {
    for (int which = 0; which < static_cast<int>(families.size()); ++which)
        for (std::uint64_t seed = 1; seed <= 2; ++seed) {
            const family& f = families[static_cast<std::size_t>(which)];
            CAPTURE(which, f.name, seed);
            const dense<double> d = make(which, seed);
            const host::batch<double> a = by_blocks(d), b = by_library(d);
            CHECK(a.out.status == b.out.status);
            CHECK(a.handed == b.handed);
            if (a.out.at(0) != status::solved) continue;
            CHECK(shares(d, b.out, 0, 1e-8) <= 1 + 1e-6L);
            if (f.unique) CHECK(close(b.out.z, a.out.z, rounding));
        }
}

TEST_CASE("a set that the library cannot factor is its own affair") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const dense<double> good = random(12, 3, 10, 4, false, 6);
    const host::batch<double> expected = by_library(good);
    const auto change = [&](auto spoil) {
        dense<double> d = good;
        spoil(d);
        const host::batch<double> a = by_blocks(d), b = by_library(d);
        CHECK(a.out.status == b.out.status);
        CHECK(a.handed == b.handed);
        for (const std::size_t k : {0u, 1u, 3u}) // neighbours, bit for bit
            for (std::size_t j = 0; j < 12; ++j) CHECK(b.out.z[k * 12 + j] == expected.out.z[k * 12 + j]);
        return b.out.at(2);
    };
    CHECK(change([&](auto& d) { d.Qat(2, 1, 2) = nan; }) == status::invalid_input);
    CHECK(change([&](auto& d) { d.Gat(2, 1, 2) = HUGE_VAL; }) == status::invalid_input);
    CHECK(change([&](auto& d) { d.Qat(2, 0, 0) = -1; }) == status::nonconvex);
    CHECK(change([&](auto& d) { d.Qat(2, 11, 11) = -1; }) == status::nonconvex);
    change([&](auto& d) { // singular
        for (int j = 0; j < 12; ++j) d.Qat(2, 4, j) = d.Qat(2, j, 4) = 0;
    });
    change([&](auto& d) { // dependent equalities
        for (int j = 0; j < 12; ++j) d.Aat(2, 2, j) = d.Aat(2, 0, j);
    });
}

TEST_CASE("more equalities than variables, by a library") {
    dense<double> d = random(4, 0, 3, 2, true, 2), more = zeros(4, 6, 3, 2, true);
    more.Q = d.Q;
    more.G = d.G;
    more.q = d.q;
    more.h = d.h;
    for (int i = 0; i < 6; ++i) more.Aat(0, i, i % 4) = 1;
    const host::batch<double> a = by_blocks(more), b = by_library(more);
    CHECK(a.out.status == b.out.status);
    CHECK(a.handed == b.handed);
}

TEST_CASE("problems beyond shared memory are solved as on the CPU") {
    for (const auto& [n, p, m, shared] :
         {std::tuple{300, 0, 300, true}, std::tuple{260, 40, 320, false}, std::tuple{400, 10, 30, true}}) {
        CAPTURE(n, p, m, shared);
        REQUIRE(cuda::by_libraries(n, p, m, cuda::least_shared_memory));
        const dense<double> d = random(n, p, m, 2, shared, 7);
        const view<double> v(d);
        host::batch<double> b(v.batch, {}, std::numeric_limits<double>::quiet_NaN(), cuda::least_shared_memory);
        b.set_up_by(host::library());
        CHECK(is_of_library(b.set(0)));
        cuda::serial_team one;
        b.solve(one);
        const answer<double> a = solve(d);
        for (std::int64_t k = 0; k < d.batch; ++k) {
            REQUIRE(b.out.at(k) == status::solved);
            CHECK(b.handed_over(k) == handed_over::no);
            CHECK(shares(d, b.out, k, 1e-8) <= 1 + 1e-6L);
        }
        CHECK(close(b.out.z, a.z, rounding));
        CHECK(close(b.out.nu, a.nu, rounding));
        CHECK(close(b.out.lambda, a.lambda, rounding));
        // d_z of the system with the right-hand side cos(i), as the CPU has it.
        const auto count = static_cast<std::size_t>(d.batch * d.n);
        std::vector<double> right(count), z(count);
        for (std::size_t i = 0; i < count; ++i) right[i] = std::cos(static_cast<double>(i));
        const solver::kkt_vectors<const double> r{right.data(), nullptr, nullptr};
        solver::kkt_solve<double>(v.batch, *a.kept, 1, r, {z.data(), nullptr, nullptr});
        CHECK(close(gradient(b, d), z, 1e-10));
    }
}

TEST_CASE("sizes say who solves, and whether a library factors") {
    using cuda::mapping;
    constexpr int processors = 132;
    CHECK(cuda::choose_mapping(8, 2, 8, 100000, processors) == mapping::per_thread);
    CHECK(cuda::choose_mapping(8, 2, 8, 128, processors) == mapping::per_warp); // too few to fill the GPU by threads
    CHECK(cuda::choose_mapping(8, 9, 8, 100000, processors) == mapping::per_warp);
    CHECK(cuda::choose_mapping(32, 32, 32, 100000, processors) == mapping::per_warp);
    CHECK(cuda::choose_mapping(33, 0, 8, 100000, processors) == mapping::per_block);
    CHECK(cuda::choose_mapping(8, 0, 33, 100000, processors) == mapping::per_block);
    CHECK_FALSE(cuda::by_libraries(100, 50, 100, cuda::least_shared_memory));
    CHECK_FALSE(cuda::by_libraries(180, 0, 180, cuda::least_shared_memory));
    CHECK(cuda::by_libraries(200, 0, 200, cuda::least_shared_memory)); // the triangle alone is 157 KB
    CHECK(cuda::by_libraries(1000, 0, 5, cuda::least_shared_memory));
    // Four warps, or 32 threads, of the largest of their problems fit into a block.
    CHECK(4 * cuda::element_memory(32, 32, 32, cuda::arena::unlimited).near <= cuda::least_shared_memory);
    CHECK(32 * (cuda::element_memory(8, 8, 8, cuda::arena::unlimited).near + 8) <= cuda::least_shared_memory);
}
