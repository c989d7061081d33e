// SPDX-License-Identifier: Apache-2.0
// Python cannot write the language, so the structured rows of bench/peers are written here, as operators of torch:
//
//     torch.ops.load_library("build/release/lib/liboptnet_bench_layers.so")
//     torch.ops.optnet_bench.denoise(y, weight)
//
// Each is a layer as a program would have it, made once and called with tensors.

#include <optnet/optnet.hpp>

#include <torch/library.h>

using namespace optnet::words;
using torch::Tensor;

namespace {

namespace total_variation {
constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr nonneg<"weight"> weight;
constexpr auto model = minimize(0.5 * sum_squares(z - y) + weight * norm1(diff(z)));
} // namespace total_variation

/// Denoises y [batch, n].
Tensor denoise(const Tensor& y, const Tensor& weight) {
    static const OptLayer layer(total_variation::model);
    return layer(total_variation::y = y, total_variation::weight = weight);
}

namespace probability {
constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"q", n> q;
constexpr auto model = minimize(0.5 * sum_squares(z) + dot(q, z)).st(sum(z) == 1, z >= 0);
} // namespace probability

/// The projection of -q [batch, n] onto the probability simplex.
Tensor onto_simplex(const Tensor& q) {
    static const OptLayer layer(probability::model);
    return layer(probability::q = q);
}

namespace mini_sudoku {
constexpr dim<"rules"> rules;
constexpr variable<"x", 64> x;
constexpr param<"givens", 64> givens;
constexpr param<"A", rules, 64> A;
constexpr param<"x0", 64> x0;
constexpr auto model = minimize(0.05 * sum_squares(x) - dot(givens, x)).st(A * (x - x0) == 0, x >= 0);
} // namespace mini_sudoku

/// Boards [batch, 64] under the rules A [rules, 64] that x0 [64] obeys.
Tensor sudoku(const Tensor& givens, const Tensor& A, const Tensor& x0) {
    static const OptLayer layer(mini_sudoku::model);
    return layer(mini_sudoku::givens = givens, mini_sudoku::A = A, mini_sudoku::x0 = x0);
}

namespace closed_chain { // points in R^d, one after another in z; L = tridiag(-1, 2, -1) acts on points
constexpr dim<"n"> n;
constexpr dim<"d"> d;
constexpr variable<"z", n> z;
constexpr param<"x", n> x;
constexpr param<"reach", d> reach; // how far the last point may be from the first, by coordinate
constexpr auto first = 2 * slice<0, d>(z) - slice<d, 2 * d>(z);
constexpr auto inner = 2 * slice<d, n - d>(z) - slice<0, n - 2 * d>(z) - slice<2 * d, n>(z);
constexpr auto last = 2 * slice<n - d, n>(z) - slice<n - 2 * d, n - d>(z);
constexpr auto bending = sum_squares(first) + sum_squares(inner) + sum_squares(last);
constexpr auto model =
    minimize(0.25 * sum_squares(z) + 0.5 * bending - dot(x, z))
        .st(-1 <= slice<0, n - d>(z) - slice<d, n>(z) <= 1, -reach <= slice<n - d, n>(z) - slice<0, d>(z) <= reach);
} // namespace closed_chain

/// x [batch, n] projected onto smooth closed chains of points in R^d whose neighbours differ by at most 1; d is the
/// size of `reach`.
Tensor chain(const Tensor& x, const Tensor& reach) {
    static const OptLayer layer(closed_chain::model);
    return layer(closed_chain::x = x, closed_chain::reach = reach);
}

namespace value_at_risk { // conditional value at risk at 90 % (Rockafellar & Uryasev 2000)
constexpr dim<"assets"> assets;
constexpr dim<"scenarios"> scenarios;
constexpr variable<"w", assets> w;
constexpr variable<"a"> a;
constexpr param<"returns", scenarios, assets> returns;
constexpr param<"predicted", assets> predicted;
constexpr auto model = minimize(0.05 * sum_squares(w) - dot(predicted, w) + a + 10 * mean(pos(-(returns * w) - a)))
                           .st(sum(w) == 1, w >= 0);
} // namespace value_at_risk

/// Weights [assets] for predicted returns [assets] and returns [scenarios, assets], all equally likely.
Tensor risk(const Tensor& predicted, const Tensor& returns) {
    static const OptLayer layer(value_at_risk::model);
    return std::get<0>(layer(value_at_risk::predicted = predicted, value_at_risk::returns = returns));
}

/// The structure of a plan for `assets` weights w_t over `periods`, z = (w, u), u_t >= |w_t - w_(t-1)|: rows of G are
/// -w <= 0, -u <= 0, then the two sides of u, then 1'u_t <= limit. The source of block t of Q is t, the last one is
/// the weight of u'u. The language has no sum over periods that come at run time, so the blocks are laid by hand.
std::shared_ptr<const optnet::solver::structure> plan(int periods, int assets) {
    using namespace optnet::solver;
    const int half = periods * assets;
    auto made = std::make_shared<structure>();
    made->n = 2 * half;
    made->p = periods;
    made->m = 4 * half + periods;
    const auto add = [&](matrix where, block_kind kind, int row, int col, int rows, int cols, double scale,
                         int source) {
        made->blocks.push_back({where, kind, row, col, rows, cols, 0, 0, source, scale});
    };
    for (int t = 0; t < periods; ++t) {
        add(matrix::Q, block_kind::dense, t * assets, t * assets, assets, assets, 1, t);
        add(matrix::A, block_kind::dense, t, t * assets, 1, assets, 1, periods + 1);
        add(matrix::G, block_kind::dense, 4 * half + t, half + t * assets, 1, assets, 1, periods + 1);
    }
    add(matrix::Q, block_kind::scaled_identity, half, half, half, half, 1, periods);
    add(matrix::G, block_kind::identity, 0, 0, 2 * half, 2 * half, -1, -1);
    for (const int side : {0, 1}) {
        const int top = (2 + side) * half, sign = 1 - 2 * side;
        add(matrix::G, block_kind::identity, top, 0, half, half, sign, -1);
        add(matrix::G, block_kind::identity, top + assets, 0, half - assets, half - assets, -sign, -1);
        add(matrix::G, block_kind::identity, top, half, half, half, -1, -1);
    }
    made->groups = {{row_kind::bound, 0, 2 * half, -1, false},
                    {row_kind::general, 2 * half, made->m - 2 * half, -1, false}};
    return made;
}

/// Covariances [periods, assets, assets], q [2 periods assets], h [4 periods assets + periods].
Tensor portfolio(const Tensor& covariances, const Tensor& trade_weight, const Tensor& q, const Tensor& h) {
    const std::int64_t periods = covariances.size(0), assets = covariances.size(1);
    static std::shared_ptr<const optnet::solver::structure> known;
    if (!known || known->p != periods || known->n != 2 * periods * assets)
        known = plan(static_cast<int>(periods), static_cast<int>(assets));
    optnet::blocks batch;
    batch.structure = known;
    batch.data = covariances.unbind(0);
    batch.data.push_back(trade_weight);
    batch.data.push_back(torch::ones({1, assets}, q.options().requires_grad(false)));
    batch.q = q;
    batch.b = torch::ones({periods}, q.options().requires_grad(false));
    batch.h = h;
    return optnet::solve_blocks(batch, {}, false).z;
}

} // namespace

TORCH_LIBRARY(optnet_bench, m) {
    m.def("denoise(Tensor y, Tensor weight) -> Tensor", &denoise);
    m.def("simplex(Tensor q) -> Tensor", &onto_simplex);
    m.def("sudoku(Tensor givens, Tensor A, Tensor x0) -> Tensor", &sudoku);
    m.def("chain(Tensor x, Tensor reach) -> Tensor", &chain);
    m.def("risk(Tensor predicted, Tensor returns) -> Tensor", &risk);
    m.def("portfolio(Tensor covariances, Tensor trade_weight, Tensor q, Tensor h) -> Tensor", &portfolio);
}
