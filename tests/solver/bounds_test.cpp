// SPDX-License-Identifier: Apache-2.0
// Form B: bounds with at most one equality. Closed forms, the other forms on random and awkward data, gradients from
// differences of the oracle, and what is left to the other forms.

#include "catch.hpp"
#include "claims.hpp"
#include "derivative.hpp"
#include "other_forms.hpp"
#include "sparse_models.hpp"

#include <cstring>
#include <limits>

using namespace problems;
using solver::block_kind;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr long double rounding = 1 + 1e-6L;

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

bool by_form_b(const answer<double>& a) { return a.kept->by_bounds; }
/// True if another form decided on its active rows, or solved it.
bool left_to_others(const answer<double>& a, std::int64_t k = 0) { return a.kept->elements[at(k)].other != nullptr; }

template <class T> std::vector<T> derivative_of(const solver::problem<T>& batch, const answer<T>& a) {
    std::vector<T> d(a.z), g(a.z.size());
    for (std::size_t i = 0; i < g.size(); ++i) g[i] = T(1) + T(0.25) * static_cast<T>(i % 5);
    solver::kkt_solve<T>(batch, *a.kept, 1, {g.data(), nullptr, nullptr}, {d.data(), nullptr, nullptr});
    return d;
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
    double most = 0;
    for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
    return most;
}
double largest(const std::vector<double>& a) {
    double most = 0;
    for (const double v : a) most = std::max(most, std::abs(v));
    return most;
}

/// What a random problem of this kind may have.
struct kind {
    int p = 1;
    double units = 0; ///< powers of ten on either side of 1 that d differs by
    bool zeros_in_a = false, signs_in_a = false;
    bool integers = false; ///< ties and degenerate points
    double pinned = 0;     ///< share of variables with both bounds in one place
    int repeated = 0;      ///< so many rows once more, with other right-hand sides
    int empty = 0;         ///< so many rows of zeros
};

/// Rows of several signs and sizes that leave a point free, some of them absent; the rows stand in no order.
dense<double> make(const kind& x, int n, std::int64_t batch, std::uint64_t seed) {
    numbers draw(seed);
    const int m = 2 * n + x.repeated + x.empty;
    dense<double> d = zeros(n, x.p, m, batch);
    const auto unit = [&](double powers) { return std::pow(10.0, powers * (2 * draw.uniform() - 1)); };
    for (int j = 0; j < n; ++j) {
        d.Qat(0, j, j) = x.integers ? 1 : unit(x.units) * (0.5 + draw.uniform());
        if (x.p == 0) continue;
        double a = x.integers ? 1 : 0.2 + draw.uniform();
        if (x.signs_in_a && draw.uniform() < 0.4) a = -a;
        if (x.zeros_in_a && j > 0 && draw.uniform() < 0.3) a = 0;
        d.Aat(0, 0, j) = a;
    }
    std::vector<int> row(at(m)), of(at(m));
    for (int i = 0; i < m; ++i) row[at(i)] = i;
    for (int i = m - 1; i > 0; --i) std::swap(row[at(i)], row[at(draw.below(i + 1))]);
    for (int i = 0; i < 2 * n + x.repeated; ++i) {
        of[at(i)] = i < 2 * n ? i / 2 : draw.below(n);
        const double size = x.integers ? 1 : unit(2);
        d.Gat(0, row[at(i)], of[at(i)]) = i % 2 == 0 ? size : -size;
    }
    for (std::int64_t k = 0; k < batch; ++k) {
        std::vector<double> z0(at(n));
        for (double& v : z0) v = x.integers ? draw.below(5) - 2 : draw.normal();
        for (int j = 0; j < n; ++j) {
            d.qat(k, j) = x.integers ? draw.below(7) - 3 : d.Qat(0, j, j) * 2 * draw.normal();
            if (x.p > 0) d.bat(k, 0) += d.Aat(0, 0, j) * z0[at(j)];
        }
        for (int i = 0; i < m; ++i) {
            const int r = row[at(i)];
            if (i >= 2 * n + x.repeated) {
                d.hat(k, r) = draw.below(2);
                continue;
            }
            const int j = of[at(i)];
            const bool same = draw.uniform() < x.pinned;
            const double room = same ? 0 : x.integers ? draw.below(3) : draw.uniform();
            const double entry = d.Gat(0, r, j);
            d.hat(k, r) = entry * (z0[at(j)] + (entry > 0 ? room : -room));
            if (!same && draw.uniform() < 0.1) d.hat(k, r) = draw.uniform() < 0.5 ? 1e20 : infinity;
        }
    }
    return d;
}

} // namespace

TEST_CASE("bounds: the projection onto the simplex, by sorting") {
    for (const int n : {1, 2, 7, 20, 100, 1001}) {
        model x = simplex(n, 3, at(n));
        const answer<double> a = solve(x.problem());
        REQUIRE(by_form_b(a));
        for (std::int64_t k = 0; k < 3; ++k) {
            CAPTURE(n, k);
            REQUIRE(a.at(k) == status::solved);
            std::vector<long double> y(at(n));
            for (std::size_t j = 0; j < y.size(); ++j) y[j] = -x.q[at(k * n) + j];
            std::vector<long double> down = y;
            std::sort(down.rbegin(), down.rend());
            long double sum = 0, threshold = 0;
            for (std::size_t j = 0; j < down.size(); ++j) {
                sum += down[j];
                const long double t = (sum - 1) / static_cast<long double>(j + 1);
                if (down[j] > t) threshold = t;
            }
            CHECK(std::abs(a.nu[at(k)] - static_cast<double>(threshold)) <= 1e-14);
            for (std::size_t j = 0; j < y.size(); ++j) {
                const auto z = static_cast<double>(std::max(0.0L, y[j] - threshold));
                CHECK(std::abs(a.z[at(k * n) + j] - z) <= 1e-14);
                CHECK(a.s[at(k * n) + j] == a.z[at(k * n) + j]);
                CHECK(std::abs(a.lambda[at(k * n) + j] - static_cast<double>(std::max(0.0L, threshold - y[j]))) <=
                      1e-14);
            }
        }
    }
}

TEST_CASE("bounds: without an equality every variable is clipped") {
    model x;
    const int n = 50;
    numbers draw(1);
    x.shape.n = n;
    x.shape.m = 2 * n;
    std::vector<double> d(at(n)), low(at(n)), high(at(n));
    for (double& v : d) v = std::pow(10.0, 12 * draw.uniform() - 6);
    for (std::size_t j = 0; j < at(n); ++j) low[j] = draw.normal(), high[j] = low[j] + draw.uniform();
    x.add(solver::matrix::Q, block_kind::diagonal, 0, 0, n, n, 1, d);
    x.add(solver::matrix::G, block_kind::identity, 0, 0, n, n, -1);
    x.add(solver::matrix::G, block_kind::identity, n, 0, n, n, 1);
    x.shape.groups = {{solver::row_kind::bound, 0, 2 * n, -1, false}};
    for (std::size_t j = 0; j < at(n); ++j) x.q.push_back(d[j] * draw.normal());
    for (const double v : low) x.h.push_back(-v);
    x.h.insert(x.h.end(), high.begin(), high.end());
    const answer<double> a = solve(x.problem());
    REQUIRE(by_form_b(a));
    REQUIRE(a.at(0) == status::solved);
    const std::vector<double> dz = derivative_of(x.problem(), a);
    for (std::size_t j = 0; j < at(n); ++j) {
        const double free = -x.q[j] / d[j], z = std::clamp(free, low[j], high[j]);
        CHECK(std::abs(a.z[j] - z) <= 4e-16 * std::abs(z));
        const double slope = d[j] * z + x.q[j];
        CHECK(std::abs(a.lambda[j] - (free < low[j] ? slope : 0)) <= 1e-15 * std::abs(x.q[j]));
        CHECK(std::abs(a.lambda[at(n) + j] - (free > high[j] ? -slope : 0)) <= 1e-15 * std::abs(x.q[j]));
        const double right = 1 + 0.25 * static_cast<double>(j % 5);
        CHECK(std::abs(dz[j] - (free == z ? right / d[j] : 0)) <= 1e-15 * std::abs(dz[j]));
    }
}

TEST_CASE("bounds: claims hold in long double, and the other forms come to the same point and gradient") {
    const kind kinds[] = {{},
                          {.p = 0},
                          {.units = 6, .signs_in_a = true},
                          {.zeros_in_a = true, .signs_in_a = true},
                          {.signs_in_a = true, .pinned = 0.2},
                          {.signs_in_a = true, .repeated = 9, .empty = 3},
                          {.p = 0, .units = 3, .pinned = 0.3, .repeated = 5, .empty = 1},
                          {.integers = true},
                          {.p = 0, .integers = true, .repeated = 6},
                          {.signs_in_a = true, .integers = true, .pinned = 0.1, .repeated = 4, .empty = 2}};
    int index = 0, clear = 0;
    for (const kind& x : kinds) {
        ++index;
        for (std::uint64_t seed = 1; seed <= 25; ++seed) {
            const int n = 2 + static_cast<int>(seed * 7 % 40);
            const dense<double> d = make(x, n, 2, seed);
            const view<double> v(d);
            const answer<double> a = solve(v.batch), other = solve_by_other_forms(v.batch);
            REQUIRE(by_form_b(a));
            REQUIRE(!other.kept->by_bounds);
            for (std::int64_t k = 0; k < 2; ++k) {
                CAPTURE(index, seed, k, n);
                REQUIRE(a.at(k) == status::solved);
                CHECK(shares(d, a, k, 1e-8) <= rounding);
                CHECK(std::max({a.residuals[at(3 * k)], a.residuals[at(3 * k + 1)]}) <=
                      1e-12 * (1 + largest(d.q) + largest(a.lambda)));
            }
            if (other.at(0) != status::solved || other.at(1) != status::solved) continue;
            // "solved" leaves the others 1e-8 of the data; d >= 1e-6 of the largest.
            if (x.units <= 3) CHECK(distance(a.z, other.z) <= 1e-7 * (1 + largest(a.z)));
            if (x.units > 3 || left_to_others(a, 0) || left_to_others(a, 1)) continue;
            ++clear;
            const std::vector<double> da = derivative_of(v.batch, a), db = derivative_of(v.batch, other);
            CHECK(distance(da, db) <= 1e-6 * (1 + largest(da)));
        }
    }
    CHECK(clear > 100);
}

TEST_CASE("bounds: gradients by differences of the oracle, all six blocks") {
    int tried = 0;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        const kind x{.p = static_cast<int>(seed % 4 != 0),
                     .zeros_in_a = true,
                     .signs_in_a = true,
                     .repeated = static_cast<int>(seed % 3)};
        const dense<double> d = make(x, 3 + static_cast<int>(seed % 6), 1, 100 + seed);
        const answer<double> a = solve(d);
        REQUIRE(a.at(0) == status::solved);
        const reference::problem given = reference::element(d);
        const reference::solution best = reference::solve(given);
        if (left_to_others(a) || !(best.error < 1e-15L) || best.margin() < 1e-4L) continue;
        numbers draw(seed);
        const derivative::cotangent g = derivative::random_cotangent(d, draw);
        const derivative::gradients found = derivative::backward(d, a, g);
        for (const derivative::block which : derivative::all_blocks) {
            if (which == derivative::block::A && d.p == 0) continue;
            if (which == derivative::block::b && d.p == 0) continue;
            const derivative::direction along = derivative::random_direction(given, which, draw);
            derivative::real expected = 0;
            if (!derivative::difference(given, best, g, along, expected)) continue;
            const derivative::pairing p = derivative::pair(found, along);
            CAPTURE(seed, static_cast<int>(which), static_cast<double>(p.value), static_cast<double>(expected));
            CHECK(static_cast<double>(std::abs(p.value - expected)) <=
                  1e-8 * static_cast<double>(std::max(1.0L, p.terms)));
            ++tried;
        }
    }
    CHECK(tried >= 24);
}

TEST_CASE("bounds: where a slack and its multiplier are 0 the other forms decide") {
    // Projections of (1, 0) and (1 + 1e-13, 0) onto the simplex: a kink at the first vertex, where half of the
    // derivative is left.
    model x = simplex(2, 2, 1);
    x.q = {-1, 0, -1 - 1e-13, 0};
    const answer<double> a = solve(x.problem());
    const std::vector<double> right = {1, -1, 1, -1};
    std::vector<double> d(4);
    solver::kkt_solve<double>(x.problem(), *a.kept, 1, {right.data(), nullptr, nullptr}, {d.data(), nullptr, nullptr});
    for (std::int64_t k = 0; k < 2; ++k) {
        CHECK(a.at(k) == status::solved);
        CHECK(left_to_others(a, k));
        CHECK(std::abs(d[at(2 * k)] - 0.5) <= 1e-6);
    }
    // All variables at bounds: the equality depends on the rows that hold.
    dense<double> vertex = zeros(2, 1, 4);
    for (int j = 0; j < 2; ++j) {
        vertex.Qat(0, j, j) = vertex.Aat(0, 0, j) = vertex.Gat(0, j, j) = vertex.hat(0, j) = 1;
        vertex.Gat(0, 2 + j, j) = -1;
    }
    vertex.bat(0, 0) = 1;
    vertex.qat(0, 0) = -5;
    const answer<double> b = solve(vertex);
    REQUIRE(b.at(0) == status::solved);
    CHECK(left_to_others(b));
    CHECK(std::abs(b.z[0] - 1) + std::abs(b.z[1]) <= 1e-15);
    CHECK(largest(derivative_of(view<double>(vertex).batch, b)) <= 1e-7);
}

TEST_CASE("bounds: infeasible problems have certificates") {
    const auto say = [](const dense<double>& d) {
        const answer<double> a = solve(d);
        CHECK(by_form_b(a));
        CHECK(!left_to_others(a));
        CHECK(a.at(0) == status::primal_infeasible);
        CHECK(std::isnan(a.z[0]));
        CHECK(claims::farkas(d, a) <= 1e-14L);
        CHECK(largest(derivative_of(view<double>(d).batch, a)) == 0);
    };
    const dense<double> d = make({.signs_in_a = true, .repeated = 3, .empty = 2}, 30, 1, 5);
    SECTION("bounds that exclude each other") {
        dense<double> bad = d;
        for (int i = 0; i < d.m; ++i)
            for (int j = 0; j < 1; ++j)
                if (d.Gat(0, i, j) != 0) bad.hat(0, i) = d.Gat(0, i, j) > 0 ? -3 : -3;
        say(bad);
    }
    SECTION("an empty row below 0") {
        dense<double> bad = d;
        for (int i = 0; i < d.m; ++i) {
            bool empty = true;
            for (int j = 0; j < d.n; ++j) empty = empty && d.Gat(0, i, j) == 0;
            if (empty) bad.hat(0, i) = -1;
        }
        say(bad);
    }
    SECTION("a sum that the bounds do not allow") {
        for (const double sum : {-1.0, 51.0, 50.001}) {
            dense<double> box = zeros(50, 1, 100);
            numbers draw(3);
            for (int j = 0; j < 50; ++j) {
                box.Qat(0, j, j) = 1 + draw.uniform();
                box.qat(0, j) = 10 * draw.normal();
                box.Aat(0, 0, j) = box.Gat(0, j, j) = box.hat(0, j) = 1;
                box.Gat(0, 50 + j, j) = -1;
            }
            box.bat(0, 0) = sum;
            say(box);
        }
    }
    SECTION("by less than the tolerance: solved") {
        model x = simplex(4, 1, 2);
        x.b = {-1e-12};
        const answer<double> a = solve(x.problem());
        CHECK(a.at(0) == status::solved);
        x.b = {-1e-6};
        CHECK(solve(x.problem()).at(0) == status::primal_infeasible);
    }
}

TEST_CASE("bounds: what is not of this kind, or not finite, is left to the other forms") {
    const dense<double> good = make({.signs_in_a = true}, 12, 3, 8);
    SECTION("entries beside the diagonal, rows with two entries, an objective that is flat or bends down") {
        for (int which = 0; which < 4; ++which) {
            dense<double> d = good;
            if (which == 0) d.Qat(0, 3, 5) = d.Qat(0, 5, 3) = 0.01;
            if (which == 1) {
                int row = 0;
                while (d.Gat(0, row, 4) == 0) ++row;
                d.Gat(0, row, 5) = 1e-3 * d.Gat(0, row, 4);
            }
            if (which == 2) d.Qat(0, 3, 3) = 0;
            if (which == 3) d.Qat(0, 3, 3) = -1;
            const answer<double> a = solve(d);
            CAPTURE(which);
            CHECK(!by_form_b(a));
            for (std::int64_t k = 0; k < 3; ++k) {
                if (which == 3) CHECK(a.at(k) == status::nonconvex);
                if (which < 2) CHECK(a.at(k) == status::solved);
                if (a.at(k) == status::solved) CHECK(shares(d, a, k, 1e-8) <= rounding);
            }
        }
    }
    SECTION("NaN and infinities, without a trace in the neighbours") {
        const answer<double> clean = solve(good);
        const double nan = std::numeric_limits<double>::quiet_NaN();
        for (int which = 0; which < 6; ++which) {
            dense<double> d = good;
            if (which == 0) d.qat(1, 2) = nan;
            if (which == 1) d.qat(1, 2) = -infinity;
            if (which == 2) d.bat(1, 0) = nan;
            if (which == 3) d.hat(1, 5) = nan;
            if (which == 4) d.hat(1, 5) = -infinity;
            if (which == 5) d.bat(1, 0) = infinity;
            const answer<double> a = solve(d);
            CAPTURE(which);
            CHECK(a.at(1) == (which == 4 ? status::primal_infeasible : status::invalid_input));
            const std::vector<double> da = derivative_of(view<double>(d).batch, a),
                                      dc = derivative_of(view<double>(good).batch, clean);
            for (const int k : {0, 2}) {
                CHECK(std::memcmp(a.z.data() + k * 12, clean.z.data() + k * 12, 12 * sizeof(double)) == 0);
                CHECK(std::memcmp(da.data() + k * 12, dc.data() + k * 12, 12 * sizeof(double)) == 0);
            }
            for (int j = 0; j < 12; ++j) CHECK(da[at(12 + j)] == 0);
        }
    }
    SECTION("NaN in a matrix") {
        for (const auto part : {&dense<double>::Q, &dense<double>::A, &dense<double>::G}) {
            dense<double> d = good;
            (d.*part)[0] = std::numeric_limits<double>::quiet_NaN();
            CHECK(solve(d).at(0) == status::invalid_input);
        }
    }
    SECTION("a limit of no steps") {
        optnet::settings impatient;
        impatient.max_iter = 0;
        model x = simplex(20, 1, 1);
        CHECK(solve(x.problem(), impatient).at(0) == status::max_iterations);
    }
}

TEST_CASE("bounds: jumps, flat pieces and costs far above the point") {
    SECTION("no variable is between its bounds where the search begins") {
        for (std::uint64_t seed = 1; seed <= 40; ++seed) {
            numbers draw(seed);
            const int n = 30;
            dense<double> d = zeros(n, 1, 2 * n);
            for (int j = 0; j < n; ++j) {
                d.Qat(0, j, j) = std::pow(10.0, 4 * draw.uniform() - 2);
                d.qat(0, j) = 1e4 * draw.normal();
                d.Aat(0, 0, j) = (draw.uniform() < 0.5 ? -1 : 1) * std::pow(10.0, 4 * draw.uniform() - 2);
                d.Gat(0, j, j) = 1;
                d.Gat(0, n + j, j) = -1;
                d.hat(0, j) = 1;
                d.bat(0, 0) += d.Aat(0, 0, j) * draw.uniform();
            }
            const answer<double> a = solve(d);
            CAPTURE(seed);
            REQUIRE(a.at(0) == status::solved);
            // A hundredth of the tolerance is what the form asks of a point before it claims anything.
            CHECK(shares(d, a, 0, 1e-10) <= 1);
            CHECK(a.iterations[0] <= 60);
        }
    }
    SECTION("a common cost of 1e9 moves nothing but the price") {
        model x = simplex(100, 1, 3), high = x;
        for (double& v : x.q) v = std::round(v * 1024) / 1024;
        for (std::size_t j = 0; j < high.q.size(); ++j) high.q[j] = x.q[j] + 0x1p30;
        const answer<double> a = solve(x.problem()), b = solve(high.problem());
        REQUIRE(b.at(0) == status::solved);
        CHECK(distance(a.z, b.z) <= 1e-14);
        CHECK(std::abs(b.nu[0] + 0x1p30 - a.nu[0]) <= 0x1p-20);
    }
}

TEST_CASE("bounds: own matrices, float32, threads, starts: the same problem") {
    const kind x{.signs_in_a = true, .pinned = 0.1, .repeated = 4, .empty = 1};
    const dense<double> d = make(x, 24, 40, 9);
    const answer<double> a = solve(d);
    SECTION("not a bit depends on the number of threads or on the batch") {
        const answer<double> b = solve(d, {}, 3);
        CHECK(a.z == b.z);
        CHECK(a.lambda == b.lambda);
        dense<double> one = d;
        one.batch = 1;
        one.q.assign(d.q.begin() + 7 * d.n, d.q.begin() + 8 * d.n);
        one.b.assign(1, d.b[7]);
        one.h.assign(d.h.begin() + 7 * d.m, d.h.begin() + 8 * d.m);
        CHECK(std::memcmp(solve(one).z.data(), a.z.data() + 7 * d.n, at(d.n) * sizeof(double)) == 0);
    }
    SECTION("blocks with numbers of each problem's own") {
        const int n = 15;
        const std::int64_t batch = 6;
        numbers draw(4);
        model s = simplex(n, batch, 4);
        s.shape.blocks[0] = {solver::matrix::Q, block_kind::diagonal, 0, 0, n, n, 0, 0, 1, 1.0};
        std::vector<double> weights(at(batch * n)), rows(at(batch * n));
        for (double& v : weights) v = 0.5 + draw.uniform();
        for (double& v : rows) v = 0.5 + draw.uniform();
        solver::problem<double> all = s.problem();
        const solver::matrix_view<double> data[] = {{rows.data(), n, n, 1}, {weights.data(), n, 1, 1}};
        all.data = data;
        const answer<double> own = solve(all);
        REQUIRE(own.kept->by_bounds);
        REQUIRE(own.kept->bounds == nullptr);
        const std::vector<double> dz = derivative_of(all, own);
        for (std::int64_t k = 0; k < batch; ++k) {
            dense<double> one = zeros(n, 1, n);
            for (int j = 0; j < n; ++j) {
                one.Qat(0, j, j) = weights[at(k * n + j)];
                one.Aat(0, 0, j) = rows[at(k * n + j)];
                one.Gat(0, j, j) = -1;
                one.qat(0, j) = s.q[at(k * n + j)];
            }
            one.bat(0, 0) = 1;
            const answer<double> alone = solve(one);
            CHECK(std::memcmp(alone.z.data(), own.z.data() + k * n, at(n) * sizeof(double)) == 0);
            const view<double> v(one);
            const std::vector<double> expected = derivative_of(v.batch, alone);
            for (int j = 0; j < n; ++j) {
                const double right = 1 + 0.25 * ((static_cast<int>(k) * n + j) % 5), shifted = 1 + 0.25 * (j % 5);
                if (right == shifted && k == 0) CHECK(dz[at(j)] == expected[at(j)]);
            }
        }
    }
    SECTION("float32: solved in double, rounded at the end") {
        const dense<double> given = make({.signs_in_a = true, .repeated = 4, .empty = 1}, 24, 40, 9);
        dense<float> f = zeros<float>(d.n, d.p, d.m, d.batch);
        const auto round = [](const std::vector<double>& from, std::vector<float>& to) {
            for (std::size_t i = 0; i < from.size(); ++i) to[i] = static_cast<float>(from[i]);
        };
        round(given.Q, f.Q), round(given.A, f.A), round(given.G, f.G), round(given.q, f.q), round(given.b, f.b);
        round(given.h, f.h);
        dense<double> exact = zeros(d.n, d.p, d.m, d.batch);
        const auto widen = [](const std::vector<float>& from, std::vector<double>& to) {
            for (std::size_t i = 0; i < from.size(); ++i) to[i] = static_cast<double>(from[i]);
        };
        widen(f.Q, exact.Q), widen(f.A, exact.A), widen(f.G, exact.G), widen(f.q, exact.q), widen(f.b, exact.b);
        widen(f.h, exact.h);
        const answer<float> narrow = solve(f);
        const answer<double> wide = solve(exact);
        for (std::int64_t k = 0; k < d.batch; ++k) {
            REQUIRE(wide.at(k) == status::solved);
            CHECK(narrow.at(k) == status::solved);
            for (int j = 0; j < d.n; ++j)
                CHECK(narrow.z[at(k * d.n + j)] == static_cast<float>(wide.z[at(k * d.n + j)]));
        }
    }
    SECTION("from any start") {
        const view<double> v(d);
        for (const double wrong : {0.0, 1e3, std::numeric_limits<double>::quiet_NaN()}) {
            std::vector<double> z = a.z, nu = a.nu, lambda = a.lambda;
            for (double& value : nu) value += wrong;
            answer<double> b = a;
            solver::solve<double>(
                v.batch, {}, 1,
                {b.z.data(), b.nu.data(), b.lambda.data(), nullptr, b.status.data(), b.iterations.data(), nullptr},
                nullptr, {{z.data(), d.n, 1}, {nu.data(), d.p, 1}, {lambda.data(), d.m, 1}});
            CHECK(distance(a.z, b.z) <= 1e-13 * (1 + largest(a.z)));
            if (wrong == 0)
                for (const std::int64_t steps : b.iterations) CHECK(steps <= 2);
        }
    }
}

TEST_CASE("bounds: the form is chosen from the blocks, and is said") {
    CHECK(make_plan(simplex(20, 1, 1).shape, true).chosen == solver::form::bounds);
    CHECK(make_plan(simplex(20, 1, 1).shape, true, false).chosen == solver::form::dual);
    CHECK(make_plan(chain(1, 1, 1).shape, true).chosen != solver::form::bounds);
    CHECK(make_plan(mini_sudoku(1, 1).shape, true).chosen != solver::form::bounds);
    const std::string text = solver::explain(simplex(1000, 1, 1).shape, true);
    CHECK(text.find("form B (bounds and one equality)") != std::string::npos);
    CHECK(text.find("chosen: form B") != std::string::npos);
    // Two rows of G that share a row of the matrix are no bounds, whatever their numbers.
    model x = simplex(20, 1, 1);
    x.add(solver::matrix::G, block_kind::identity, 0, 1, 19, 19, 1);
    CHECK(make_plan(x.shape, true).chosen != solver::form::bounds);
}
