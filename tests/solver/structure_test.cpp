// SPDX-License-Identifier: Apache-2.0
// Blocks of every kind, and their overlaps, against the dense matrices that they stand for.

#include "catch.hpp"
#include "families.hpp"

using namespace problems;
using solver::block;
using solver::block_kind;
using solver::matrix;

namespace {

/// A structure with its numbers, and the dense problem it stands for, kept alike.
struct pieces {
    solver::structure shape;
    dense<double> same;
    std::vector<std::vector<double>> numbers;
    std::vector<solver::matrix_view<double>> data;

    pieces(int n, int p, int m) : same(zeros(n, p, m)) {
        shape.n = n;
        shape.p = p;
        shape.m = m;
    }

    void add(block b, const std::vector<double>& values) {
        if (b.kind != block_kind::identity) {
            b.source = static_cast<int>(numbers.size());
            numbers.push_back(values);
        }
        shape.blocks.push_back(b);
        const int width = b.kind == block_kind::banded ? b.last - b.first + 1 : b.cols;
        for (int i = 0; i < b.rows; ++i)
            for (int j = 0; j < b.cols; ++j) {
                double value = 0;
                switch (b.kind) {
                case block_kind::identity: value = i == j ? 1 : 0; break;
                case block_kind::scaled_identity: value = i == j ? values[0] : 0; break;
                case block_kind::diagonal: value = i == j ? values[static_cast<std::size_t>(i)] : 0; break;
                case block_kind::banded:
                    if (j - i >= b.first && j - i <= b.last)
                        value = values[static_cast<std::size_t>(i * width + j - i - b.first)];
                    break;
                case block_kind::dense: value = values[static_cast<std::size_t>(i * b.cols + j)]; break;
                case block_kind::sparse:
                    for (int k = b.entries->row_start[static_cast<std::size_t>(i)];
                         k < b.entries->row_start[static_cast<std::size_t>(i + 1)]; ++k)
                        if (b.entries->col[static_cast<std::size_t>(k)] == j)
                            value = values[static_cast<std::size_t>(k)];
                    break;
                }
                value *= b.scale;
                if (b.where == matrix::Q) same.Qat(0, b.row + i, b.col + j) += value;
                if (b.where == matrix::A) same.Aat(0, b.row + i, b.col + j) += value;
                if (b.where == matrix::G) same.Gat(0, b.row + i, b.col + j) += value;
            }
    }

    solver::problem<double> problem() {
        data.clear();
        for (const block& b : shape.blocks) {
            if (b.source < 0) continue;
            const std::int64_t width = b.kind == block_kind::banded  ? b.last - b.first + 1
                                       : b.kind == block_kind::dense ? b.cols
                                                                     : 1;
            data.push_back({numbers[static_cast<std::size_t>(b.source)].data(), 0, width, 1});
        }
        solver::problem<double> batch;
        batch.shape = &shape;
        batch.batch = 1;
        batch.data = data.data();
        batch.q = {same.q.data(), same.n, 1};
        batch.b = {same.b.data(), same.p, 1};
        batch.h = {same.h.data(), same.m, 1};
        return batch;
    }
};

block make_block(matrix where, block_kind kind, int row, int col, int rows, int cols, double scale = 1, int first = 0,
                 int last = 0) {
    block b;
    b.where = where;
    b.kind = kind;
    b.row = row;
    b.col = col;
    b.rows = rows;
    b.cols = cols;
    b.scale = scale;
    b.first = first;
    b.last = last;
    return b;
}

block sparse_block(matrix where, int row, int col, int rows, int cols, solver::entry_list places, double scale = 1) {
    block b = make_block(where, block_kind::sparse, row, col, rows, cols, scale);
    b.entries = std::make_shared<const solver::entry_list>(std::move(places));
    return b;
}

void compare(pieces& with, double tolerance) {
    const answer<double> a = solve(with.problem()), b = solve(with.same);
    REQUIRE(a.at(0) == status::solved);
    REQUIRE(b.at(0) == status::solved);
    CHECK(shares(with.same, a, 0, 1e-8) <= 1 + 1e-6L);
    for (std::size_t i = 0; i < a.z.size(); ++i) CHECK(std::abs(a.z[i] - b.z[i]) <= tolerance * (1 + std::abs(b.z[i])));
    // The same system: the derivative of sum(z).
    std::vector<double> ones(a.z.size(), 1), nu(a.nu.size()), lambda(a.lambda.size());
    std::vector<double> da(a.z.size()), db(a.z.size()), nu_a = nu, nu_b = nu, la = lambda, lb = lambda;
    solver::kkt_solve(with.problem(), *a.kept, 1, {ones.data(), nu.data(), lambda.data()},
                      {da.data(), nu_a.data(), la.data()});
    const view<double> v(with.same);
    solver::kkt_solve(v.batch, *b.kept, 1, {ones.data(), nu.data(), lambda.data()},
                      {db.data(), nu_b.data(), lb.data()});
    double size = 1;
    for (const double x : db) size = std::max(size, std::abs(x));
    for (std::size_t i = 0; i < da.size(); ++i) CHECK(std::abs(da[i] - db[i]) <= 1e3 * tolerance * size);
}

} // namespace

TEST_CASE("diagonal Q, a simplex and bounds") {
    numbers draw(1);
    pieces x(20, 1, 40);
    std::vector<double> diagonal(20), row(20, 1.0);
    for (double& v : diagonal) v = 0.5 + draw.uniform();
    x.add(make_block(matrix::Q, block_kind::diagonal, 0, 0, 20, 20), diagonal);
    x.add(make_block(matrix::A, block_kind::dense, 0, 0, 1, 20), row);
    x.add(make_block(matrix::G, block_kind::identity, 0, 0, 20, 20, -1), {});
    x.add(make_block(matrix::G, block_kind::scaled_identity, 20, 0, 20, 20, 2), {1.5});
    x.shape.groups = {{solver::row_kind::bound, 0, 40, -1, false}};
    for (double& v : x.same.q) v = draw.normal();
    x.same.b[0] = 1;
    for (std::size_t i = 20; i < 40; ++i) x.same.h[i] = 0.6;
    compare(x, 1e-11);
}

TEST_CASE("overlapping blocks add up, and Q is made symmetric from their sum") {
    numbers draw(2);
    pieces x(12, 3, 15);
    const auto normals = [&](int count) {
        std::vector<double> v(static_cast<std::size_t>(count));
        for (double& e : v) e = draw.normal();
        return v;
    };
    x.add(make_block(matrix::Q, block_kind::identity, 0, 0, 12, 12, 8), {});
    x.add(make_block(matrix::Q, block_kind::dense, 2, 5, 4, 6, 0.3), normals(24));
    x.add(make_block(matrix::Q, block_kind::banded, 0, 0, 12, 12, 0.5, -1, 2), normals(48));
    x.add(make_block(matrix::Q, block_kind::diagonal, 4, 4, 5, 5), {1, 2, 3, 4, 5});
    x.add(make_block(matrix::A, block_kind::dense, 0, 0, 3, 7), normals(21));
    x.add(make_block(matrix::A, block_kind::scaled_identity, 0, 8, 3, 3), {2.0});
    x.add(make_block(matrix::A, block_kind::dense, 1, 6, 2, 6, -1), normals(12));
    x.add(make_block(matrix::G, block_kind::banded, 0, 0, 11, 12, 1, 0, 1), normals(22));
    x.add(make_block(matrix::G, block_kind::dense, 5, 3, 10, 4), normals(40));
    x.add(make_block(matrix::G, block_kind::diagonal, 11, 0, 4, 4, -1), {1, 2, 3, 4});
    x.add(sparse_block(matrix::Q, 1, 2, 3, 9, {{0, 2, 2, 3}, {1, 8, 4}}, 0.2), normals(3));
    x.add(sparse_block(matrix::A, 0, 0, 3, 12, {{0, 1, 1, 4}, {11, 0, 5, 6}}), normals(4));
    x.add(sparse_block(matrix::G, 3, 1, 9, 10, {{0, 0, 2, 3, 3, 3, 5, 6, 6, 7}, {0, 9, 4, 2, 7, 1, 3}}, -0.5),
          normals(7));
    for (double& v : x.same.q) v = draw.normal();
    for (double& v : x.same.h) v = draw.uniform();
    compare(x, 1e-10);
}

TEST_CASE("total variation from banded blocks: Q zero on half of the variables") {
    const int n = 20;
    const dense<double> reference = total_variation(n, 1.5, 3);
    pieces x(2 * n - 1, 0, 2 * n - 2);
    std::vector<double> differences;
    for (int i = 0; i < n - 1; ++i) {
        differences.push_back(1);
        differences.push_back(-1);
    }
    x.add(make_block(matrix::Q, block_kind::identity, 0, 0, n, n), {});
    for (int half = 0; half < 2; ++half) {
        x.add(make_block(matrix::G, block_kind::banded, half * (n - 1), 0, n - 1, n, half == 0 ? 1 : -1, 0, 1),
              differences);
        x.add(make_block(matrix::G, block_kind::identity, half * (n - 1), n, n - 1, n - 1, -1), {});
    }
    x.shape.groups = {{solver::row_kind::epigraph, 0, 2 * n - 2, n, false}};
    x.same.q = reference.q;
    CHECK(x.same.Q == reference.Q);
    CHECK(x.same.G == reference.G);
    compare(x, 1e-8);
}

TEST_CASE("no block of Q is a linear program") {
    pieces x(3, 1, 3); // min z1 + 2 z2 + 3 z3 over the simplex: the first corner
    x.add(make_block(matrix::A, block_kind::dense, 0, 0, 1, 3), {1, 1, 1});
    x.add(make_block(matrix::G, block_kind::identity, 0, 0, 3, 3, -1), {});
    x.same.q = {1, 2, 3};
    x.same.b = {1};
    const answer<double> a = solve(x.problem());
    REQUIRE(a.at(0) == status::solved);
    const double expected[] = {1, 0, 0};
    for (std::size_t j = 0; j < 3; ++j) CHECK(std::abs(a.z[j] - expected[j]) <= 1e-9);
    CHECK(std::abs(a.nu[0] + 1) <= 1e-8);
    CHECK(std::abs(a.lambda[1] - 1) <= 1e-8);
    CHECK(std::abs(a.lambda[2] - 2) <= 1e-8);
}

TEST_CASE("a structure that makes no sense is refused, and the sentence says where") {
    const auto refuses = [](auto change, const std::string& sentence) {
        pieces x(4, 1, 2);
        x.add(make_block(matrix::Q, block_kind::identity, 0, 0, 4, 4), {});
        x.add(make_block(matrix::A, block_kind::dense, 0, 0, 1, 4), {1, 1, 1, 1});
        x.shape.groups = {{solver::row_kind::general, 0, 2, -1, false}};
        CHECK_NOTHROW(solver::check(x.shape));
        change(x.shape);
        CHECK_THROWS_WITH(solver::check(x.shape), "structure: " + sentence);
        if (x.shape.m > 0) CHECK_THROWS_AS(solve(x.problem()), std::invalid_argument);
    };
    refuses([](auto& s) { s.m = -1; }, "n = 4, p = 1, m = -1, but sizes must not be negative");
    refuses([](auto& s) { s.blocks[1].col = 1; },
            "block 1 of A is 1 x 4 at (0, 1), which does not lie inside the 1 x 4 matrix");
    refuses([](auto& s) { s.blocks[0].rows = 3; },
            "block 0 of Q is 3 x 4, but an identity or diagonal block must be square");
    refuses([](auto& s) { s.blocks[0].kind = block_kind::diagonal; },
            "block 0 of Q has no source; only an identity block needs no numbers");
    refuses(
        [](auto& s) {
            s.blocks[1].kind = block_kind::banded;
            s.blocks[1].first = 1;
            s.blocks[1].last = 0;
        },
        "block 1 of A has the band 1..0, but first must not be greater than last");
    const auto refuses_entries = [&](solver::entry_list places, const std::string& sentence) {
        refuses(
            [&](auto& s) {
                s.blocks[1].kind = block_kind::sparse;
                s.blocks[1].entries = std::make_shared<const solver::entry_list>(places);
            },
            "block 1 of A is sparse: " + sentence);
    };
    refuses([](auto& s) { s.blocks[1].kind = block_kind::sparse; }, "block 1 of A is sparse, but has no entries");
    const std::string starts = "row_start must have 2 numbers from 0 to the 2 entries of col";
    refuses_entries({{0, 1, 2}, {0, 1}}, starts);
    refuses_entries({{0, 3}, {0, 1}}, starts);
    refuses_entries({{1, 2}, {0, 1}}, starts);
    refuses(
        [](auto& s) {
            s.p = s.blocks[1].rows = 2;
            s.blocks[1].kind = block_kind::sparse;
            s.blocks[1].entries = std::make_shared<const solver::entry_list>(solver::entry_list{{0, 3, 2}, {0, 1}});
        },
        "block 1 of A is sparse: row_start must not descend at row 1");
    const std::string columns = "the columns of row 0 must ascend from 0 to at most 3, each once";
    refuses_entries({{0, 2}, {1, 1}}, columns);
    refuses_entries({{0, 2}, {3, 2}}, columns);
    refuses_entries({{0, 1}, {4}}, columns);
    refuses_entries({{0, 1}, {-1}}, columns);
    const std::string whole = " is not the one block of a whole matrix with source 0, 1 or 2 for Q, A or G, which all "
                              "blocks of a plain structure are";
    refuses([](auto& s) { s.plain = true; }, "block 0" + whole); // it has no source
    solver::structure narrow = solver::dense_structure(4, 1, 2), twice = narrow;
    CHECK_NOTHROW(solver::check(narrow));
    narrow.blocks[1].cols = 3;
    CHECK_THROWS_WITH(solver::check(narrow), "structure: block 1" + whole);
    twice.blocks[1] = twice.blocks[2];
    CHECK_THROWS_WITH(solver::check(twice), "structure: block 2" + whole);
    refuses([](auto& s) { s.groups[0].first = 1; },
            "the group of rows at 1 must start at 0, where the one before it ends");
    refuses([](auto& s) { s.groups[0].count = 1; }, "the groups cover 1 rows, but G has 2");
}

TEST_CASE("explain names the forms with their estimates and the choice") {
    const std::string text = solver::explain(solver::dense_structure(100, 0, 100), true);
    CHECK(text.find("form D") != std::string::npos);
    CHECK(text.find("form P") != std::string::npos);
    CHECK(text.find("chosen: form D") != std::string::npos);
    const std::string wide = solver::explain(solver::dense_structure(10, 0, 5000), false);
    CHECK(wide.find("chosen: form P") != std::string::npos);
}
