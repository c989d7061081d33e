// SPDX-License-Identifier: Apache-2.0
// Zeros in plain matrices: what is found, that the same problem is solved, and that what is not finite still is said.

#include "catch.hpp"
#include "families.hpp"
#include "solver/detect.hpp"
#include "solver/factorization.hpp"
#include "sparse_models.hpp"

#include <cstring>
#include <limits>

using namespace problems;
using solver::block_kind;

namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

template <class T> bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

std::vector<double> derivative(const solver::problem<double>& batch, const answer<double>& a) {
    std::vector<double> d(a.z), ones(a.z.size(), 1.0);
    for (std::size_t i = 0; i < ones.size(); ++i) ones[i] += 0.1 * static_cast<double>(i % 7);
    solver::kkt_solve<double>(batch, *a.kept, 1, {ones.data(), nullptr, nullptr}, {d.data(), nullptr, nullptr});
    return d;
}

/// Every problem with matrices of its own, those of `x` but for what `change(d, k)` does to problem k.
template <class F> dense<double> own_matrices(const dense<double>& x, const F& change) {
    dense<double> d = zeros(x.n, x.p, x.m, x.batch, false);
    d.q = x.q;
    d.b = x.b;
    d.h = x.h;
    for (std::int64_t k = 0; k < x.batch; ++k) {
        std::copy(x.Q.begin(), x.Q.end(), d.Q.begin() + k * x.n * x.n);
        std::copy(x.A.begin(), x.A.end(), d.A.begin() + k * x.p * x.n);
        std::copy(x.G.begin(), x.G.end(), d.G.begin() + k * x.m * x.n);
        change(d, k);
    }
    return d;
}

} // namespace

TEST_CASE("what is diagonal, bounds or mostly zeros is found in plain matrices") {
    const dense<double> d = in_dense(simplex(200, 1, 1));
    const view<double> v(d);
    const auto seen = solver::detect(v.batch);
    REQUIRE(seen);
    REQUIRE(seen->shape.blocks.size() == 3);
    CHECK(seen->shape.blocks[0].kind == block_kind::diagonal);
    CHECK(seen->shape.blocks[1].kind == block_kind::dense);
    CHECK(seen->shape.blocks[2].kind == block_kind::sparse);
    CHECK(seen->shape.blocks[2].entries->col.size() == 200);
    CHECK(seen->shape.groups[0].kind == solver::row_kind::bound);
    CHECK(seen->data[1].data == d.A.data());
    CHECK(make_plan(seen->shape, true, false).chosen == solver::form::sparse);
    CHECK_NOTHROW(solver::check(seen->shape));
    // A diagonal Q and bounds are worth something where A is dense, too.
    const dense<double> rules = in_dense(mini_sudoku(16, 1));
    const view<double> boards(rules);
    const auto known = solver::detect(boards.batch);
    REQUIRE(known);
    CHECK(known->shape.blocks[0].kind == block_kind::diagonal);
    CHECK(known->shape.blocks[1].kind == block_kind::dense);
    CHECK(make_plan(known->shape, true).chosen == solver::form::dual);
}

TEST_CASE("nothing is looked for in small problems, in blocks that say what they are, and found in dense matrices") {
    const auto seen = [](const dense<double>& d) { return solver::detect(view<double>(d).batch) != nullptr; };
    CHECK_FALSE(seen(in_dense(simplex(20, 1, 1))));
    CHECK_FALSE(seen(random<double>(100, 0, 100, 16, true, 1)));
    CHECK_FALSE(seen(random<double>(100, 20, 100, 16, false, 1)));
    model x = simplex(1000, 1, 1);
    CHECK(solver::detect(x.problem()) == nullptr);
    CHECK_FALSE(solver::structure{}.plain);
    CHECK(solver::dense_structure(2, 1, 1).plain);
}

TEST_CASE("the solution and the gradient are those of the blocks, from whatever lies in memory how") {
    for (const model& x : {simplex(300, 2, 3), chain(1, 2, 4), portfolio(6, 2, 5), denoising(60, 9, 13, 2)}) {
        model blocks = x;
        const dense<double> d = in_dense(x);
        const view<double> v(d);
        REQUIRE(solver::detect(v.batch));
        const answer<double> a = solve(v.batch), b = solve(blocks.problem());
        for (std::int64_t k = 0; k < x.batch; ++k) {
            REQUIRE(a.at(k) == status::solved);
            CHECK(shares(d, a, k, 1e-8) <= 1 + 1e-6L);
        }
        // Both are within a hundredth of 1e-8, in practice exact on the same active rows.
        for (std::size_t i = 0; i < a.z.size(); ++i) CHECK(std::abs(a.z[i] - b.z[i]) <= 1e-9);
        const std::vector<double> da = derivative(v.batch, a), db = derivative(blocks.problem(), b);
        double size = 1;
        for (const double value : db) size = std::max(size, std::abs(value));
        for (std::size_t i = 0; i < da.size(); ++i) CHECK(std::abs(da[i] - db[i]) <= 1e-6 * size);

        // The same numbers by columns, and with -0 in place of 0: the same bits.
        dense<double> turned = d;
        for (int i = 0; i < d.m; ++i)
            for (int j = 0; j < d.n; ++j)
                turned.G[at(j) * at(d.m) + at(i)] = d.Gat(0, i, j) == 0 ? -0.0 : d.Gat(0, i, j);
        view<double> other(turned);
        other.data[2].row_stride = 1;
        other.data[2].col_stride = d.m;
        CHECK(same_bits(solve(other.batch).z, a.z));
    }
}

TEST_CASE("matrices of each problem's own are not looked at, but those of the only problem are") {
    const dense<double> x = in_dense(chain(1, 3, 6));
    const dense<double> d = own_matrices(x, [](dense<double>&, std::int64_t) {});
    CHECK(solver::detect(view<double>(d).batch) == nullptr);
    const dense<double> one = own_matrices(in_dense(chain(1, 1, 6)), [](dense<double>&, std::int64_t) {});
    const view<double> alone(one);
    REQUIRE(solver::detect(alone.batch));
    // Factors that were not kept are made again from what is found again.
    const answer<double> a = solve(alone.batch);
    REQUIRE(a.at(0) == status::solved);
    const std::vector<double> kept = derivative(alone.batch, a);
    for (auto& e : a.kept->elements) {
        e.matrices.reset();
        e.in_lane = false;
    }
    const std::vector<double> again = derivative(alone.batch, a);
    for (std::size_t i = 0; i < kept.size(); ++i)
        CHECK(std::abs(again[i] - kept[i]) <= 1e-10 * (1 + std::abs(kept[i])));
}

TEST_CASE("NaN and infinities among the zeros of a plain matrix are said of all who share it") {
    for (const double bad : {std::numeric_limits<double>::quiet_NaN(), HUGE_VAL}) {
        dense<double> shared = in_dense(chain(1, 4, 7));
        shared.Gat(0, 100, 7) = bad;
        const answer<double> none = solve(shared);
        for (std::int64_t k = 0; k < 4; ++k) CHECK(none.at(k) == status::invalid_input);
    }
}

TEST_CASE("matrices without a number: a linear program, and constraints that hold always or never") {
    // Q = 0 in a plain matrix, a box and a sum.
    dense<double> d = in_dense(simplex(120, 1, 8));
    std::fill(d.Q.begin(), d.Q.end(), 0.0);
    REQUIRE(solver::detect(view<double>(d).batch));
    answer<double> a = solve(d);
    REQUIRE(a.at(0) == status::solved);
    const auto least = static_cast<std::size_t>(std::min_element(d.q.begin(), d.q.end()) - d.q.begin());
    for (std::size_t j = 0; j < a.z.size(); ++j) CHECK(std::abs(a.z[j] - (j == least ? 1 : 0)) <= 1e-8);
    // G = 0: 0 <= h.
    d = in_dense(simplex(120, 1, 8));
    std::fill(d.G.begin(), d.G.end(), 0.0);
    std::fill(d.h.begin(), d.h.end(), 1.0);
    a = solve(d);
    REQUIRE(a.at(0) == status::solved);
    CHECK(shares(d, a, 0, 1e-8) <= 1 + 1e-6L);
    d.h[60] = -1;
    CHECK(solve(d).at(0) == status::primal_infeasible);
}
