// SPDX-License-Identifier: Apache-2.0
// Means, running sums, stacks, pieces and other shapes through the layer: solutions and gradients are those of closed
// forms written with torch's own functions, for shared and batched data of both dtypes.

#include "catch.hpp"
#include "torch/close.hpp"

#include <optnet/optnet.hpp>

#include <functional>

using namespace optnet::words;
using torch::Tensor;

namespace {

constexpr variable<"z", 4> z;
constexpr variable<"x", 3> x;
constexpr variable<"v", 6> v;
constexpr variable<"W", 3, 4> W;
constexpr variable<"S", 4, 4> S;
constexpr param<"y", 4> y;
constexpr param<"h", 3> h;
constexpr param<"a"> a;
constexpr param<"C", 3, 4> C;
constexpr param<"M", 4, 4> M;

using tensors = std::vector<Tensor>;
using function = std::function<Tensor(const tensors&)>;

/// `layer` and `formula` have the same values and the same gradients with respect to every input, whichever of the
/// inputs are batched. What is shared gets the sum of the gradients.
void compare(const function& layer, const function& formula, const std::vector<std::vector<std::int64_t>>& shapes) {
    torch::manual_seed(3);
    for (const auto dtype : {torch::kFloat64, torch::kFloat32}) {
        // The layer stops at 1e-8 and 1e-4, relative to numbers near one; a gradient solves one system with such data.
        const double tolerance = dtype == torch::kFloat64 ? 1e-7 : 2e-3;
        for (unsigned batched = 0; batched < (1U << shapes.size()); ++batched) {
            tensors leaves, twins;
            for (std::size_t i = 0; i < shapes.size(); ++i) {
                std::vector<std::int64_t> sizes = shapes[i];
                if ((batched >> i & 1U) != 0) sizes.insert(sizes.begin(), 2);
                leaves.push_back(torch::randn(sizes, dtype).requires_grad_());
                twins.push_back(leaves.back().detach().clone().requires_grad_());
            }
            const Tensor found = layer(leaves), wanted = formula(twins);
            INFO("batched " << batched << ", " << dtype);
            REQUIRE(found.scalar_type() == dtype);
            REQUIRE(found.numel() == wanted.numel());
            CHECK(close(found.reshape_as(wanted), wanted, tolerance));
            const Tensor weights = torch::randn(wanted.sizes(), dtype);
            (found.reshape_as(wanted) * weights).sum().backward();
            (wanted * weights).sum().backward();
            for (std::size_t i = 0; i < shapes.size(); ++i) {
                // What no solution depends on has no gradient.
                const Tensor gradient = leaves[i].grad().defined() ? leaves[i].grad() : torch::zeros_like(leaves[i]);
                INFO("gradient of input " << i << ":\n" << gradient << "\nwanted\n" << twins[i].grad());
                CHECK(close(gradient, twins[i].grad(), tolerance));
            }
        }
    }
}

/// Both with the batch that either has.
Tensor like(const Tensor& t, const Tensor& other, std::int64_t rank, std::int64_t rank_of_other) {
    if (other.dim() == rank_of_other || t.dim() > rank) return t;
    std::vector<std::int64_t> sizes = t.sizes().vec();
    sizes.insert(sizes.begin(), other.size(0));
    return t.expand(sizes);
}

/// The function of parameters f is where |u - f|^2 is least.
template <class U, class F>
void check_data(const U& unknown, const F& f, const std::function<Tensor(Tensor y, Tensor C, Tensor M)>& formula) {
    OptLayer layer(minimize(0.5 * sum_squares(unknown - f) + 0 * (sum(y) + sum(C) + sum(M))));
    compare([&](const tensors& t) { return layer(y = t[0], C = t[1], M = t[2]); },
            [&](const tensors& t) {
                const Tensor made = formula(t[0], t[1], t[2]), zero = 0 * (t[0].sum() + t[1].sum() + t[2].sum());
                const bool batched = t[0].dim() == 2 || t[1].dim() == 3 || t[2].dim() == 3;
                if (!batched || made.dim() > U::form.rank) return made + zero;
                return made.unsqueeze(0)
                           .expand(at::DimVector(static_cast<std::size_t>(made.dim() + 1), -1))
                           .repeat_interleave(2, 0) +
                       zero;
            },
            {{4}, {3, 4}, {4, 4}});
}

} // namespace

TEST_CASE("parameters alone: means, sums, diagonals") {
    check_data(z, mean(y) + mean<0>(C) + mean(M), [](Tensor y1, Tensor C1, Tensor M1) {
        return y1.mean(-1, true) + C1.mean(-2) + M1.mean({-2, -1}).unsqueeze(-1);
    });
    check_data(x, mean<1>(C), [](Tensor, Tensor C1, Tensor) { return C1.mean(-1); });
    check_data(z, cumsum(y) + trace(M),
               [](Tensor y1, Tensor, Tensor M1) { return y1.cumsum(-1) + M1.diagonal(0, -2, -1).sum(-1, true); });
    check_data(z, diag(M) + diag(y) * y, [](Tensor y1, Tensor, Tensor M1) { return M1.diagonal(0, -2, -1) + y1 * y1; });
    check_data(S, diag(y) + M, [](Tensor y1, Tensor, Tensor M1) { return torch::diag_embed(y1) + M1; });
}

TEST_CASE("parameters alone: pieces, stacks, shapes") {
    check_data(z, rows(C, 1) + rows(M, 3) + cols(M, 2),
               [](Tensor, Tensor C1, Tensor M1) { return C1.select(-2, 1) + M1.select(-2, 3) + M1.select(-1, 2); });
    check_data(W, rows<1, 4>(M) + reshape<3, 4>(reshape<12>(C)),
               [](Tensor, Tensor C1, Tensor M1) { return M1.slice(-2, 1, 4) + C1; });
    check_data(W, T(cols<0, 3>(M)) + C,
               [](Tensor, Tensor C1, Tensor M1) { return M1.slice(-1, 0, 3).transpose(-1, -2) + C1; });
    check_data(S, vstack(C, y) + vstack(y, C), [](Tensor y1, Tensor C1, Tensor) {
        const Tensor row = like(y1, C1, 1, 2).unsqueeze(-2), all = like(C1, y1, 2, 1);
        return torch::cat({all, row}, -2) + torch::cat({row, all}, -2);
    });
    check_data(S, hstack(cols<1, 4>(M), T(rows<0, 1>(M))), [](Tensor, Tensor, Tensor M1) {
        return torch::cat({M1.slice(-1, 1, 4), M1.slice(-2, 0, 1).transpose(-1, -2)}, -1);
    });
    check_data(z, hstack(y[1], rows<0, 1>(C) * y, 2, dot(y, rows(C, 2))), [](Tensor y1, Tensor C1, Tensor) {
        const Tensor second = (C1.select(-2, 0) * y1).sum(-1), last = (C1.select(-2, 2) * y1).sum(-1);
        const Tensor first = y1.select(-1, 1) + 0 * second;
        return torch::stack({first, second, torch::full_like(second, 2), last}, -1);
    });
    check_data(v, hstack(slice<1, 3>(y), reshape<4>(rows<0, 2>(cols<0, 2>(M)))), [](Tensor y1, Tensor, Tensor M1) {
        const Tensor block = M1.slice(-2, 0, 2).slice(-1, 0, 2).flatten(-2);
        return torch::cat({like(y1.slice(-1, 1, 3), M1, 1, 2), like(block, y1, 1, 1)}, -1);
    });
}

TEST_CASE("variables: closed forms") {
    using shapes = std::vector<std::vector<std::int64_t>>;
    {
        OptLayer layer(minimize(0.5 * sum_squares(z - y)).st(mean(z) == a));
        compare([&](const tensors& t) { return layer(y = t[0], a = t[1]); },
                [](const tensors& t) { return t[0] - t[0].mean(-1, true) + t[1].unsqueeze(-1); }, shapes{{4}, {}});
    }
    {
        OptLayer layer(minimize(0.5 * sum_squares(W - C)).st(mean<1>(W) == h));
        compare([&](const tensors& t) { return layer(C = t[0], h = t[1]); },
                [](const tensors& t) { return t[0] - t[0].mean(-1, true) + t[1].unsqueeze(-1); }, shapes{{3, 4}, {3}});
    }
    {
        OptLayer layer(minimize(sum_squares(z)).st(cumsum(z) == y));
        compare([&](const tensors& t) { return layer(y = t[0]); },
                [](const tensors& t) {
                    return torch::cat({t[0].slice(-1, 0, 1), t[0].slice(-1, 1, 4) - t[0].slice(-1, 0, 3)}, -1);
                },
                shapes{{4}});
    }
    {
        OptLayer layer(minimize(0.5 * sum_squares(cumsum(z) - y)));
        compare([&](const tensors& t) { return layer(y = t[0]); },
                [](const tensors& t) {
                    return torch::cat({t[0].slice(-1, 0, 1), t[0].slice(-1, 1, 4) - t[0].slice(-1, 0, 3)}, -1);
                },
                shapes{{4}});
    }
    {
        OptLayer layer(minimize(0.5 * sum_squares(W - C)).st(rows(W, 1) == y));
        compare([&](const tensors& t) { return layer(C = t[0], y = t[1]); },
                [](const tensors& t) {
                    const Tensor all = like(t[0], t[1], 2, 1);
                    const Tensor row = like(t[1], t[0], 1, 2).unsqueeze(-2);
                    return torch::cat({all.slice(-2, 0, 1), row, all.slice(-2, 2, 3)}, -2);
                },
                shapes{{3, 4}, {4}});
    }
    {
        OptLayer layer(minimize(0.5 * sum_squares(W - C)).st(cols(W, 3) == h, cols<0, 1>(W) == 2));
        compare([&](const tensors& t) { return layer(C = t[0], h = t[1]); },
                [](const tensors& t) {
                    const Tensor all = like(t[0], t[1], 2, 1);
                    const Tensor last = like(t[1], t[0], 1, 2).unsqueeze(-1);
                    return torch::cat({torch::full_like(last, 2), all.slice(-1, 1, 3), last}, -1);
                },
                shapes{{3, 4}, {3}});
    }
    {
        OptLayer layer(minimize(0.5 * sum_squares(S - M)).st(trace(S) == a));
        compare([&](const tensors& t) { return layer(M = t[0], a = t[1]); },
                [](const tensors& t) {
                    const Tensor excess = (t[0].diagonal(0, -2, -1).sum(-1) - t[1]) / 4;
                    return t[0] - excess.unsqueeze(-1).unsqueeze(-1) * torch::eye(4, t[0].options());
                },
                shapes{{4, 4}, {}});
    }
    {
        OptLayer layer(minimize(0.5 * sum_squares(S - M)).st(diag(S) == y));
        compare([&](const tensors& t) { return layer(M = t[0], y = t[1]); },
                [](const tensors& t) {
                    const Tensor off = 1 - torch::eye(4, t[0].options());
                    return t[0] * off + torch::diag_embed(t[1]);
                },
                shapes{{4, 4}, {4}});
    }
    {
        OptLayer layer(minimize(0.5 * sum_squares(diag(z) - M)));
        compare([&](const tensors& t) { return layer(M = t[0]); },
                [](const tensors& t) { return t[0].diagonal(0, -2, -1) + 0 * t[0].sum(); }, shapes{{4, 4}});
    }
    {
        constexpr param<"F", 2, 3> F;
        OptLayer layer(minimize(0.5 * sum_squares(reshape<2, 3>(v) - F)));
        compare([&](const tensors& t) { return layer(F = t[0]); }, [](const tensors& t) { return t[0].flatten(-2); },
                shapes{{2, 3}});
    }
    {
        constexpr variable<"u", 4> u;
        constexpr param<"F", 3, 4> F;
        OptLayer layer(minimize(0.5 * sum_squares(vstack(z, u, y) - F)));
        compare(
            [&](const tensors& t) {
                const auto [first, second] = layer(F = t[0], y = t[1]);
                return torch::stack({first, second}, -2);
            },
            [](const tensors& t) { return like(t[0].slice(-2, 0, 2), t[1], 2, 1) + 0 * t[1].sum(); },
            shapes{{3, 4}, {4}});
    }
    {
        constexpr variable<"U", 3, 2> U;
        constexpr param<"F", 3, 6> F;
        OptLayer layer(minimize(0.5 * sum_squares(hstack(W, U) - F)));
        compare(
            [&](const tensors& t) {
                const auto [first, second] = layer(F = t[0]);
                return torch::cat({first, second}, -1);
            },
            [](const tensors& t) { return t[0] * 1; }, shapes{{3, 6}});
    }
}

TEST_CASE("a quadratic of stacked variables is that of one variable") {
    constexpr variable<"one", 7> one;
    constexpr param<"L", 7, 7> L;
    constexpr param<"c", 7> c;
    OptLayer whole(minimize(0.5 * quad(one, L * T(L)) + 0.5 * sum_squares(one - c)).st(one >= 0, sum(one) == 1));
    OptLayer parts(minimize(0.5 * quad(hstack(z, x), L * T(L)) + 0.5 * sum_squares(hstack(z, x) - c))
                       .st(hstack(z, x) >= 0, sum(hstack(z, x)) == 1));
    compare(
        [&](const tensors& t) {
            const auto [first, second] = parts(L = t[0], c = t[1]);
            return torch::cat({first, second}, -1);
        },
        [&](const tensors& t) { return whole(L = t[0], c = t[1]); }, {{7, 7}, {7}});
}

TEST_CASE("indices, parts and shapes that do not fit are refused before anything is computed") {
    constexpr dim<"n"> n;
    constexpr dim<"m"> m;
    constexpr variable<"w", n> w;
    constexpr param<"b", n> b;
    constexpr param<"G", m, n> G;
    const Tensor b0 = vector({1, 2, 3}), G0 = torch::ones({2, 3}, torch::kFloat64);
    const auto call = [&](const auto& expression) {
        OptLayer layer(minimize(sum_squares(w - b) + 0 * sum(G) + 0 * sum(expression)));
        layer(b = b0, G = G0);
    };
    using Catch::Contains;
    CHECK_THROWS_WITH(
        call(rows(G, 2)),
        Contains("rows(G, 2) lies outside its matrix: indices go from 0, and the number of rows is m = 2 from \"G\""));
    CHECK_THROWS_WITH(
        call(cols(G, 3)),
        Contains(
            "cols(G, 3) lies outside its matrix: indices go from 0, and the number of columns is n = 3 from \"b\""));
    CHECK_THROWS_WITH(call(rows<1, 4>(G)),
                      Contains("rows<1, 4>(G) lies outside its matrix of 2 rows: m = 2 from \"G\""));
    CHECK_THROWS_WITH(
        call(cols<n - 4, n>(G)),
        Contains("cols<n - 4, n>(G) lies outside its matrix of 3 columns: n - 4 = -1 with n = 3 from \"b\""));
    CHECK_THROWS_WITH(
        call(reshape<m, 2>(w)),
        Contains("reshape<m, 2>(w) has 4 entries, but what it reshapes has 3: 2 * m = 4 with m = 2 from \"G\""));
    CHECK_NOTHROW(call(reshape<n, m>(G)));
}
