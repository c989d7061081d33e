// SPDX-License-Identifier: Apache-2.0
// Sparse problems with matrices of their own in lanes: as each is alone, whatever its neighbours are; and what the
// gradient needs of degenerate ones there.

#include "catch.hpp"
#include "other_forms.hpp"
#include "own_model.hpp"
#include "solver/algorithm/active_rows.hpp"
#include "solver/factorization.hpp"
#include "sparse_batches.hpp"
#include "sparse_models.hpp"

#include <limits>

using namespace problems;

namespace {

double distance(const std::vector<double>& a, std::int64_t i, const std::vector<double>& b, int count) {
    double worst = 0, size = 1;
    for (int k = 0; k < count; ++k) {
        worst = std::max(worst, std::abs(a[at(i * count + k)] - b[at(k)]));
        size = std::max(size, std::abs(b[at(k)]));
    }
    return worst / size;
}

} // namespace

TEST_CASE("own sparse matrices: every kind of model, with its gradient, as each problem alone") {
    struct {
        const char *name, *which;
        model made;
        double spread;
        bool regular; ///< the solution moves smoothly with the numbers
    } models[] = {{"total variation", "G", denoising(100, 21, 13, 3), 0.5, true},
                  {"simplex", "A", simplex(300, 21, 4), 0.5, true},
                  {"chain", "Q", chain(2, 21, 5), 0.01, true},
                  {"portfolio, Q", "Q", portfolio(10, 21, 6, 1.0), 0.2, true},
                  {"portfolio, all", "QAG", portfolio(10, 21, 6, 1.0), 0.1, true},
                  {"portfolio without costs", "QAG", portfolio(10, 21, 6), 0.1, false}};
    for (auto& [title, which, made, spread, regular] : models) {
        own_model batch(made, which, spread);
        const int n = made.shape.n, m = made.shape.m;
        const answer<double> a = solve_by_other_forms(batch.all());
        REQUIRE(a.kept->lanes == solver::lanes_together);
        const std::vector<double> da = derivative_of(batch.all(), a);
        int lanes = 0;
        for (std::int64_t k = 0; k < made.batch; ++k) {
            CAPTURE(title, k, name(a.at(k)));
            REQUIRE(a.at(k) == status::solved);
            lanes += a.kept->elements[at(k)].in_lane ? 1 : 0;
            const answer<double> one = solve_by_other_forms(batch.some(k, 1));
            REQUIRE(one.at(0) == status::solved);
            // As with shared matrices (sparse_lanes_test.cpp); without costs a trade may be anything that the budget
            // leaves to within the tolerance, and only the weights w, the first half, are what they are.
            CHECK(distance(a.z, k * (regular ? 1 : 2), one.z, regular ? n : n / 2) <= 1e-6);
            if (!regular) continue;
            if (made.shape.p <= 1) CHECK(distance(a.lambda, k, one.lambda, m) <= 1e-6); // not unique in portfolios
            const solver::problem<double> same = batch.some(k, 1);
            CHECK(distance(forces_of(same, a, k), 0, forces_of(same, one, 0), n) <= 1e-6);
            // D of a row that is weakly active comes from a centre that is known to 1e-9 of its terms.
            const bool exact = a.kept->elements[at(k)].rows.ratios.empty();
            CHECK(distance(da, k, derivative_of(batch.some(k, 1), one), n) <= (exact ? 1e-9 : 1e-6));
        }
        CAPTURE(title, lanes);
        CHECK(lanes >= 18);
    }
}

TEST_CASE("own sparse matrices: bits do not depend on neighbours, places, the batch or the threads") {
    own_model plain(denoising(60, 19, 13, 3), "G", 0.5), moved(denoising(60, 19, 13, 3), "G", 0.5);
    const std::int64_t batch = plain.x.batch;
    const auto turn = [&](const std::vector<double>& from, std::vector<double>& to) {
        const auto size = static_cast<std::ptrdiff_t>(from.size()) / batch;
        for (std::int64_t k = 0; k < batch; ++k)
            std::copy_n(from.begin() + k * size, size, to.begin() + (batch - 1 - k) * size);
    };
    turn(plain.q, moved.q);
    for (std::size_t i = 0; i < plain.values.size(); ++i)
        if (plain.data[i].batch_stride > 0) turn(plain.values[i], moved.values[i]);
    check_bits_of(plain, moved);
}

TEST_CASE("own sparse matrices: those that are not numbers, not convex or in odd units leave their neighbours alone") {
    own_model plain(chain(2, 16, 5), "Q", 0.01), mixed(chain(2, 16, 5), "Q", 0.01);
    const int n = plain.x.shape.n, m = plain.x.shape.m;
    mixed.values[0][at(3 * n + 7)] = std::nan("");
    mixed.values[0][at(5 * n + 8)] = -1; // an entry of the diagonal
    mixed.values[0][at(9 * n + 10)] = 1e9;
    const answer<double> a = solve(plain.all()), b = solve(mixed.all());
    const std::vector<double> da = derivative_of(plain.all(), a), db = derivative_of(mixed.all(), b);
    for (std::int64_t k = 0; k < 16; ++k) {
        CAPTURE(k, name(b.at(k)));
        CHECK(b.at(k) == (k == 3 ? status::invalid_input : k == 5 ? status::nonconvex : status::solved));
        if (k == 3 || k == 5) {
            for (int i = 0; i < n; ++i) CHECK(db[at(k * n + i)] == 0);
        } else if (k == 9) {
            const answer<double> one = solve(mixed.some(k, 1));
            REQUIRE(one.at(0) == status::solved);
            CHECK(distance(b.z, k, one.z, n) <= 1e-6);
        } else {
            CHECK(same_bits(a.z, k, b.z, k, n));
            CHECK(same_bits(a.lambda, k, b.lambda, k, m));
            CHECK(same_bits(da, k, db, k, n));
        }
    }
}

TEST_CASE("own sparse matrices: float32 numbers are solved in double precision and rounded at the end") {
    own_model<float> narrow(denoising(60, 9, 13, 3), "G", 0.5);
    own_model<double> wide(denoising(60, 9, 13, 3), "G", 0.5);
    wide.q.assign(narrow.q.begin(), narrow.q.end());
    for (std::size_t i = 0; i < wide.values.size(); ++i)
        std::copy(narrow.values[i].begin(), narrow.values[i].end(), wide.values[i].begin());
    optnet::settings how;
    how.eps_abs = how.eps_rel = 1e-8;
    const answer<float> a = solve(narrow.all(), how);
    const answer<double> b = solve(wide.all(), how);
    for (std::size_t i = 0; i < a.z.size(); ++i) CHECK(a.z[i] == static_cast<float>(b.z[i]));
    for (std::int64_t k = 0; k < 9; ++k) CHECK(a.at(k) == status::solved);
}

TEST_CASE("the gradient's rows from a search in lanes are those from one alone") {
    model made = portfolio(10, 16, 6, 1.0);
    const solver::problem<double> batch = made.problem();
    const answer<double> a = solve(batch);
    const solver::operators data(batch, 0);
    solver::sparse_matrices form;
    REQUIRE(form.set_up(data, solver::analyse(made.shape), 1e-8));
    int degenerate = 0;
    for (std::int64_t k = 0; k < made.batch; ++k) {
        const solver::factorization::kept& entry = a.kept->elements[at(k)];
        CAPTURE(k);
        REQUIRE(entry.in_lane);
        solver::element e;
        e.load(batch, k, data, {}, 1e-8);
        solver::outcome done;
        done.x.resize(data);
        const auto scaled = [&](const std::vector<double>& from, const std::vector<double>& scale,
                                std::vector<double>& to) {
            for (std::size_t i = 0; i < to.size(); ++i) to[i] = from[at(k) * to.size() + i] / scale[i];
        };
        scaled(a.z, data.z_scale, done.x.z);
        scaled(a.nu, data.a_scale, done.x.nu);
        scaled(a.lambda, data.g_scale, done.x.lambda);
        for (int i = 0; i < made.shape.m; ++i)
            if (done.x.lambda[at(i)] > 0) done.basis.push_back(i);
        const solver::active_rows alone = decide_active_rows(e, form, {}, done);
        CHECK(entry.rows.rows == alone.rows);
        degenerate += entry.rows.degenerate ? 1 : 0;
    }
    CHECK(degenerate > 0);
}

TEST_CASE("own sparse matrices: the same numbers in every lane are those that all lanes share, bit by bit") {
    for (model x : {denoising(40, 1, 13, 3), portfolio(4, 1, 6, 1.0)}) {
        const solver::operators data(x.problem(), 0);
        const auto pattern = solver::analyse(x.shape);
        solver::sparse_matrices shared;
        REQUIRE(shared.set_up(data, pattern, 1e-8));
        solver::lane_matrices own;
        solver::lane_factor f[2];
        constexpr int lanes = solver::lanes_together;
        solver::lane_array work(at(shared.system().size * lanes), 0.0), packed(work);
        bool convex[lanes];
        own.resize(pattern);
        for (int l = 0; l < lanes; ++l) own.put(data, l);
        own.set_up(1e-8, convex, f[0], work);
        solver::lane_points found[2];
        for (int which = 0; which < 2; ++which) {
            const solver::cpu::lane_system s = which == 0 ? shared.system() : own.system();
            numbers draw(3);
            f[which].w.resize(at(s.m * lanes));
            for (double& w : f[which].w) w = draw.uniform() < 0.3 ? 0.0 : 0.1 + draw.uniform();
            f[which].factor(s, lanes, work);
            solver::lane_points right;
            right.resize(s, lanes);
            for (auto* v : {&right.z, &right.nu, &right.lambda})
                for (double& value : *v) value = draw.normal();
            found[which] = right;
            solver::lane_array gz(at(s.m * lanes));
            solver::cpu::sparse(true).solve(s, f[which].w.data(), f[which].l.data(), f[which].inverse.data(),
                                            right.view(), found[which].view(), gz.data(), packed.data());
        }
        for (const bool c : convex) CHECK(c);
        CHECK(found[0].z == found[1].z);
        CHECK(found[0].nu == found[1].nu);
        CHECK(found[0].lambda == found[1].lambda);
    }
}
