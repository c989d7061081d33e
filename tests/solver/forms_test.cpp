// SPDX-License-Identifier: Apache-2.0
// The choice of the linear algebra, and that both choices give the same.

#include "catch.hpp"
#include "models.hpp"
#include "solver/factorization.hpp"
#include "solver/plan.hpp"

#include <set>

using namespace problems;
using solver::block_kind;

namespace {

std::vector<double> derivative(const dense<double>& d, const answer<double>& a) {
    const view<double> v(d);
    const std::vector<double> ones(a.z.size(), 1.0);
    std::vector<double> found(a.z.size());
    solver::kkt_solve<double>(v.batch, *a.kept, 1, {ones.data(), nullptr, nullptr}, {found.data(), nullptr, nullptr});
    return found;
}

} // namespace

TEST_CASE("the choice depends on sizes, structure and sharing") {
    const auto chosen = [](int n, int p, int m) { return make_plan(solver::dense_structure(n, p, m), false).chosen; };
    CHECK(chosen(100, 0, 100) == solver::form::dual);
    CHECK(chosen(100, 50, 50) == solver::form::dual);
    CHECK(chosen(10, 0, 2000) == solver::form::primal);
    CHECK(chosen(1000, 0, 4001) == solver::form::primal); // R would not fit
    // A set-up that the batch shares weighs less.
    const solver::structure s = solver::dense_structure(300, 0, 10);
    CHECK(make_plan(s, true).dual.set_up == make_plan(s, false).dual.set_up);
    CHECK(make_plan(s, true).dual.per_problem < make_plan(s, true).dual.set_up);
}

TEST_CASE("matrices that the batch shares are packed and factored once") {
    for (const bool shared : {true, false}) {
        const answer<double> a = solve(random(6, 2, 8, 5, shared, 1), {}, 2);
        std::set<const solver::set_up*> different;
        for (const auto& entry : a.kept->elements) different.insert(entry.matrices.get());
        CHECK(different.count(nullptr) == 0);
        CHECK(different.size() == (shared ? 1 : 5));
    }
}

TEST_CASE("diagonal Q and bounds are estimated as what they are") {
    const int n = 200;
    model x;
    x.shape.n = x.shape.m = n;
    x.add(solver::matrix::Q, block_kind::identity, 0, 0, n, n, 1);
    x.add(solver::matrix::G, block_kind::identity, 0, 0, n, n, -1);
    x.shape.groups = {{solver::row_kind::bound, 0, n, -1, false}};
    const solver::plan structured = make_plan(x.shape, false),
                       plain = make_plan(solver::dense_structure(n, 0, n), false);
    CHECK(structured.dual.set_up < 1e-3 * plain.dual.set_up);
    CHECK(structured.primal.per_problem < plain.primal.per_problem);
}

TEST_CASE("many more rows than R has room for: form P finds what form D finds without the distant rows") {
    const int n = 10, near = 40, rows = 5000;
    REQUIRE(make_plan(solver::dense_structure(n, 2, near), false).chosen == solver::form::dual);
    REQUIRE(make_plan(solver::dense_structure(n, 2, rows), false).chosen == solver::form::primal);
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        const dense<double> few = random(n, 2, near, 1, true, seed);
        dense<double> many = random(n, 2, rows, 1, true, seed + 100);
        many.Q = few.Q;
        many.q = few.q;
        many.A = few.A;
        many.b = few.b;
        std::copy(few.G.begin(), few.G.end(), many.G.begin());
        std::copy(few.h.begin(), few.h.end(), many.h.begin());
        for (int i = near; i < rows; ++i) many.hat(0, i) = 1e3;
        const answer<double> a = solve(few), b = solve(many);
        CAPTURE(seed);
        REQUIRE(a.at(0) == status::solved);
        REQUIRE(b.at(0) == status::solved);
        const std::vector<double> da = derivative(few, a), db = derivative(many, b);
        for (std::size_t j = 0; j < static_cast<std::size_t>(n); ++j) {
            CHECK(std::abs(a.z[j] - b.z[j]) <= 1e-9 * (1 + std::abs(a.z[j])));
            CHECK(std::abs(da[j] - db[j]) <= 1e-8 * (1 + std::abs(da[j])));
        }
        for (std::size_t i = near; i < rows; ++i) CHECK(b.lambda[i] == 0);
    }
}
