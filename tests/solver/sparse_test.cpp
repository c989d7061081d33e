// SPDX-License-Identifier: Apache-2.0
// The sparse form: its choice, its answers against closed forms and the oracle, its statuses and its gradients.

#include "as_form_d.hpp"
#include "catch.hpp"
#include "derivative.hpp"
#include "hard_families.hpp"
#include "other_forms.hpp"
#include "solver/algorithm/interior_point.hpp"
#include "solver/algorithm/road.hpp"
#include "solver/algorithm/sparse_form.hpp"
#include "solver/factorization.hpp"
#include "solver/plan.hpp"
#include "sparse_models.hpp"

#include <cstring>
#include <functional>

using namespace problems;
using reference::real;
using solver::block_kind;

namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Simplices are for form B, but say much about this one.
bool sparse(const model& x) { return make_plan(x.shape, true, false).chosen == solver::form::sparse; }

std::vector<double> derivative_of(const solver::problem<double>& batch, const answer<double>& a,
                                  const std::vector<double>& g, int threads = 1) {
    std::vector<double> d(a.z);
    solver::kkt_solve<double>(batch, *a.kept, threads, {g.data(), nullptr, nullptr}, {d.data(), nullptr, nullptr});
    return d;
}

/// argmin 1/2 |z + q|^2 over the probability simplex: max(0, -q - t) with the t that makes the sum 1 (Held, Wolfe and
/// Crowder 1974). In long double.
std::vector<real> project(const double* q, int n) {
    std::vector<real> v(q, q + n);
    for (real& x : v) x = -x;
    std::vector<real> sorted = v;
    std::sort(sorted.begin(), sorted.end(), std::greater<>());
    real sum = 0, t = 0;
    for (int k = 0; k < n; ++k) {
        sum += sorted[at(k)];
        const real candidate = (sum - 1) / real(k + 1);
        if (sorted[at(k)] > candidate) t = candidate;
    }
    for (real& x : v) x = std::max(real(0), x - t);
    return v;
}

} // namespace

TEST_CASE("the choice: problems that are mostly zeros get the sparse form, dense and small ones do not") {
    CHECK(sparse(denoising(100, 1, 13, 1)));
    CHECK(sparse(simplex(1000, 1, 1)));
    CHECK(sparse(simplex(100000, 1, 1)));
    CHECK(sparse(chain(2, 1, 1)));
    CHECK(!sparse(mini_sudoku(1, 1)));
    CHECK(!sparse(simplex(5, 1, 1)));
    CHECK(!make_plan(solver::dense_structure(100, 0, 100), true).sparse.possible);
    const std::string text = solver::explain(chain(2, 1, 1).shape, true);
    CAPTURE(text);
    CHECK(text.find("chosen: form sparse") != std::string::npos);
}

TEST_CASE("a structure is analysed once, whoever asks, and by its blocks, not its address") {
    const auto first = solver::analyse(chain(2, 1, 1).shape), again = solver::analyse(chain(2, 1, 2).shape);
    CHECK(first.get() == again.get());
    CHECK(solver::analyse(chain(3, 1, 1).shape).get() != first.get());
    // The simplex has no fill: z in any order, then the one multiplier.
    const auto s = solver::analyse(simplex(1000, 1, 1).shape);
    CHECK(s->size == 1001);
    CHECK(s->l_row.size() == 1000);
    // Differences: t goes without fill beyond the tridiagonal.
    const auto tv = solver::analyse(denoising(100, 1, 13, 1).shape);
    CHECK(tv->l_row.size() == 99 * 2 + 99);
}

TEST_CASE("the probability simplex, up to 100 000 variables: the sorted projection and its derivative") {
    for (const int n : {200, 1000, 100000}) {
        model x = simplex(n, n > 1000 ? 1 : 20, 3);
        REQUIRE(sparse(x));
        const answer<double> a = solve_by_other_forms(x.problem());
        std::vector<double> g(a.z.size());
        numbers draw(5);
        for (double& v : g) v = draw.normal();
        const std::vector<double> d = derivative_of(x.problem(), a, g);
        for (std::int64_t k = 0; k < x.batch; ++k) {
            CAPTURE(n, k, name(a.at(k)));
            REQUIRE(a.at(k) == status::solved);
            const std::vector<real> z = project(x.q.data() + k * n, n);
            real mean = 0, count = 0, worst = 0, worst_d = 0;
            for (int j = 0; j < n; ++j)
                if (z[at(j)] > 0) {
                    mean += real(g[at(k * n + j)]);
                    count += 1;
                }
            for (int j = 0; j < n; ++j) {
                const std::size_t i = at(k * n + j);
                worst = std::max(worst, std::abs(real(a.z[i]) - z[at(j)]));
                // On the support the derivative is the projection on 1'd = 0, elsewhere 0.
                const real expected = z[at(j)] > 0 ? real(g[i]) - mean / count : real(0);
                worst_d = std::max(worst_d, std::abs(real(d[i]) - expected));
            }
            CHECK(static_cast<double>(worst) <= 1e-10);
            CHECK(static_cast<double>(worst_d) <= 1e-10);
        }
    }
}

TEST_CASE(
    "chains, the worst of costs, Huber's function: the point and the gradient of form D, from blocks and from the "
    "same numbers in plain matrices") {
    constexpr zero_in_q kinds[] = {zero_in_q::by_structure, zero_in_q::by_number};
    std::vector<model> models{chain(2, 8, 7)};
    for (const zero_in_q kind : kinds)
        for (const std::int64_t batch : {1, 8}) models.push_back(worst_case(121, batch, 7, kind));
    for (const std::int64_t batch : {1, 8}) models.push_back(huber(30, batch, 5));
    for (model& x : models) check_as_form_d(x);
}

TEST_CASE("portfolios, where rows depend on each other: solved, and the gradient by differences of solutions") {
    constexpr int n = 140;
    constexpr std::int64_t batch = 24;
    constexpr double step = 1e-6;
    model x = portfolio(10, 3 * batch, 3, 1.0);
    numbers draw(2);
    std::vector<double> along(n), g(x.q.size(), 0.0);
    for (double& v : along) v = draw.normal();
    for (std::int64_t k = 0; k < batch; ++k)
        for (int j = 0; j < n; ++j) {
            const auto q = [&](std::int64_t which) -> double& { return x.q[at((3 * k + which) * n + j)]; };
            if (j >= n / 2) q(0) = 0.1; // where w stays, u = 0 has multipliers only if moving costs something
            q(1) = q(0) + step * along[at(j)];
            q(2) = q(0) - step * along[at(j)];
            g[at(3 * k * n + j)] = draw.normal();
        }
    REQUIRE(sparse(x));
    const dense<double> same = in_dense(x);
    const answer<double> a = solve(x.problem(), {}, 2);
    const std::vector<double> d = derivative_of(x.problem(), a, g);
    int smooth = 0;
    for (std::int64_t k = 0; k < batch; ++k) {
        real bend = 0, difference = 0, found = 0, terms = 1;
        for (std::int64_t i = 3 * k; i < 3 * k + 3; ++i) {
            CAPTURE(i, name(a.at(i)));
            REQUIRE(a.at(i) == status::solved);
            CHECK(static_cast<double>(shares(same, a, i, 1e-8)) <= 1.01);
        }
        for (int j = 0; j < n; ++j) {
            const auto z = [&](std::int64_t which) { return real(a.z[at((3 * k + which) * n + j)]); };
            bend = std::max(bend, std::abs(z(1) + z(2) - 2 * z(0)));
            difference += real(g[at(3 * k * n + j)]) * (z(1) - z(2)) / (2 * step);
            found -= real(d[at(3 * k * n + j)]) * real(along[at(j)]);
            terms += std::abs(real(d[at(3 * k * n + j)]) * real(along[at(j)]));
        }
        if (bend > 1e-12) continue; // z is piecewise linear in q: here a piece ends
        ++smooth;
        CAPTURE(k, static_cast<double>(found), static_cast<double>(difference));
        CHECK(static_cast<double>(std::abs(found - difference)) <= 1e-7 * static_cast<double>(terms));
    }
    CHECK(smooth >= batch / 2);
    // What a cost of 1e-8 leaves to rounding is solved all the same.
    model cheap = portfolio(20, 8, 1);
    const dense<double> cheap_dense = in_dense(cheap);
    const answer<double> b = solve(cheap.problem());
    for (std::int64_t k = 0; k < 8; ++k) {
        CAPTURE(k, name(b.at(k)));
        REQUIRE(b.at(k) == status::solved);
        CHECK(static_cast<double>(shares(cheap_dense, b, k, 1e-8)) <= 1.01);
    }
}

namespace {

/// A dense problem forced through the sparse form.
struct forced {
    explicit forced(const dense<double>& d) : problem(d), v(problem), data(v.batch, 0) {
        element.load(v.batch, 0, data, {}, 1e-8);
        convex = matrices.set_up(data, solver::analyse(v.shape), 1e-8);
    }
    forced(const forced&) = delete;
    forced& operator=(const forced&) = delete;

    const solver::outcome& run() {
        way.run(element, convex ? &matrices : nullptr, {}, {1e-8, 1e-8}, out);
        return out;
    }
    answer<double> user() const {
        answer<double> a;
        a.z = out.x.z;
        a.nu = out.x.nu;
        a.lambda = out.x.lambda;
        for (std::size_t j = 0; j < a.z.size(); ++j) a.z[j] *= data.z_scale[j];
        for (std::size_t i = 0; i < a.nu.size(); ++i) a.nu[i] *= data.a_scale[i];
        for (std::size_t i = 0; i < a.lambda.size(); ++i) a.lambda[i] *= data.g_scale[i];
        return a;
    }

    dense<double> problem;
    view<double> v;
    solver::operators data;
    solver::element element;
    solver::sparse_matrices matrices;
    bool convex = false;
    solver::road way;
    solver::outcome out;
};

} // namespace

TEST_CASE("the interior point on the sparse form alone solves every hard family to 1e-8") {
    for (int family = 0; family < static_cast<int>(hard_names.size()); ++family)
        for (std::uint64_t seed = 0; seed < 16; ++seed) {
            INFO(hard_names[static_cast<std::size_t>(family)] << ", seed " << seed);
            forced x(hard(family, seed));
            REQUIRE(x.convex);
            solver::serial_team team;
            solver::sparse_form form(x.matrices);
            const auto r = interior_point(team, form, x.element, solver::tolerances{1e-8, 1e-8}, 100, 1.0);
            CHECK(r.outcome == solver::interior_outcome::converged);
            x.out.x = r.x;
            CHECK(static_cast<double>(shares(x.problem, x.user(), 0, 1e-8)) <= 1.01);
        }
}

TEST_CASE("the sparse road: every hard family is solved, problems without solution get their certificate") {
    for (int family = 0; family < static_cast<int>(hard_names.size()); ++family)
        for (std::uint64_t seed = 0; seed < 16; ++seed) {
            INFO(hard_names[static_cast<std::size_t>(family)] << ", seed " << seed);
            forced x(hard(family, seed));
            CHECK(x.run().status == status::solved);
            CHECK(static_cast<double>(shares(x.problem, x.user(), 0, 1e-8)) <= 1.01);
        }
    for (int family = 0; family < static_cast<int>(infeasible_names.size()); ++family)
        for (std::uint64_t seed = 0; seed < 8; ++seed) {
            INFO(infeasible_names[static_cast<std::size_t>(family)] << ", seed " << seed);
            CHECK(forced(infeasible(family, 1.0, seed)).run().status == status::primal_infeasible);
        }
    for (std::uint64_t seed = 0; seed < 8; ++seed)
        CHECK(forced(unbounded(1.0, 2, seed)).run().status == status::dual_infeasible);
    dense<double> saddle = random(6, 2, 5, 1, true, 1);
    saddle.Qat(0, 2, 2) = -1;
    CHECK(forced(saddle).run().status == status::nonconvex);
}

namespace {

template <class T>
bool same_bits(const std::vector<T>& a, std::int64_t i, const std::vector<T>& b, std::int64_t j, std::int64_t count) {
    return std::memcmp(a.data() + i * count, b.data() + j * count, at(count) * sizeof(T)) == 0;
}

} // namespace

TEST_CASE("the bits of an element do not depend on threads, on its place, nor on what its neighbours hold") {
    const int n = 100;
    model x = denoising(n, 12, 13, 4), y = x;
    const std::int64_t N = x.shape.n, M = x.shape.m;
    std::reverse(y.q.begin(), y.q.end());
    for (std::int64_t k = 0; k < 12; ++k) // the same signals in the opposite order
        std::copy_n(x.q.begin() + k * N, N, y.q.begin() + (11 - k) * N);
    model poisoned = x;
    poisoned.q[at(3 * N + 5)] = std::nan("");
    const std::vector<double> ones(x.q.size(), 1.0);
    const answer<double> a = solve(x.problem(), {}, 1), b = solve(x.problem(), {}, 2), c = solve(y.problem(), {}, 2),
                         d = solve(poisoned.problem(), {}, 2);
    const std::vector<double> da = derivative_of(x.problem(), a, ones), dc = derivative_of(y.problem(), c, ones, 2),
                              dd = derivative_of(poisoned.problem(), d, ones, 2);
    for (std::int64_t k = 0; k < 12; ++k) {
        CAPTURE(k);
        CHECK(same_bits(a.z, k, b.z, k, N));
        CHECK(same_bits(a.lambda, k, b.lambda, k, M));
        CHECK(same_bits(a.z, k, c.z, 11 - k, N));
        CHECK(same_bits(da, k, dc, 11 - k, N));
        if (k == 3) {
            CHECK(d.at(k) == status::invalid_input);
            CHECK(std::isnan(d.z[at(k * N)]));
            for (std::int64_t j = 0; j < N; ++j) CHECK(dd[at(k * N + j)] == 0);
        } else {
            CHECK(same_bits(a.z, k, d.z, k, N));
            CHECK(same_bits(da, k, dd, k, N));
        }
    }
}

TEST_CASE("sparse problems without solution: certificates that hold on the blocks") {
    // A simplex whose sum cannot be reached: z <= 1/(2n) too.
    const int n = 400;
    model x = simplex(n, 1, 1);
    x.shape.m = 2 * n;
    x.add(solver::matrix::G, block_kind::identity, n, 0, n, n, 1);
    x.shape.groups = {{solver::row_kind::bound, 0, 2 * n, -1, false}};
    x.h.assign(at(2 * n), 0.0);
    std::fill(x.h.begin() + n, x.h.end(), 0.5 / n);
    REQUIRE(sparse(x));
    const answer<double> a = solve_by_other_forms(x.problem());
    REQUIRE(a.at(0) == status::primal_infeasible);
    real value = -real(a.nu[0]), worst = 0;
    for (int i = 0; i < 2 * n; ++i) {
        CHECK(a.lambda[at(i)] >= 0);
        value -= real(x.h[at(i)]) * real(a.lambda[at(i)]);
    }
    for (int j = 0; j < n; ++j)
        worst = std::max(worst, std::abs(real(a.nu[0]) - real(a.lambda[at(j)]) + real(a.lambda[at(n + j)])));
    CHECK(static_cast<double>(std::abs(value - 1)) <= 1e-6);
    CHECK(static_cast<double>(worst) <= 1e-8);

    // Differences are penalized with a negative weight: t runs away.
    model y = denoising(100, 1, -1, 1);
    REQUIRE(sparse(y));
    const answer<double> b = solve(y.problem());
    REQUIRE(b.at(0) == status::dual_infeasible);
    real slope = 0, most = 0;
    for (int j = 0; j < y.shape.n; ++j) slope += real(y.q[at(j)]) * real(b.z[at(j)]);
    for (int j = 0; j < 100; ++j) most = std::max(most, std::abs(real(b.z[at(j)])));
    for (int i = 0; i < 99; ++i)
        most = std::max(most, std::abs(real(b.z[at(i)]) - real(b.z[at(i + 1)])) - real(b.z[at(100 + i)]));
    CHECK(static_cast<double>(std::abs(slope + 1)) <= 1e-6);
    CHECK(static_cast<double>(most) <= 1e-8);

    // A negative eigenvalue that only the whole band shows: L'L with 3 in place of 6.
    model z = chain(2, 1, 1);
    std::fill(z.numbers[0].begin(), z.numbers[0].end(), 3.0);
    REQUIRE(sparse(z));
    CHECK(solve(z.problem()).at(0) == status::nonconvex);
}

TEST_CASE("matrices of each problem's own: as if every problem were alone") {
    // A weighted simplex: every problem has its own diagonal of Q.
    const int n = 300;
    const std::int64_t batch = 5;
    model x = simplex(n, batch, 2);
    numbers draw(8);
    std::vector<double> diagonal(at(n * batch));
    for (double& v : diagonal) v = 0.5 + draw.uniform();
    x.shape.blocks[0].kind = block_kind::diagonal;
    x.shape.blocks[0].source = 1;
    x.numbers.push_back(diagonal);
    solver::problem<double> all = x.problem();
    const solver::matrix_view<double> data[2] = {{x.numbers[0].data(), 0, n, 1}, {x.numbers[1].data(), n, 1, 1}};
    all.data = data;
    REQUIRE(make_plan(x.shape, false, false).chosen == solver::form::sparse);
    const answer<double> a = solve_by_other_forms(all, {}, 2);
    const std::vector<double> ones(a.z.size(), 1.0), da = derivative_of(all, a, ones);
    for (std::int64_t k = 0; k < batch; ++k) {
        CAPTURE(k);
        REQUIRE(a.at(k) == status::solved);
        // z = max(0, (-q - t) / d) with 1'z = 1; the derivative along q = 1 by the same support.
        real low = -10, high = 10;
        const auto d = [&](int j) { return real(diagonal[at(k * n + j)]); };
        const auto q = [&](int j) { return real(x.q[at(k * n + j)]); };
        for (int step = 0; step < 100; ++step) {
            const real t = (low + high) / 2;
            real sum = 0;
            for (int j = 0; j < n; ++j) sum += std::max(real(0), (-q(j) - t) / d(j));
            (sum > 1 ? low : high) = t;
        }
        real worst = 0, total = 0;
        for (int j = 0; j < n; ++j) {
            worst = std::max(worst, std::abs(std::max(real(0), (-q(j) - low) / d(j)) - real(a.z[at(k * n + j)])));
            total += std::abs(real(da[at(k * n + j)]));
        }
        CHECK(static_cast<double>(worst) <= 1e-10);
        CHECK(static_cast<double>(total) <= 1e-10); // a shift of all of q moves nu only
    }
}
