// SPDX-License-Identifier: Apache-2.0
// Sparse problems in lanes: as each is alone, whatever its neighbours are.

#include "catch.hpp"
#include "other_forms.hpp"
#include "solver/cpu/kernels_sparse.hpp"
#include "sparse_batches.hpp"
#include "sparse_models.hpp"

#include <limits>

using namespace problems;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A model whose b and h are given per problem, too.
struct own_sides {
    explicit own_sides(model made) : x(std::move(made)) {
        const auto repeat = [&](std::vector<double>& v, int count) {
            std::vector<double> once = v;
            once.resize(at(count), 0.0);
            v.clear();
            for (std::int64_t k = 0; k < x.batch; ++k) v.insert(v.end(), once.begin(), once.end());
        };
        repeat(x.b, x.shape.p);
        repeat(x.h, x.shape.m);
    }
    solver::problem<double> some(std::int64_t first, std::int64_t count) {
        solver::problem<double> batch = x.problem();
        batch.batch = count;
        batch.q = {x.q.data() + first * x.shape.n, x.shape.n, 1};
        batch.b = {x.b.data() + first * x.shape.p, x.shape.p, 1};
        batch.h = {x.h.data() + first * x.shape.m, x.shape.m, 1};
        return batch;
    }
    solver::problem<double> all() { return some(0, x.batch); }
    model x;
};

double distance(const std::vector<double>& a, std::int64_t i, const std::vector<double>& b, std::int64_t j, int count) {
    double worst = 0;
    for (int k = 0; k < count; ++k) worst = std::max(worst, std::abs(a[at(i * count + k)] - b[at(j * count + k)]));
    return worst;
}

double size(const std::vector<double>& a, std::int64_t i, int count) {
    double most = 1;
    for (int k = 0; k < count; ++k) most = std::max(most, std::abs(a[at(i * count + k)]));
    return most;
}

} // namespace

TEST_CASE("lanes: every kind of sparse model, with its gradient, as each problem alone") {
    struct {
        const char* name;
        model made;
        bool unique = true; ///< the multipliers
    } models[] = {{"total variation", denoising(100, 21, 13, 3)},
                  {"simplex", simplex(300, 21, 4)},
                  {"chain", chain(2, 21, 5)},
                  {"portfolio", portfolio(10, 21, 6, 1.0), false},
                  {"worst case", worst_case(121, 21, 7)},
                  {"worst case, a 0 in Q", worst_case(121, 21, 7, zero_in_q::by_number)}};
    for (auto& [title, made, unique] : models) {
        own_sides batch(made);
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
            REQUIRE(one.kept->lanes == 1);
            // Both are exact on the same active rows, but for what a residual of 1e-2 tolerances, 1e-10 of the data,
            // leaves in a system whose condition is at most 1e4.
            CHECK(distance(a.z, k, one.z, 0, n) <= 1e-6 * size(one.z, 0, n));
            if (unique) CHECK(distance(a.lambda, k, one.lambda, 0, m) <= 1e-6 * size(one.lambda, 0, m));
            const std::vector<double> forces = forces_of(batch.some(k, 1), a, k),
                                      same = forces_of(batch.some(k, 1), one, 0);
            CHECK(distance(forces, 0, same, 0, n) <= 1e-6 * size(same, 0, n));
            // D of a row that is weakly active comes from a centre that is known to 1e-9 of its terms, and goes through
            // a system whose condition is 1e2.
            const bool exact = a.kept->elements[at(k)].rows.ratios.empty();
            CHECK(distance(da, k, derivative_of(batch.some(k, 1), one), 0, n) <= (exact ? 1e-9 : 1e-7));
        }
        CAPTURE(title, lanes);
        CHECK((lanes >= 15 || made.shape.p == 10)); // rows of a portfolio depend on each other
    }
}

TEST_CASE("lanes: the bits of a problem do not depend on its neighbours, its place, the batch or the threads") {
    own_sides plain(denoising(60, 19, 13, 3)), moved = plain;
    const int n = plain.x.shape.n;
    const std::int64_t batch = plain.x.batch;
    for (std::int64_t k = 0; k < batch; ++k) // the same signals in the opposite order
        std::copy_n(plain.x.q.begin() + k * n, n, moved.x.q.begin() + (batch - 1 - k) * n);
    check_bits_of(plain, moved);
}

TEST_CASE("lanes: nor where some take longer to settle, and which of several solutions it is depends on the bits") {
    for (const std::uint64_t seed : {0u, 7u, 14u, 17u}) {
        model plain = assignment(9, 16, seed);
        model turned = plain;
        const std::int64_t n = plain.shape.n, batch = plain.batch;
        const auto moved = [&](std::int64_t k) { return (k + 3) % batch; };
        for (std::int64_t k = 0; k < batch; ++k)
            std::copy_n(plain.q.begin() + k * n, n, turned.q.begin() + moved(k) * n);
        const answer<double> a = solve(plain.problem()), b = solve(turned.problem());
        REQUIRE(a.kept->lanes == solver::lanes_together);
        for (std::int64_t k = 0; k < batch; ++k) {
            CAPTURE(seed, k);
            CHECK(a.at(k) == status::solved);
            CHECK(same_bits(a.z, k, b.z, moved(k), static_cast<int>(n)));
        }
    }
}

TEST_CASE("lanes: problems without numbers, rows or solution keep their status and leave their neighbours alone") {
    own_sides plain(denoising(60, 16, 13, 3)), mixed = plain;
    const int n = plain.x.shape.n, m = plain.x.shape.m;
    mixed.x.q[at(1 * n + 7)] = std::nan("");
    mixed.x.q[at(2 * n + 7)] = infinity;
    for (int i = 60; i < n; ++i) mixed.x.q[at(4 * n + i)] = -1; // differences are paid for: t runs away
    mixed.x.h[at(6 * m + 3)] = -infinity;
    mixed.x.h[at(7 * m + 3)] = std::nan("");
    for (int i = 0; i < m; i += 3) mixed.x.h[at(9 * m + i)] = infinity;
    const answer<double> a = solve(plain.all()), b = solve(mixed.all());
    const std::vector<double> da = derivative_of(plain.all(), a), db = derivative_of(mixed.all(), b);
    for (std::int64_t k = 0; k < plain.x.batch; ++k) {
        CAPTURE(k, name(b.at(k)));
        const bool spoiled = k == 1 || k == 2 || k == 4 || k == 6 || k == 7;
        const bool invalid = k == 1 || k == 2 || k == 7;
        CHECK(b.at(k) == (invalid   ? status::invalid_input
                          : k == 4  ? status::dual_infeasible
                          : spoiled ? status::primal_infeasible
                                    : status::solved));
        if (spoiled) {
            for (int i = 0; i < n; ++i) CHECK(db[at(k * n + i)] == 0);
        } else if (k == 9) {
            // Absent rows beside rows that are there: as alone, and no multiplier.
            const answer<double> one = solve(mixed.some(k, 1));
            CHECK(distance(b.z, k, one.z, 0, n) <= 1e-6 * size(one.z, 0, n));
            for (int i = 0; i < m; i += 3) {
                CHECK(b.lambda[at(k * m + i)] == 0);
                CHECK(b.s[at(k * m + i)] == infinity);
            }
        } else {
            CHECK(same_bits(a.z, k, b.z, k, n));
            CHECK(same_bits(a.lambda, k, b.lambda, k, m));
            CHECK(same_bits(da, k, db, k, n));
        }
    }
    // A simplex that is capped, in two problems below what its sum can reach.
    const int size = 100;
    model capped = simplex(size, 12, 1);
    capped.shape.m = 2 * size;
    capped.add(solver::matrix::G, solver::block_kind::identity, size, 0, size, size, 1);
    capped.shape.groups = {{solver::row_kind::bound, 0, 2 * size, -1, false}};
    capped.h.assign(at(2 * size), 0.0);
    std::fill(capped.h.begin() + size, capped.h.end(), 0.2);
    own_sides fits(capped), narrow = fits;
    for (const int k : {3, 8}) std::fill_n(narrow.x.h.begin() + (2 * k + 1) * size, size, 0.5 / size);
    const answer<double> c = solve_by_other_forms(fits.all()), d = solve_by_other_forms(narrow.all());
    for (std::int64_t k = 0; k < 12; ++k) {
        CAPTURE(k, name(d.at(k)));
        const bool infeasible = k == 3 || k == 8;
        CHECK(d.at(k) == (infeasible ? status::primal_infeasible : status::solved));
        if (!infeasible) CHECK(same_bits(c.z, k, d.z, k, size));
    }
}

TEST_CASE("lanes: the iteration limit counts rounds and is kept") {
    own_sides batch(denoising(100, 8, 13, 3));
    optnet::settings how;
    how.max_iter = 2;
    const answer<double> a = solve(batch.all(), how);
    for (std::int64_t k = 0; k < 8; ++k) {
        CAPTURE(k, name(a.at(k)));
        CHECK(a.at(k) == solve(batch.some(k, 1), how).at(0));
    }
}

TEST_CASE("lanes: a start is taken where it is one, and leaves the others as they are") {
    own_sides batch(denoising(60, 12, 13, 3));
    const int n = batch.x.shape.n, m = batch.x.shape.m;
    const answer<double> cold = solve(batch.all());
    const auto from = [&](const answer<double>& start) {
        answer<double> a = solve(batch.all()); // for the sizes
        const solver::solution<double> out{a.z.data(),      a.nu.data(),         a.lambda.data(),   a.s.data(),
                                           a.status.data(), a.iterations.data(), a.residuals.data()};
        solver::solve(batch.all(), {}, 2, out, &a.kept,
                      {{start.z.data(), n, 1}, {nullptr, 0, 1}, {start.lambda.data(), m, 1}});
        return a;
    };
    answer<double> start = cold;
    for (const int k : {2, 9}) start.z[at(k * n + 3)] = std::nan("");
    std::fill_n(start.lambda.begin() + 5 * m, m, 1.0); // every row: far from the solution
    const answer<double> warm = from(cold), mixed = from(start);
    for (std::int64_t k = 0; k < 12; ++k) {
        CAPTURE(k);
        REQUIRE(warm.at(k) == status::solved);
        REQUIRE(mixed.at(k) == status::solved);
        CHECK(warm.iterations[at(k)] == 1);
        CHECK(distance(warm.z, k, cold.z, k, n) <= 1e-9 * size(cold.z, k, n));
        CHECK(distance(mixed.z, k, cold.z, k, n) <= 1e-6 * size(cold.z, k, n));
        if (k == 5) continue;
        const answer<double>& expected = k == 2 || k == 9 ? cold : warm;
        CHECK(mixed.iterations[at(k)] == expected.iterations[at(k)]);
        CHECK(same_bits(mixed.z, k, expected.z, k, n));
    }
}

TEST_CASE("lanes: float32 numbers are solved in double precision and rounded at the end") {
    model x = denoising(60, 8, 13, 3);
    const std::vector<float> q(x.q.begin(), x.q.end());
    std::vector<std::vector<float>> numbers;
    std::vector<solver::matrix_view<float>> data;
    numbers.reserve(x.numbers.size());
    data.reserve(x.numbers.size());
    for (const auto& v : x.numbers) numbers.emplace_back(v.begin(), v.end());
    for (const auto& v : numbers) data.push_back({v.data(), 0, 2, 1});
    x.q.assign(q.begin(), q.end());
    const solver::problem<float> rounded{&x.shape, 8, data.data(), {q.data(), x.shape.n, 1}, {}, {}};
    optnet::settings how;
    how.eps_abs = how.eps_rel = 1e-8;
    const answer<float> a = solve(rounded, how);
    const answer<double> b = solve(x.problem(), how);
    for (std::int64_t k = 0; k < 8; ++k) {
        REQUIRE(a.at(k) == status::solved);
        for (int j = 0; j < x.shape.n; ++j)
            CHECK(a.z[at(k * x.shape.n + j)] == static_cast<float>(b.z[at(k * x.shape.n + j)]));
    }
}

TEST_CASE(
    "what a thread keeps from call to call leaves no trace: in other sizes between, and in gradients after others") {
    own_sides tv(denoising(60, 11, 13, 3)), small(simplex(90, 3, 4)), plan(portfolio(10, 9, 6, 1.0));
    const answer<double> first = solve(tv.all()), alone = solve(tv.some(4, 1));
    const std::vector<double> d = derivative_of(tv.all(), first), d_alone = derivative_of(tv.some(4, 1), alone);
    for (int round = 0; round < 2; ++round) {
        for (auto* other : {&small, &plan, &tv}) CHECK(solve_by_other_forms(other->all()).at(0) == status::solved);
        CHECK(solve_by_other_forms(small.some(1, 1)).at(0) == status::solved);
        CHECK(derivative_of(tv.all(), first) == d);
        CHECK(derivative_of(tv.some(4, 1), alone) == d_alone);
        const answer<double> again = solve(tv.all()), once_more = solve(tv.some(4, 1));
        CHECK(again.z == first.z);
        CHECK(again.lambda == first.lambda);
        CHECK(once_more.z == alone.z);
        CHECK(derivative_of(tv.all(), again) == d);
    }
}

namespace {

/// The largest residual of one solve with shifts, for random weights and right-hand sides in every lane.
double solve_residual(model x, int lanes) {
    const solver::operators data(x.problem(), 0);
    const dense<double> same = in_dense(x);
    solver::sparse_matrices matrices;
    REQUIRE(matrices.set_up(data, solver::analyse(x.shape), 1e-8));
    const solver::cpu::lane_system s = matrices.system();
    const auto& kernels = solver::cpu::sparse(lanes > 1);
    numbers draw(3);
    solver::lane_factor f;
    solver::lane_array work(at(s.size * lanes), 0.0), gz(at(s.m * lanes)), packed(work);
    f.w.resize(at(s.m * lanes));
    for (double& w : f.w) w = draw.uniform() < 0.3 ? 0.0 : 0.1 + draw.uniform(); // of rows in E: their roots
    f.factor(s, lanes, work);
    for (const double v : work) CHECK(v == 0);
    solver::lane_points right, found;
    right.resize(s, lanes);
    for (auto* v : {&right.z, &right.nu, &right.lambda})
        for (double& value : *v) value = draw.normal();
    found = right;
    kernels.solve(s, f.w.data(), f.l.data(), f.inverse.data(), right.view(), found.view(), gz.data(), packed.data());
    std::vector<char> is_long(at(s.m), 0);
    for (int k = 0; k < s.long_count; ++k) is_long[at(s.long_rows[k])] = 1;
    using real = long double;
    const real delta = *s.delta;
    real worst = 0;
    const auto see = [&](real left) { worst = std::max(worst, std::abs(left)); };
    for (int l = 0; l < lanes; ++l) {
        const auto value = [&](const solver::lane_array& v, int i) { return real(v[at(i * lanes + l)]); };
        const auto a = [&](int i, int j) {
            return real(data.a_scale[at(i)] * data.z_scale[at(j)] * same.Aat(0, i, j));
        };
        const auto g = [&](int i, int j) {
            return real(data.g_scale[at(i)] * data.z_scale[at(j)] * same.Gat(0, i, j));
        };
        for (int j = 0; j < s.n; ++j) {
            real sum = real(*s.rho) * value(found.z, j) - value(right.z, j);
            for (int i = 0; i < s.n; ++i)
                sum += real(data.z_scale[at(j)] * data.z_scale[at(i)]) *
                       (real(same.Qat(0, j, i)) + real(same.Qat(0, i, j))) / 2 * value(found.z, i);
            for (int i = 0; i < s.p; ++i) sum += a(i, j) * value(found.nu, i);
            // The pivot -1 of a row of E is shifted as those of ν are.
            for (int i = 0; i < s.m; ++i)
                sum += g(i, j) * value(found.lambda, i) / (is_long[at(i)] != 0 ? 1 + delta : 1);
            see(sum);
        }
        for (int i = 0; i < s.p; ++i) {
            real sum = -delta * value(found.nu, i) - value(right.nu, i);
            for (int j = 0; j < s.n; ++j) sum += a(i, j) * value(found.z, j);
            see(sum);
        }
        for (int i = 0; i < s.m; ++i) {
            real product = 0;
            for (int j = 0; j < s.n; ++j) product += g(i, j) * value(found.z, j);
            const real w = value(f.w, i), weight = is_long[at(i)] != 0 ? w * w : w;
            see(value(found.lambda, i) - weight * (product - value(right.lambda, i)));
            see(value(gz, i) - product);
        }
    }
    return static_cast<double>(worst);
}

} // namespace

TEST_CASE("the kernels factor and solve K with other weights in every lane") {
    for (const int lanes : {1, solver::lanes_together}) {
        CAPTURE(lanes);
        // Without equalities K is positive definite, here of condition 1e2: rounding.
        CHECK(solve_residual(chain(2, 1, 6), lanes) <= 1e-12);
        // Budgets are rows of E, and a ν that is eliminated before its variables has the pivot -δ, 1e-8: the factor is
        // 1e8 as large as K.
        CHECK(solve_residual(portfolio(10, 1, 6, 1.0), lanes) <= 1e-6);
    }
}
